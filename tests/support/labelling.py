"""A run to mark: draws of all kinds, near questions, a benchmark's question, a doubtful key."""

from pathlib import Path

import polars as pl
from browsing import subject_of
from hostile_texts import ELEMENTS, WRITABLE
from runs import NO, OPEN, RIGHT, WRONG, YES, Stored, made, run_of

from factory.audit.keys import Doubt, review
from factory.audit.label.draw import Drawn
from factory.audit.label.marks import Word
from factory.audit.label.session import Session
from factory.audit.subject import Subject

HOSTILE = (
    "<think>so <script>document.title = 'owned'</script></think> <img src=x onerror=alert(1)> "
    r"‮ \x1b[2J </textarea> $\frac{1}{2}$ \boxed{5}"
)
FIRST = "A tank holds 120 litres of water, and 90 of them are used. How many litres are left"
NEAR = "A tank holds 120 litres of water, and 90 of them are used; how many litres are left"
LEAKED = "Natalia sold clips to 48 of her friends in May, and then half as many in June. How many"
FILTERS = {
    "truncation": {},
    "correctness": {},
    "language": {},
    "length": {"max_tokens": 50},
    "contamination": {},
    "duplicates": {},
}


def labelled_run(folder: Path) -> Path:
    """A run with a version, in this folder."""
    draws: dict[str, list[Stored]] = {
        f"sum {n}": [(RIGHT, YES), (WRONG, NO), (OPEN, (NO[0], "unfinished"))] for n in range(30)
    }
    draws["hostile"] = [(HOSTILE, YES)]
    draws["bad key"] = [(WRONG, NO)] * 4
    draws |= {FIRST: [(RIGHT, YES)], NEAR: [(RIGHT, YES)], LEAKED: [(RIGHT, YES)]}
    context = run_of(folder, draws, shard_rows=50, filters=FILTERS)
    table = context.run.prompts()
    kept_out = table.filter(prompt_id=LEAKED).with_columns(
        prompt_id=pl.lit("kept out"), split=pl.lit("held_out")
    )
    pl.concat([table, kept_out]).write_parquet(context.run.prompt_table)
    made(context)
    review(context, Doubt())
    return folder


def hostile_subject() -> Subject:
    """A right sample of each hostile text, which stands in all its texts and in its names."""
    texts = ("question", "text", "response", "reasoning", "answer", "reference")
    names = ("domain", "verdict_reason", "fate", "dropped_by", "prompt_id")
    rows = [
        dict.fromkeys(texts, text)
        | dict.fromkeys(names, text[:300])
        | {"sample_id": text[:300], "verdict": "correct", "reasons": [text[:300]], "draw": 0}
        for text in WRITABLE.values()
    ]
    return subject_of(rows, {"correctness": {}}, name=ELEMENTS["script"])


def truth(card: Drawn) -> Word:
    """What a person says who is right: verifiers and filters are right in this run, too."""
    return {True: "yes", False: "no", None: "cannot say"}[card.claim]  # type: ignore[return-value]


def mark_all(session: Session, *, wrong: int = 0) -> None:
    """Mark every card; the first so many the other way."""
    turned: dict[Word, Word] = {"yes": "no", "no": "yes", "cannot say": "cannot say"}
    for number, card in enumerate(session.cards):
        word = truth(card.drawn)
        session.say(number, turned[word] if number < wrong else word)
