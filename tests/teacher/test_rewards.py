"""One judge: an answer that counts in one place counts in all, and a failure is no wrong answer."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from families import CHATML, tokenizer

from factory.engines import Scripted
from factory.models.thinking_tags import Speech
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Fixed, Policy, Sampling
from factory.recipe.teacher import Grpo
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.store import Store
from filters import Filters, judge, measure, own
from filters.correctness import Correctness
from filters.text.thinking import split
from filters.verifiers import pool, verify
from sft.score import score
from teacher.grpo import Read
from teacher.rewards import REWARDS, reward

SUM = {"task": "chain_sum", "entry": {"question": "2 + 3 =", "answer": "5", "metadata": {}}}

ANSWERS: list[tuple[str, object, str, str, str]] = [
    # text, reference, verifier, outcome, remark
    (r"<think>2+3=5</think> \boxed{5}", "5", "math", "correct", "as it should be"),
    (r"<think>2+3=5</think> \boxed{10/2}", "5", "math", "correct", "the same number"),
    (r"<think>2+3=6</think> \boxed{6}", "5", "math", "incorrect", "another number"),
    (r"<think>\boxed{5}</think> I am not sure.", "5", "math", "incorrect", "only in the thinking"),
    (r"<think>2+3=5, so \boxed{5}", "5", "math", "incorrect", "thinking without an end"),
    ("", "5", "math", "incorrect", "nothing at all"),
    (r"\boxed{5}", "5", "math", "correct", "bad form is for the form to say"),
    (r"<think>a</think> \boxed{4} no, \boxed{5}", "5", "math", "correct", "the last word counts"),
    (r"<think>a</think> \boxed{Monday}", "Monday", "exact", "correct", "a word"),
    (r"<think>a</think> \boxed{monday}", "Monday", "exact", "incorrect", "not letter by letter"),
    (r"<think>a</think> \boxed{5}", SUM, "logic", "correct", "the task's own scorer"),
    (r"<think>a</think> \boxed{6}", SUM, "logic", "incorrect", "the task's own scorer"),
    (r"<think>a</think> \boxed{5}", None, "math", "unverifiable", "there is no key"),
    (r"<think>a</think> \boxed{5}", "", "math", "unverifiable", "the key is empty"),
    (r"<think>a</think> \boxed{5}", {"task": "?"}, "logic", "unverifiable", "the key is broken"),
]


def reference_json(reference: object) -> str | None:
    return None if reference is None else json.dumps(reference)


class Opening(Scripted):
    """As behind a template that writes the thinking's opening tag."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return True


def sampled(tmp_path: Path, texts: list[str], opened: bool = False) -> pl.DataFrame:
    """The sampler's rows for the answers above, one prompt each, in their order."""
    rows = [
        {"prompt_id": f"p{n:02}", "messages": [], "verifier": verifier}
        | {"reference": reference_json(reference)}
        for n, (_, reference, verifier, _, _) in enumerate(ANSWERS)
    ]
    answers = {f"p{n:02}": [text] for n, text in enumerate(texts)}
    engine = Opening(answers) if opened else Scripted(answers)
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=1)))
    store = Store(tmp_path)
    asked = pl.DataFrame(rows, schema=PROMPT)
    asyncio.run(fill(engine, asked, Asker("t", sampling, 1), store, lambda *_, **__: None))
    return store.table().sort("prompt_id")


def rewarded(texts: list[str], opened: bool = False) -> list[float | None]:
    """What TRL would be told, its columns as the trainer hands them over."""
    keys = [reference_json(reference) for _, reference, _, _, _ in ANSWERS]
    verifiers = [verifier for _, _, verifier, _, _ in ANSWERS]
    completions = [[{"role": "assistant", "content": text}] for text in texts]
    columns: dict[str, Any] = {"reference": keys, "verifier": verifiers, "prompt_id": keys}
    return reward("accuracy", opened, Grpo())(completions=completions, prompts=keys, **columns)


def test_an_answer_counts_everywhere_or_nowhere(tmp_path: Path):
    texts = [text for text, *_ in ANSWERS]
    outcomes = [outcome for _, _, _, outcome, _ in ANSWERS]
    remarks = [remark for *_, remark in ANSWERS]

    judged = [verify(split(text).response, key, by).outcome for text, key, by, _, _ in ANSWERS]
    assert dict(zip(remarks, judged, strict=True)) == dict(zip(remarks, outcomes, strict=True))

    samples = sampled(tmp_path, texts)
    assert samples["verdict"].to_list() == outcomes

    marks = {"correct": 1.0, "incorrect": 0.0, "unverifiable": None}
    assert rewarded(texts) == [marks[outcome] for outcome in outcomes]

    filters = Filters(correctness=Correctness())
    kept = judge(measure(samples, filters), filters)["dropped_by"].is_null()
    assert kept.to_list() == [outcome == "correct" for outcome in outcomes]

    result = score(samples)
    assert result.pass_at_1 == pytest.approx(outcomes.count("correct") / len(outcomes))
    assert result.unverifiable == outcomes.count("unverifiable")


def test_so_it_is_when_the_template_opened_the_thinking(tmp_path: Path):
    """Then `<think>` is not in what was drawn, and text that never closes it is no response."""
    texts = [text.removeprefix("<think>") for text, *_ in ANSWERS]
    samples = sampled(tmp_path, texts, opened=True)
    marks = {"correct": 1.0, "incorrect": 0.0, "unverifiable": None}
    assert rewarded(texts, opened=True) == [marks[verdict] for verdict in samples["verdict"]]
    by_remark = dict(zip([remark for *_, remark in ANSWERS], samples["verdict"], strict=True))
    assert by_remark["as it should be"] == "correct"
    assert by_remark["thinking without an end"] == "incorrect"
    assert by_remark["bad form is for the form to say"] == "incorrect"  # its thinking never ended


@pytest.mark.parametrize(
    ("text", "opened", "expected", "remark"),
    [
        (r"<think>2+3=5</think> \boxed{5}", False, 1.0, "as it should be"),
        (r"<think>2+3=6</think> \boxed{6}", False, 1.0, "wrong, and in good form"),
        (r"<think></think> \boxed{5}", False, 0.0, "no thought in it"),
        (r"2+3=5</think> \boxed{5}", False, 0.0, "the tag was never opened"),
        (r"2+3=5</think> \boxed{5}", True, 1.0, "the template opened it"),
        (r"<think>2+3=5</think> It is 5.", False, 0.0, "no final answer"),
        (r"<think>2+3=5, so \boxed{5}", False, 0.0, "thinking without an end"),
        ("5", False, 0.0, "no form at all"),
    ],
)
def test_the_form_is_rewarded_by_itself(text: str, opened: bool, expected: float, remark: str):
    assert reward("format", opened, Grpo())(completions=[text], prompts=["?"]) == [expected], remark


def test_a_recipe_s_rewards_are_those_there_are():
    assert set(Grpo().rewards.model_dump()) == set(REWARDS)
    usual = {name for name, weight in Grpo().rewards.model_dump().items() if weight}
    assert usual == {"accuracy", "format"}


def test_a_log_has_the_names_that_the_recipe_has():
    """TRL names a reward's curve after its function."""
    made: list[Any] = [reward(name, False, Grpo()) for name in REWARDS]
    assert [each.__name__ for each in made] == list(REWARDS)


def test_a_reward_reads_tags_that_are_special_tokens():
    """TRL's texts lack them, so that thinking and answer would run together."""
    speech = Speech(tokenizer(("[THINK]", "[/THINK]", *CHATML)))
    drawn = r"[THINK]6*7=42[/THINK]\boxed{42}<|im_end|>"
    ids = speech.tokenizer.encode(drawn)
    told = {"completions": [r"6*7=42\boxed{42}"], "prompts": ["?"]}
    form = reward("format", False, Grpo())
    assert form(**told) == [0.0]
    assert Read(speech, form)(completion_ids=[ids], **told) == [1.0]
    assert Read(speech, form).__name__ == "format"


def test_what_nobody_can_judge_pulls_nowhere():
    """TRL would take it for 0, where another reward has a number."""
    speech = Speech(tokenizer(CHATML))
    told = {"completions": ["a", "b", "c", "d"], "completion_ids": [[1]] * 4}

    def marks(completions: list[str], **_: Any) -> list[float | None]:
        return [{"a": 1.0, "c": 0.5}.get(completion) for completion in completions]

    prompts = ["one", "one", "one", "another"]
    assert Read(speech, marks)(prompt_id=prompts, **told) == [1.0, 0.75, 0.5, None]


MINE = """
import time

def brief(completions, level, **columns):
    return [1 / len(turns[-1]["content"]) * each for turns, each in zip(completions, level)]

def keys(completions, reference, question=None):
    return [None, float("nan"), reference[2] == {"value": 5}]

def says_five(response, reference):
    return {"5": 0.25, "no idea": None}[response]

def too_few(completions, **columns): return [1.0]
def breaks(completions, **columns): raise OSError("no disk")
def hangs(completions, **columns): time.sleep(60)
"""


@pytest.fixture
def told_by_trl(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The arguments of a step of three draws; functions are looked for in `mine.py`."""
    (tmp_path / "mine.py").write_text(MINE)
    own.look_in(tmp_path)
    pool.close()
    said = ["<think>a</think>5", "<think>a</think>no idea", "<think>never ends"]
    yield {
        "completions": [[{"role": "assistant", "content": text}] for text in said],
        "completion_ids": [[1]] * 3,
        "prompts": [[{"role": "user", "content": "2 + 3?"}]] * 3,
        "reference": ['"5"', "null", '{"value": 5}'],
        "meta": ['{"level": 2}', '{"level": 4}', '{"level": 0}'],
        "trainer_state": object(),
        "log_metric": lambda name, value: None,
    }
    own.look_in(None)


def test_a_reward_of_one_s_own_in_trl_s_form(told_by_trl: dict[str, Any]):
    """It gets what it asks for by name: kept columns, and keys as they are."""
    lengths = [len(turns[0]["content"]) for turns in told_by_trl["completions"]]
    assert reward("mine:brief", False, Grpo())(**told_by_trl) == [
        2 / lengths[0],
        4 / lengths[1],
        0.0,
    ]
    # Behind a template that opens the thinking, it sees that tag all the same.
    opened = reward("mine:brief", True, Grpo())(**told_by_trl)
    assert opened[0] == 2 / (lengths[0] + len("<think>\n"))
    assert reward("mine:keys", False, Grpo())(**told_by_trl) == [None, None, 1.0]


def test_a_reward_of_one_s_own_for_one_response_at_a_time(told_by_trl: dict[str, Any]):
    """As verifiers have it: any number, None is not judged, and without a response it gets 0."""
    assert reward("mine:says_five", False, Grpo())(**told_by_trl) == [0.25, None, 0.0]


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("breaks", "mine:breaks: OSError: no disk"),
        ("too_few", "mine:too_few: TypeError: it returned list of 1, and a list of 3 was expected"),
        ("hangs", "mine:hangs: TimeoutError: no answer after 2 seconds"),
    ],
)
def test_a_reward_that_fails_punishes_nobody_and_is_told(
    told_by_trl: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, warned: str
):
    logged = {}
    told_by_trl["log_metric"] = logged.__setitem__
    made = reward(f"mine:{name}", False, Grpo())
    assert own.is_batched(f"mine:{name}")  # so that the deadline is not spent on the import
    monkeypatch.setattr(own, "DEADLINE", 2.0)
    with pytest.warns(UserWarning, match=re.escape(warned)):
        assert made(**told_by_trl) == [None] * 3
    assert logged == {f"rewards/mine:{name}/unverifiable": 1.0}


def test_what_a_recipe_s_language_and_length_reward():
    grpo = Grpo(max_tokens=100, prompts_per_step=2, draws=2)
    told = {"completions": ["We add them.", "We add them."], "prompts": ["?", "?"]}
    length = reward("length", False, grpo)
    assert length(completion_ids=[[1] * 80, [1] * 90], **told) == [0.0, -0.5]
    language = reward("language", False, grpo)
    english = "<think>First, we add up all of the numbers.</think>"
    mixed = "<think>First, we add the numbers. 然后把结果除以二</think>"
    told["completions"] = [english, mixed]
    assert language(language=["en", "en"], **told) == [1.0, pytest.approx(0.714, abs=0.001)]
    assert reward("length", False, Grpo(max_tokens=1))(completion_ids=[[1]], **told) == [-1.0]
