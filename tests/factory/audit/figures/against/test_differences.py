"""Differences of pairs: by hand and by a plain calculation; not measured is no difference."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import mean
from typing import Any

import polars as pl
import pytest
from sides import NOW, WAS, Row, figures, line, sample, side, wrong


def test_numbers_of_pairs_checked_by_hand():
    found = figures(side(NOW), side(WAS))
    kept = line(found["against.samples.kept"])
    assert (kept["pairs"], kept["prompts"], kept["less"], kept["more"]) == (6, 3, 2, 1)
    assert kept["before"] == pytest.approx(5 / 6)
    assert kept["after"] == pytest.approx(4 / 6)
    assert kept["difference"] == pytest.approx(-1 / 6)
    assert kept["mcnemar"] == 1.0
    assert kept["low"] is None, "three prompts are too few for an interval"
    assert line(found["against.samples.row"])["difference"] == pytest.approx(-2 / 6)
    assert line(found["against.samples.correct"])["difference"] == 0


def test_a_draw_is_as_long_and_ends_as_it_did():
    found = figures(side(NOW), side(WAS))
    assert "against.samples.completion_tokens" not in found
    assert "against.samples.finished" not in found


def test_what_is_not_measured_is_no_difference():
    now = [row | {"tokens": None} for row in WAS[:2]] + WAS[2:]
    found = figures(side(now), side(WAS))
    tokens = found["against.samples.measures"].table.row(
        by_predicate=pl.col("quantity") == "tokens", named=True
    )
    assert (tokens["pairs"], tokens["not_measured"], tokens["difference"]) == (4, 2, 0)
    shape = found["against.shape.tokens"].table
    assert shape.filter(label="not measured").select("side", "samples").rows() == [("after", 2)]


def test_a_measure_of_no_sample_of_one_side():
    found = figures(side([row | {"tokens": None} for row in WAS]), side(WAS))
    tokens = found["against.samples.measures"].table.row(
        by_predicate=pl.col("quantity") == "tokens", named=True
    )
    assert (tokens["pairs"], tokens["difference"], tokens["low"]) == (0, None, None)
    assert found["against.shape.tokens"].missing == "not measured of any sample after"
    assert ("tokens", "no", "not measured of any sample after") in found[
        "against.aside"
    ].table.rows()


def test_a_fault_that_could_not_be_measured_is_neither_found_nor_absent():
    lost = sample("p", reasons=["length_not_measured"], tokens=None)
    was = [sample("p", reasons=["too_long"]), *WAS[1:]]
    found = figures(side([lost, *WAS[1:]]), side(was))
    table = found["against.samples.faults"].table
    long = table.row(by_predicate=pl.col("quantity") == "too_long", named=True)
    assert (long["pairs"], long["not_measured"], long["difference"]) == (5, 1, 0)


def test_verdicts_that_nobody_could_give_are_no_wrong_ones():
    now = [WAS[0] | {"verdict": "unverifiable"}, *WAS[1:]]
    found = figures(side(now), side(WAS))
    correct = line(found["against.samples.correct"])
    assert (correct["pairs"], correct["not_measured"], correct["difference"]) == (5, 1, 0)
    assert line(found["against.samples.unverifiable"])["difference"] == pytest.approx(1 / 6)


def many(shift: float) -> list[Row]:
    """60 prompts of two domains and three teachers, 1 to 3 draws each, by a fixed rule."""
    rows = []
    for n in range(60):
        for draw in range(n % 3 + 1):
            chance = (n * 7919 + draw * 104729) % 101 / 101
            told: dict[str, Any] = {"domain": "code" if n % 5 == 0 else "math"}
            told |= {"teacher": f"t{(n + draw) % 3}", "tokens": round(1000 * chance + 90 * shift)}
            make = sample if chance > shift / 3 else wrong
            rows.append(make(f"p{n:02}", draw, **told))
    return rows


@pytest.mark.parametrize("quantity", ["kept", "tokens"])
@pytest.mark.parametrize("by", ["overall", "domain", "teacher"])
def test_groups_are_those_of_a_plain_calculation(quantity: str, by: str):
    was, now = many(0.5), many(1.0)
    found = figures(side(now), side(was))
    if quantity == "kept":
        table = found["against.samples.kept"].table
    else:
        every = [found[f"against.samples.{n}"].table for n in ("measures", "measures.by")]
        whole = every[0].with_columns(by=pl.lit("overall"), group=pl.lit("all"))
        table = pl.concat([whole, every[1]], how="diagonal").filter(quantity="tokens")
    expected = plainly(was, now, quantity, by)
    told = table.filter(by=by, pairs=pl.col("pairs")).select(
        "group", "pairs", "prompts", "before", "after"
    )
    assert {row[0]: row[1:] for row in told.rows()} == {
        group: pytest.approx(numbers) for group, numbers in expected.items()
    }


def plainly(
    was: Sequence[Row], now: Sequence[Row], quantity: str, by: str
) -> dict[str, tuple[float, ...]]:
    """Pairs, prompts, mean before and after of each group, row by row."""
    earlier = {row["sample_id"]: row for row in was}
    groups: dict[str, list[tuple[str, float, float]]] = defaultdict(list)

    def value(row: Row) -> float:
        return float(row["fate"] != "dropped") if quantity == "kept" else row["tokens"]

    for row in now:
        before = earlier[row["sample_id"]]
        group = "all" if by == "overall" else row[by]
        groups[group].append((row["prompt_id"], value(before), value(row)))
    return {
        group: (len(rows), len({row[0] for row in rows}), mean(r[1] for r in rows),
                mean(r[2] for r in rows))
        for group, rows in groups.items()
    }  # fmt: skip


def test_prompts_are_grouped_by_teacher_where_both_have_it():
    was = [sample("p"), wrong("p", 1, teacher="B"), sample("q"), sample("q", 1, teacher="B")]
    now = [
        row | {"sample_id": f"new {n}"}
        for n, row in enumerate([wrong("p"), sample("p", 1, teacher="B"), sample("q")])
    ]
    table = figures(side(now), side(was))["against.prompts.kept"].table.filter(by="teacher")
    assert table.select("group", "pairs", "before", "after").rows() == [
        ("A teacher", 2, 1.0, 0.5), ("B", 1, 0.0, 1.0)
    ]  # fmt: skip


def test_difficulty_is_by_the_verdicts_of_both():
    found = figures(side([wrong("p"), sample("q")]), side([sample("p"), sample("q")]))
    labels = found["against.samples.kept"].table["label"].to_list()
    assert labels == ["all", "difficulty: to 1/2", "difficulty: 1"]


def test_the_unbiased_pass_rate_is_that_of_the_table_of_prompts():
    told = {"prompt_id": "p", "teacher": "A teacher", "draws": 2, "correct": 1}
    was, now = ([told | {"pass_rate": rate}] for rate in (0.25, 0.75))
    found = figures(side([*NOW, sample("p", 3)], prompts=now), side(WAS, prompts=was))
    rate = line(found["against.prompts.pass_rate"])
    assert (rate["pairs"], rate["not_measured"], rate["before"], rate["after"]) == (
        1,
        2,
        0.25,
        0.75,
    )


def test_the_order_of_rows_does_not_matter():
    one, other = figures(side(NOW), side(WAS)), figures(side(NOW[::-1]), side(WAS[3:] + WAS[:3]))
    for key in ("against.samples.kept", "against.lost", "against.fates", "against.only"):
        assert one[key].table.equals(other[key].table)


def test_a_sample_that_stands_twice_counts_once():
    found = figures(side([*NOW, NOW[0]]), side(WAS))
    assert line(found["against.samples.kept"])["pairs"] == 6


def test_samples_without_a_prompt_are_their_own():
    was, now = ([row | {"prompt_id": None} for row in rows] for rows in (WAS, NOW))
    found = figures(side(now), side(was))
    kept = line(found["against.samples.kept"])
    assert (kept["pairs"], kept["prompts"]) == (6, 6)
    assert found["against"].title.startswith("6 common samples of 0 common prompts")
