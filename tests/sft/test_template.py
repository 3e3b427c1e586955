"""A conversation becomes ids and labels: what is trained, what is asked, and that none is cut."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest

from factory.models.chat import (
    Message,
    load_tokenizer,
    opens_thinking,
    prompt_ids,
    tokenizers_on_all_cores,
)
from factory.models.templates import TEMPLATES, ChatTemplate
from sft.template import IGNORED, render, render_all
from teacher import tiny

SPECIAL = {
    "chatml": [],  # the tokenizer has them from the start
    "llama3": ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "deepseek": [
        "<｜begin▁of▁sentence｜>",
        "<｜User｜>",
        "<｜Assistant｜>",
        "<｜end▁of▁sentence｜>",
    ],
}

THOUGHT = "<think>\n12-7=5\n</think>\n\n\\boxed{5}"


def turn(role: Literal["system", "user", "assistant"], content: str) -> Message:
    return {"role": role, "content": content}


CONVERSATIONS: dict[str, list[Message]] = {
    "one question": [turn("user", "What is 12-7?"), turn("assistant", THOUGHT)],
    "several turns": [
        turn("system", "Be careful."),
        turn("user", "What is 12-7?"),
        turn("assistant", THOUGHT),  # thinking of an earlier turn is not cut out either
        turn("user", "Are you sure?"),
        turn("assistant", "<think>\nYes.\n</think>\nYes: \\boxed{5}"),
    ],
    "quotes and backslashes": [
        turn("user", "Say 'it\\'s' or \"\\n\" {{ now }} {% if %}\n\ttwice  "),
        turn("assistant", "<think>'\\\\' {# no #}</think> \\text{'it\"s'} \\boxed{\\frac{1}{2}}\n"),
    ],
    "other scripts": [turn("user", "十二减七 🙂"), turn("assistant", "<think>十二</think>五 ü")],
    "empty": [turn("user", ""), turn("assistant", "")],
}


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, Any]:
    """For each template a tokenizer that has its special tokens, and asks by it."""
    texts = [message["content"] for turns in CONVERSATIONS.values() for message in turns]
    made: dict[str, Any] = {}
    for name, template in TEMPLATES.items():
        tokenizer: Any = tiny.make_tokenizer(texts * 5, 400)
        tokenizer.add_tokens(SPECIAL[name], special_tokens=True)
        tokenizer.chat_template = template.jinja()
        tokenizer.eos_token = template.end
        made[name] = tokenizer
    return made


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> ChatTemplate:
    return TEMPLATES[request.param]


@pytest.fixture
def tokenizer(tokenizers: dict[str, Any], template: ChatTemplate) -> Any:
    return tokenizers[template.name]


@pytest.fixture(params=CONVERSATIONS)
def messages(request: pytest.FixtureRequest) -> list[Message]:
    return CONVERSATIONS[request.param]


# --- the loss -----------------------------------------------------------------------------------


def test_in_the_loss_are_the_last_turn_and_one_end_token(
    tokenizer: Any, template: ChatTemplate, messages: list[Message]
):
    row = render(tokenizer, template, messages)
    trained = [label for label in row.labels if label != IGNORED]
    assert tokenizer.decode(trained) == messages[-1]["content"] + template.end
    end = tokenizer.convert_tokens_to_ids(template.end)
    assert trained.count(end) == 1
    assert trained[-1] == row.input_ids[-1] == end
    assert row.trained_tokens == len(trained)
    # The prompt is all before, without a gap, and what is trained are the ids themselves.
    start = len(row.labels) - len(trained)
    assert row.labels[:start] == [IGNORED] * start
    assert row.labels[start:] == row.input_ids[start:]


def test_a_model_is_asked_with_the_ids_it_was_trained_on(
    tokenizer: Any, template: ChatTemplate, messages: list[Message]
):
    row = render(tokenizer, template, messages)
    asked = prompt_ids(tokenizer, messages[:-1])
    assert row.input_ids[: len(asked)] == asked
    assert row.labels.count(IGNORED) == len(asked)


def test_conversations_are_rendered_each_for_itself(tokenizer: Any, template: ChatTemplate):
    together = render_all(tokenizer, template, list(CONVERSATIONS.values()))
    assert together == [render(tokenizer, template, turns) for turns in CONVERSATIONS.values()]


def test_special_tokens_are_single_tokens(tokenizer: Any, template: ChatTemplate):
    """Or else nothing above would show what it seems to show."""
    for token in [*SPECIAL[template.name], template.end]:
        assert len(tokenizer.encode(token, add_special_tokens=False)) == 1


@pytest.mark.parametrize("last", ["user", "system"])
def test_the_last_turn_must_be_the_assistant_s(
    tokenizer: Any, template: ChatTemplate, last: Literal["user", "system"]
):
    turns = [turn("user", "What is 12-7?"), turn("assistant", THOUGHT), turn(last, "Well?")]
    with pytest.raises(ValueError, match=f"the last turn to train on is {last}'s, not the assist"):
        render_all(tokenizer, template, [CONVERSATIONS["one question"], turns])


@pytest.mark.parametrize(
    ("before", "after"), [("false", "false"), ("true", "true"), (None, "false")]
)
def test_tokenizers_use_all_cores_only_where_they_are_told_to(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str
):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", before or "")
    if before is None:
        monkeypatch.delenv("TOKENIZERS_PARALLELISM")
    with tokenizers_on_all_cores():
        assert os.environ["TOKENIZERS_PARALLELISM"] == "true"
    assert os.environ["TOKENIZERS_PARALLELISM"] == after


# --- the template that other tools read ---------------------------------------------------------


def test_jinja_renders_what_we_render(
    tokenizer: Any, template: ChatTemplate, messages: list[Message]
):
    def by_jinja(turns: list[Message], **settings: Any) -> str:
        return tokenizer.apply_chat_template(turns, tokenize=False, **settings)

    asked = template.prompt(messages[:-1])
    assert by_jinja(messages[:-1], add_generation_prompt=True) == asked
    whole = asked + messages[-1]["content"] + template.turns["assistant"][1]
    assert by_jinja(messages) == whole  # with all the thinking, of every turn
    assert whole.startswith(asked + messages[-1]["content"] + template.end)


def test_jinja_takes_the_pieces_of_a_template_as_they_are(
    tokenizers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    odd = {"user": ("'it\\'s' {{ x }}\n", "\\n"), "assistant": ('"\t{% if %}', "<|im_end|>")}
    template = ChatTemplate("odd", "\\'start'\\\n", odd, "<|im_end|>")
    tokenizer, turns = tokenizers["chatml"], [turn("user", "?"), turn("assistant", "!")]
    monkeypatch.setattr(tokenizer, "chat_template", template.jinja())
    rendered = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert rendered == template.prompt(turns)


@pytest.mark.parametrize("architecture", ["qwen2", "llama"])
def test_a_saved_folder_reads_back_with_the_same_ids(
    tmp_path: Path, tokenizer: Any, template: ChatTemplate, architecture: tiny.Architecture
):
    """AutoTokenizer picks the class by the model's type, and another class has other ids."""
    size = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 64, "seed": 0}
    model = tiny.make_model(architecture, tokenizer, **size)
    tiny.save(model, tokenizer, tmp_path)
    again = load_tokenizer(tmp_path)
    for turns in CONVERSATIONS.values():
        assert prompt_ids(again, turns[:-1]) == prompt_ids(tokenizer, turns[:-1])
        assert render(again, template, turns) == render(tokenizer, template, turns)
    assert again.eos_token == template.end
    assert model.config.eos_token_id == tokenizer.convert_tokens_to_ids(template.end)


# --- choosing a template ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asking", "opened"),
    [
        ("<｜Assistant｜>", False),
        ("<｜Assistant｜><think>\n", True),  # as DeepSeek-R1's own does
        ("<think></think>", False),  # a template that forbids thinking does not open it
    ],
)
def test_a_template_may_open_the_thinking(
    tokenizers: dict[str, Any], monkeypatch: pytest.MonkeyPatch, asking: str, opened: bool
):
    tokenizer = tokenizers["deepseek"]
    text = f"{{% if add_generation_prompt %}}{{{{ {asking!r} }}}}{{% endif %}}"
    monkeypatch.setattr(tokenizer, "chat_template", text)
    assert opens_thinking(tokenizer) is opened
