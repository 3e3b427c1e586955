"""A server of our own for each test, and clients of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import Hub, serving_hub
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

disable_progress_bars()


@pytest.fixture
def local_hub(tmp_path: Path) -> Iterator[Hub]:
    """A Hub on loopback, with nothing in it."""
    with serving_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def api(local_hub: Hub) -> HfApi:
    """Alice's client; she may write."""
    return HfApi(endpoint=local_hub.endpoint, token=local_hub.token)
