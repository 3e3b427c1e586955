"""Pairs of worlds that differ in one thing, and what a diff of their versions says of each row."""

from dataclasses import replace
from typing import Any

from worlds import Draw, Question, World

from factory.models import Located
from factory.versions.diff import Difference

P, Q, R = (Question(id) for id in "pqr")
FALSE = Draw(verdict="incorrect", reason="wrong_answer", answer="6")
BASE = World([P, Q, R])
Told = tuple[str, str, str, str]
"""Change, row, reason, words."""


def told(found: Difference) -> list[Told]:
    """All reasons."""
    return sorted(found.reasons.select("change", "sample_id", "reason", "detail").rows())


def limit(tokens: int) -> dict[str, Any]:
    return {"correctness": {}, "length": {"max_tokens": tokens}}


def select(**wanted: Any) -> dict[str, Any]:
    return {"select": wanted}


def of_all(draw: Draw) -> World:
    return BASE.of(*(one.drawn(draw) for one in (P, Q, R)))


def for_all(before: str, after: str, reason: str, detail: str) -> list[Told]:
    """One reason of all three rows, which went and came."""
    gone = [("delete", f"{id}0{before}", reason, detail) for id in "pqr"]
    return gone + [("insert", f"{id}0{after}", reason, detail) for id in "pqr"]


LONG = BASE.of(P, Q.drawn(Draw(tokens=9012)), R)
TWO = BASE.of(P.drawn(Draw(), Draw(tokens=20)), Q)
TANK = "A tank holds 120 litres, and 90 of them are used. How many litres are left in the tank?"
TANKS = BASE.of(replace(P, text=TANK), replace(Q, text=TANK.replace(",", ";")), R)
EXAM = {"contamination": {}}
CASES: dict[str, tuple[World, World, list[Told]]] = {
    "a threshold was lowered": (
        LONG.by(filters=limit(16384)), LONG.by(filters=limit(8192)),
        [("delete", "q0", "threshold",
          "too_long: tokens 9,012 > max_tokens 8,192; max_tokens 16,384 → 8,192")],
    ),
    "a threshold was raised": (
        LONG.by(filters=limit(8192)), LONG.by(filters=limit(16384)),
        [("insert", "q0", "threshold",
          "too_long no more: tokens 9,012 > max_tokens 8,192; max_tokens 8,192 → 16,384")],
    ),
    "a rule is new": (
        BASE.by(filters=limit(100)),
        BASE.of(P, Q.drawn(Draw(text="<think>```\n5\n```</think>5")), R)
        .by(filters=limit(100) | {"code_blocks": {}}),
        [("delete", "q0", "rule", "code_block: code_blocks 1 > 0; the rule is new")]
        + [("update", f"{id}0", "column", "columns new: code_blocks") for id in "pr"],
    ),
    "a rule is for one domain": (
        LONG.by(filters=limit(16384)),
        LONG.by(filters={"correctness": {}, "length": [{"max_tokens": 8192, "domains": ["math"]}]}),
        [("delete", "q0", "threshold",
          "too_long: tokens 9,012 > max_tokens 8,192; max_tokens 16,384 → 8,192")],
    ),
    "a verdict is another": (
        BASE, BASE.of(P, Q.drawn(FALSE), R),
        [("delete", "q0", "verdict",
          "incorrect; verdict correct → incorrect when it was drawn")],
    ),
    "a key was mended, and the answer is wrong by it": (
        BASE, BASE.of(P, replace(Q, reference='"6"').drawn(FALSE), R),
        [("delete", "q0", "key",
          "incorrect; key 7389c6e4 → 65392d94, verdict correct → incorrect")],
    ),
    "a key was mended, and the answer is right by it": (
        BASE, BASE.of(P, replace(Q, reference='"5.0"'), R),
        [("update", "q0", "key", "reference 5 → 5.0")],
    ),
    "another teacher": (
        BASE,
        replace(of_all(Draw(teacher="u")), teacher=Located(path="", name="Another", digest="u")),
        for_all("", "us", "teacher", "teacher: name A teacher → Another, digest t → u"),
    ),
    "another template": (
        BASE,
        replace(of_all(Draw(teacher="u")),
                teacher=Located(path="", name="A teacher", digest="u", template="other")),
        for_all("", "us", "template", "teacher: template none → other, digest t → u"),
    ),
    "other sampling settings": (
        BASE, of_all(Draw(settings="z")).by(sampling={"temperature": 0.7}),
        for_all("", "tz", "settings", "drawn anew: temperature 0.6 → 0.7"),
    ),
    "the selection prefers another draw": (
        TWO.by(dataset=select(per_prompt=1)),
        TWO.by(dataset=select(per_prompt=1, prefer="longest")),
        [("delete", "p0", "selection",
          "per_prompt took draw 1 (p1) instead; prefer shortest → longest"),
         ("insert", "p1", "selection",
          "per_prompt had taken draw 0 (p0) instead; prefer shortest → longest")],
    ),
    "a shorter draw is new": (
        BASE.of(P, Q).by(dataset=select(per_prompt=1)),
        BASE.of(P.drawn(Draw(), Draw(tokens=5)), Q).by(dataset=select(per_prompt=1)),
        [("delete", "p0", "selection", "per_prompt took draw 1 (p1) instead, which is new"),
         ("insert", "p1", "draws", "draw 1 was drawn since: 2 draws, then 3")],
    ),
    "the policy asks for more draws": (
        BASE, BASE.of(P.drawn(Draw(), Draw()), Q, R)
        .by(sampling={"policy": {"fixed": {"draws": 2}}}),
        [("insert", "p1", "draws",
          "draw 1 was drawn since: policy.until.accepted 1 → none, "
          "policy.until.max_draws 4 → none, policy.fixed.draws none → 2")],
    ),
    "fewer rows are selected": (
        BASE, BASE.by(dataset=select(rows=2)),
        [("delete", "q0", "selection", "rows left it out; rows none → 2")],
    ),
    "a licence is another": (
        BASE, BASE.of(P, replace(Q, license="apache-2.0"), R),
        [("update", "q0", "licence", "license mit → apache-2.0")],
    ),
    "a source was dropped, another added": (
        BASE.of(P, Q, replace(R, source="old")), BASE.of(P, Q, Question("x", source="new")),
        [("delete", "r0", "source", "source old was dropped"),
         ("insert", "x0", "source", "source new was added")],
    ),
    "a question of a source is another": (
        BASE, BASE.of(P, Q, Question("x")),
        [("delete", "r0", "question",
          "the question is not asked any more: sums: digest 3ed0ceaad965 → 114b0fb57c7a"),
         ("insert", "x0", "question",
          "the question is asked now: sums: digest 3ed0ceaad965 → 114b0fb57c7a")],
    ),
    "a question is of another language": (
        BASE, BASE.of(P, replace(Q, language="zh"), R),
        [("update", "q0", "question", "language en → zh")],
    ),
    "a column is new": (
        BASE, BASE.by(filters=limit(100) | {"code_blocks": {}}),
        [("update", f"{id}0", "column", "columns new: code_blocks") for id in "pqr"],
    ),
    "a column that a source keeps": (
        BASE.of(P, replace(Q, meta='{"level": 1}')), BASE.of(P, replace(Q, meta='{"level": 2}')),
        [("update", "q0", "source", "level 1 → 2")],
    ),
    "a text is another under the same id": (
        BASE, BASE.of(P, Q.drawn(Draw(text="<think>Other.</think> 5")), R),
        [("update", "q0", "measure", "longest_paragraph 39 → 6; its text is another"),
         ("update", "q0", "text",
          "its text is another under the same id: drawn anew, or asked in other words")],
    ),
    "a duplicate": (
        TANKS.by(filters=limit(100) | {"duplicates": {"drop": False}}),
        TANKS.by(filters=limit(100) | {"duplicates": {}}),
        [("delete", "q0", "duplicate", "exact_duplicate: of row p0; drop false → true")],
    ),
    "the first of duplicates is not accepted any more": (
        TANKS.by(filters=limit(100) | {"duplicates": {}}),
        TANKS.of(TANKS.questions[0].drawn(FALSE), *TANKS.questions[1:])
        .by(filters=limit(100) | {"duplicates": {}}),
        [("delete", "p0", "verdict", "incorrect; verdict correct → incorrect when it was drawn"),
         ("insert", "q0", "duplicate",
          "exact_duplicate no more: of row p0; other rows are accepted")],
    ),
    "a question of a benchmark": (
        replace(TANKS, benchmark=["What is three times four, and nothing else?"]).by(
            filters=limit(100) | EXAM),
        replace(TANKS, benchmark=[TANK]).by(filters=limit(100) | EXAM),
        [("delete", f"{id}0", "contamination",
          "benchmark_question: exam exam.jsonl:1: contamination_exact true; compared anew")
         for id in "pq"],
    ),
}  # fmt: skip
