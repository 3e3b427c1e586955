"""How many bytes of a version the Hub does not have: Xet measures it in a folder, offline."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple


class NewBytes(NamedTuple):
    """What an upload would send, chunks of 64 KiB that were there left out."""

    new: int
    """Bytes that are in no earlier file."""
    all: int
    """Bytes of all files."""


def new_bytes(before: Sequence[Path], after: Sequence[Path], room: Path) -> NewBytes | None:
    """Bytes of files that are not in others; None where hf_xet is not installed.

    Args:
        before: files that the Hub has.
        after: files that are to be sent.
        room: where both may be stored for a while.
    """
    try:
        import hf_xet
    except ImportError:
        return None
    xet: Any = hf_xet
    with tempfile.TemporaryDirectory(dir=room) as store:
        session = xet.XetSession()
        _stored(session, before, store)
        found = _stored(session, after, store)
    return NewBytes(sum(each.new_bytes for each in found), sum(each.total_bytes for each in found))


def _stored(session: Any, files: Sequence[Path], store: str) -> list[Any]:
    import hf_xet

    xet: Any = hf_xet
    if not files:
        return []
    place = {"endpoint": f"local://{store}", "token": "none"}
    with session.new_upload_commit(**place, token_expiry_unix_secs=int(time.time()) + 86400) as c:
        sent = [c.start_upload_file(str(file), sha256=xet.COMPUTE_SHA256) for file in files]
    return [each.result().dedup_metrics for each in sent]
