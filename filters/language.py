"""Language: does the sample stay in the language of its question."""

from __future__ import annotations

from typing import ClassVar

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.text.languages import code_of, prose_of, share, speech


class Language(Filter):
    """Drops samples that leave the language of their question, in thinking or response.

    DeepSeek-R1 removes chains of thought with mixed languages before it trains on them (arXiv
    2501.12948, 2.3.3). LaTeX, code, URLs, variables and names of functions are taken out first. A
    letter of a script that the question's language is not written in is foreign for certain; in
    a shared script, sentences are joined to windows of at least 20 letters and shown to a language
    identifier: its best guess is enough for the question's language, against it it must be sure.
    Other windows and shorter text do not count, and neither does a name or term in Latin letters
    inside a sentence of another script. So "3+4=7" has no language to mix.

    Measures:
        language_letters: letters that could be judged
        language_share: share of these letters in the question's language, 0 to 1; null where no
            letter could be judged, or where the identifier does not know that language
        language_found: codes of the other languages, most letters first, with commas between

    Not covered: a switch within one sentence between languages of one script, and a single short
    sentence in another language of the same script between longer ones.

    >>> Language.of(reasoning="First, we add the numbers. 然后我们把结果除以二", language="en")
    {'language_letters': 30, 'language_share': 0.6666666666666666, 'language_found': 'zh'}
    """

    name: ClassVar[str] = "language"
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

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        text = pl.concat_str("reasoning", "response", separator="\n", ignore_nulls=True)
        owns = [code_of(language) for language in rows["language"]]
        facts = []
        said = speech(rows.select(prose_of(text)).to_series(), owns)
        for own, (letters, switches) in zip(owns, said, strict=True):
            others = [found for found, _ in letters.most_common() if found != own]
            facts.append((letters.total(), share(letters, own), ",".join(others), switches))
        return pl.DataFrame(facts, schema=Language.columns, orient="row")

    def reasons(self) -> dict[str, pl.Expr]:
        enough = pl.col("language_letters") >= max(1, self.min_letters)
        return {"mixed_language": enough & (pl.col("language_share") < self.min_share)}
