"""Real traces, with what others say of them: a folder beside the repository, where it is there."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from filters.filter import SAMPLE
from filters.text.answer import extract
from filters.text.thinking import split

REAL = Path(__file__).parents[3] / "shared" / "data" / "real"
TAGS = (
    ("<|begin_of_thought|>", "<think>"),
    ("<|end_of_thought|>", "</think>"),
    ("<|begin_of_solution|>", ""),
    ("<|end_of_solution|>", ""),
)
"""Tags of another family, as the sampler translates them where a model's template has them."""
Trace = tuple[str, bool | None]
"""What a model wrote, and whether others call it right; None where nobody says."""


def traces() -> pl.DataFrame:
    """All traces as samples, `verdict` by those who published them, and `source`, their file."""
    if not REAL.exists():
        pytest.skip(f"the real traces ({REAL})")
    rows = []
    for file in sorted(REAL.glob("*/*")):
        for reader in READERS:
            if any(file.match(pattern) for pattern in reader[1]):
                for text, right in reader[0](_parsed(file)):
                    rows.append(_row(f"{file.parent.name}/{file.name}", text, right))
    return pl.DataFrame(rows, schema={**SAMPLE, "source": pl.String()})


def _row(source: str, text: str, right: bool | None) -> dict[str, Any]:
    for theirs, ours in TAGS:
        text = text.replace(theirs, ours)
    thought = split(text)
    language = source.split("eval_")[1][:2] if "/eval_" in source else "en"
    if "native_" in source:
        language = source.split("native_")[1][:2]
    return {
        "sample_id": str(len(text)),
        "source": source,
        "domain": "code" if "code" in source or "evalplus" in source else "math",
        "text": text,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "finish_reason": "stop",
        "language": language if language in ("ja", "sw", "bn") else "en",
        "answer": extract(thought.response or ""),
        "verdict": {True: "correct", False: "incorrect", None: None}[right],
    }


def _parsed(file: Path) -> list[Any]:
    read = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if ".jsonl" in file.name:
        return [json.loads(line) for line in read.decode().splitlines() if line.strip()]
    whole = json.loads(read)
    return whole if isinstance(whole, list) else [whole]


def _graded(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        scores = row["score"] if isinstance(row["score"], list) else [row["score"]]
        yield from zip(row["code"], map(bool, scores), strict=False)


def _of_papers(rows: list[Any]) -> Iterator[Trace]:
    """R1's thoughts come without their opening tag, and sometimes without both."""
    for row in rows:
        text = next((row[k] for k in row if "(" in k or k == "model_answer"), None)
        if isinstance(text, str) and text:
            yield text, row.get("eval_result") in (1, "1") if "eval_result" in row else None


def _of_r1(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield row["full_response"], bool(row["is_correct"])


def _of_results(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        for result in row["results"]:
            if "response" in result:
                yield result["response"], bool(result["correct"])
            yield from _completions(result)


def _of_categories(rows: list[Any]) -> Iterator[Trace]:
    for category in rows[0]["categories"]:
        for dataset in category["datasets"]:
            for result in dataset["results"]:
                yield from _completions(result)


def _completions(result: dict[str, Any]) -> Iterator[Trace]:
    for completion in result.get("completions") or [result]:
        if text := completion.get("full_model_response"):
            yield text, completion.get("score") == 1


def _of_choices(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield row["response"], bool(row["correct"])


def _native(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield row["native_response"], True


def _of_gym(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        parts = {"reasoning": "", "message": ""}
        for item in row["response"]["output"]:
            pieces = item.get("summary") or item.get("content") or []
            if item.get("type") in parts and isinstance(pieces, list):
                parts[item["type"]] += "".join(piece.get("text") or "" for piece in pieces)
        thought = f"<think>{parts['reasoning']}</think>" if parts["reasoning"] else ""
        yield thought + parts["message"], row.get("reward") == 1


def _unjudged(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield row["response"], None


READERS = [
    (_graded, ("sky_t1/*.jsonl*", "reasoning_gym_eval/rl_qwen3b_*.jsonl*", "*/rm_maj_math_*")),
    (_of_papers, ("mip_overthinking/*_normal_*", "mip_overthinking/*_MiP_*")),
    (_of_r1, ("r1_math500_traces/*.jsonl",)),
    (_of_results, ("reasoning_gym_eval/deepseek_r1_*", "*/qwq32b_*", "*_traces/eval_*")),
    (_of_categories, ("reasoning_gym_eval/rl3b_*", "reasoning_gym_eval/rl_llama3b_*")),
    (_of_choices, ("qwen3_mmlu_pro/*_options*",)),
    (_native, ("multilingual_traces/qwen3_1_7b_native_*",)),
    (_of_gym, ("nemo_gym/*_rollouts.jsonl",)),
    (_unjudged, ("r1_star1/*", "ifeval/gpt4_responses*")),
]
"""What reads which files."""
