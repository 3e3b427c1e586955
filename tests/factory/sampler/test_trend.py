"""Requests that begin to fail more often are told, once, and again when it gets much worse."""

import pytest

from factory.sampler.trend import Trend


@pytest.mark.parametrize(
    ("windows", "told", "remark"),
    [
        ([0, 0, 0], [], "all is well"),
        ([9, 9], [], "a few fail everywhere"),
        ([0, 20], ["20 of the last 100 requests failed (http_500 20), none of the 100 before"], ""),
        ([0, 20, 25, 30], ["20 of"], "it stays so: told once"),
        ([0, 20, 45], ["20 of", "45 of"], "twice as bad is told again"),
        ([0, 20, 0, 15], ["20 of", "15 of"], "and so is what comes back"),
        ([30], ["30 of the last 100 requests failed (http_500 30)"], "from the beginning"),
    ],
)
def test_what_is_told_of_failures_in_each_hundred(windows: list[int], told: list[str], remark: str):
    said: list[str] = []
    trend = Trend(said.append)
    for failures in windows:
        for _ in range(100 - failures):
            trend.answered()
        trend.failed("http_500", failures)
    assert len(said) == len(told), remark
    assert all(words.startswith(beginning) for words, beginning in zip(said, told, strict=True))


def test_tries_before_an_answer_are_failures_too():
    said: list[str] = []
    trend = Trend(said.append)
    for _ in range(50):
        trend.answered(retries=1)
    assert said == ["50 of the last 100 requests failed (answered at a later try 50)"]
