"""Real keys: the answers of public problems, a folder beside the repository, where it is there."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.traces import REAL

KEYS: list[tuple[str, str]] = [
    ("qwen_math_eval/aime24.jsonl", "answer"),
    ("qwen_math_eval/aime25.jsonl", "answer"),
    ("qwen_math_eval/amc23.jsonl", "answer"),
    ("qwen_math_eval/cmath.jsonl", "answer"),
    ("qwen_math_eval/cn_middle_school.jsonl", "answer"),
    ("qwen_math_eval/college_math.jsonl.gz", "answer"),
    ("qwen_math_eval/gaokao2023en.jsonl", "answer"),
    ("qwen_math_eval/gaokao_math_cloze.jsonl", "answer"),
    ("qwen_math_eval/olympiadbench.jsonl.gz", "final_answer"),
    ("qwen_math_eval/svamp.jsonl", "Answer"),
    ("qwen_math_eval/rm_maj_math_cot_100.jsonl.gz", "answer"),
    ("math500/math500.jsonl", "answer"),
    ("olymmath/OlymMATH-EN-EASY.jsonl", "answer"),
    ("olymmath/OlymMATH-EN-HARD.jsonl", "answer"),
    ("olymmath/OlymMATH-ZH-EASY.jsonl", "answer"),
    ("olymmath/OlymMATH-ZH-HARD.jsonl", "answer"),
    ("imo_bench/answerbench_v1.csv", "Short Answer"),
    ("imo_bench/answerbench_v2.csv", "Short Answer"),
    ("still_bench/AIME25.jsonl", "solution"),
    ("still_bench/hmmt_feb_2025.jsonl", "solution"),
    ("still_bench/omni_math_num_500.jsonl", "answer"),
    ("mmath/en.json", "answer"),
    ("nemo_gym/compmath_test.jsonl", "expected_answer"),
    ("hardverify_math/HardVerify-Math-even.json", "ground_truth"),
    ("tora_outputs/gsm_hard.jsonl.gz", "target"),
    ("gsm8k/test.jsonl", "answer"),
]
"""File, and the column of its answer."""
TEXTS: list[tuple[str, str]] = [
    ("cruxeval/cruxeval.jsonl", "output"),
    ("bbh/word_sorting.json", "target"),
    ("bbh/dyck_languages.json", "target"),
    ("bbh/boolean_expressions.json", "target"),
]
"""Files of keys that are compared as texts."""
OPTIONS: list[tuple[str, str]] = [
    ("qwen_math_eval/mmlu_stem.jsonl.gz", "choices"),
    ("qwen_math_eval/gaokao_math_qa.jsonl", "options"),
]
"""Files of questions with options: the options' texts are answers too, with units and words."""


class Key(NamedTuple):
    """The answer of a problem."""

    text: str
    source: str


def keys(folder: Path = REAL) -> list[Key]:
    """Every mathematical key, file by file; those of several answers as a list with commas."""
    return [
        Key(text, name)
        for name, column in KEYS
        for row in rows(folder / name)
        if (text := _text(row[column]).strip())
    ]


def texts(folder: Path = REAL) -> list[Key]:
    """Keys that are compared as texts."""
    return [Key(str(row[column]), name) for name, column in TEXTS for row in rows(folder / name)]


def options(folder: Path = REAL) -> list[dict[str, str]]:
    """The options of each question, by their letters."""
    found = []
    for name, column in OPTIONS:
        for row in rows(folder / name):
            told = row[column]
            texts = told.values() if isinstance(told, dict) else told
            found.append({"ABCDEFGH"[place]: str(text) for place, text in enumerate(texts)})
    return found


def rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON, JSON lines or CSV file, packed or not."""
    read = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = read.decode().splitlines(keepends=True)
    if ".jsonl" in file.name:
        yield from (json.loads(line) for line in lines if line.strip())
    elif file.suffix == ".csv":
        yield from csv.DictReader(lines)
    else:
        whole = json.loads(read)
        yield from whole if isinstance(whole, list) else whole["examples"]


def _text(answer: Any) -> str:
    if isinstance(answer, list):
        return ", ".join(map(str, answer))
    return str(answer).rpartition("#### ")[2]
