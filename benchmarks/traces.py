"""Real traces, with what others say of them: a folder beside the repository, where it is there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from filters.filter import SAMPLE
from filters.text.answer import extract
from filters.text.thinking import split

REAL = Path(__file__).parents[2] / "shared" / "data" / "real"
TAGS = (
    ("<|begin_of_thought|>", "<think>"),
    ("<|end_of_thought|>", "</think>"),
    ("<|begin_of_solution|>", ""),
    ("<|end_of_solution|>", ""),
)
"""Tags of another family, as the sampler translates them where a model's template has them."""
TRACES = pl.Schema({**SAMPLE, **dict.fromkeys(("source", "question", "key"), pl.String())})
OTHERS = ("_ja", "_sw", "_bn")
DOMAINS = {
    "code": (
        "nemo_gym/*code*",
        "nemo_gym/*codi*",
        "nemo_gym/evalplus*",
        "livecodebench_outputs/*",
        "tora_outputs/*",
    ),
    "writing": ("ifeval/*", "nemo_gym/instruction_*"),
    "safety": ("r1_star1/*",),
}
"""Files whose prompts ask for programs or texts; all others ask for answers."""


class Trace(NamedTuple):
    """What a model wrote, and whether others call it right; None where nobody says."""

    text: str
    right: bool | None
    question: str | None = None
    language: str | None = None
    """Of the question; where it is left out the name of the file says it, else English."""
    finish: str = "stop"
    key: Any = None
    """The answer, where the file has one."""


def traces(folder: Path = REAL) -> pl.DataFrame:
    """All traces as samples, `verdict` by those who published them, `source` and `question`."""
    rows = []
    for file in sorted(folder.glob("*/*")):
        for reader, patterns in READERS:
            if _is_of(file, patterns):
                rows += [_row(file, trace) for trace in reader(_parsed(file))]
    table = pl.DataFrame(rows, schema=TRACES)
    return table.with_columns(sample_id=pl.int_range(pl.len()).cast(pl.String))


def _row(file: Path, trace: Trace) -> dict[str, Any]:
    text = trace.text
    for theirs, ours in TAGS:
        text = text.replace(theirs, ours)
    thought = split(text)
    named = [code[1:] for code in OTHERS if code in file.name]
    return {
        "source": f"{file.parent.name}/{file.name}",
        "domain": next((name for name, files in DOMAINS.items() if _is_of(file, files)), "math"),
        "question": trace.question,
        "key": None if trace.key is None else str(trace.key),
        "prompt_id": trace.question or text,
        "text": text,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "finish_reason": trace.finish,
        "language": trace.language or (named[0] if named else "en"),
        "answer": extract(thought.response or ""),
        "verdict": {True: "correct", False: "incorrect", None: None}[trace.right],
    }


def _is_of(file: Path, patterns: tuple[str, ...]) -> bool:
    return any(file.match(pattern) for pattern in patterns)


def _parsed(file: Path) -> list[Any]:
    read = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if ".jsonl" in file.name:
        return [json.loads(line) for line in read.decode().splitlines() if line.strip()]
    whole = json.loads(read)
    return whole if isinstance(whole, list) else [whole]


def _graded(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        scores = row["score"] if isinstance(row["score"], list) else [row["score"]]
        for text, score in zip(row["code"], scores, strict=False):
            yield Trace(text, bool(score), row["question"], key=row.get("gt"))


def _of_papers(rows: list[Any]) -> Iterator[Trace]:
    """R1's thoughts come without their opening tag, and sometimes without both."""
    for row in rows:
        text = next((row[k] for k in row if "(" in k or k == "model_answer"), None)
        if isinstance(text, str) and text:
            right = row.get("eval_result") in (1, "1") if "eval_result" in row else None
            yield Trace(text, right, row.get("question"), key=row.get("answer"))


def _of_r1(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        right, key = bool(row["is_correct"]), row["ground_truth"]
        yield Trace(row["full_response"], right, row.get("problem"), key=key)


def _of_results(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        for result in row["results"]:
            if "response" in result:
                yield Trace(result["response"], bool(result["correct"]))
            yield from _completions(result)


def _of_categories(rows: list[Any]) -> Iterator[Trace]:
    for category in rows[0]["categories"]:
        for dataset in category["datasets"]:
            for result in dataset["results"]:
                yield from _completions(result)


def _completions(result: dict[str, Any]) -> Iterator[Trace]:
    for completion in result.get("completions") or [result]:
        if text := completion.get("full_model_response"):
            right, key = completion.get("score") == 1, result.get("expected_answer")
            yield Trace(text, right, result.get("question"), key=key)


def _of_choices(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        finish = row.get("complete_reason") or "stop"
        yield Trace(
            row["response"],
            bool(row["correct"]),
            row["question"],
            finish=finish,
            key=row.get("actual_answer_label") or row.get("actual_answer"),
        )


def _native(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        right = row["native_answer"] == row["ground_truth"]
        yield Trace(row["native_response"], right, row["native_question"], key=row["ground_truth"])


def _translated(rows: list[Any]) -> Iterator[Trace]:
    """A right English trace each, and its translation where that keeps the answer."""
    for row in rows:
        right = [row[f"{kind}_answer"] == row["ground_truth"] for kind in ("english", "translated")]
        key = row["ground_truth"]
        yield Trace(row["english_response"], right[0], row["english_question"], "en", key=key)
        yield Trace(row["translated_response"], right[1], None, "sw", key=key)


def _of_gym(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        parts = {"reasoning": "", "message": ""}
        for item in row["response"]["output"]:
            pieces = item.get("summary") or item.get("content") or []
            if item.get("type") in parts and isinstance(pieces, list):
                parts[item["type"]] += "".join(piece.get("text") or "" for piece in pieces)
        thought = f"<think>{parts['reasoning']}</think>" if parts["reasoning"] else ""
        said = thought + parts["message"]
        key = row.get("expected_answer")
        yield Trace(said, row.get("reward") == 1, language=row.get("language"), key=key)


def _of_steps(rows: list[Any]) -> Iterator[Trace]:
    """Right where the answer is, and people found no wrong step."""
    for row in rows:
        right = row["final_answer_correct"] and row["label"] == -1
        yield Trace("\n\n".join(row["steps"]), right, row["problem"])


def _of_gpt3(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        key = row["ground_truth"].rpartition("A: ")[2]
        for said in row.values():
            if isinstance(said, dict):
                yield Trace(said["solution"], said["is_correct"], row["question"], key=key)


def _of_programs(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield Trace(row["output_list"][0], row["graded_list"][0], row["question_content"])


def _of_tools(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        right = str(row["gt"]) == row["pred"][0]
        yield Trace(row["code"][0], right, row["question"], key=row["gt"])


def _of_proofs(rows: list[Any]) -> Iterator[Trace]:
    """Rated by people; the full marks of a contest are 7, 10 or 21."""
    for row in rows:
        said = row["model_prediction"]
        yield Trace(said["proof"], said["human_rating"] in (7, 10, 21), row["question"])


def _of_exams(rows: list[Any]) -> Iterator[Trace]:
    for row in rows[0]["example"]:
        right, key = row["standard_answer"] == row["model_answer"], row["standard_answer"][0]
        yield Trace(row["model_output"], right, row["question"], "zh", key=key)


def _of_instructions(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield Trace(row["response"], row["follow_all_instructions"], row["prompt"])


def _of_one_example(rows: list[Any]) -> Iterator[Trace]:
    for row in rows[0].values():
        said = row["responses"]["0.0"]
        yield Trace(said["content"], said["correctness"], row["problem"], key=row["answer"])


def _unjudged(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield Trace(row["response"], None, row["question"])


def _in_two_parts(rows: list[Any]) -> Iterator[Trace]:
    for row in rows:
        yield Trace(row["reason"] + row["gen_ans"], None, row["question"], "bn")


READERS: list[tuple[Callable[[list[Any]], Iterator[Trace]], tuple[str, ...]]] = [
    (_graded, ("sky_t1/*.jsonl*", "reasoning_gym_eval/rl_qwen3b_*.jsonl*", "*/rm_maj_math_*")),
    (_of_papers, ("mip_overthinking/*_normal_*", "mip_overthinking/*_MiP_*")),
    (_of_r1, ("r1_math500_traces/*.jsonl",)),
    (_of_results, ("reasoning_gym_eval/deepseek_r1_*", "*/qwq32b_*", "*_traces/eval_*")),
    (_of_categories, ("reasoning_gym_eval/rl3b_*", "reasoning_gym_eval/rl_llama3b_*")),
    (_of_choices, ("qwen3_mmlu_pro/*_options*", "qwen3_mmlu_pro/*_judged*")),
    (_native, ("multilingual_traces/qwen3_1_7b_native_*",)),
    (_translated, ("multilingual_traces/translated_*",)),
    (_of_gym, ("nemo_gym/*_rollouts.jsonl",)),
    (_of_steps, ("processbench/*",)),
    (_of_gpt3, ("gsm8k/example_model_solutions*",)),
    (_of_programs, ("livecodebench_outputs/*",)),
    (_of_tools, ("tora_outputs/tora_*",)),
    (_of_proofs, ("deepseek_math_v2/*",)),
    (_of_exams, ("gaokao_bench/gemini-pro_*",)),
    (_of_instructions, ("ifeval/eval_results_strict*",)),
    (_of_one_example, ("sky_t1/*_one_long_example_*",)),
    (_unjudged, ("r1_star1/*",)),
    (_in_two_parts, ("r1_bangla_mcq/r1_[0-9]*", "r1_bangla_mcq/qwq_*")),
]
"""What reads which files."""
