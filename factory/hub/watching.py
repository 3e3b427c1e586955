"""Uploads by Xet watched: where no byte moves for long, the upload is ended and says so.

hf_xet may wait for ever without an error (xet-core #883, datasets #8129). Its client tells progress
only to the bars that it draws, so the watch stands in their place and draws them too, if wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from factory.errors import StageError

LONGEST_SILENCE = 300.0
"""Seconds without a byte read, sent or checked."""


class Watch:
    """When an upload last moved; stands where the client draws its bars."""

    bars: ClassVar[Any] = None
    """What the client would draw; None where bars are switched off."""
    now: ClassVar[Watch | None] = None
    """The one that is at work."""

    def __init__(self, **told: Any) -> None:
        self._bars = Watch.bars(**told) if Watch.bars else None
        self._seen: tuple[int, ...] = ()
        self.moved = time.monotonic()
        Watch.now = self

    def update_progress(self, whole: Any, files: Any = None) -> None:
        """Called by the client, several times a second."""
        seen = (whole.total_bytes_completed, whole.total_transfer_bytes_completed)
        if seen != self._seen:
            self._seen, self.moved = seen, time.monotonic()
        if self._bars:
            self._bars.update_progress(whole, files)

    def close(self) -> None:
        """Called by the client, at the end."""
        Watch.now = None
        if self._bars:
            self._bars.close()


@contextmanager
def watched(longest: float | None = None) -> Iterator[None]:
    """End uploads of the block that stand still for so many seconds, `LONGEST_SILENCE` without.

    Raises:
        StageError: one stood still.
    """
    from huggingface_hub.utils._xet import abort_xet_session

    longest = LONGEST_SILENCE if longest is None else longest
    still, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(min(1.0, longest / 4)):
            watch = Watch.now
            if watch and time.monotonic() - watch.moved > longest:
                still.set()
                abort_xet_session()
                return

    looking = threading.Thread(target=look, name="watch", daemon=True)
    looking.start()
    try:
        with _in_place_of_bars():
            yield
    except Exception as error:
        if not still.is_set():
            raise
        raise StageError(
            f"the upload by Xet stood still for {longest:,.0f} s, and was ended. What has arrived "
            "is kept: run the same command again; if it stops again, with HF_HUB_DISABLE_XET=1 "
            "before it, which sends the files another way"
        ) from error
    finally:
        over.set()
        looking.join()
        Watch.now = None


@contextmanager
def _in_place_of_bars() -> Iterator[None]:
    """Have the client tell its progress to a `Watch`, though its bars be switched off."""
    from huggingface_hub import utils
    from huggingface_hub.utils import _xet_progress_reporting as reporting

    bars, disabled = reporting.XetUploadProgressReporter, utils.are_progress_bars_disabled
    Watch.bars = None if disabled() else bars
    vars(reporting)["XetUploadProgressReporter"] = Watch
    vars(utils)["are_progress_bars_disabled"] = lambda name=None: False
    try:
        yield
    finally:
        vars(reporting)["XetUploadProgressReporter"] = bars
        vars(utils)["are_progress_bars_disabled"] = disabled
