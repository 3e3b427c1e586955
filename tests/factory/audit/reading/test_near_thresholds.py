"""Samples to read: nearest to each threshold on both sides, random ones, the same for a seed."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from factory.audit.reading.near import picked
from factory.audit.reading.rows import shown
from factory.audit.subject import TEXTS, Subject, as_prompts, as_samples
from filters import Filters, judge

TEXT = "<think>so it is.\n\n{}</think> It is 4."


class Table:
    """Texts of samples, all of one form."""

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        rows = [
            {"sample_id": one, "question": f"{one}?", "text": TEXT.format("x" * 200 * int(one[1:]))}
            | {"reasoning": "so it is."}
            for one in ids
        ]
        return pl.DataFrame(rows, schema=TEXTS)

    def each(self):  # nobody asks
        yield pl.DataFrame(schema=TEXTS)


def subject(filters: dict[str, Any], **measures: list[Any]) -> Subject:
    rules = Filters.model_validate(filters)
    height = len(next(iter(measures.values())))
    ids = [f"s{number}" for number in range(height)]
    table = pl.DataFrame({"sample_id": ids, "prompt_id": ids, "domain": ["math"] * height})
    known = {
        column: kind for r in rules.active().values() for column, kind in r.filter.columns.items()
    }
    columns = (pl.Series(name, told, known[name]) for name, told in measures.items())
    table = table.with_columns(columns)
    lacks = [pl.lit(None, kind).alias(n) for n, kind in known.items() if n not in table.columns]
    judged = judge(table.with_columns(lacks), rules)
    dropped = pl.col("dropped_by").is_not_null()
    samples = judged.with_columns(
        fate=pl.when(dropped).then(pl.lit("dropped")).otherwise(pl.lit("chosen"))
    )
    return Subject("here", "it", "data", as_samples(samples), as_prompts(table), rules, Table())


LENGTHS = subject({"length": {"max_tokens": 50}}, tokens=[*range(100), None])


def whys(of: Subject, rows: int = 100, seed: int = 0) -> dict[tuple[str, str | None], list[Any]]:
    """What is measured of those that are shown, by side and reason."""
    found: dict[tuple[str, str | None], list[Any]] = {}
    for sample, reasons in picked(of, rows, seed).items():
        for why in reasons:
            found.setdefault((why.side, why.reason), []).append(why.value or sample)
    return found


def test_those_nearest_to_a_threshold_are_shown():
    found = whys(LENGTHS)
    assert found["just outside", "too_long"] == [51, 52, 53]
    assert found["just inside", "too_long"] == [50, 49, 48]


def test_not_measured_is_neither_inside_nor_outside():
    told = picked(LENGTHS, 200, 0)["s100"]
    assert [why.side for why in told] == ["random"]


def test_it_says_what_was_compared():
    (why,) = (why for why in picked(LENGTHS, 10, 0)["s51"] if why.side == "just outside")
    assert (why.filter, why.reason) == ("length", "too_long")
    assert (why.measure, why.value) == ("tokens", 51)
    assert (why.setting, why.limit) == ("max_tokens", 50.0)


def test_a_rule_without_a_number_shows_random_ones_of_both():
    of = subject({"correctness": {}}, verdict=["correct", "incorrect"] * 50)
    found = whys(of)
    assert len(found["random, dropped", "incorrect"]) == 3
    assert len(found["random, kept", None]) == 3
    assert found["random, dropped", "incorrect"] != whys(of, seed=1)["random, dropped", "incorrect"]


def test_a_rule_of_two_numbers_shows_who_is_near_in_both():
    """Blocks that stand there three times are nearest, those with many characters first."""
    of = subject(
        {"repetition": {}},
        loop_repeats=[3, 3, 2, 4, 9],
        loop_chars=[20, 90, 400, 100, 900],
        loop_others=[[]] * 5,
        counting_others=[[]] * 5,
        counting_repeats=[0] * 5,
        counting_chars=[0] * 5,
        repeated_share=[0.1] * 5,
        echo_share=[0.0] * 5,
    )
    near = [
        (sample, why.side)
        for sample, told in picked(of, 100, 0).items()
        for why in told
        if why.setting == "min_loop_repeats"
    ]
    assert {sample for sample, side in near if side == "just outside"} == {"s3", "s4"}
    assert {sample for sample, side in near if side == "just inside"} == {"s0", "s1", "s2"}
    assert near.index(("s1", "just inside")) < near.index(("s0", "just inside"))


def test_each_domain_s_entry_has_its_own_threshold():
    entries = [{"domains": ["math"], "max_tokens": 30}, {"max_tokens": 70}]
    found = whys(subject({"length": entries}, tokens=list(range(100))))
    assert found["just outside", "too_long"] == [31, 32, 33]


def test_the_same_seed_shows_the_same():
    assert picked(LENGTHS, 50, 7) == picked(LENGTHS, 50, 7)
    assert list(picked(LENGTHS, 50, 7)) != list(picked(LENGTHS, 50, 8))


@pytest.mark.parametrize("rows", [1, 7, 50, 1000])
def test_there_are_no_more_rows_than_asked_for(rows: int):
    assert len(picked(LENGTHS, rows, 0)) == min(rows, 101)


def test_a_page_keeps_to_its_budget_and_says_what_it_leaves_out():
    found = shown(LENGTHS, rows=60, characters=100_000)
    sizes = [len(row.text or "") + len(row.question or "") for row in found.rows]
    assert sum(sizes) <= 100_000
    cut = [row for row in found.rows if row.cut]
    assert cut
    assert all(
        row.text == TEXT.format("x" * 200 * int(row.sample_id[1:]))
        for row in found.rows
        if not row.cut
    )
    for row in cut:
        assert row.cut
        left_out = sum(gap.chars for gaps in row.gaps.values() for gap in gaps)
        assert row.cut.chars == left_out > 0
        assert f"`factory why {row.sample_id} here --all`" in row.cut.how
    assert found.note.startswith("60 of 101 samples: ")


def test_a_row_shows_what_it_is_near_to():
    lengths = list(range(0, 400, 20))
    of = subject({"length": {"max_paragraph_chars": 100}}, longest_paragraph=lengths)
    row = next(row for row in shown(of).rows if row.sample_id == "s5")
    assert row.text
    assert row.reasons == ()
    (passage,) = (one for one in row.passages if one.reason == "long_paragraph")
    assert row.text[passage.start : passage.end] == "so it is."
    assert passage.words == "a paragraph of 9 characters"
