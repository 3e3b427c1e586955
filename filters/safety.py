"""Safety: refusals, whose assistant speaks, what leaked, and what should not be told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

import polars as pl

from filters.filter import Filter
from filters.text import personal, secrets
from filters.text.assistants import CUTOFF_WORDS, NAMES, OPENING, REFUSAL, cutoffs, identities
from filters.text.patterns import kinds

_LEAKED = re.compile(
    r"<[|｜][A-Za-z_▁][\w▁ -]{0,40}[|｜]>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|<(?:bos|eos|pad|unk)>"
    r"|</?tool_(?:call|response)>|\[gMASK\]|^\s*<s>|(?<!\w)</s>\s*$|</s>\s*(?=<s>|\[INST\])"
    r"|(?m:^###? ?(?:Human|User|Assistant|Instruction):)|[.!?}\d]</s>"
)
_LEAK_HINTS = [
    "<|",
    "<｜",
    "INST]",
    "SYS>>",
    "_of_turn>",
    "os>",
    "<pad>",
    "<unk>",
    "tool_",
    "gMASK",
    "s>",
    "##",
]


class Safety(Filter):
    """Drops samples that refuse, claim to be another's model, or tell what should stay untold.

    DeepSeek-R1 judges harmlessness on the whole response, thinking included (arXiv 2501.12948,
    2.3.4), by a model: [classifiers](filters.md#a-classifier-model) takes yours. Here is what
    patterns can say. A refusal stands in the first 300 characters of the response. Who speaks
    is what the text says in the first person ("I am DeepSeek-R1", "I was trained by OpenAI"), in
    14 languages; what is said of other models in the third person is none. Leaked are tokens and
    tags of chat templates, and turns that a model plays on its own. Personal data are mail
    addresses, telephone numbers, accounts (IBAN, modulo 97), cards (Luhn) and national ids (of
    China by their sum, of the USA by the word before them); secrets are keys and tokens of 15
    kinds. Examples of documents are none: example.com, 555-01xx, test cards, keys that say EXAMPLE.

    Measures:
        refuses: whether the response begins with a refusal
        identities: assistants that the writer says it is, first said first, with commas between
        cutoffs: phrases that say how far the writer's knowledge goes
        leaked_tokens: different tokens and tags of chat templates, with blanks between
        personal_data: kinds of personal data: email, phone, iban, card, id; with commas between
        secrets: kinds of keys: aws, github, private_key and so on; with commas between

    Not covered: names and addresses of people, keys without a form of their own, harm itself.

    >>> Safety.of(text="<think>Who?</think>I'm ChatGPT. Write to o.lind@post.se.<|im_end|>") == {
    ...     "refuses": False,
    ...     "identities": "ChatGPT",
    ...     "cutoffs": 0,
    ...     "leaked_tokens": "<|im_end|>",
    ...     "personal_data": "email",
    ...     "secrets": "",
    ... }
    True
    """

    name: ClassVar[str] = "safety"
    reads: ClassVar[tuple[str, ...]] = ("text", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "refuses": pl.Boolean(),
        "identities": pl.String(),
        "cutoffs": pl.Int32(),
        "leaked_tokens": pl.String(),
        "personal_data": pl.String(),
        "secrets": pl.String(),
    }

    drop_refusals: bool = True
    """Drop samples that refuse; false where a refusal may be the right answer."""
    own_names: tuple[str, ...] = ()
    """Assistants that samples may say they are, of those that `identities` has, as `[DeepSeek]`."""
    drop_cutoffs: bool = True
    """Drop samples that say how far their knowledge goes."""
    drop_leaked: bool = True
    """Drop samples with tokens or tags of chat templates; false where templates are the subject."""
    drop_personal: bool = True
    """Drop samples with personal data."""
    drop_secrets: bool = True
    """Drop samples with keys and passwords."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        text, small = pl.col("text").fill_null(""), pl.col("small")
        opening = pl.col("response").fill_null("").str.head(OPENING)
        hints = rows.with_columns(small=text.str.to_lowercase()).select(
            refuses=opening.str.contains(REFUSAL),
            identities=small.str.contains_any(NAMES),
            cutoffs=small.str.contains_any(CUTOFF_WORDS),
            leaked_tokens=text.str.contains_any(_LEAK_HINTS),
            personal_data=text.str.contains(personal.HINT),
            secrets=text.str.contains_any(secrets.HINTS),
        )

        def told(name: str, of: Callable[[str], list[str]], between: str = ",") -> pl.Series:
            pairs = zip(rows["text"], hints[name], strict=True)
            return pl.Series(
                name, [between.join(of(text)) if hint else "" for text, hint in pairs], pl.String
            )

        pairs = zip(rows["text"], hints["cutoffs"], strict=True)
        return pl.DataFrame(
            [
                hints["refuses"],
                told("identities", identities),
                pl.Series(
                    "cutoffs",
                    [cutoffs(text) if hint else 0 for text, hint in pairs],
                    dtype=pl.Int32,
                ),
                told("leaked_tokens", _leaked, " "),
                told("personal_data", lambda text: kinds(text, personal.PERSONAL)),
                told("secrets", lambda text: kinds(text, secrets.SECRETS)),
            ]
        )

    def reasons(self) -> dict[str, pl.Expr]:
        others = pl.col("identities").str.split(",").list.set_difference(["", *self.own_names])
        rules = {"identity": others.list.len() > 0}
        for reason, wanted, column in (
            ("refusal", self.drop_refusals, pl.col("refuses")),
            ("knowledge_cutoff", self.drop_cutoffs, pl.col("cutoffs") > 0),
            ("leaked_token", self.drop_leaked, pl.col("leaked_tokens") != ""),
            ("personal_data", self.drop_personal, pl.col("personal_data") != ""),
            ("secret", self.drop_secrets, pl.col("secrets") != ""),
        ):
            if wanted:
                rules[reason] = column
        return rules


def _leaked(text: str) -> list[str]:
    return list(dict.fromkeys(found.strip() for found in _LEAKED.findall(text)))
