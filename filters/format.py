"""Format: thinking inside its tags, then a response with one final answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import polars as pl
from pydantic import model_validator

from filters.filter import Filter
from filters.places import Place, each, end_of
from filters.text.answer import plain
from filters.text.boxes import box_spans, boxes
from filters.text.thinking import CLOSE, OPEN, split

MOST = 8
"""Different final answers in one response that are told apart."""
_BLANK = re.compile(r"(?:\\(?:h?phantom\s*\{[^{}]*\}|q?quad|square|_|[ ,;!])|[\s_?~$])*")
"""What stands in a box of the question, to be filled in."""


class Format(Filter):
    r"""Drops samples without thinking or response, without one final answer, or with stray tags.

    DeepSeek-R1 rewards the same form while its teacher learns: thinking between `<think>` and
    `</think>`, the answer in a box after it (arXiv 2501.12948, 2.2.2). A final answer is a complete
    `\boxed{}` in the response; boxes in the thinking do not count. Boxes that certainly agree, as
    0.5 and 1/2, are one answer: the mathematics verifier says so. A missing opening tag is no
    fault, since many chat templates write it for the model. Thinking without an end is the business
    of `truncation`.

    Measures:
        think_opens: opening think tags in the text
        think_closes: closing think tags in the text
        thinks: whether there is any thinking at all
        thinking_chars: characters of thinking, blanks around it aside
        chars_before_thinking: characters before the opening tag, blanks around them aside
        response_chars: characters of the response, blanks around it aside; null where there is none
        final_answers: complete boxes in the response
        distinct_answers: those boxes, but for blank ones of the question (`\boxed{\phantom{2}}`)
            and for those that agree with one before

    >>> Format.of(text=r"<think>6*7=42</think> It is \boxed{42}.")
    {'think_opens': 1, 'think_closes': 1, 'thinks': True, 'thinking_chars': 6, 'chars_before_thinking': 0, 'response_chars': 17, 'final_answers': 1, 'distinct_answers': 1}
    """  # noqa: E501

    name: ClassVar[str] = "format"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("text", "reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "think_opens": pl.Int32(),
        "think_closes": pl.Int32(),
        "thinks": pl.Boolean(),
        "thinking_chars": pl.Int32(),
        "chars_before_thinking": pl.Int32(),
        "response_chars": pl.Int32(),
        "final_answers": pl.Int32(),
        "distinct_answers": pl.Int32(),
    }

    require_thinking: bool = True
    """Drop samples that do not think, or whose thinking is empty."""
    forbid_thinking: bool = False
    """Drop samples that think, for domains of plain answers; empty tags are no thinking. It goes
    with `require_thinking: false`."""
    final_answer: bool = True
    """Drop samples whose response has no boxed answer, or several that differ."""

    @model_validator(mode="after")
    def _thinking_is_wanted_or_not(self) -> Self:
        if self.require_thinking and self.forbid_thinking:
            raise ValueError("forbid_thinking goes with `require_thinking: false`")
        return self

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        text, response = pl.col("text"), pl.col("response").fill_null("")
        lead = text.str.split_exact(CLOSE, 1).struct[0].str.split_exact(OPEN, 1).struct
        boxed = response.str.contains(r"\\[fb]?box")
        facts = rows.select(
            think_opens=text.str.count_matches(OPEN, literal=True),
            think_closes=text.str.count_matches(CLOSE, literal=True),
            thinks=pl.col("reasoning").is_not_null(),
            thinking_chars=pl.col("reasoning").fill_null("").str.strip_chars().str.len_chars(),
            chars_before_thinking=pl.when(lead[1].is_not_null())
            .then(lead[0].str.strip_chars().str.len_chars())
            .otherwise(0),
            response_chars=pl.col("response").str.strip_chars().str.len_chars(),
            boxed=pl.when(boxed).then(response),
        )
        answers = [boxes(response) if response else [] for response in facts["boxed"]]
        return (
            facts.drop("boxed")
            .with_columns(
                final_answers=pl.Series(map(len, answers), dtype=pl.Int32),
                distinct_answers=pl.Series(map(_distinct, answers), dtype=pl.Int32),
            )
            .cast(pl.Schema(Format.columns))
        )

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {
            "stray_think_tag": (pl.col("think_opens") > 1) | (pl.col("think_closes") > 1),
            "text_before_thinking": pl.col("chars_before_thinking") > 0,
            "empty_response": (pl.col("response_chars") == 0).fill_null(False),
        }
        if self.forbid_thinking:
            rules["unwanted_thinking"] = pl.col("thinking_chars") > 0
        if self.require_thinking:
            rules["no_thinking"] = ~pl.col("thinks")
            rules["empty_thinking"] = pl.col("thinks") & (pl.col("thinking_chars") == 0)
        if self.final_answer:
            rules["no_final_answer"] = pl.col("final_answers") == 0
            rules["several_final_answers"] = pl.col("distinct_answers") > 1
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        text, response = sample.get("text") or "", sample.get("response") or ""
        opens, closes = (
            [found.span() for found in re.finditer(tag, text)] for tag in (OPEN, CLOSE)
        )
        lead = text.partition(CLOSE)[0].partition(OPEN)[0]
        match reason:
            case "stray_think_tag":
                return each("text", opens[1:], "one more opening tag") + each(
                    "text", closes[1:], "one more closing tag"
                )
            case "text_before_thinking":
                return [Place("text", 0, len(lead.rstrip()), "before the thinking")]
            case "empty_response":
                return each("text", closes[:1], "nothing is written behind it")
            case "empty_thinking" if closes:
                first = opens[0][0] if opens else 0
                return [Place("text", first, closes[0][1], "thinking without a word")]
            case "unwanted_thinking":
                return each("text", [*opens[:1], *closes[:1]], "it thinks")
            case "no_thinking" if text:
                return [Place("text", 0, min(len(text), 80), "the reply begins without thinking")]
            case "no_final_answer":
                if not response:
                    return end_of("text", text, "there is no response, so no box")
                return end_of("response", response, "the response ends without a complete box")
            case "several_final_answers":
                return each("response", box_spans(response), "a final answer")
        return []


def well_formed(text: str, opened: bool = False) -> bool:
    r"""Whether a draw keeps the form to the letter: one pair of tags, thinking, one final answer.

    This is the format reward of reinforcement learning. In one thing it is stricter than the
    filter: the opening tag must be there, unless the chat template wrote it (`opened`).

    >>> well_formed(r"<think>6*7=42</think>\boxed{42}"), well_formed(r"6*7=42</think>\boxed{42}")
    (True, False)
    """
    thought = split(text, opened)
    lead, open_, _ = text.partition(CLOSE)[0].partition(OPEN)
    return (
        text.count(OPEN) == (0 if opened else 1)
        and text.count(CLOSE) == 1
        and bool((thought.reasoning or "").strip())
        and not (open_ and lead.strip())
        and len(boxes(thought.response or "")) == 1
    )


def _distinct(answers: list[str]) -> int:
    """How many of these answers agree with none before them.

    A text with more than `MOST` different ones is no answer: the rest is not compared.
    """
    if len(answers) < 2:
        return len(answers)
    from filters.verifiers.math.plain import certain  # it takes long to import

    found: list[str] = []
    for answer in dict.fromkeys(
        plain(answer) for answer in answers if not _BLANK.fullmatch(answer)
    ):
        if len(found) >= MOST:
            break
        if not any(certain(answer, other) for other in found):
            found.append(answer)
    return len(found)
