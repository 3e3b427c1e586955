"""What of a benchmark stands in other texts: five ways to look for a question, in flat memory."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from filters.text.likeness import Likeness
from filters.text.overlap import SIZE, Passages, shingles_of
from filters.text.words import KIND, MATH, NAME, NUMBER, SIGN, Words, pieces, words

TEMPLATE = 5
"""Questions of a benchmark that may share eight words, whatever their numbers, before these are its
way of asking."""
PHRASE, LEAST_TEXTS = 0.001, 20
"""Share of the texts, and number, above which eight words that all have are a phrase."""
SKELETON = 12
"""Words that a question must have without its numbers and names to be looked for without them."""
SAMPLE = 5_000
"""Texts that say which words are common."""
ALIKE, FORMULAS = 0.2, 0.3
"""Least likeness that is noted."""
TELLING = 10.0
"""Least weight of shared formulas that is noted, in nats: what ten words weigh that stand in one
text of three, or two that stand in one of 150."""
TELLING_WORDS = 8.0
"""The same of shared words: two exercises of nothing but `Simplify` and signs are not alike."""

PROMPT = {"text": pl.String(), "key": pl.String()}
"""A prompt's question and its key."""
HIT = {
    "text": pl.Int64(),
    "item": pl.Int64(),
    "method": pl.String(),
    "value": pl.Float64(),
    "weight": pl.Float64(),
    "start": pl.Int64(),
    "end": pl.Int64(),
}
"""A text and a question that a method finds alike, by their places: how much, and the first byte
of the passage that they share and the byte behind it."""
Method = Literal["exact", "words", "share", "changed", "alike", "formulas", "response"]


class Found(NamedTuple):
    """What a comparison found."""

    hits: pl.DataFrame
    """Rows of `HIT`: of each text, method and benchmark the strongest."""
    phrases: pl.DataFrame
    """Runs of eight words that were not looked for, since too many texts have them: `phrase`,
    `item`, the first question that has it, and how many `texts`."""


def in_prompts(prompts: pl.DataFrame, items: pl.DataFrame) -> Found:
    """Compares prompts with the questions of benchmarks.

    Args:
        prompts: rows of `PROMPT`.
        items: the questions: `benchmark`, `place` in it, `question`, `key` (its answer) and
            `solution` (a worked one), all text; the last two may be null.
    """
    questions = words(items["question"])
    sample = words(prompts["text"].gather_every(max(1, prompts.height // SAMPLE)))
    whole = Passages(questions, TEMPLATE, asked=_any_numbers(questions))
    bare = Passages(_bare(questions), TEMPLATE)
    alike = Likeness(questions, sample)
    formulas = Likeness(_formulas(questions), _formulas(sample))
    hits, met = [_exact(prompts, questions)], np.zeros(prompts.height, np.bool_)
    start = 0
    for piece in pieces(prompts, "text"):
        read = words(piece["text"])
        met[start : start + piece.height] = whole.count(read) | bare.count(_bare(read))
        near = alike.alike(read, ALIKE).filter(pl.col("weight") >= TELLING_WORDS)
        hits.append(_hits(near, "alike", start))
        found = formulas.alike(_formulas(read), FORMULAS).filter(pl.col("weight") >= TELLING)
        hits.append(_hits(found, "formulas", start))
        start += piece.height
    most = max(LEAST_TEXTS, PHRASE * prompts.height)
    phrases = whole.skip(most)
    bare.skip(most)
    places, start = np.flatnonzero(met), 0
    for piece in pieces(prompts.select("text").filter(met), "text"):
        read, of = words(piece["text"]), pl.Series(places[start : start + piece.height])
        hits += [*_covered(whole.runs(read), questions, of, ("words", "share"))]
        hits += [*_covered(bare.runs(_bare(read)), _bare(questions), of, ("", "changed"), SKELETON)]
        start += piece.height
    return Found(strongest(pl.concat(hits), items), _told(phrases, questions, items))


def _told(phrases: pl.DataFrame, questions: Words, items: pl.DataFrame) -> pl.DataFrame:
    """The phrases as they are written in a question, the most frequent first."""
    told = []
    for item, place, texts in phrases.iter_rows():
        first = questions.bounds[item] + place
        start, end = questions.starts[first], questions.ends[first + SIZE - 1]
        told.append((items["question"][item].encode()[start:end].decode(), item, texts))
    kinds = {"phrase": pl.String(), "item": pl.Int64(), "texts": pl.Int64()}
    rows = pl.DataFrame(told, kinds, orient="row")
    return rows.sort("texts", descending=True, maintain_order=True)


def in_draws(texts: pl.Series, passages: Passages, items: pl.DataFrame) -> pl.DataFrame:
    """Compares draws with what `passages` were made of: rows of `HIT` that tell the longest run."""
    runs = passages.runs(words(texts))
    rows = _hits(runs.rename({"words": "value"}), "response", 0)
    return strongest(rows.with_columns(item=pl.col("item") % items.height), items)


def of_items(items: pl.DataFrame) -> Passages:
    """Questions, then worked solutions, to look for in draws."""
    return Passages(words(pl.concat([items["question"], items["solution"]])), TEMPLATE)


def strongest(hits: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Of each text, method and benchmark the hit of most value; of equals the first."""
    names = items["benchmark"]
    key = ("text", "method", "benchmark")
    ranked = hits.with_columns(benchmark=names.gather(hits["item"])).sort(
        "text", "method", -pl.col("value"), "item", "start"
    )
    return ranked.unique(key, keep="first", maintain_order=True).drop("benchmark")


def measures(hits: pl.DataFrame, prompts: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """What was found of every prompt, in their order: the most that each method found, and `item`,
    the question that most speaks for."""
    hits = with_keys(hits, prompts, items)
    method = pl.col("method")
    of = {name: method == name for name in ("exact", "words", "share", "changed", "alike")}
    of |= {"formulas": (method == "formulas") & (pl.col("weight") >= 2 * TELLING)}
    of |= {
        f"{name}_same_key": (method == name) & pl.col("same_key") for name in ("alike", "formulas")
    }
    most = [pl.col("value").filter(which).max().alias(name) for name, which in of.items()]
    order = method.replace_strict({name: n for n, name in enumerate(STRENGTH)})
    best = pl.col("item").sort_by(order, -pl.col("value")).first()
    found = hits.group_by("text").agg(*most, item=best)
    rows = pl.DataFrame({"text": pl.int_range(prompts.height, eager=True)})
    rows = rows.join(found, on="text", how="left", maintain_order="left")
    return rows.select(pl.col(list(of)).fill_null(0), item=_called(items).gather(rows["item"]))


def _called(items: pl.DataFrame) -> pl.Series:
    return items.select(pl.concat_str("benchmark", "place", separator=" ")).to_series()


STRENGTH = ("exact", "share", "words", "changed", "formulas", "alike", "response")
"""Methods, the most certain first."""


def with_keys(hits: pl.DataFrame, prompts: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Hits with `same_key`: whether prompt and question have the same key, and a known one."""
    theirs = pl.Series(words(items["key"]).texts()).gather(hits["item"])
    mine = pl.Series(words(prompts["key"].gather(hits["text"])).texts())
    return hits.with_columns(same_key=(mine == theirs) & (mine != 0))


def _exact(prompts: pl.DataFrame, questions: Words) -> pl.DataFrame:
    items = pl.DataFrame({"whole": questions.texts()}).with_row_index("item")
    own = [words(piece["text"]).texts() for piece in pieces(prompts, "text")]
    mine = pl.DataFrame({"whole": np.concatenate([np.empty(0, np.uint64), *own])})
    rows = mine.with_row_index("text").join(items.filter(pl.col("whole") != 0), on="whole")
    size = prompts["text"].str.len_bytes().gather(rows["text"])
    return _hits(rows.with_columns(value=pl.lit(1.0), start=pl.lit(0), end=size), "exact", 0)


def _covered(
    runs: pl.DataFrame, questions: Words, places: pl.Series, names: tuple[str, str], least: int = 8
) -> list[pl.DataFrame]:
    """Of each text and question the longest run, and the share of the question in all runs."""
    stop = pl.col("from") + pl.col("length")
    pair = ("text", "item")
    before = stop.cum_max().shift(1).over(pair).fill_null(0)
    rows = runs.sort(*pair, "from", "start").with_columns(
        new=(stop - pl.max_horizontal(before, "from")).clip(0)
    )
    size = np.diff(questions.bounds)
    found = rows.group_by(pair, maintain_order=True).agg(
        pl.col("words", "start", "end").sort_by("words", descending=True).first(),
        pl.col("new").sum(),
    )
    found = found.with_columns(size=pl.Series(size).gather(found["item"])).with_columns(
        share=pl.col("new") / pl.col("size"), text=places.gather(found["text"])
    )
    found = found.filter(pl.col("size") >= least)
    longest, share = names
    made = [_hits(found.with_columns(value="share"), share, 0)]
    return [*made, _hits(found.with_columns(value="words"), longest, 0)] if longest else made


def _hits(rows: pl.DataFrame, method: Method | str, start: int) -> pl.DataFrame:
    """Rows of `HIT`; places count from `start`."""
    if "likeness" in rows.columns:
        rows = rows.rename({"likeness": "value"})
    lacks = {name: pl.lit(None) for name in ("weight", "start", "end") if name not in rows.columns}
    rows = rows.with_columns(pl.col("text") + start, method=pl.lit(method), **lacks)
    return rows.select(list(HIT)).cast(pl.Schema(HIT))


def _bare(texts: Words) -> Words:
    """Without numbers and capitalised words."""
    return texts.only(((texts.kinds & KIND) != NUMBER) & ((texts.kinds & NAME) == 0))


def _any_numbers(texts: Words) -> Words:
    """With all numbers the same."""
    number = (texts.kinds & 7) == NUMBER
    return texts._replace(hashes=np.where(number, np.uint64(0), texts.hashes))


def _formulas(texts: Words) -> Words:
    """Pairs of neighbours among numbers, signs and what stands between dollars."""
    kind = texts.kinds & KIND
    free = (kind == NUMBER) | (kind == SIGN) | ((texts.kinds & MATH) != 0)
    return shingles_of(texts.only(free), 2)
