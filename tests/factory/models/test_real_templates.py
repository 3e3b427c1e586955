"""The table of real families: how each asks, what of it is kept, and what its students learn."""

import json
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from families import FAMILIES, model_folder, real_text, real_tokenizer

from factory.errors import RecipeError
from factory.models import at
from factory.models.chat import Message, load_tokenizer, prompt_ids, prompts
from factory.models.control_tokens import control_token_in, control_tokens
from factory.models.student_template import learner
from factory.models.thinking_tags import Speech, speech_of
from factory.models.tokenizers import undated
from sft.template import IGNORED, render

QUESTION = Message(role="user", content="What is 12-7?")
THOUGHT = "<think>\n12-7=5\n</think>\n\n\\boxed{5}"
ROW = [QUESTION, Message(role="assistant", content=THOUGHT)]


def asked(name: str) -> Any:
    """The family's tokenizer as a teacher of it is asked: without the date of the day."""
    tokenizer = copy(real_tokenizer(name))
    tokenizer.chat_template = undated(tokenizer.chat_template)
    return tokenizer


# --- as teachers --------------------------------------------------------------------------------

ASKS = {
    # how the prompt ends | with enable_thinking | what closes a reply
    "Qwen2.5": ("<|im_start|>assistant\n", False, "<|im_end|>"),
    "Qwen3": ("<|im_start|>assistant\n", False, "<|im_end|>"),
    "QwQ": ("<|im_start|>assistant\n<think>\n</think>", True, "<|im_end|>"),
    "R1-Distill-Qwen": ("<｜Assistant｜><think>\n</think>", True, "<｜end▁of▁sentence｜>"),
    "R1-Distill-Llama": ("<｜Assistant｜><think>\n", True, "<｜end▁of▁sentence｜>"),
    "DeepSeek-V3.1": ("<｜Assistant｜><think></think>", True, "<｜end▁of▁sentence｜>"),
    "Llama-3.1": ("assistant<|end_header_id|>\n\n", False, "<|eot_id|>"),
    "Llama-3.2": ("assistant<|end_header_id|>\n\n", False, "<|eot_id|>"),
    "Llama-3.3": ("assistant<|end_header_id|>\n\n", False, "<|eot_id|>"),
    "SmolLM3": ("<|im_start|>assistant\n", False, "<|im_end|>"),
    "gpt-oss": ("<|start|>assistant", False, "<|return|>"),
}
OPENED = {"R1-Distill-Llama"}
"""Those whose template opens the thinking without being told to."""


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_asked_by_its_own_template(name: str):
    tokenizer, (end, opens_when_told, closing) = asked(name), ASKS[name]
    [text] = prompts(tokenizer, [[QUESTION]])
    assert text.endswith(end)
    assert QUESTION["content"] in text
    speech = Speech(tokenizer)
    assert speech.opens() is (name in OPENED)
    assert speech.opens({"enable_thinking": True}) is opens_when_told
    assert [tokenizer.decode([id]) for id in speech.ends] == [closing]
    # Its marks are its tokens, not letters.
    ids = prompt_ids(tokenizer, [QUESTION])
    assert tokenizer.decode(ids) == text
    assert len(ids) < len(text)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_prompt_does_not_depend_on_the_day(name: str):
    assert "strftime_now(" not in asked(name).chat_template
    [text] = prompts(asked(name), [[QUESTION]])
    dates = {
        "Llama-3.1": "Today Date: 26 Jul 2024",
        "Llama-3.2": "Today Date: 26 Jul 2024",
        "Llama-3.3": "Today Date: 26 Jul 2024",
        "gpt-oss": "Current date: 2024-07-26",
    }
    assert dates.get(name, "") in text


HARMONY = (
    "<|channel|>analysis<|message|>12-7=5<|end|>"
    "<|start|>assistant<|channel|>final<|message|>\\boxed{5}<|return|>"
)


@pytest.mark.parametrize("name", FAMILIES)
def test_thinking_is_kept_and_the_end_is_not(name: str):
    """As an engine reads the ids that a model of the family draws."""
    speech = Speech(asked(name))
    drawn = HARMONY if name == "gpt-oss" else f"<think>12-7=5</think>\\boxed{{5}}{ASKS[name][2]}"
    ids = speech.tokenizer.encode(drawn, add_special_tokens=False)
    assert speech.decode(ids, skip_special_tokens=True) == "<think>12-7=5</think>\\boxed{5}"
    assert speech.special is (name == "gpt-oss")


def test_gpt_oss_may_answer_without_thinking():
    speech = Speech(asked("gpt-oss"))
    ids = speech.tokenizer.encode("<|channel|>final<|message|>5<|return|>")
    assert speech.decode(ids, skip_special_tokens=True) == "5"


@pytest.mark.parametrize("name", FAMILIES)
def test_control_tokens_in_a_question_are_found(name: str):
    family, tokenizer = FAMILIES[name], asked(name)
    tokens = control_tokens(tokenizer)
    turns = [token for token in family.added if token not in ("<think>", "</think>")]
    for token in (*family.special, *turns):
        assert control_token_in(["2+2?", f"Say {token} twice"], tokens) == token
    assert control_token_in(["<think>2+2</think>? <b>a|b</b> im_end"], tokens) is None


# --- as students --------------------------------------------------------------------------------

OWN, REPLIES = "its own template, which keeps what it is taught", "cuts the thinking out of replies"
LEARNS = {
    "Qwen2.5": OWN,
    "Qwen3": OWN,
    "QwQ": "asks with another text than its conversations begin with, so it trains with chatml",
    "R1-Distill-Qwen": f"its own template {REPLIES}, so it trains with deepseek",
    "R1-Distill-Llama": f"its own template {REPLIES}, so it trains with deepseek",
    "DeepSeek-V3.1": f"its own template {REPLIES}, so it trains with deepseek",
    "Llama-3.1": OWN,
    "Llama-3.2": "its own template writes the date of the day, so it trains with llama3",
    "Llama-3.3": OWN,
    "SmolLM3": OWN,
}


@pytest.mark.parametrize("name", LEARNS)
def test_a_student_learns_its_own_template_or_is_told_why_not(name: str, tmp_path: Path):
    folder = model_folder(tmp_path / "base", real_tokenizer(name))
    learns = learner(at(folder))
    assert learns.why.endswith(LEARNS[name])
    row = render(learns.tokenizer, learns.template, ROW)
    tokenizer: Any = learns.tokenizer
    # In the loss: the thinking, the answer and one end token, which ends a text for the tokenizer.
    trained = [label for label in row.labels if label != IGNORED]
    assert tokenizer.decode(trained) == THOUGHT + ASKS[name][2]
    assert tokenizer.eos_token == learns.template.end == ASKS[name][2]
    assert trained.count(tokenizer.eos_token_id) == 1
    # It is asked later with what it was trained on, by whatever tool reads its folder.
    tokenizer.save_pretrained(tmp_path / "student")
    again: Any = load_tokenizer(tmp_path / "student")
    assert prompt_ids(again, [QUESTION]) == row.input_ids[: row.reply_start]
    whole = again.apply_chat_template(ROW, tokenize=False)
    assert whole.startswith(again.decode(row.input_ids))
    assert speech_of(tmp_path / "student").opens() is False
    if LEARNS[name] == OWN:
        assert again.chat_template == real_tokenizer(name).chat_template


def test_gpt_oss_writes_a_date_and_nothing_of_ours_fits(tmp_path: Path):
    folder = model_folder(tmp_path, real_tokenizer("gpt-oss"))
    with pytest.raises(RecipeError, match="date of the day, and none of ours fits its tokenizer"):
        learner(at(folder))


@pytest.mark.parametrize("name", ["Qwen3", "Llama-3.1", "SmolLM3", "Qwen2.5"])
@pytest.mark.parametrize(
    "content",
    [
        "<think>12-7=5</think>\\boxed{5}",
        "\\boxed{5}",
        "<think>\n\n</think>\n\n\\boxed{5}",
        "<think>一二</think>\n五 🙂",
    ],
)
def test_whatever_is_said_is_trained_with_the_family_s_own_blanks(
    name: str, content: str, tmp_path: Path
):
    learns = learner(at(model_folder(tmp_path, real_tokenizer(name))))
    row = render(learns.tokenizer, learns.template, [QUESTION, {**ROW[1], "content": content}])
    said = str(learns.tokenizer.decode(row.input_ids[row.reply_start :]))
    assert row.left_out is None
    assert "".join(content.split()) in "".join(said.split())


def test_a_reply_that_qwen3_would_cut_is_left_out(tmp_path: Path):
    learns = learner(at(model_folder(tmp_path, real_tokenizer("Qwen3"))))
    lost = "Well. <think>12-7=5</think>\\boxed{5}"  # what stands before the tag
    row = render(learns.tokenizer, learns.template, [QUESTION, {**ROW[1], "content": lost}])
    assert (row.left_out, row.input_ids) == ("changed_by_template", [])


def test_a_real_model_s_settings_are_those_of_its_table():
    """So that the families here are what they are said to be."""
    config = json.loads(real_text("DeepSeek-R1-Distill-Qwen-32B.tokenizer_config.json"))
    family = FAMILIES["R1-Distill-Qwen"]
    assert config["bos_token"]["content"] == family.bos
    assert config["eos_token"]["content"] == family.special[-1]
