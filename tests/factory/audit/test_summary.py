"""The summary and its findings: one sentence, the funnel, and what a person should look at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from subjects import subject_of

from factory.audit.figures.all import figures
from factory.audit.findings import findings
from factory.audit.subject import Subject
from factory.audit.summary import sentences, shown

RIGHT = {"verdict": "correct", "finish_reason": "stop", "completion_tokens": 10}
WRONG = RIGHT | {"verdict": "incorrect", "completion_tokens": 30}


def of(rows: Sequence[dict[str, Any]], rules: dict[str, Any] | None = None) -> Subject:
    return subject_of(rows, {"correctness": {}} if rules is None else rules)


def found_in(subject: Subject) -> dict[str, str]:
    return {one.figure: one.text for one in findings(figures(subject))}


def printed(subject: Subject) -> str:
    console = Console(width=160, highlight=False)
    with console.capture() as caught:
        for part in shown(subject, figures(subject)):
            console.print(part)
    return caught.get()


def test_the_first_sentence_has_the_whole():
    rows = [RIGHT | {"prompt_id": p} for p in "aab"] + [WRONG]
    subject = of(rows, {"correctness": {}, "length": {"max_tokens": 99}})
    first, *others = sentences(subject, figures(subject))
    whole = "made by hand: 4 samples of 3 prompts, 0 pass all filters (0.0%)"
    assert first == f"{whole}."
    run = replace(subject, kind="run")
    assert sentences(run, figures(run))[0] == f"{whole}, 0 are rows of the dataset."
    assert others[0] == "length takes most: 4; 3 of them no other filter takes."


def test_redundant_and_idle_filters_are_named():
    told = {"tokens": 5, "longest_paragraph": 5, "code_blocks": 0}
    rules = {"correctness": {}, "length": {"max_tokens": 9}, "code_blocks": {}}
    rows = [RIGHT | told, WRONG | told | {"tokens": 10}, WRONG | told]
    subject = of(rows, rules)
    said = sentences(subject, figures(subject))
    assert "Redundant here, since others drop all that they drop: length." in said
    assert "Dropped nothing: code_blocks." in said


def test_what_is_not_measured_is_named():
    subject = of([{"prompt_id": "a"}], {"length": {}})
    last = sentences(subject, figures(subject))[-1]
    assert last.startswith("Not measured: truncation, format, correctness, language, code_blocks")
    assert "length" not in last
    subject = of([RIGHT])
    assert "verdicts" not in sentences(subject, figures(subject))[-1]


def test_the_funnel_stands_below():
    text = printed(of([RIGHT, RIGHT, WRONG]))
    assert [line.split() for line in text.splitlines() if "correctness" in line][-1] == [
        "correctness", "3", "1", "2", "1", "1",
    ]  # fmt: skip
    assert "per_prompt" in text
    assert "1 spare" in text


def test_no_samples_are_told_as_such():
    subject = of([RIGHT])
    empty = replace(subject, samples=subject.samples.clear())
    assert "made by hand: no samples." in printed(empty)


def test_lost_draws_are_a_finding_and_more_so_where_prompts_are_hard():
    cut = WRONG | {"finish_reason": "length"}
    rows = [RIGHT | {"prompt_id": f"e{n}"} for n in range(900)]
    rows += [cut | {"prompt_id": f"h{n}"} for n in range(60)]
    ids = [str(row["prompt_id"]) for row in rows]
    prompts = [{"prompt_id": id, "pass_rate": float(id[0] == "e")} for id in ids]
    subject = subject_of(rows, {"correctness": {}}, prompts)
    texts = [one.text for one in findings(figures(subject)) if one.figure == "lost"]
    assert texts[0].startswith("Lost to length or time: 60 draws (6.2%). Were all of them judged, ")
    assert "between 93.8% and 100.0%" in texts[0]
    assert texts[1].startswith("Prompts of pass rate 0 lose 100.0% of their draws")


def test_unverifiable_samples_are_a_finding_with_their_commonest_reason():
    bad = RIGHT | {"verdict": "unverifiable", "verdict_reason": "crash: X"}
    assert found_in(of([RIGHT, bad]))["verdicts.reasons"] == (
        "Unverifiable: 1 sample (50.0%), 1 for crash: a failure of key, verifier or machine, not "
        "of the answer."
    )


def test_what_filters_could_not_measure_is_a_finding():
    text = found_in(of([RIGHT], {"length": {"max_tokens": 9}}))["filters.values"]
    assert text.startswith("Not measured by length: 1 sample (100.0%)")


def test_a_group_that_is_hit_hard_is_a_finding():
    told = {"code_blocks": 0}
    rows = [RIGHT | told | {"source": "prose", "prompt_id": f"a{n}"} for n in range(200)]
    rows += [
        RIGHT | {"code_blocks": n % 2, "source": "notes", "prompt_id": f"{n}"} for n in range(60)
    ]
    text = found_in(of(rows, {"code_blocks": {}}))["filters.values"]
    assert text == "code_blocks drops 50.0% of source notes, and 11.5% of all."


def test_longer_wrong_samples_and_dear_prompts_are_findings():
    rows = [row | {"prompt_id": f"{n}"} for n in range(20) for row in (RIGHT, WRONG)]
    rows += [WRONG | {"prompt_id": f"hopeless {n}", "completion_tokens": 100} for n in range(9)]
    found = found_in(of(rows))
    assert "by 200% (30.0 and 10.0 on average)" in found["lengths.within"]
    assert found["cost.hopeless"].startswith("Never right: 9 prompts, with 52.9% of all tokens")


@pytest.mark.parametrize("rows", [[RIGHT], [RIGHT] * 100])
def test_where_all_is_well_there_is_nothing_to_look_at(rows):
    assert not found_in(of(rows))
    assert "Worth a look" not in printed(of(rows))
