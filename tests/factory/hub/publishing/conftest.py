"""What tests of publishing need not wait for."""

import pytest

from factory.hub import publish as publishing
from factory.hub import trouble


@pytest.fixture(autouse=True)
def not_loaded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """`datasets` takes seconds to start; tests marked slow have it read."""
    if "slow" not in request.keywords:
        monkeypatch.setattr(publishing, "loaded_back", lambda *_: None)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited between tries."""
    told: list[float] = []
    monkeypatch.setattr(trouble, "sleep", told.append)
    return told
