"""Judged samples of a table as what is audited: what is told of each, and what nobody knows."""

from __future__ import annotations

import polars as pl

from factory.audit.subject import SAMPLES, Subject, Texts, as_prompts, as_samples
from factory.audit.subject.table_texts import with_questions
from factory.generations.parts import counted
from factory.generations.samples import Told
from filters import FILTERS, Filters
from filters.filter import SetFilter

INSIDE = ("file", "row", "error", "prompt_error", "verifier", "key_error")
"""Columns that say nothing of a sample that can be read, or stand in `reasons` and verdicts."""
NOT_TOLD = {
    "domain": "no column says the domain",
    "language": "no column says the language of the questions; `--language en` says it of all",
    "teacher": "no column says which model wrote a text",
    "strategy": "only a run knows which strategy drew a sample",
    "max_tokens": "no column says how many tokens a text was allowed",
    "prompt_tokens": "no column counts the tokens of the questions",
    "completion_tokens": "no column counts tokens; `--tokenizer` does",
    "verdict": "no column has a key or a verdict, so nobody knows which samples are right",
}
"""Columns of samples that a table may lack -> why they are not known."""
UNREAD = (("unread", "samples", "error"), ("questions", "questions", "prompt_error"))
"""What may be unreadable: its name among what is missing, in words, the column of the fault."""
ENDED = (
    "no column says how texts ended: all count as ended by themselves, so that of those cut off "
    "only the ones whose thinking never ended are found"
)


def of_samples(
    rows: pl.DataFrame, filters: Filters, told: Told | None, place: str, name: str, texts: Texts
) -> Subject:
    """Judged samples as a subject.

    Args:
        rows: all samples in order, with measures and `judging.FATES`.
        filters: the rules that they were judged by.
        told: which columns held what; None where nobody knows.
        place: as a person named it.
        name: of the dataset or file.
        texts: where their texts are.
    """
    left_out = [name for name in rows.columns if name in INSIDE or name.startswith("rule_")]
    readable = with_questions(rows).drop(left_out)
    kept = pl.when(pl.col("fate") == "kept").then(pl.lit("chosen")).otherwise("fate")
    samples = readable.with_columns(_draws(readable["prompt_id"]), kept.alias("fate"))
    if told is not None:
        nobody_says = pl.lit(told.layout.finish_reason is None)
        nobody_says |= pl.col("source").is_in(list(told.unsaid))
        samples = samples.with_columns(finish_reason=pl.when(~nobody_says).then("finish_reason"))
    samples = as_samples(samples)
    return Subject(
        place=place,
        name=name,
        kind="data",
        samples=samples,
        prompts=prompts_of(samples),
        filters=filters,
        texts=texts,
        missing=_missing(rows, samples, filters, told),
    )


def _draws(prompts: pl.Series) -> pl.Series:
    """The number of each sample among those of its question, in order, from 0."""
    of_prompt = pl.col(
        "prompt"
    ).hash()  # sorted, where a window over texts takes four times as long
    rows = pl.DataFrame({"prompt": prompts}).select(of_prompt).with_row_index("at")
    rows = rows.sort("prompt", maintain_order=True).with_row_index("number")
    first = pl.when(pl.col("prompt").ne_missing(pl.col("prompt").shift())).then("number")
    numbered = rows.select("at", draw=pl.col("number") - first.forward_fill()).sort("at")
    return numbered["draw"].cast(pl.Int32)


def prompts_of(samples: pl.DataFrame) -> pl.DataFrame:
    """Questions with their draws, by where they stand: several generations of one question are its
    draws, in one row or in several. Pass rates are of those draws that could be judged."""
    outcome = pl.col("verdict")
    right, wrong = (outcome == "correct").sum(), (outcome == "incorrect").sum()
    told = ["source", "domain", "language", "teacher"]
    differ = [name for name in told if samples[name].n_unique() > 1]
    counted = samples.group_by("prompt_id", *differ, maintain_order=True).agg(
        pl.col([name for name in told if name not in differ]).first(),
        draws=pl.len(),
        correct=pl.when(outcome.count() > 0).then(right),
        wrong=wrong,
    )
    judged = pl.col("correct") + pl.col("wrong")
    rate = pl.when(judged > 0).then(pl.col("correct") / judged)
    return as_prompts(counted.with_columns(pass_rate=rate))


def _missing(
    rows: pl.DataFrame, samples: pl.DataFrame, filters: Filters, told: Told | None
) -> dict[str, str]:
    """What is not known of these samples, by column, filter or question."""
    nulls = samples.select(pl.col(list(SAMPLES)).null_count()).row(0, named=True)
    missing = {name: why for name, why in NOT_TOLD.items() if nulls[name] == samples.height}
    if told is not None and told.layout.finish_reason is None:
        missing |= {"finish_reason": ENDED, "truncation": ENDED}
    if "verdict" in missing:
        missing |= {"correctness": missing["verdict"], "pass_rate": missing["verdict"]}
    if "language" in missing and filters.language:
        missing["language"] = f"{NOT_TOLD['language']}: `language` judges none"
    if told is not None and not told.layout.asks:
        missing["question"] = "no column has questions: each row stands for one of its own"
    missing["tokens"] = "no run made it: what was spent on draws that are not here is not known"
    for name, filter in FILTERS.items():
        if name not in filters.active() and issubclass(filter, SetFilter):
            missing[name] = "rows are compared where a recipe says so: name it under `filters`"
    for name, what, column in UNREAD:
        count = rows.height - rows[column].null_count() if column in rows.columns else 0
        if count:
            words = counted(rows[column].str.extract(r"^(\w+)"))
            why = ", ".join(f"{number:,} {word}" for word, number in words)
            missing[name] = f"{count:,} of {rows.height:,} {what} cannot be read: {why}"
    return missing
