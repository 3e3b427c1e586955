"""Rules and alarms of duplicates; what is near whom is in text/test_near.py."""

from typing import Any

import polars as pl
import pytest

from filters import Filters, judge
from filters.duplicates import Duplicates


def rows(*facts: tuple[str | None, int, bool]) -> pl.DataFrame:
    """Samples with cluster, place in it, and whether they are the same as its first."""
    names = ("duplicate_cluster", "duplicate_place", "duplicate_exact")
    sizes = [sum(cluster == other[0] for other in facts) if cluster else 1 for cluster, *_ in facts]
    table = pl.DataFrame(
        facts, dict(zip(names, (pl.String, pl.Int32, pl.Boolean), strict=True)), orient="row"
    )
    return table.with_columns(
        duplicate_similarity=pl.lit(0.9),
        duplicate_size=pl.Series(sizes, dtype=pl.Int32),
        tokens=pl.lit(1, pl.Int32),
        longest_paragraph=pl.lit(1, pl.Int32),
    )


def dropped(table: pl.DataFrame, **others: Any) -> list[list[str]]:
    filters = Filters.model_validate({"duplicates": {}} | others)
    return judge(table, filters)["reasons"].to_list()


def test_the_first_of_a_cluster_stays():
    table = rows((None, 0, False), ("a", 0, False), ("a", 1, True), ("a", 2, False))
    assert dropped(table) == [[], [], ["exact_duplicate"], ["near_duplicate"]]


def test_where_the_first_has_no_accepted_sample_the_next_one_stays():
    table = rows(("a", 0, False), ("a", 1, False), ("a", 1, False), ("a", 2, False))
    table = table.with_columns(tokens=pl.Series([99, 99, 1, 1], dtype=pl.Int32))
    assert dropped(table, length={"max_tokens": 50}) == [
        ["too_long"],
        ["too_long"],  # the same question as the next: not a duplicate of its own
        [],
        ["near_duplicate"],
    ]


def test_where_none_is_accepted_the_first_is_the_one_that_counts():
    table = rows(("a", 0, False), ("a", 1, False)).with_columns(tokens=pl.lit(99, pl.Int32))
    assert dropped(table, length={"max_tokens": 50}) == [
        ["too_long"],
        ["too_long", "near_duplicate"],
    ]


def test_order_in_the_table_makes_no_difference():
    table = rows(("a", 2, False), ("b", 1, True), ("a", 0, False), ("b", 0, False), ("a", 1, False))
    there, back = dropped(table), dropped(table.reverse())
    assert there == back[::-1]


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        ([20] + [1] * 980, ["one cluster has 20 of 1,000 texts (2.0%)"]),
        ([10] + [1] * 990, []),  # 1 %
        ([9] + [1] * 91, []),  # 9 %, and too few to be a flood
        ([1] * 100, []),
        ([3] * 20, ["tales loses 40 of 60 texts"]),
        ([2] * 20, []),  # just half
    ],
)
def test_alarms(clusters: list[int], said: list[str]):
    facts = [
        (f"c{number}" if size > 1 else None, place, False)
        for number, size in enumerate(clusters)
        for place in range(size)
    ]
    table = rows(*facts).with_columns(source=pl.lit("tales"), text=pl.lit("Once upon a time"))
    alarms = Duplicates().alarms(table)
    assert [part in alarm for part, alarm in zip(said, alarms, strict=True)] == [True] * len(said)
    assert all("'Once upon a time'" in alarm for alarm in alarms)
