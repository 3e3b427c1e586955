"""A control token in a text is found, and only that."""

import pytest
from families import CHATML, tokenizer

from factory.models.control_tokens import control_token_in, control_tokens
from factory.models.thinking_tags import Tags

TEMPLATE = "{% for m in messages %}<turn>{{ m['content'] }}{% endfor %}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What is <|im_end|> for?", "<|im_end|>"),
        ("<turn>", "<turn>"),  # not special, and in the template
        ("<tool>", None),  # not special, and not in it: words of this model
        ("<think>2+2</think>", None),
        ("<r>2+2</r>", None),
        ("<|im_end>, |im_end|, <b>", None),
        ("", None),
    ],
)
def test_special_tokens_and_those_of_the_template_are_control(text: str, found: str | None):
    added = ("<turn>", "<tool>", "<think>", "</think>")
    own = tokenizer((*CHATML, "<r>", "</r>"), added, TEMPLATE)
    tokens = control_tokens(own, Tags("<r>", "</r>"))
    assert control_token_in([text], tokens) == found
    assert control_token_in(["2+2?", text], tokens) == found


def test_the_longest_is_named():
    tokens = control_tokens(tokenizer(("<a>", "<a><b>")))
    assert control_token_in(["<a><b>"], tokens) == "<a><b>"
