"""The chain: how long the thinking is, and how much of it verifies, explores and connects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.places import Place, each, end_of
from filters.text.reconsidering import counted, places_of, words_of

VERIFIES = {
    "en": "check / checks / checked / checking / verify / verifies / verified / verifying"
    " / double-check / recheck",
    "zh": "检查 / 验证 / 检验 / 验算 / 核对 / 核实",
    "de": "prüf{e|en|t|st} / überprüf{e|en|t} / nachprüfen / nachrechnen",
    "fr": "vérifi{e|ons|er|é|ez}",
    "es": "verific{a|ar|o|amos|ando|ado|emos} / comprob{ar|amos|emos|ando} / comprueb{o|a}",
    "pt": "verific{a|ar|o|amos|ando|ado} / confer{ir|imos|e}",
    "it": "verific{a|are|o|hiamo|ato} / controll{o|iamo|are}",
    "ru": "провер{ка|ки|им|ить|яем|яю|ю|ено}",
}
"""Says that something is checked."""

EXPLORES = {
    "en": "perhaps / might / maybe",
    "zh": "也许 / 可能 / 或许 / 说不定",
    "de": "vielleicht / womöglich / möglicherweise",
    "fr": "peut-être / pourrait",
    "es": "quizá / quizás / tal vez / podría",
    "pt": "talvez / poderia",
    "it": "forse / potrebbe",
    "ru": "возможно / может быть / наверное",
}
"""Says that something may be so."""

CONNECTS = {
    "en": "therefore / since / thus / hence / because",
    "zh": "因此 / 所以 / 因为 / 由于 / 从而",
    "de": "daher / deshalb / folglich / somit / weil",
    "fr": "donc / par conséquent / puisque / parce que / ainsi",
    "es": "por lo tanto / por tanto / porque / ya que / puesto que",
    "pt": "portanto / porque / já que / uma vez que",
    "it": "quindi / perciò / poiché / perché / dunque",
    "ru": "поэтому / так как / потому / следовательно / значит",
}
"""Says that one thing follows from another."""


def _whole(phrases: dict[str, str]) -> dict[str, str]:
    """The same phrases as whole words, with two blanks between, where a language writes blanks."""
    ends = "{ |,|.|?|!|:|;|)|…}"
    return {
        language: told
        if language == "zh"
        else " / ".join(f"{one.replace(' ', '  ')}{ends}" for one in told.split(" / "))
        for language, told in phrases.items()
    }


class Chain(Filter):
    """Drops samples with short or unverified chains; its counts say how elaborate a chain is.

    LIMO (arXiv 2502.03387) scores chains by rules: their length, words that verify ("check",
    "verify"), words that explore ("perhaps", "might") and words that connect ("therefore",
    "since"), the words by the length of the text. These are its counts, with the forms of its words
    and with as many in 8 languages: en, zh, de, fr, es, pt, it, ru. `prefer: best` and `take: best`
    make a score of them (docs/selection.md). LIMO drops nothing by them, so every limit is off
    until it is given.

    Measures:
        chain_chars: characters of thinking
        chain_verifies: words in it that verify
        chain_explores: words in it that explore
        chain_connects: words in it that connect

    Not covered: whether what is verified is right; "since 1990", which connects nothing; a check
    that is money.

    >>> Chain.of(text="<think>Since 2 < 3, perhaps 5. Let me check: 5. Therefore 5.</think>5")
    {'chain_chars': 53, 'chain_verifies': 1, 'chain_explores': 1, 'chain_connects': 2}
    """

    name: ClassVar[str] = "chain"
    reads: ClassVar[tuple[str, ...]] = ("reasoning",)
    columns: ClassVar[dict[str, pl.DataType]] = {
        "chain_chars": pl.Int32(),
        "chain_verifies": pl.Int32(),
        "chain_explores": pl.Int32(),
        "chain_connects": pl.Int32(),
    }

    min_chars: int | None = Field(None, ge=0)
    """Least characters of thinking."""
    min_verifies: int | None = Field(None, ge=0)
    """Least words that verify."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        thinking = pl.col("reasoning").fill_null("")
        words = pl.concat_str(words_of(thinking), pl.lit(" "))
        # The blank behind a word is also the one before the next, and counts for one of them.
        apart = words.str.replace_all(" ", "  ", literal=True)
        facts = rows.select(words=apart, chain_chars=thinking.str.len_chars()).select(
            "chain_chars",
            chain_verifies=counted(pl.col("words"), _whole(VERIFIES)),
            chain_explores=counted(pl.col("words"), _whole(EXPLORES)),
            chain_connects=counted(pl.col("words"), _whole(CONNECTS)),
        )
        return facts.cast(pl.Schema(Chain.columns))

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {}
        if self.min_chars is not None:
            rules["short_chain"] = pl.col("chain_chars") < self.min_chars
        if self.min_verifies is not None:
            rules["unverified_chain"] = pl.col("chain_verifies") < self.min_verifies
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        thinking = sample.get("reasoning") or ""
        if reason == "unverified_chain":
            return each("reasoning", places_of(thinking, _whole(VERIFIES)), "verifies")
        return end_of("reasoning", thinking, f"ends after {len(thinking):,} characters")
