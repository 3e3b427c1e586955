"""Language: does the sample stay in the language of its question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.places import Place


class Language(Filter):
    """Drops samples that leave the language of their question, in thinking or response.

    DeepSeek-R1 removes chains of thought with mixed languages before it trains on them (arXiv
    2501.12948, 2.3.3). LaTeX, code, URLs, variables and names of functions are taken out first. A
    letter of a script that the question's language is not written in is foreign for certain; in a
    shared script, sentences are joined to windows of at least 20 letters. A window is in the
    question's language where its commonest words show it ("the", "we", "therefore"), and in another
    where the words of another show that. All other windows are shown to a language identifier: its
    best guess is enough for the question's language, against it it must be sure. Windows that stay
    open and shorter text do not count, and neither does a name or term in Latin letters inside a
    sentence of another script. So "3+4=7" has no language to mix.

    23 languages have lists of common words. 60 are known to the first identifier (eldc), 176 to
    the second (fastText), which is asked where the question is in one of the further ones. Rows in
    a language that neither knows, or without one, are not judged; whether they pass is for
    `not_judged` to say.

    Measures:
        language_letters: letters that could be judged
        language_share: share of these letters in the question's language, 0 to 1; null where no
            letter could be judged, or where no identifier knows that language
        language_found: codes of the other languages, most letters first, with commas between; the
            name of a script where its language is not sure
        language_switches: how many times the text goes over into another language: a short
            sentence, or three common words of another language among those of a sentence, is one

    Of 13,396 real traces that others call right the defaults drop 39. Read: 32 were told to answer
    in another language than they were asked in, three end in scraps of twenty scripts, four in
    Japanese or Bengali have sentences in English or Chinese. On 241 texts written for this in 25
    languages, from which the lists were also mended, all labels are met.

    Not covered: single words of another language in the same script, and switches between
    languages without a list of common words inside a sentence.

    >>> Language.of(reasoning="First, we add the numbers. 然后我们把结果除以二", language="en")
    {'language_letters': 30, 'language_share': 0.6666666666666666, 'language_found': 'zh', 'language_switches': 1}
    >>> Language.of(reasoning="We add them. Das ist falsch. So we multiply.", language="en")
    {'language_letters': 33, 'language_share': 0.6363636363636364, 'language_found': 'de', 'language_switches': 1}
    """  # noqa: E501

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 2
    compiles: ClassVar[str | None] = "speech_kernels"
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "response", "language")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "language_letters": pl.Int32(),
        "language_share": pl.Float64(),
        "language_found": pl.String(),
        "language_switches": pl.Int32(),
    }

    min_share: float = Field(0.95, ge=0, le=1)
    """Least share of judged letters that belong to the question's language, 0 to 1."""
    min_letters: int = Field(20, ge=0)
    """Samples with fewer letters that could be judged are never dropped."""
    max_switches: int | None = Field(None, ge=0)
    """Largest number of switches to another language."""
    not_judged: Literal["keep", "drop"] = "keep"
    """What becomes of samples whose question's language is not given, or known to no identifier."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        from filters.text.languages import code_of, prose_of, share, speech  # it loads numpy

        text = pl.concat_str("reasoning", "response", separator="\n", ignore_nulls=True)
        owns = [code_of(language) for language in rows["language"]]
        facts = []
        said = speech(rows.select(prose_of(text)).to_series(), owns)
        for own, (letters, switches) in zip(owns, said, strict=True):
            others = [found for found, _ in letters.most_common() if found != own]
            facts.append((letters.total(), share(letters, own), ",".join(others), switches))
        return pl.DataFrame(facts, schema=Language.columns, orient="row")

    def reasons(self) -> dict[str, pl.Expr]:
        judged = pl.col("language_share").is_not_null()
        enough = pl.col("language_letters") >= max(1, self.min_letters)
        rules = {"mixed_language": judged & (pl.col("language_share") < self.min_share)}
        if self.max_switches is not None:
            rules["language_switches"] = judged & (pl.col("language_switches") > self.max_switches)
        if self.not_judged == "drop":
            rules["language_not_judged"] = ~judged
        # What was not measured has no letters: null, whatever else is said.
        return {
            name: pl.when(enough.is_not_null()).then(enough & rule) for name, rule in rules.items()
        }

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        if reason == "language_not_judged":
            return []
        from filters.text.foreign import foreign  # it loads numpy
        from filters.text.languages import code_of

        own, parts = code_of(sample.get("language")), ("reasoning", "response")
        return [
            Place(part, start, end, f"in {found}, the question is in {own}")
            for part in parts
            for start, end, found in foreign(sample.get(part) or "", own)
        ]
