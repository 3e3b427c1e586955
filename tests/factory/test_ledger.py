"""Sums that close: every row that came in went on, was dropped, failed, or is nowhere and named."""

from typing import Any

import pytest

from factory.errors import LedgerError
from factory.ledger import Account, balance, check


@pytest.mark.parametrize(
    ("entered", "told", "left", "dropped", "failed"),
    [
        ("abc", {"left": "abc"}, 3, {}, {}),
        ("", {"left": ""}, 0, {}, {}),
        (
            "abcd",
            {"left": "a", "dropped": {"b": "long", "c": "long"}, "failed": {"d": "timeout"}},
            1,
            {"long": 2},
            {"timeout": 1},
        ),
        (
            "ab",
            {"left": "", "dropped": {"a": "long", "b": "short"}},
            0,
            {"long": 1, "short": 1},
            {},
        ),
        ("cab", {"left": "bca"}, 3, {}, {}),  # order is nobody's business
    ],
)
def test_rows_are_counted_by_where_they_went(
    entered: str, told: dict[str, Any], left: int, dropped: dict[str, int], failed: dict[str, int]
):
    account = balance("draws", entered, **told)
    assert (account.entered, account.left) == (len(entered), left)
    assert (account.dropped, account.failed) == (dropped, failed)
    assert account.open == 0


@pytest.mark.parametrize(
    ("entered", "told", "fault"),
    [
        ("abc", {"left": "ab"}, "1 came in and are nowhere: c"),
        ("ab", {"left": "abz"}, "1 came from nowhere: z"),
        ("aab", {"left": "ab"}, "1 came in twice: a"),
        ("ab", {"left": "ab", "dropped": {"b": "long"}}, "1 are accounted for twice: b"),
        (
            "ab",
            {"left": "a", "dropped": {"b": "x"}, "failed": {"b": "y"}},
            "accounted for twice: b",
        ),
        ("ab", {"left": "aab"}, "1 are accounted for twice: a"),
        # As many out as in, and yet not the same ones: counts alone would not see it.
        ("ab", {"left": "az"}, "1 came in and are nowhere: b"),
        ("abcdefg", {"left": ""}, "7 came in and are nowhere: a, b, c, d, e, …"),
    ],
)
def test_a_sum_that_does_not_close_names_its_rows(entered: str, told: dict[str, Any], fault: str):
    with pytest.raises(LedgerError, match=f"^draws: the sum does not close, .*{fault}"):
        balance("draws", entered, **told)


@pytest.mark.parametrize(
    ("account", "open_"),
    [
        (Account(what="rows", entered=5, left=5), 0),
        (Account(what="rows", entered=5, left=1, dropped={"a": 1}, failed={"b": 1}, pending=2), 0),
        (Account(what="rows", entered=5, left=3), 2),
        (Account(what="rows", entered=5, left=4, dropped={"a": 2}), -1),  # more out than in
    ],
)
def test_check_refuses_what_is_open(account: Account, open_: int):
    assert account.open == open_
    if open_ == 0:
        check("dataset", [account])
        return
    with pytest.raises(LedgerError, match="stage dataset, rows: 5 came in"):
        check("dataset", [Account(what="fine", entered=0, left=0), account])
