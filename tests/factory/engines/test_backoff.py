"""Backoff and the limit, on a clock that the tests turn."""

import math
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.engines.backoff import Limit, Retries, retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Hand:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Always(Random):
    """The chance of drawing this share of any range."""

    def __init__(self, share: float):
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + self.share * (b - a)


# --- Retry-After --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Saturday, 21-Nov-26 12:01:30 GMT", 90),  # the form of RFC 850, which must be read too
        ("Sat, 21 Nov 2026 13:01:30 +0100", 90),
        ("Sat, 21 Nov 2026 12:01:30 -0000", 90),  # a date without a zone
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),  # over already
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),  # not allowed by the standard
        ("٣", None),  # a digit, but no number of seconds
        ("9" * 1000, None),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None):
    headers = {} if header is None else {"Retry-After": header}
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=80))
def test_no_header_breaks_it(header: str):
    for name in ("Retry-After", "Retry-After-Ms"):
        wait = retry_after({name: header}, NOW)
        assert wait is None or wait >= 0


def test_milliseconds_are_read_before_seconds():
    assert retry_after({"Retry-After": "2", "Retry-After-Ms": "1500"}, NOW) == 1.5


# --- attempts under a deadline ------------------------------------------------------------------


def test_waits_double_up_to_the_longest():
    retries = Retries(1000, Always(1), failures=9, first=1, longest=10)
    waits = []
    for _ in range(6):
        retries.spend(0)
        waits.append(retries.delay())
    assert waits == [1, 2, 4, 8, 10, 10]
    assert retries.left == 1000 - sum([1, 2, 4, 8, 10, 10])


def test_a_wait_is_any_share_of_its_range():
    waits = []
    for seed in range(300):
        retries = Retries(100, Random(seed), first=1)
        retries.spend(0)
        waits.append(retries.delay() or 0)
    thirds = Counter(int(wait * 3) for wait in waits)
    assert set(thirds) == {0, 1, 2}
    assert min(thirds.values()) > 60  # from nothing to the whole, none preferred


@pytest.mark.parametrize(
    ("deadline", "took", "asked", "wait", "remark"),
    [
        (60, 10, None, 1, "time enough"),
        (60, 10, 20, 21, "what the server asks for, and a share of our own on top"),
        (60, 10, 49, None, "the server asks for more than is left"),
        (60, 59.5, None, None, "the attempt took nearly all of it"),
        (60, 70, None, None, "and here more"),
    ],
)
def test_one_deadline_is_over_attempts_and_waits(
    deadline: float, took: float, asked: float | None, wait: float | None, remark: str
):
    retries = Retries(deadline, Always(1), first=1)
    retries.spend(took)
    assert retries.delay(asked) == wait, remark


def test_so_many_failures_and_no_more_but_refusals_do_not_count():
    retries = Retries(1e6, Always(0.5), failures=3)
    answers = []
    for refused in (False, True, True, True, False, True, False):
        retries.spend(0)
        answers.append(retries.delay(refused=refused) is not None)
    assert answers == [True, True, True, True, True, True, False]
    assert retries.attempts == 7


# --- the limit ----------------------------------------------------------------------------------


def test_a_full_limit_lets_nobody_out_until_one_is_back():
    limit = Limit(2, Hand())
    limit.begin()
    assert limit.wait() == 0
    limit.begin()
    assert limit.wait() == math.inf
    limit.end()
    assert limit.wait() == 0


def test_refusals_halve_it_once_for_a_whole_crowd():
    clock = Hand()
    limit = Limit(64, clock)
    sent = [limit.begin() for _ in range(64)]
    clock.now += 1
    for moment in sent:
        limit.refused(moment)
        limit.end()
    assert limit.allowed == 32
    for expected in (16, 8, 4, 2, 1, 1):  # half of those that were let out after that, refused
        clock.now += 1
        for _ in range(math.ceil(limit.allowed / 2)):
            limit.refused(limit.begin())
        assert limit.allowed == expected  # and never less


def test_answers_raise_it_by_an_eighth_a_round_and_not_above_the_ceiling():
    limit = Limit(100, Hand())
    limit.allowed = 40.0
    for _ in range(40):
        limit.answered()
    assert limit.allowed == pytest.approx(45, abs=0.5)
    limit.allowed = 1.0
    limit.answered()
    assert limit.allowed == 2
    for _ in range(1000):
        limit.answered()
    assert limit.allowed == 100


@pytest.mark.parametrize(("every", "least"), [(20, 60), (4, 1)])
def test_a_few_refusals_whatever_the_load_are_no_crowding(every: int, least: int):
    clock = Hand()
    limit = Limit(64, clock)
    for number in range(2000):
        clock.now += 0.1
        sent = limit.begin()
        if number % every:
            limit.answered()
        else:
            limit.refused(sent, asked=1.0)
        limit.end()
        clock.now += limit.wait()
    assert limit.allowed >= least
    assert (clock.now < 1000 + 0.1 * 2000 + 10) == (every == 20)  # nor does anybody else wait


def test_nobody_goes_while_the_server_asked_to_wait():
    clock = Hand()
    limit = Limit(8, clock)
    limit.refused(limit.begin(), asked=30)
    limit.end()
    assert limit.wait() == 30
    clock.now += 30
    assert limit.wait() == 0


@pytest.mark.parametrize("capacity", [1, 5, 40])
def test_it_settles_near_what_the_server_can_take(capacity: int):
    """A server that takes `capacity` at once and refuses the rest: few refusals, hardly idle."""
    clock, served, refused = Hand(), 0, 0
    limit = Limit(256, clock)
    for second in range(200):
        sent = []
        while limit.wait() <= 0:
            sent.append(limit.begin())
        clock.now += 1
        for number, moment in enumerate(sent):
            limit.end()
            if number < capacity:
                limit.answered()
            else:
                limit.refused(moment)
        if second >= 20:
            served += min(len(sent), capacity)
            refused += max(0, len(sent) - capacity)
    assert served >= 0.6 * 180 * capacity
    assert refused <= 0.5 * served
