"""Settings of a verifier travel in its name, wherever it is asked by it."""

import json

import pytest
from click.testing import CliRunner
from tables import factory, fates, written

from factory.cli import main
from filters.rewards import Accuracy
from filters.verifiers import check_reference, unknown, verify
from filters.verifiers.majority.vote import majority

LAST = "math(extraction=last)"
UNANNOUNCED = "There are 6 rows of 7, so she has 42 eggs."


def test_by_default_an_answer_is_announced():
    assert verify(UNANNOUNCED, "42", "math").reason == "no_answer"
    assert verify(UNANNOUNCED, "42", LAST).outcome == "correct"
    assert verify(UNANNOUNCED, "7", LAST).outcome == "incorrect"
    assert verify(UNANNOUNCED, 42, "numeric(extraction=last)").outcome == "correct"


def test_what_is_announced_comes_before_what_is_last():
    assert verify(r"So \boxed{42}, and not 7.", "7", LAST).outcome == "incorrect"


def test_rewards_and_votes_take_the_same_name():
    rewards = Accuracy(by=LAST)([UNANNOUNCED, "It is 7."], reference=["42", "42"])
    assert rewards == [1.0, 0.0]
    assert majority([UNANNOUNCED, "That makes 42.", "It is 7."], LAST).label == "42"
    assert verify(UNANNOUNCED, {"of": LAST}, "majority").answer == "42"
    assert check_reference({"of": LAST}, "majority") is None


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (LAST, None),
        ("math(extraction=last, tolerance=exact)", None),
        ("math(extraction=lost)", "extraction is one of announced, last, not 'lost'"),
        ("math(extracton=last)", "there is no setting 'extracton'; did you mean 'extraction'?"),
        ("choice(extraction=last)", "math and numeric have settings, choice has none"),
        ("math(extraction=last", "settings were expected as in math(extraction=last)"),
        ("maths(extraction=last)", "no verifier 'maths(extraction=last)'; did you mean 'math'?"),
    ],
)
def test_what_is_wrong_with_a_name(name, wrong):
    said = unknown(name)
    assert said is None if wrong is None else wrong in (said or "")


def test_the_command_that_checks_verifiers_takes_it(tmp_path):
    rows = tmp_path / "rows.jsonl"
    row = {"gold": "42", "prediction": f"First the rows.\n{UNANNOUNCED}", "expected": "correct"}
    rows.write_text(json.dumps(row))
    for name, told in (
        ("math", "false reject (no_answer)"),
        (LAST, "agreement          1"),
    ):
        said = CliRunner().invoke(main, ["check-verifier", str(rows), "--verifier", name]).output
        assert told in said


def test_the_command_that_filters_takes_it(tmp_path):
    data = written(tmp_path, [{"problem": "6 * 7?", "generation": UNANNOUNCED, "answer": "42"}])
    (tmp_path / "rules.yaml").write_text("filters: {correctness: {}}")
    told = ["--recipe", tmp_path / "rules.yaml", "--verifier", LAST, "--out", tmp_path / "out"]
    done = factory("filter", data, *told)
    assert "verdicts: 1 correct" in done.output
    assert fates(tmp_path / "out") == {"traces.jsonl:1": "kept"}
