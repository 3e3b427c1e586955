"""The last lines of a test run: what was left out, in one line instead of one for each test."""

from collections.abc import Iterator

import pytest
from needs import left_out


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    if skipped := terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(left_out(report.longrepr[2] for report in skipped))
