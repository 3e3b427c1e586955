"""A reward model: what it is shown of a draw, what its score is, and what it cannot judge."""

from pathlib import Path
from typing import Any

import pytest
from tiny_classifier import LONGEST, tiny_classifier

from filters.reward_model import Scored

TEMPLATE = "{% for turn in messages %}{{ turn.role }} {{ turn.content }} {% endfor %}"
ASKED = [{"role": "user", "content": "one two"}]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of random weights: of three labels, of one output, and of a conversation."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("home")
    tiny_classifier(folder / "labels")
    tiny_classifier(folder / "one", labels=("reward",))
    tiny_classifier(folder / "chat", labels=("reward",))
    tokenizer: Any = AutoTokenizer.from_pretrained(folder / "chat")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder / "chat")
    return folder


def scores(reward: Scored, *said: str, asked: Any = ASKED) -> list[float | None]:
    return reward(prompts=[asked] * len(said), completions=list(said))


def outputs(folder: Path, *texts: str, **told: Any) -> Any:
    """What a model puts out for a text, or for a pair of texts, by the shortest way."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.inference_mode():
        return model(**tokenizer(*texts, return_tensors="pt", **told)).logits[0]


def test_a_model_without_a_chat_template_reads_question_and_answer_as_a_pair(home: Path):
    (raw,) = scores(Scored(home / "one", score="raw"), "the answer is three")
    assert raw == pytest.approx(outputs(home / "one", "one two", "the answer is three").item())


def test_one_with_a_template_reads_a_conversation(home: Path):
    (raw,) = scores(Scored(home / "chat", score="raw"), "the answer is three")
    told = "user one two assistant the answer is three "  # as its template has it, and no more
    plain = outputs(home / "chat", told, add_special_tokens=False)
    assert raw == pytest.approx(plain.item())


def test_the_score_is_a_probability_unless_raw_outputs_are_wanted(home: Path):
    (share,) = scores(Scored(home / "labels", label="safe"), "we add")
    logits = outputs(home / "labels", "one two", "we add")
    assert share == pytest.approx(logits.softmax(-1)[0].item())
    (one,) = scores(Scored(home / "one"), "we add")
    assert one == pytest.approx(outputs(home / "one", "one two", "we add").sigmoid().item())


def test_helpfulness_is_of_the_response_and_harmlessness_of_all_that_was_written(home: Path):
    """DeepSeek-R1, 2.3.4: a helpful summary counts; harm counts wherever it stands."""
    helpful = Scored(home / "one", part="response")
    harmless = Scored(home / "one", "harmlessness", part="text")
    kind, unkind = "<think>we add</think>three", "<think>harm harm</think>three"
    assert len(set(scores(helpful, kind, unkind, "three"))) == 1
    assert len(set(scores(harmless, kind, unkind))) == 2


def test_thinking_that_a_template_opened_is_thinking_all_the_same(home: Path):
    helpful = Scored(home / "one", opened=True)
    assert scores(helpful, "harm harm</think>three", "so</think>three")[0] == pytest.approx(
        scores(Scored(home / "one"), "three")[0]
    )


@pytest.mark.parametrize(("score", "blank"), [("probability", 0.0), ("raw", None)])
def test_where_there_is_no_response_nothing_is_helpful(home: Path, score: Any, blank: float | None):
    """Raw outputs have no least value, so that nobody can say what nothing is worth."""
    said = ("<think>we add", "<think>we add</think>", "")
    assert scores(Scored(home / "one", score=score), *said) == [blank] * 3


def test_what_is_too_long_is_not_judged_and_never_cut(home: Path):
    fits, too_long = "three", "three " * LONGEST
    found = scores(Scored(home / "one"), too_long, fits, too_long)
    assert found[1] is not None
    assert (found[0], found[2]) == (None, None)


def test_many_at_once_get_what_each_gets_alone(home: Path):
    reward = Scored(home / "chat", score="raw")
    said = ["we add", "three", "so we add one", "harm"] * 10
    alone = [scores(reward, each)[0] for each in said[:4]]
    assert scores(reward, *said) == pytest.approx(alone * 10, abs=1e-5)


def test_a_plain_question_is_one_turn(home: Path):
    reward = Scored(home / "chat", score="raw")
    assert scores(reward, "three", asked="one two") == scores(reward, "three")
