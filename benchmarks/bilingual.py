"""What a reward for the question's language does to a tiny teacher that mixes two languages.

    python -m benchmarks.bilingual --seeds 17 1 2 --into runs/bilingual

The base adds aloud, in English or Chinese words, and mixes them by the line, as
R1-Zero mixed them. The same GRPO runs with and without the reward of DeepSeek-R1 (2.3.2). Prints a
Markdown table for benchmarks/RESULTS.md. A run that is there already is not run again.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.raising import SAMPLING, pretrained, print_table, run, said, score, turns

ROWS, ASKED, HELD_OUT = 30_000, 1200, 300
LANGUAGES, SAME = ("en", "zh"), 2 / 3
CAREFUL, GUESS = 0.6, 0.2
"""Shares of the base's rows that reason, and that think nothing; the rest ignores the form."""
_TEENS = """ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
ONES = f"zero one two three four five six seven eight nine {_TEENS}".split()
TENS = ["_", "_", "twenty", "thirty", "forty"]
SIGNS = "零一二三四五六七八九"
GRPO = {
    "steps": 60,
    "prompts_per_step": 16,
    "draws": 8,
    "learning_rate": 4e-4,
    "max_tokens": 96,
    "held_out": HELD_OUT,
    "evaluate_every": 10,
    "device_batch_size": 128,
}
PLAIN = {"accuracy": 1.0, "format": 0.2}


def english(number: int) -> str:
    """A number up to 49 in English words."""
    ten, one = divmod(number, 10)
    return ONES[number] if number < 20 else TENS[ten] + (f" {ONES[one]}" if one else "")


def chinese(number: int) -> str:
    """A number up to 49 in Chinese signs."""
    ten, one = divmod(number, 10)
    if not ten:
        return SIGNS[one]
    return ("" if ten == 1 else SIGNS[ten]) + "十" + (SIGNS[one] if one else "")


def task(rng: random.Random) -> tuple[str, str, list[tuple[int, str, int, int]], int]:
    """A question, its language, each step (before, sign, number, after), and the sum."""
    total = rng.randint(1, 9)
    text, steps = str(total), []
    for _ in range(rng.randint(1, 2)):
        number = rng.randint(1, 9)
        sign = rng.choice("+-") if total >= number else "+"
        after = total + number if sign == "+" else total - number
        steps.append((total, sign, number, after))
        text, total = f"{text} {sign} {number}", after
    language = rng.choice(LANGUAGES)
    question = f"What is {text}? Think aloud." if language == "en" else f"请问 {text} 等于几?"
    return question, language, steps, total


def aloud(steps: list[tuple[int, str, int, int]], language: str, rng: random.Random) -> str:
    """The steps in words, a line each, two of three in the language of the question."""
    lines = []
    for before, sign, number, after in steps:
        if (rng.random() < SAME) == (language == "en"):
            word = {"+": "plus", "-": "minus"}[sign]
            lines.append(f"{english(before)} {word} {english(number)} is {english(after)}")
        else:
            word = {"+": "加", "-": "减"}[sign]
            lines.append(f"{chinese(before)}{word}{chinese(number)}得{chinese(after)}")
    return "\n".join(lines)


def reply(
    steps: list[tuple[int, str, int, int]], total: int, language: str, rng: random.Random
) -> str:
    """One row's reply, of a kind drawn by chance."""
    kind, guess = rng.random(), total + round(rng.gauss(0, 3))
    if kind < CAREFUL:
        return f"<think>\n{aloud(steps, language, rng)}\n</think>\n\\boxed{{{total}}}"
    return f"<think>\n\n</think>\n\\boxed{{{guess}}}" if kind < CAREFUL + GUESS else f"{guess}"


def questions(seed: int, folder: Path) -> set[str]:
    """Write the questions of the recipe as JSON lines; returns those that are held out."""
    rng, rows = random.Random(seed), {}
    while len(rows) < ASKED + HELD_OUT:
        question, language, _, total = task(rng)
        rows[question] = {"question": question, "answer": str(total), "language": language}
    for language in LANGUAGES:
        asked = [row for row in rows.values() if row["language"] == language]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked)
        (folder / f"{language}.jsonl").write_text(lines)
    return set(rows)


def raised(seed: int, asked: set[str], folder: Path) -> None:
    """Make the base, a tiny model after one pass over rows on other questions."""
    rng, rows = random.Random(seed + 1), []
    while len(rows) < ROWS:
        question, language, steps, total = task(rng)
        if question not in asked:
            rows.append(turns(question, reply(steps, total, language, rng)))
    pretrained(rows, seed, folder / "base")


def recipe(seed: int, folder: Path, rewards: dict[str, float]) -> dict[str, Any]:
    """GRPO on the questions, and an examination."""
    return {
        "name": "bilingual",
        "seed": seed,
        "prompts": [
            {
                "source": "files",
                "path": str(folder / f"{language}.jsonl"),
                "columns": {"question": "question", "reference": "answer"},
                "verifier": "math",
                "language": language,
                "held_out": HELD_OUT // 2,
            }
            for language in LANGUAGES
        ],
        "teacher": {
            "base": {"path": str(folder / "base")},
            "stages": [{"grpo": GRPO | {"rewards": rewards}}],
        },
        "sampling": SAMPLING,
        "filters": {"correctness": {}},
        "dataset": {"select": {"per_prompt": 1}},
        "evaluate": {"draws": 2},
    }


def consistency(folder: Path) -> tuple[float, float]:
    """Share of words in the question's language, in points, of the first and the last held-out
    draws that think in words."""
    files = sorted((folder / "teacher-1-grpo" / "held-out").glob("*.parquet"))
    tables = sorted((pl.read_parquet(file) for file in files), key=lambda rows: rows["step"][0])
    first, last = (100 * float(rows["language_share"].mean()) for rows in (tables[0], tables[-1]))  # pyrefly: ignore
    return first, last


def row(seed: int, into: Path) -> str:
    """One seed's line of the table."""
    folder = (into / str(seed)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    asked = questions(seed, folder)
    if not (folder / "base" / "config.json").exists():
        raised(seed, asked, folder)
    cells: list[str] = []
    for name, rewards in (("plain", PLAIN), ("language", PLAIN | {"language": 1.0})):
        plan = recipe(seed, folder, rewards)
        done = run(plan, folder / name)
        first, last = consistency(done)
        if not cells:
            cells += [said(score(done, "teacher-base")), f"{first:.1f}"]
        cells += [said(score(done, "teacher")), f"{last:.1f}"]
    return f"| {seed} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    named = (
        *("seed", "base, pass@1", "in the question's language, %", "GRPO, pass@1", "language, %"),
        *("GRPO with the reward, pass@1", "language, %"),
    )
    print_table(__doc__ or "", "runs/bilingual", named, row)
