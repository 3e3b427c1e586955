"""One judge for everything: three outcomes, and a failure is never a wrong answer."""

import pytest

from filters.verifiers import VERIFIERS, check_reference, exact, pool, verify, verify_at_once


@pytest.mark.parametrize(
    ("response", "reference", "verifier", "outcome", "reason", "answer"),
    [
        (r"\boxed{0.5}", "1/2", "math", "correct", None, "0.5"),
        (r"\boxed{0.6}", "1/2", "math", "incorrect", "wrong_answer", "0.6"),
        (r"\boxed{3}", 3, "math", "correct", None, "3"),  # JSON has numbers, too
        (r"\boxed{Yes}", "Yes", "exact", "correct", None, "Yes"),
        (r"\boxed{\text{Yes}}", "Yes", "exact", "correct", None, r"\text{Yes}"),
        (r"\boxed{yes}", "Yes", "exact", "incorrect", "wrong_answer", "yes"),
        ("\\boxed{e\u0301}", "é", "exact", "correct", None, "e\u0301"),  # e with an accent, twice
        ("I do not know.", "1/2", "math", "incorrect", "no_answer", None),
        (None, "1/2", "math", "incorrect", "unfinished", None),  # a draw without a response
        (r"\boxed{0.5}", None, "math", "unverifiable", "bad_reference: it is missing", "0.5"),
        (None, None, "math", "unverifiable", "bad_reference: it is missing", None),
        (r"\boxed{0.5}", "", "exact", "unverifiable", "bad_reference: it is empty", "0.5"),
    ],
)
def test_verdicts(response, reference, verifier, outcome, reason, answer):
    verdict = verify(response, reference, verifier)
    assert (verdict.outcome, verdict.reason, verdict.answer) == (outcome, reason, answer)
    assert verdict.seconds >= 0


def test_a_verifier_that_crashes_is_not_a_wrong_answer():
    lost = {"task": "mini_sudoku", "entry": {"question": "?", "answer": "1", "metadata": {}}}
    verdict = verify(r"\boxed{1}", lost, "logic")
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "crash: KeyError")
    assert verdict.answer == "1"


def test_a_verifier_that_hangs_is_not_a_wrong_answer(monkeypatch):
    monkeypatch.setattr(pool, "DEADLINE", 1.0)
    verdict = verify(r"\boxed{\sum_{k=1}^{10^9} k^k}", r"\sqrt{2}", "math")
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "timeout")
    assert verdict.seconds < 10


def test_an_unknown_verifier_names_the_nearest():
    with pytest.raises(ValueError, match=r"no verifier 'maths'; did you mean 'math'\?"):
        verify("", "", "maths")
    with pytest.raises(ValueError, match="There are math, numeric, choice, exact"):
        check_reference("", "?")


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_a_missing_reference_is_said_when_prompts_are_read(verifier):
    assert "expected" in (check_reference(None, verifier) or "")


def test_exact_ignores_blanks_alone():
    assert exact.judge("a  b\nc", "a b c").outcome == "correct"
    assert exact.judge("ab c", "a b c").outcome == "incorrect"


@pytest.mark.parametrize(
    ("response", "reference", "verifier", "at_once", "remark"),
    [
        (r"\boxed{4}", "4", "math", True, "plain"),
        (r"\boxed{4}", "5", "exact", True, "wrong, and that is plain too"),
        (None, "5", "math", True, "unfinished"),
        (r"\boxed{\int_0^1 x^x dx}", r"\sum_{n=1}^{\infty} n^{-n}", "math", False, "a worker's"),
        ("x" * 100_000 + r"\boxed{4}", "4", "math", False, "too long to look at here"),
        (
            "```python\nprint(1)\n```",
            {"inputs": [""], "outputs": ["1"]},
            "code",
            False,
            "a program",
        ),
    ],
)
def test_what_is_plain_is_judged_at_once(
    response: str | None, reference: object, verifier: str, at_once: bool, remark: str
):
    verdict = verify_at_once(response, reference, verifier)
    assert (verdict is not None) == at_once, remark
    if verdict:
        assert verdict.outcome == verify(response, reference, verifier).outcome
