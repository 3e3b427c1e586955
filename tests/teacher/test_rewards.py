"""One judge: an answer that counts in one place counts in all, and a failure is no wrong answer."""

import asyncio
import json
from collections.abc import Mapping
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
from filters import Filters, judge, measure
from filters.correctness import Correctness
from filters.text.thinking import split
from filters.verifiers import verify
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
