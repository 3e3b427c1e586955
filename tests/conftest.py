"""For all tests: no Hub; and what was left out in one line instead of one for each test."""

import os
from collections.abc import Iterator

import pytest
from needs import left_out

os.environ["HF_HUB_OFFLINE"] = "1"  # tests send nothing anywhere


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    if skipped := terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(left_out(report.longrepr[2] for report in skipped))
