"""Safety: refusals, whose assistant speaks, what leaked, and what should not be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import polars as pl

from filters.filter import Filter
from filters.places import Place, each
from filters.text import personal, secrets
from filters.text.assistants import (
    CUTOFF,
    NAMES,
    OPENING,
    REFUSAL,
    claims,
    cutoffs,
    identities,
)
from filters.text.patterns import Kind, hint, kinds_in

_LEAKED = re.compile(
    r"<[|｜][A-Za-z_▁][\w▁ -]{0,40}[|｜]>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|<(?:bos|eos|pad|unk)>"
    r"|</?tool_(?:call|response)>|\[gMASK\]|^\s*<s>|(?<!\w)</s>\s*$|</s>\s*(?=<s>|\[INST\])"
    r"|(?m:^###? ?(?:Human|User|Assistant|Instruction):)|[.!?}\d]</s>"
)


_KEYS = "|".join(map(re.escape, secrets.HINTS))


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
        text = pl.col("text").fill_null("")
        opening = pl.col("response").fill_null("").str.head(OPENING)
        hints = rows.lazy().select(
            refuses=opening.str.contains(hint(re.compile(REFUSAL))),
            identities=text.str.contains_any(NAMES, ascii_case_insensitive=True),
            cutoffs=text.str.contains(hint(CUTOFF)),
            leaked_tokens=text.str.contains(hint(_LEAKED)),
            personal_data=text.str.contains(personal.HINT),
            secrets=text.str.contains(_KEYS),
        )

        def told(hinted: pl.Series) -> pl.Series:
            name, kind, at = hinted.name, Safety.columns[hinted.name], hinted.arg_true()
            nothing = pl.Series(name, ["" if kind == pl.String else 0]).cast(kind)
            every = nothing.new_from_index(0, rows.height)
            if at.is_empty():
                return every
            looked_at = rows["response" if name == "refuses" else "text"].gather(at)
            return every.scatter(at, _LOOK[name](looked_at).cast(kind))

        return pl.DataFrame([told(hinted) for hinted in hints.collect()])

    def reasons(self) -> dict[str, pl.Expr]:
        others = pl.col("identities") != ""
        if self.own_names:
            own = "|".join(map(re.escape, self.own_names))
            others &= ~pl.col("identities").str.contains(rf"^(?:(?:{own})(?:,|$))*$")
        rules = {"identity": others}
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

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        text, response = sample.get("text") or "", sample.get("response") or ""
        match reason:
            case "refusal":
                said = re.finditer(REFUSAL, response[:OPENING])
                return each("response", (found.span() for found in said), "refuses")
            case "identity":
                others = (one for one in claims(text) if one[1] not in self.own_names)
                return [Place("text", *span, f"says it is {name}") for span, name in others]
            case "knowledge_cutoff":
                said = CUTOFF.finditer(text)
                return each("text", (found.span() for found in said), "how far it knows")
            case "leaked_token":
                said = _LEAKED.finditer(text)
                return each("text", (found.span() for found in said), "of a chat template")
            case "personal_data":
                return _kinds(text, personal.PERSONAL)
            case "secret":
                return _kinds(text, secrets.SECRETS)
        return []


def _kinds(text: str, known: tuple[Kind, ...]) -> list[Place]:
    """Where a text has one of these kinds."""
    return [
        Place("text", *found.span(), kind.name) for kind in known for found in kind.all_in(text)
    ]


def _each(of: Callable[[str], object]) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: pl.Series([of(text) for text in texts])


def _leaked(text: str) -> str:
    return " ".join(dict.fromkeys(found.strip() for found in _LEAKED.findall(text)))


_LOOK: dict[str, Callable[[pl.Series], pl.Series]] = {
    "refuses": lambda responses: responses.str.head(OPENING).str.contains(REFUSAL),
    "identities": _each(lambda text: ",".join(identities(text))),
    "cutoffs": _each(cutoffs),
    "leaked_tokens": _each(_leaked),
    "personal_data": lambda texts: kinds_in(texts, personal.PERSONAL),
    "secrets": lambda texts: kinds_in(texts, secrets.SECRETS),
}
"""Measure -> what is found in texts that have a hint of it."""
