"""What marks say of filters and verifiers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from labelling import mark_all, truth

from factory.audit.label import marks
from factory.audit.label.asked import Asked, as_units
from factory.audit.label.questions import questions
from factory.audit.label.report import figures, trust_of
from factory.audit.label.session import Session, session
from factory.audit.label.trust import Trust, Trusted, judges_table, trust
from factory.audit.subject import Subject
from filters.length import Length


def begun(subject: Subject, folder: Path, who: str = "ann", n: int = 60, *only: str) -> Session:
    asked, _ = questions(subject, only)
    return session(subject, asked, n, folder, who)[0]


def judge(found: Trust, name: str) -> Trusted:
    (one,) = (one for one in found.judges if one.judge == name)
    return one


def test_marks_give_precision_and_recall_with_intervals(subject: Subject, tmp_path: Path):
    mark_all(begun(subject, tmp_path))
    found = trust_of(subject, tmp_path)
    math = judge(found, "math")
    assert math.precision
    assert math.recall
    assert math.precision.value == math.recall.value == 1
    assert math.precision.low < 0.9
    assert judge(found, "correctness").about == "filter"
    assert judge(found, "all filters together").question == "train"
    assert judge(found, "length").precision is None
    assert judge(found, "length").missing == "it says yes of no row"
    missed = judge(found, "length").missed
    assert missed
    assert missed.value == 0


def test_a_verifier_that_errs_is_told_from_a_filter_that_does(subject: Subject, tmp_path: Path):
    """Every answer called right is said to be wrong: no precision; and the filter that keeps them
    misses what it should drop."""
    at_work = begun(subject, tmp_path, "ann", 40, "right")
    for number, card in enumerate(at_work.cards):
        at_work.say(number, "no" if card.drawn.claim else truth(card.drawn))
    found = trust_of(subject, tmp_path)
    precision, recall = judge(found, "math").precision, judge(found, "correctness").recall
    assert precision
    assert recall
    assert (precision.value, precision.low) == (0, 0)
    assert recall.value == pytest.approx(64 / 98)


def test_without_a_mark_of_every_stratum_nothing_is_claimed(subject: Subject, tmp_path: Path):
    at_work = begun(subject, tmp_path, "ann", 40, "right")
    for number, card in enumerate(at_work.cards):
        if card.drawn.stratum != "incorrect: unfinished":
            at_work.say(number, truth(card.drawn))
    math = judge(trust_of(subject, tmp_path), "math")
    assert math.precision
    assert math.recall is None
    assert math.missing == "no mark of: incorrect: unfinished"


def test_marks_under_other_rules_are_told_and_not_counted(subject: Subject, tmp_path: Path):
    first = begun(subject, tmp_path, "ann", 20, "length")
    mark_all(first)
    first.writer.close()
    told = subject.filters.model_copy(update={"length": Length(max_tokens=49)})
    changed = replace(subject, filters=told)
    found = trust_of(changed, tmp_path)
    assert not found.judges
    assert found.other == 20
    asked, _ = questions(changed, ["length"])
    again, carried = session(changed, asked, 20, tmp_path, "ann")
    assert carried == again.done() == 20, "the same rows: what was said of them still holds"
    assert judge(trust_of(changed, tmp_path), "length").marked == 20


def test_people_who_disagree_count_for_neither(subject: Subject, tmp_path: Path):
    mark_all(begun(subject, tmp_path, "ann", 30, "right"))
    mark_all(begun(subject, tmp_path, "ben", 30, "right"), wrong=6)
    found = trust_of(subject, tmp_path)
    assert (judge(found, "math").people, judge(found, "math").unsure) == (2, 6)
    agreed = found.agreement["right"]
    assert (agreed.people, agreed.rows, agreed.name) == (2, 30, "Cohen's kappa")
    assert agreed.raw.value == pytest.approx(24 / 30)


def test_figures_have_a_meaning_for_every_column(subject: Subject, run: Path):
    (none,) = figures(subject)
    assert none.missing
    assert "factory label" in none.missing
    assert set(none.columns) == set(none.table.columns)
    folder = run / "labels"
    mark_all(begun(subject, folder))
    try:
        made = figures(subject)
        assert [one.key for one in made] == ["trust.judges", "trust.strata", "trust.agreement"]
        for one in made:
            assert set(one.columns) == set(one.table.columns)
        assert made[0].table.filter(judge="math")["precision"].to_list() == [1.0]
    finally:
        (folder / "ann.jsonl").unlink()
        folder.rmdir()


def world(random: np.random.Generator) -> tuple[Asked, dict[str, bool]]:
    """A filter with two reasons and its rows, and what is true of each."""
    kinds = [("a", True, 300, 0.9), ("b", True, 60, 0.6)]
    kinds += [("passed, near a threshold", False, 200, 0.2), ("passed", False, 3000, 0.01)]
    rows, true = [], {}
    for stratum, claim, size, share in kinds:
        bad = random.permutation(np.arange(size) < round(size * share))
        for n in range(size):
            id = f"{stratum} {n}"
            rows.append({"row": id, "judge": "f", "stratum": stratum, "claim": claim})
            true[id] = bool(bad[n])
    return Asked("f", "Bad?", "filter", as_units(pl.DataFrame(rows), row="row")), true


@pytest.mark.slow
def test_intervals_hold_the_truth_from_the_draw_to_the_table():
    """Printed: how often what `--report` says holds what is true."""
    from factory.audit.label.draw import draw

    asked, true = world(np.random.default_rng(5))
    claims = dict(asked.units.select("row", "claim").iter_rows())
    bad = [row for row, is_bad in true.items() if is_bad]
    wanted = {
        "precision": sum(claims[row] for row in bad) / sum(claims.values()),
        "recall": sum(claims[row] for row in bad) / len(bad),
    }
    held, trials = dict.fromkeys(wanted, 0), 400
    for seed in range(trials):
        drawn = draw([asked], 60, seed)
        labels = marks.Labels()
        strata = [{**vars(one)} for one in drawn.strata]
        for one in strata:
            del one["question"], one["readable"]
        head = {"who": "ann", "at": "", "question": "f", "rules": asked.rules()}
        labels.take(marks.Strata(**head, words="", about="filter", strata=strata))
        for card in drawn.cards:
            said = {"row": card.row, "judge": "f", "stratum": card.stratum}
            word = "yes" if true[card.row] else "no"
            labels.take(marks.Mark(**head, **said, mark=word))
        (row,) = judges_table(trust(labels, [asked]).judges).to_dicts()
        for name, value in wanted.items():
            held[name] += row[f"{name}_low"] - 1e-9 <= value <= row[f"{name}_high"] + 1e-9
    print({name: f"held in {count / trials:.1%}" for name, count in held.items()})
    assert min(held.values()) > 0.92 * trials
