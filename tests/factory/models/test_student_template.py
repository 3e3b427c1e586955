"""Which template a student learns: its own, one of ours, or the one that the recipe names."""

from pathlib import Path
from typing import Any

import pytest
from families import CHATML, LLAMA3, model_folder, tokenizer

from factory import models
from factory.errors import RecipeError
from factory.models import Located, at
from factory.models.chat import Message, load_tokenizer, prompt_ids
from factory.models.student_template import Learner, learner, untrained
from factory.models.tokenizers import must_speak, tokenizer_of
from factory.recipe.models import Weights
from sft.template import Rendered, render_all

LLAMA2 = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }} {{ eos_token }}"
    "{% else %}{{ raise_exception('no such role') }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turns must alternate') }}{% endif %}<start_of_turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
OPENING = CHAT.replace("assistant\n{% endif", "assistant\n<think>\n{% endif")
BRACKETS = ("<s>", "</s>", "[INST]", "[/INST]", "[THINK]", "[/THINK]")
STYLES: dict[str, Any] = {
    "Llama-2": lambda: tokenizer(("<s>", "</s>"), (), LLAMA2, "<s>"),
    "Mistral": lambda: tokenizer(BRACKETS, (), LLAMA2, "<s>", "</s>"),
    "Gemma": lambda: tokenizer(
        ("<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"), (), GEMMA, "<bos>"
    ),
    "Qwen3-Thinking": lambda: tokenizer(CHATML, ("<think>", "</think>"), OPENING),
}
OWN = "its own template, which keeps what it is taught"
QUESTION = Message(role="user", content="What is 12-7?")
SYSTEM = Message(role="system", content="Be careful.")
REPLY = Message(role="assistant", content="<think>\n12-7=5\n</think>\n\n5")


def base(folder: Path, tokenizer: Any, **told: Any) -> Located:
    """A base with this tokenizer, and what the recipe says of it."""
    return at(model_folder(folder, tokenizer)).model_copy(update=told)


def rows(learns: Learner, *conversations: list[Message]) -> list[Rendered]:
    return render_all(learns.tokenizer, learns.template, conversations, learns.tags)


def trained(learns: Learner, row: Rendered) -> str:
    return str(learns.tokenizer.decode(row.input_ids[row.reply_start :]))


# --- its own ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "reply", "remark"),
    [
        ("Llama-2", " <think>\n12-7=5\n</think>\n\n5 </s>", "with its blanks"),
        ("Mistral", " [THINK]\n12-7=5\n[/THINK]\n\n5 </s>", "and in its own tags"),
        ("Gemma", "<think>\n12-7=5\n</think>\n\n5<end_of_turn>", "not its tokenizer's end token"),
        ("Qwen3-Thinking", "12-7=5\n</think>\n\n5<|im_end|>", "behind the tag that it is given"),
    ],
)
def test_a_faithful_template_is_learnt(style: str, reply: str, remark: str, tmp_path: Path):
    learns = learner(base(tmp_path, STYLES[style]()))
    assert learns.why == OWN
    [row] = rows(learns, [QUESTION, REPLY])
    assert trained(learns, row) == reply, remark
    assert row.input_ids[: row.reply_start] == prompt_ids(learns.tokenizer, [QUESTION])
    tokenizer: Any = learns.tokenizer
    assert reply.endswith(tokenizer.eos_token)
    assert tokenizer.pad_token is not None


def test_a_tag_that_is_a_token_is_trained_as_one(tmp_path: Path):
    learns = learner(base(tmp_path, STYLES["Mistral"]()))
    [row] = rows(learns, [QUESTION, REPLY])
    tokens = learns.tokenizer.convert_ids_to_tokens(row.input_ids)
    assert (tokens.count("[THINK]"), tokens.count("[/THINK]")) == (1, 1)


@pytest.mark.parametrize(
    ("style", "turns"),
    [
        ("Gemma", [SYSTEM, QUESTION, REPLY]),
        ("Gemma", [QUESTION, QUESTION, REPLY]),
        ("Llama-2", [SYSTEM, QUESTION, REPLY]),
    ],
)
def test_a_conversation_that_it_refuses_is_one_row_less(
    style: str, turns: list[Message], tmp_path: Path
):
    learns = learner(base(tmp_path, STYLES[style]()))
    refused, kept = rows(learns, turns, [QUESTION, REPLY])
    assert (refused.left_out, refused.input_ids) == ("refused_by_template", [])
    assert kept.left_out is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<think>12-7=5</think>5", "12-7=5</think>5<|im_end|>"),  # the tag and its line are given
        ("5", None),  # it cannot answer at once: its template has begun to think
    ],
)
def test_behind_a_tag_that_is_given_thinking_must_follow(
    content: str, said: str | None, tmp_path: Path
):
    learns = learner(base(tmp_path, STYLES["Qwen3-Thinking"]()))
    [row] = rows(learns, [QUESTION, Message(role="assistant", content=content)])
    assert row.left_out == (None if said else "changed_by_template")
    assert trained(learns, row) == (said or "")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (CHAT.replace("{{ m.content }}", "{{ m.content.split('</think>')[-1] }}"), "cuts the thin"),
        (CHAT.replace("<|im_end|>", ""), "does not close a reply with one token of its own"),
        (CHAT.replace("<|im_end|>", "<|im_end|><|endoftext|>"), "does not close a reply with one"),
        (CHAT.replace("assistant\n{%", "assistant\n\n\n{%"), "asks with another text than"),
        (CHAT.replace("{{ m.content }}", "{{ m.content | upper }}"), "changes what is said"),
        (CHAT + "{{ strftime_now('%Y') }}", "writes the date of the day"),
        ("{{ raise_exception('no') }}", "refuses a question and its answer"),
    ],
)
def test_another_gives_way_to_ours_and_it_is_said_why(template: str, why: str, tmp_path: Path):
    learns = learner(base(tmp_path, tokenizer(CHATML, (), template)))
    assert learns.why.startswith(f"its own template {why}")
    assert learns.why.endswith(", so it trains with chatml")
    [row] = rows(learns, [QUESTION, REPLY])
    assert trained(learns, row) == REPLY["content"] + "<|im_end|>"


# --- ours ---------------------------------------------------------------------------------------


def test_without_a_template_the_one_that_fits_is_learnt(tmp_path: Path):
    found = base(tmp_path, tokenizer(CHATML))
    assert learner(found).why == "it has no chat template, so it trains with chatml"
    assert untrained(found).template == "chatml"  # and so it is asked before


def test_pieces_that_are_not_all_tokens_do_not_fit(tmp_path: Path):
    with pytest.raises(RecipeError, match="has no chat template, and none of ours fits its tok"):
        learner(base(tmp_path, tokenizer(("<|im_end|>", "</s>"))))


def test_two_that_fit_are_a_question(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"2 of ours fit.*`template: chatml` or `llama3`"):
        learner(base(tmp_path, tokenizer((*CHATML, *LLAMA3))))


def test_tokens_that_are_missing_are_added_to_a_student(tmp_path: Path):
    found = base(tmp_path, tokenizer(("</s>",)), template="chatml")
    learns = learner(found)
    assert learns.added == ("<|im_start|>", "<|im_end|>")
    assert "2 tokens are new to it: <|im_start|>, <|im_end|>" in learns.why
    [row] = rows(learns, [QUESTION, REPLY])
    assert row.input_ids[-1] == learns.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert untrained(found).template == "plain"  # as it is, they would tell it nothing


def test_plain_needs_no_tokens_and_ends_as_the_tokenizer_does(tmp_path: Path):
    learns = learner(base(tmp_path / "base", tokenizer(("</s>",)), template="plain"))
    [row] = rows(learns, [SYSTEM, QUESTION, REPLY])
    asked = "Be careful.\n\nUser:\nWhat is 12-7?\n\nAssistant:\n"
    assert learns.tokenizer.decode(row.input_ids) == f"{asked}{REPLY['content']}</s>"
    learns.tokenizer.save_pretrained(tmp_path / "student")
    again = load_tokenizer(tmp_path / "student")
    assert again.decode(prompt_ids(again, [SYSTEM, QUESTION])) == asked


def test_a_template_of_the_recipe_must_be_faithful_too(tmp_path: Path):
    good = base(tmp_path, tokenizer(CHATML), template=CHAT)
    assert learner(good).why == "the recipe's template, which keeps what it is taught"
    bad = good.model_copy(update={"template": CHAT.replace("<|im_end|>", "")})
    with pytest.raises(RecipeError, match="so it cannot be trained with; mend it, or name one of"):
        learner(bad)


# --- as teachers --------------------------------------------------------------------------------


def test_a_model_without_a_template_is_not_asked(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"model base has no chat template.*`template: plain`"):
        must_speak(base(tmp_path / "base", tokenizer(("</s>",))))


def test_a_model_is_not_asked_with_tokens_that_it_has_never_seen(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"chatml is made of tokens.*<\|im_start\|>.*`plain`"):
        tokenizer_of(base(tmp_path, tokenizer(("</s>",)), template="chatml"))


def test_the_recipe_s_template_is_found_and_noted(tmp_path: Path):
    (tmp_path / "mine.jinja").write_text(CHAT)
    model_folder(tmp_path / "base", tokenizer(("</s>",), (), LLAMA2))
    weights = Weights(path="base", template="plain")
    for named, template in {"mine.jinja": CHAT, "plain": "plain", None: None}.items():
        weights = Weights(path="base", template=named, thinking_tags=("<r>", "</r>"))
        found = models.find(weights, tmp_path)
        found.note(tmp_path)
        assert models.located(tmp_path) == found
        assert (found.template, found.thinking_tags) == (template, ("<r>", "</r>"))
        asked = tokenizer_of(found).chat_template
        assert asked == {"plain": asked}.get(str(template), template or LLAMA2)
    alone, named = (models.find(w, tmp_path) for w in (Weights(path="base"), weights))
    assert alone.identity() == alone.digest == named.digest != named.identity()
