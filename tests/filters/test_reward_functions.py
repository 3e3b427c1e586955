"""Rewards as TRL calls them: numbers by name of column, and None for what nobody could judge."""

import gzip
import json
import pickle
import threading
from typing import Any

import pytest
from needs import real_data

from filters.rewards import (
    Accuracy,
    Format,
    Judged,
    LanguageConsistency,
    Reward,
    SoftLength,
    Unrepetitive,
)
from filters.verifiers import Verdict
from filters.verifiers.judge.model import Judge

GOOD = r"<think>6*7=42</think>It is \boxed{42}."
ALL: dict[str, Reward] = {
    "accuracy": Accuracy(),
    "judged": Judged(Judge(str)),  # pyrefly: ignore
    "format": Format(),
    "language": LanguageConsistency("en"),
    "length": SoftLength(100, 20),
    "repetition": Unrepetitive(),
}


def told_by_trl(*texts: str, **columns: Any) -> dict[str, Any]:
    """The arguments of GRPOTrainer, conversations and all."""
    asked = [{"role": "user", "content": "6 * 7 ="}]
    return {
        "prompts": [asked] * len(texts),
        "completions": [[{"role": "assistant", "content": text}] for text in texts],
        "completion_ids": [[1] * len(text) for text in texts],
        "trainer_state": None,
        "log_extra": lambda column, values: None,
        "log_metric": lambda name, value: None,
        **columns,
    }


def either(response: str | None, reference: object) -> Verdict:
    """A person's own verifier."""
    if response == "crash":
        raise RuntimeError
    return Verdict("correct" if response == reference else "incorrect")


@pytest.mark.parametrize(
    ("text", "reference", "verifier", "reward"),
    [
        (GOOD, "42", "math", 1.0),
        (GOOD, "41", "math", 0.0),
        (r"\boxed{42}", "42", "math", 1.0),
        (r"<think>\boxed{42}", "42", "math", 0.0),  # unfinished
        ("<think></think>I do not know.", "42", "math", 0.0),
        (GOOD, None, "math", None),
        (GOOD, "", "math", None),
        (GOOD, {"value": 42.1, "absolute": 0.2}, "numeric", 1.0),
        (r"\boxed{B}", "B", "choice", 1.0),
        (
            "<think>,</think>No sign.",
            {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
            "instructions",
            1.0,
        ),
    ],
)
def test_accuracy(text, reference, verifier, reward):
    asked = told_by_trl(text, reference=[reference], verifier=[verifier])
    assert Accuracy()(**asked) == [reward]


def test_one_verifier_for_all_and_a_column_of_another_name():
    asked = told_by_trl(GOOD, GOOD, solution=["42", "43"])
    assert Accuracy("math", column="solution")(**asked) == [1.0, 0.0]
    asked = told_by_trl("42", "43", "crash", solution=["42"] * 3)
    assert Accuracy(either, column="solution")(**asked) == [1.0, 0.0, None]


@pytest.mark.parametrize(
    ("returns", "reward"),
    [(True, 1.0), (1.0, 1.0), (0, 0.0), (None, None), (float("nan"), None), ("yes", None)],
)
def test_a_verifier_of_one_s_own_may_return_less_than_a_verdict(returns, reward):
    """None of it ends a training, as an AttributeError would."""
    asked = told_by_trl(GOOD, reference=["42"])
    assert Accuracy(lambda response, reference: returns)(**asked) == [reward]
    columns: dict[str, Any] = {"reference": ["42"], "verifier": ["math"]}
    assert Judged(lambda response, reference: returns)(**told_by_trl(GOOD, **columns)) == [reward]


@pytest.mark.parametrize("verifier", ["math", "numeric", "exact", "choice", "code", "logic"])
def test_a_key_that_is_nan_is_not_judged(verifier):
    """As tables write an empty cell among numbers: a draw is not wrong for it."""
    asked = told_by_trl(GOOD, reference=[float("nan")])
    assert Accuracy(verifier)(**asked) == [None]


def test_language_consistency_of_real_traces():
    """Of a model that was trained on corrupted traces, one answer goes over into Chinese."""
    file = real_data("sky_t1/corrupt07_32b_amc23.jsonl.gz")
    said = [json.loads(line)["code"][0] for line in gzip.decompress(file.read_bytes()).splitlines()]
    thought = [f"<think>{text}</think>" for text in said]
    marks = LanguageConsistency("en")(**told_by_trl(*thought))
    chinese = [any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in said]
    assert sum(chinese) == 1
    shares = [mark for mark in marks if mark is not None]
    assert len(shares) == len(said)
    assert marks[chinese.index(True)] == min(shares)
    assert min(shares) < 1.0
    assert sorted(shares)[len(shares) // 2] == 1.0


def test_references_as_json():
    asked = told_by_trl(*[GOOD] * 3, reference=['"42"', "42", None], verifier=["math"] * 3)
    assert Accuracy(as_json=True)(**asked) == [1.0, 1.0, None]


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="the dataset has no column 'reference'; it has"):
        Accuracy("math")(**told_by_trl(GOOD))
    with pytest.raises(KeyError, match="the dataset has no column 'language'"):
        LanguageConsistency()(**told_by_trl(GOOD))


def test_the_share_of_what_was_not_judged_is_logged():
    logged = {}
    asked = told_by_trl(GOOD, GOOD, reference=["42", ""], log_metric=logged.__setitem__)
    assert Accuracy("math")(**asked) == [1.0, None]
    assert logged == {"rewards/accuracy/unverifiable": 0.5}


def test_answers_are_judged_side_by_side():
    """Each waits for the other three: one after another they would never end."""
    together = threading.Barrier(4, timeout=20)

    def waits(response: str | None, reference: object) -> Verdict:
        together.wait()
        return either(response, reference)

    asked = told_by_trl("1", "2", "3", "4", reference=["1", "2", "3", "5"])
    assert Accuracy(waits, workers=4)(**asked) == [1.0, 1.0, 1.0, 0.0]
    assert Accuracy(either, workers=1)(**asked) == [1.0, 1.0, 1.0, 0.0]


def test_a_judge_is_told_the_question():
    asked: list[str] = []

    def ask(messages: list[dict[str, str]], seed: int) -> str:
        asked.append(messages[1]["content"])
        mark = messages[1]["content"].split()[1]
        return f"VERDICT {mark}: {'SAME' if 'XLII' in asked[-1] else 'UNSURE'}"

    reward = Judged(Judge(ask, rules="exact", rescue={"wrong_answer"}), workers=1)
    texts = [GOOD, r"\boxed{XLII}", r"\boxed{LXII}"]
    assert reward(**told_by_trl(*texts, reference=["42"] * 3)) == [1.0, 1.0, None]
    assert "6 * 7 =" in asked[0]
    assert "6*7=42" not in str(asked)  # the thinking
    # The prompt's own rules go before those of the judge, and are not rescued from.
    columns: dict[str, Any] = {"reference": ["42"], "verifier": ["math"]}
    assert Judged(Judge(ask, rules=None))(**told_by_trl(r"\boxed{41}", **columns)) == [0.0]


@pytest.mark.parametrize(
    ("text", "opened", "reward"),
    [
        (GOOD, False, 1.0),
        (GOOD.removeprefix("<think>"), True, 1.0),
        (GOOD.removeprefix("<think>"), False, 0.0),
        ("42", False, 0.0),
    ],
)
def test_format(text, opened, reward):
    assert Format(opened)(**told_by_trl(text)) == [reward]


@pytest.mark.parametrize(
    ("text", "language", "reward"),
    [
        ("<think>First, we add up all of the numbers.</think>Then we are done.", "en", 1.0),
        ("<think>首先我们把所有的数字加起来,然后除以二。</think>完成了。", "en", 0.0),
        ("<think>6*7=42</think>42", "en", None),  # no letters to judge
        ("<think>First, we add up all of the numbers.</think>", "xx", None),  # nobody knows it
        ("<think>First, we add up all of the numbers.</think>", None, None),
    ],
)
def test_language_consistency(text, language, reward):
    assert LanguageConsistency()(**told_by_trl(text, language=[language])) == [reward]
    if language:
        assert LanguageConsistency(language)(**told_by_trl(text)) == [reward]


@pytest.mark.parametrize(
    ("tokens", "reward"),
    [(0, 0.0), (80, 0.0), (81, -0.05), (90, -0.5), (100, -1.0), (500, -1.0)],
)
def test_soft_length(tokens, reward):
    assert SoftLength(longest=100, slope=20)(**told_by_trl("x" * tokens)) == [reward]


@pytest.mark.parametrize("slope", [0, -1, 101])
def test_a_slope_that_is_none(slope):
    with pytest.raises(ValueError, match=f"slope is {slope}, and must be 1 to longest, 100"):
        SoftLength(100, slope)


def test_repetition():
    loop = "<think>" + "Wait, let me check that once more. " * 10 + "</think>"
    asked = told_by_trl(GOOD, loop)
    first, second = Unrepetitive()(**asked)
    assert first == 0.0
    assert second is not None
    assert -1.0 < second < -0.5


@pytest.mark.parametrize("name", ALL)
def test_trl_logs_each_under_its_name_and_can_pickle_it(name):
    from trl.trainer.utils import get_callable_name, is_async_callable

    assert get_callable_name(ALL[name]) == name
    assert not is_async_callable(ALL[name])
    assert get_callable_name(pickle.loads(pickle.dumps(ALL[name]))) == name


@pytest.mark.parametrize("name", ALL)
def test_each_takes_all_that_trl_tells_and_plain_texts_too(name):
    columns: dict[str, Any] = {"reference": ["42", "42"], "verifier": ["math", "math"]}
    asked = told_by_trl(GOOD, GOOD, **columns)
    plain = asked | {"prompts": ["6 * 7 ="] * 2, "completions": [GOOD, GOOD]}
    rewards = ALL[name](**asked)
    assert len(rewards) == 2
    assert ALL[name](**plain) == rewards
