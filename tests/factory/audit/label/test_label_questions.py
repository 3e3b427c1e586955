"""What can be asked of a run: which rows stand in which stratum, and why something is not asked."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from factory.audit.label.questions import questions
from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at
from factory.errors import StageError
from filters import Filters
from filters.length import Length


def strata(subject: Subject, key: str) -> dict[tuple[str, str], tuple[bool | None, int]]:
    """(judge, stratum) -> (what the judge says, rows)."""
    (asked,), _ = questions(subject, [key])
    return {(row[0], row[1]): (row[2], row[3]) for row in asked.strata().iter_rows()}


def test_verdicts_are_strata_of_their_verifier(subject: Subject):
    assert strata(subject, "right") == {
        ("math", "correct"): (True, 34),
        ("math", "incorrect: wrong_answer"): (False, 34),
        ("math", "incorrect: unfinished"): (False, 30),
    }


def test_every_rule_has_rows_that_it_removed_and_rows_that_it_kept(subject: Subject):
    assert strata(subject, "truncation") == {
        ("truncation", "truncated"): (True, 30),
        ("truncation", "passed"): (False, 68),
    }
    kept = strata(subject, "train")
    assert kept["all filters together", "chosen"] == (True, 32)
    gone = {stratum for (_, stratum), (claim, _) in kept.items() if claim is False}
    assert gone == {
        f"dropped by {name}"
        for name in ("truncation", "correctness", "contamination", "duplicates")
    }


def test_pairs_and_keys_are_asked_as_what_they_are(subject: Subject):
    assert strata(subject, "contamination") == {("contamination", "alike"): (True, 1)}
    assert strata(subject, "duplicates") == {("duplicates", "exact"): (True, 1)}
    assert strata(subject, "key") == {
        ("doubtful keys", "doubtful: draws"): (True, 1),
        ("doubtful keys", "not doubtful"): (False, 34),
    }


def test_what_passed_near_a_threshold_stands_apart(subject: Subject):
    tokens = pl.Series("tokens", range(subject.samples.height), dtype=pl.Int32)
    longer = subject.samples.with_columns(tokens)
    found = strata(replace(subject, samples=longer), "length")
    assert found["length", "passed, near a threshold"] == (False, 5)
    assert found["length", "passed"][1] == longer.height - 5


def test_what_was_not_measured_is_neither_yes_nor_no(subject: Subject):
    unknown = subject.samples.with_columns(reasons=pl.lit(["length_not_measured"]))
    found = strata(replace(subject, samples=unknown), "length")
    assert found == {("length", "not measured"): (None, unknown.height)}


def test_rows_whose_texts_are_elsewhere_are_strata_that_nothing_is_drawn_from(run: Path):
    asked, why = questions(subject_at(f"{run}@1"))
    assert "kept in a run" in why["contamination"]
    (right,) = (one for one in asked if one.key == "right")
    readable = {row["stratum"]: row["readable"] for row in right.strata().iter_rows(named=True)}
    assert readable["correct"] == 32
    assert readable["correct, texts not here"] == 0
    assert readable["incorrect: wrong_answer, texts not here"] == 0


def test_a_question_that_is_none_is_named_with_its_neighbour(subject: Subject):
    with pytest.raises(StageError, match=r"no question 'lenght'; did you mean 'length'\?"):
        questions(subject, ["lenght"])


OWN = '''
import polars as pl
from filters.filter import Filter

class Hedging(Filter):
    """Drops thinking that hedges.

    More is told here."""
    name = "hedging"
    reads = ("reasoning",)
    columns = {"hedges": pl.Int32()}

    @staticmethod
    def measure(rows):
        return rows.select(hedges=pl.lit(1, pl.Int32()))

    def reasons(self):
        return {"hedged": pl.col("hedges") > 3}
'''


def test_a_filter_of_ones_own_is_asked_by_what_its_page_says(subject: Subject, tmp_path: Path):
    (tmp_path / "hedging_filters.py").write_text(OWN)
    own = {"own": {"hedging_filters:Hedging": {}}}
    filters = Filters.model_validate(own, context={"filters_home": tmp_path})
    rows = subject.samples.with_columns(
        hedges=pl.int_range(pl.len(), dtype=pl.Int32), reasons=pl.lit([], pl.List(pl.String))
    )
    hedged = pl.when(pl.col("hedges") > 3).then(pl.lit(["hedged"])).otherwise(pl.col("reasons"))
    changed = replace(subject, filters=filters, samples=rows.with_columns(reasons=hedged))
    (asked,), _ = questions(changed, ["hedging"])
    assert asked.words.endswith("hedging looks for? It says: Drops thinking that hedges.")
    assert strata(changed, "hedging") == {
        ("hedging", "hedged"): (True, rows.height - 4),
        ("hedging", "passed"): (False, 4),
    }


def test_other_rules_have_another_digest(subject: Subject):
    (one,), _ = questions(subject, ["length"])
    (two,), _ = questions(subject, ["length"])
    assert one.rules() == two.rules()
    told = subject.filters.model_copy(update={"length": Length(max_tokens=51)})
    (other,), _ = questions(replace(subject, filters=told), ["length"])
    assert other.rules() != one.rules()
