"""What all tests share: a real model, and last lines that say what was left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from needs import left_out
from real import hub_with_smollm2

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")  # a busy machine is no fault


@pytest.fixture(scope="session")
def hub() -> Path:
    """A cache of the Hub with SmolLM2 in it, unpacked once; without an index, tests are skipped."""
    return hub_with_smollm2()


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    if skipped := terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(left_out(report.longrepr[2] for report in skipped))
