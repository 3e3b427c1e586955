"""Our verdicts beside those of others, and math-verify's, on real outputs: who is right, where?

    python -m benchmarks.verdicts [FOLDER] [--out FILE] [--cache FILE] [--only GROUP]

Where two verdicts differ somebody read the output: `readings.jsonl`, beside this file, says which
is right, by source and place. Where all of them agree that is taken for the truth. FILE gets every
output on which the verdicts differ, those that nobody read first. math-verify's verdicts are kept
in the cache: they are the same whatever becomes of ours.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.keys import keys, rows
from benchmarks.traces import REAL, traces
from benchmarks.verifiers import alone
from filters.text.answer import extract
from filters.verifiers import check_reference, verify

READINGS = Path(__file__).with_name("readings.jsonl")
GROUPS: list[tuple[str, str, str, str]] = [
    ("Qwen's grader, AIME and AMC", "math", "sky_t1/*_a[im][mc]*jsonl*", "Qwen2.5-Math's"),
    ("Qwen's grader, MATH-500", "math", "sky_t1/*_math500*", "Qwen2.5-Math's"),
    ("Qwen's grader, an RL student", "math", "reasoning_gym_eval/rl_qwen3b_*", "Qwen2.5-Math's"),
    ("Qwen's grader, 8 draws each", "math", "qwen_math_eval/rm_maj_*", "Qwen2.5-Math's"),
    ("Llama after RL on AMC, 50 draws", "math", "reasoning_gym_eval/rl_llama3b_*", "the authors'"),
    ("one long example, AIME", "math", "sky_t1/*_one_long_example_*", "the authors'"),
    ("ToRA on GSM8K", "math", "tora_outputs/tora_*", "the same text"),
    ("GPT-3 on GSM8K", "math", "gsm8k/example_model_solutions*", "OpenAI's"),
    ("MATH, R1 and others", "math", "mip_overthinking/math_normal_*", "a judge's"),
    ("R1 and its students on MATH-500", "math", "r1_math500_traces/*", "the authors'"),
    ("Qwen3 on MGSM", "math", "multilingual_traces/qwen3*", "the same text"),
    ("reasoning-gym, R1 and QwQ", "math", "reasoning_gym_eval/[dq]*_[agli]*", "its scorers'"),
    ("reasoning-gym, RL students", "math", "reasoning_gym_eval/rl3b_*", "its scorers'"),
    ("NeMo Gym", "math", "nemo_gym/[mp]*", "its own"),
    ("MMLU-Pro, ten options", "choice", "qwen3_mmlu_pro/*_options*", "the authors'"),
    ("GAOKAO, options", "choice", "gaokao_bench/gemini-pro_*", "the authors'"),
]
"""Outputs, our verifier, their files, and whose verdict it is."""
OTHER_TASKS = ("_code_", "countdown", "cognition", "proof_judge", "number_format")
"""Parts of names of files whose answers are no mathematics."""


Readings = dict[tuple[str, int], dict[str, Any]]
"""By source and place."""


class Output(NamedTuple):
    """What a model wrote, and who says what of it."""

    group: str
    source: str
    place: int
    """Of the output in its file, from 0."""
    verifier: str
    key: str
    response: str | None
    theirs: bool


class Judged(NamedTuple):
    """The verdicts on an output; None where one cannot tell."""

    output: Output
    ours: bool | None
    reason: str
    last: bool | None
    """Ours with `extraction: last`, where the output announces no answer."""
    alone: bool | None


def main() -> None:
    """Print the tables, and write the disagreements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=REAL)
    parser.add_argument("--out", type=Path, default=Path("disagreements.jsonl"))
    parser.add_argument("--cache", type=Path, default=Path("math-verify.jsonl"))
    parser.add_argument("--only", default="", help="part of a group's name")
    asked = parser.parse_args()
    if not asked.folder.exists():
        sys.exit(f"no real outputs in {asked.folder}: nothing to do")
    logging.disable(logging.WARNING)
    cache = Cache(asked.cache)
    every = [o for o in outputs(asked.folder) if asked.only.lower() in o.group.lower()]
    judged = [Judged(output, *_ours(output), cache.verdict(output)) for output in every]
    readings = _readings()
    _print(judged, readings)
    differ = [one for one in judged if _differ(one)]
    differ.sort(key=lambda one: (one.output.source, one.output.place) in readings)
    asked.out.write_text("".join(_line(one, readings) for one in differ))
    _print_labels(judged)
    if not asked.only:
        _print_keys(asked.folder)


def outputs(folder: Path) -> Iterator[Output]:
    """Every output with a key and a verdict of others."""
    table = traces(folder).with_row_index()
    for group, verifier, pattern, _ in GROUPS:
        for (source,), part in table.group_by("source", maintain_order=True):
            name = str(source)
            if not Path(name).match(pattern) or any(other in name for other in OTHER_TASKS):
                continue
            for place, row in enumerate(part.iter_rows(named=True)):
                if row["key"] and row["verdict"] and row["text"].strip():
                    right = row["verdict"] == "correct"
                    key = row["key"].rpartition("#### ")[2]
                    yield Output(group, name, place, verifier, key, row["response"], right)
    yield from _steps(folder)
    yield from _pairs(folder)
    yield from _invalid(folder)


def _steps(folder: Path) -> Iterator[Output]:
    """ProcessBench's solutions, where another file has the key of their question."""
    known = {_bare(question): key for question, key in _questions(folder)}
    for file in sorted((folder / "processbench").glob("*")):
        for place, row in enumerate(rows(file)):
            if key := known.get(_bare(row["problem"])):
                source = f"processbench/{file.name}"
                said, right = "\n\n".join(row["steps"]), row["final_answer_correct"]
                yield Output("ProcessBench", source, place, "math", key, said, right)


def _questions(folder: Path) -> Iterator[tuple[str, str]]:
    for name, question, answer in (
        ("gsm8k/test.jsonl", "question", "answer"),
        ("math500/math500.jsonl", "problem", "answer"),
        ("qwen_math_eval/rm_maj_math_cot_100.jsonl.gz", "question", "answer"),
        ("still_bench/omni_math_num_500.jsonl", "problem", "answer"),
        ("qwen_math_eval/olympiadbench.jsonl.gz", "question", "final_answer"),
    ):
        for row in rows(folder / name):
            key = row[answer]
            text = ", ".join(key) if isinstance(key, list) else str(key).rpartition("#### ")[2]
            yield row[question], text


def _bare(question: str) -> str:
    return "".join(question.split())


def _pairs(folder: Path) -> Iterator[Output]:
    """HardVerify-Math: a right and a wrong answer for each key."""
    name = "hardverify_math/HardVerify-Math-even.json"
    for place, row in enumerate(rows(folder / name)):
        for column, right in (("fn_output", True), ("tn_output", False)):
            group = f"HardVerify-Math, {'right' if right else 'wrong'} ones"
            said = rf"\boxed{{{row[column]}}}"
            number = 2 * place + (not right)
            yield Output(group, name, number, "math", row["ground_truth"], said, right)


def _invalid(folder: Path) -> Iterator[Output]:
    name = "compassverifier/sample_questions.json"
    for place, row in enumerate(rows(folder / name)):
        right = row["gold_judgment"] == "A"
        key, said = row["gold_answer"], row["llm_response"]
        yield Output("CompassVerifier, by people", name, place, "math", key, said, right)


class Cache:
    """math-verify's verdicts, in a file."""

    def __init__(self, file: Path):
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.known = {(s, p): v for s, p, v in map(json.loads, lines)}

    def verdict(self, output: Output) -> bool | None:
        """True or false, or None where it raises or is not asked: it has no letters of options."""
        if output.verifier != "math":
            return None
        place = (output.source, output.place)
        if place not in self.known:
            try:
                said = alone(output.response, output.key).outcome == "correct"
            except Exception:
                said = None
            self.known[place] = said
            with self.file.open("a") as out:
                out.write(json.dumps([*place, said]) + "\n")
        return self.known[place]


def _ours(output: Output) -> tuple[bool | None, str, bool | None]:
    told = {"correct": True, "incorrect": False}
    verdict = verify(output.response, output.key, output.verifier)
    last = None
    if verdict.reason == "no_answer" and output.verifier == "math":
        again = verify(output.response, output.key, "math(extraction=last)")
        last = told.get(again.outcome)
    return told.get(verdict.outcome), verdict.reason or "", last


def _differ(one: Judged) -> bool:
    return one.ours != one.output.theirs or (one.alone not in (None, one.output.theirs))


def _readings() -> Readings:
    """What readers found: `right` is true, false, or null where nobody can say, and why."""
    found: Readings = {}
    for row in rows(READINGS):
        found |= {(row["source"], place): row for place in row["places"]}
    return found


def _truth(one: Judged, readings: Readings) -> bool | str | None:
    """Whether the output is right; None where nobody can say, a word where nobody looked."""
    if reading := readings.get((one.output.source, one.output.place)):
        return reading["right"]
    ours = one.ours if one.last is None else one.last
    return one.output.theirs if ours == one.output.theirs else "unread"


COLUMNS = (
    "number",
    "right",
    "others wrongly accept",
    "refuse",
    "ours wrongly accepts",
    "refuses",
    "cannot tell",
    "announced nothing",
    "`last` accepts of them",
    "of wrong ones",
    "math-verify wrongly accepts",
    "refuses",
    "nobody can say",
    "unread",
)


def _print(judged: list[Judged], readings: Readings) -> None:
    print("| outputs | " + " | ".join(COLUMNS) + " |\n|---|" + "---:|" * len(COLUMNS))
    for group in [*dict.fromkeys(one.output.group for one in judged), "all"]:
        part = [one for one in judged if group in ("all", one.output.group)]
        told = [(one, _truth(one, readings)) for one in part]
        known = [(one, truth) for one, truth in told if isinstance(truth, bool)]
        silent = [one for one, truth in known if truth and one.reason == "no_answer"]
        loud = [(one, truth) for one, truth in known if one not in silent]
        cells = [
            len(part),
            sum(truth for _, truth in known),
            *_wrong((one.output.theirs, truth) for one, truth in known),
            *_wrong((one.ours, truth) for one, truth in loud),
            sum(one.ours is None for one in part),
            len(silent),
            sum(one.last is True for one in silent),
            sum(one.last is True and not truth for one, truth in known),
            *_wrong((one.alone, truth) for one, truth in known),
            sum(truth is None for _, truth in told),
            sum(truth == "unread" for _, truth in told),
        ]
        print(f"| {group} | " + " | ".join(f"{cell:,}" for cell in cells) + " |", flush=True)


def _wrong(verdicts: Iterator[tuple[bool | None, bool]]) -> tuple[int, int]:
    """How many wrong answers are accepted, and right ones refused."""
    told = list(verdicts)
    return told.count((True, False)), told.count((False, True))


def _print_labels(judged: list[Judged]) -> None:
    """HardVerify-Math by the labels that people gave, as its paper counts."""
    part = [one for one in judged if one.output.group.startswith("HardVerify")]
    for right in (True, False):
        asked = [one for one in part if one.output.theirs == right]
        ours, other = (
            sum(getattr(one, name) is True for one in asked) for name in ("ours", "alone")
        )
        label = "right" if right else "wrong"
        print(f"HardVerify-Math, {label}: {ours} of {len(asked)} accepted; math-verify {other}")


def _print_keys(folder: Path) -> None:
    """How many real keys their own verifier judges right."""
    every = keys(folder)
    wrong = [(key, why) for key in every if (why := check_reference(key.text, "math"))]
    print(f"\nkeys against themselves: {len(every) - len(wrong):,} of {len(every):,} are right")
    for key, why in wrong:
        print(f"  {key.source}: {key.text!r}: {why}")


def _line(one: Judged, readings: Readings) -> str:
    output = one.output
    row = {
        "source": output.source,
        "place": output.place,
        "theirs": output.theirs,
        "ours": one.ours,
        "alone": one.alone,
        "reason": one.reason,
        "last": one.last,
        "key": output.key,
        "answer": extract(output.response or ""),
        "end": (output.response or "")[-400:],
        "reading": readings.get((output.source, output.place), {}).get("why"),
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
