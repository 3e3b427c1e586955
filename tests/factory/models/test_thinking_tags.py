"""Thinking between our tags, whatever a model writes around it."""

from typing import Any

import pytest
from families import CHATML, tokenizer
from hypothesis import given
from hypothesis import strategies as st

from factory.models import at
from factory.models.thinking_tags import (
    HARMONY,
    KNOWN,
    Reading,
    Speech,
    Tags,
    marks_of,
    named_tags,
    tags_of,
)

MISTRAL = KNOWN[1]
ASKING = "{% for m in messages %}{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}"


def of(*special: str, added: tuple[str, ...] = (), template: str = "") -> Speech:
    """A model whose tokenizer has these tokens."""
    return Speech(tokenizer((*special, *CHATML), added, template))


@pytest.mark.parametrize("tags", KNOWN, ids=lambda tags: tags.open)
@pytest.mark.parametrize("special", [True, False], ids=["special", "added"])
def test_known_tags_are_found_in_a_tokenizer_and_read_as_ours(tags: Tags, special: bool):
    marks = (tags.open, tags.close)
    if tags is HARMONY:
        marks = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>")
    speech = of(*marks) if special else of(added=marks)
    assert speech.tags == tags
    assert speech.special is special
    drawn = f"{tags.open}2+2=4{tags.close}4<|im_end|>"
    ids = speech.tokenizer.encode(drawn)
    assert speech.decode(ids, skip_special_tokens=True) == "<think>2+2=4</think>4"


def test_a_tokenizer_without_any_has_ours_in_plain_letters():
    speech = of()
    assert (speech.tags, speech.special, speech.marks) == (Tags(), False, {})


def test_the_tags_of_the_template_go_before_others_that_are_tokens():
    tags = (MISTRAL.open, MISTRAL.close, "<think>", "</think>")
    assert of(*tags).tags == Tags()
    assert of(*tags, template="[THINK] goes first").tags == MISTRAL


def test_tags_that_the_recipe_names_go_before_all():
    named = at("nowhere").model_copy(update={"thinking_tags": ("<r>", "</r>")}).thinking_tags
    speech = Speech(tokenizer(CHATML, ("<think>", "</think>")), named_tags(named))
    assert speech.read("<r>2+2=4</r>4") == "<think>2+2=4</think>4"
    assert named_tags((HARMONY.open, HARMONY.close)) is HARMONY  # with all that belongs to it
    assert named_tags(None) is None


def test_what_we_write_is_written_in_the_model_s_own_tokens():
    speech = of(MISTRAL.open, MISTRAL.close)
    ids = speech.encode("<think>\n2")
    assert speech.tokenizer.convert_ids_to_tokens(ids)[0] == "[THINK]"
    assert speech.decode(ids) == "<think>\n2"


def test_other_special_tokens_are_left_out_where_the_engine_leaves_them_in():
    speech = of("<think>", "</think>", "<|START_RESPONSE|>")
    assert speech.special
    assert speech.read("<think>1</think><|START_RESPONSE|>7<|im_end|>") == "<think>1</think>7"
    plain = of(added=("<think>", "</think>"))
    assert plain.read("<|im_end|>") == "<|im_end|>"  # letters: the engine leaves tokens out


@pytest.mark.parametrize(
    ("asking", "opened"),
    [("[THINK]\n", True), ("[THINK]\n[/THINK]", False), ("<think>", False), ("", False)],
)
def test_a_template_may_open_the_thinking_by_the_model_s_own_tag(asking: str, opened: bool):
    template = f"{ASKING}{{{{ {asking!r} }}}}{{% endif %}}"
    assert of(MISTRAL.open, MISTRAL.close, template=template).opens() is opened


def test_opening_may_depend_on_what_the_template_is_told():
    speech = of(template=f"{ASKING}{{% if enable_thinking %}}<think>\n{{% endif %}}{{% endif %}}")
    assert not speech.opens()
    assert speech.opens({"enable_thinking": True})
    assert not speech.opens({"enable_thinking": False})


PIECES = st.sampled_from(["<think>", "[THINK]", "[/THINK]", "<|end|>", "<|sta", "a", "[", "<", "]"])


@pytest.mark.parametrize("tags", [MISTRAL, HARMONY], ids=["Mistral", "harmony"])
@given(pieces=st.lists(PIECES | st.sampled_from([HARMONY.open, HARMONY.close]), max_size=12))
def test_however_a_text_is_cut_the_same_is_read(tags: Tags, pieces: list[str]):
    text = "".join(pieces)
    marks = marks_of(tags) | {"<|end|>": "", "<|start|>": ""}
    whole, letters, cut = Reading(marks), Reading(marks), Reading(marks)
    expected = whole.feed(text) + whole.finish()
    assert "".join(map(letters.feed, text)) + letters.finish() == expected
    assert "".join(map(cut.feed, pieces)) + cut.finish() == expected


def test_only_what_may_be_a_mark_is_held_back():
    reading = Reading(marks_of(MISTRAL))
    assert [reading.feed(piece) for piece in ("a [", "TH", "INK]", "b [x")] == [
        "a ",
        "",
        "<think>",
        "b [x",
    ]
    assert reading.feed("[/TH") == ""
    assert reading.finish() == "[/TH"


def test_tags_are_found_by_name_and_not_by_chance():
    vocabulary: Any = tokenizer(CHATML, ("[THINK]",))  # without its end
    assert tags_of(vocabulary) == Tags()
