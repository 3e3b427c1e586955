"""Several keys, any of which is right: `{"any_of": [...]}` for every verifier of answers."""

from typing import Any

import pytest

from factory.audit.verdict_changes import key_of
from filters.verifiers import check_reference, verify
from filters.verifiers.majority.vote import majority


@pytest.mark.parametrize(
    ("verifier", "keys", "answer", "outcome", "reason"),
    [
        ("math", ["1/2", "7"], "7.0", "correct", None),
        ("math", ["1/2", "7"], r"\frac{2}{4}", "correct", None),
        ("math", ["1/2", "7"], "8", "incorrect", "wrong_answer"),
        ("math", ["x+1", "7"], "1+x", "correct", None),  # by math-verify
        ("numeric", [{"value": 3, "absolute": 0.1}, "10"], "3.05", "correct", None),
        ("numeric", [{"value": 3, "absolute": 0.1}, "10"], "9.9", "incorrect", "wrong_answer"),
        ("choice", ["A", "C"], "C", "correct", None),
        ("exact", ["Paris", "City of Light"], "City of Light", "correct", None),
        ("exact", ["Paris", "City of Light"], "paris", "incorrect", "wrong_answer"),
    ],
)
def test_any_of_them_is_right(
    verifier: str, keys: list[Any], answer: str, outcome: str, reason: str | None
):
    verdict = verify(rf"\boxed{{{answer}}}", {"any_of": keys}, verifier)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("verifier", "reference", "wrong"),
    [
        ("math", {"any_of": ["1/2", "0.5"]}, None),
        ("math", {"any_of": ["1/2", ""]}, "it is empty"),
        ("math", {"any_of": ["1/2", None]}, "a text or a number was expected, not NoneType"),
        ("numeric", {"any_of": ["1", "many"]}, "'many' is no number that can be read exactly"),
        ("math", {"any_of": []}, "a text or a number was expected, not dict"),
        ("math", {"any_of": "1"}, "a text or a number was expected, not dict"),
        ("math", {"any_of": ["1"], "note": ""}, "a text or a number was expected, not dict"),
        ("choice", {"any_of": ["A", "K"]}, "A to J, not 'K'"),
        ("code", {"any_of": ["1"]}, "it has no tests"),
    ],
)
def test_each_of_them_must_be_sound(verifier: str, reference: object, wrong: str | None):
    found = check_reference(reference, verifier)
    assert found == wrong if wrong is None else wrong in str(found)


def test_one_that_nobody_can_judge_leaves_it_open():
    verdict = verify(r"\boxed{3}", {"any_of": ["2", r"\frac{1}{0}"]}, "math")
    assert verdict.outcome == "unverifiable"
    assert verify(r"\boxed{2}", {"any_of": ["2", r"\frac{1}{0}"]}, "math").outcome == "correct"


def test_the_key_that_is_shown_has_all_of_them():
    assert key_of('{"any_of": ["1/2", "0.5"]}', "math") == "1/2 or 0.5"


def test_a_vote_is_as_before():
    assert majority([r"\boxed{1/2}", r"\boxed{0.5}", r"\boxed{2}"]).label in ("0.5", "1/2")
