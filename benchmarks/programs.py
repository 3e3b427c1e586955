"""Verdicts on public programs: `python benchmarks/programs.py [--every 1]`.

HumanEval's and MBPP's own solutions must pass, and programs that cheat must not. LiveCodeBench's
published verdicts on Qwen2.5-7B-Instruct are compared with ours: a program that it called right on
the samples of its statement, one that it called wrong on the test that failed. The data lies in
`../shared/data/real`, beside the repository.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from filters.verdict import Verdict
from filters.verifiers.code import judge

REAL = Path(__file__).parents[2] / "shared" / "data" / "real"
CHEATS = {
    "return None": "def {name}(*a, **k): return None",
    "exit(0)": "exit(0)",
    "exit(0) when called": "def {name}(*a, **k): exit(0)",
    "sys.settrace": "import sys\nsys.settrace(lambda *a: None)\ndef {name}(*a, **k): return True",
    "equal to everything": """
class Any:
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = __len__ = __int__ = lambda self: 0
    __float__ = lambda self: 0.0
    __add__ = __sub__ = __rsub__ = __mul__ = __truediv__ = __getitem__ = lambda self, *a: Any()
    __iter__ = lambda self: iter([])
    __call__ = __abs__ = lambda self, *a, **k: Any()
    __getattr__ = lambda self, name: Any()
def {name}(*a, **k): return Any()
""",
}
KINDS = {-2: "wrong_answer", -3: "time_limit", -4: "runtime_error"}
"""LiveCodeBench's error codes, in our words."""


class Problem(NamedTuple):
    """A problem with its own solution."""

    source: str
    name: str
    """Of the function that is asked for."""
    reference: dict[str, Any]
    solution: str


def problems() -> Iterator[Problem]:
    """HumanEval's 164 and MBPP's 427."""
    with gzip.open(REAL / "human_eval" / "HumanEval.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            kept = {name: row[name] for name in ("test", "entry_point", "prompt")}
            solution = row["prompt"] + row["canonical_solution"]
            reference = kept | {"solution": solution}
            yield Problem("HumanEval", row["entry_point"], reference, solution)
    for row in json.loads((REAL / "mbpp" / "sanitized-mbpp.json").read_text()):
        tests = row["test_list"]
        body = ast.parse(row["code"]).body
        names = [node.name for node in body if isinstance(node, ast.FunctionDef)]
        name = next((name for name in reversed(names) if name in tests[0]), names[-1])
        reference = {"asserts": tests, "test_imports": row["test_imports"]}
        yield Problem("MBPP", name, reference | {"solution": row["code"]}, row["code"])


def published(file: str) -> Iterator[tuple[str, dict[str, Any], str, str | None]]:
    """Programs of LiveCodeBench: name, reference, program, and why it failed, or None.

    Left out are those whose test is not told whole, or not at all.
    """
    with gzip.open(REAL / "livecodebench_outputs" / file) as packed:
        rows = json.load(packed)
    for row in rows:
        told = row["metadata"][0] if isinstance(row["metadata"], list) else row["metadata"]
        failed = json.loads(told) if told else {}
        right = row["graded_list"][0]
        reference = _samples(row) if right else _failing(row, failed)
        if reference:
            why = None if right else KINDS[failed["error_code"]]
            name = f"{row['platform']} {row['question_id']}"
            yield name, reference | {"time_limit": 6}, row["code_list"][0], why


def _function(row: dict[str, Any]) -> str | None:
    found = re.search(r"def (\w+)\(self", row["starter_code"] or "")
    return found[1] if found else None


def _samples(row: dict[str, Any]) -> dict[str, Any] | None:
    text, function = row["question_content"].replace("\r\n", "\n"), _function(row)
    tests: list[dict[str, Any]] = []
    if function:
        for given, wanted in re.findall(r"Input: ?(.*?)\n\s*Output: ?(.*?)(?:\n|$)", text, re.S):
            parts = re.split(r"(?:^|, )\w+ = ", given.strip())[1:]
            try:
                arguments, result = [json.loads(part) for part in parts], json.loads(wanted)
            except ValueError:
                continue
            tests.append({"arguments": arguments, "result": result})
        return {"function": function, "tests": tests} if tests else None
    pattern = r"Sample Input \d+\s*\n(.*?)\n\s*Sample Output \d+\s*\n+(.*?)(?=\n\n|\Z)"
    tests = [{"input": f"{i.strip()}\n", "output": o} for i, o in re.findall(pattern, text, re.S)]
    return {"public_test_cases": tests} if tests else None


def _failing(row: dict[str, Any], failed: dict[str, Any]) -> dict[str, Any] | None:
    given, wanted = failed.get("inputs"), failed.get("expected")
    if given is None or wanted is None or "..." in f"{given}{wanted}" or "trunc" in f"{given}":
        return None
    if not (function := _function(row)):
        return {"public_test_cases": [{"input": given, "output": wanted}]}
    try:
        arguments, result = ast.literal_eval(str(given)), ast.literal_eval(str(wanted))
    except (ValueError, SyntaxError):
        return None
    return {"function": function, "tests": [{"arguments": arguments, "result": result}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th problem")
    every = parser.parse_args().every
    counts: Counter[tuple[str, str, str]] = Counter()

    def count(source: str, what: str, verdict: Verdict, expected: bool, told: str) -> None:
        counts[source, what, verdict.outcome] += 1
        if not expected:
            print(f"{source}, {what}: {told}: {verdict.outcome} ({verdict.reason})", flush=True)

    for problem in list(problems())[::every]:
        own = judge(problem.solution, problem.reference)
        count(problem.source, "own solution", own, own.outcome == "correct", problem.name)
        for what, program in CHEATS.items():
            verdict = judge(program.replace("{name}", problem.name), problem.reference)
            count(problem.source, what, verdict, verdict.outcome == "incorrect", problem.name)
    for kind in ("codegeneration", "selfrepair"):
        for name, reference, program, why in list(published(f"qwen25_7b_{kind}_eval_all.json.gz"))[
            ::every
        ]:
            verdict = judge(program, reference)
            agrees = verdict.outcome == "correct" if why is None else verdict.word == why
            count(f"LiveCodeBench {kind}", why or "right", verdict, agrees, name)
    for (source, what, outcome), number in sorted(counts.items()):
        print(f"{source:30} {what:22} {outcome:14} {number:5}")


if __name__ == "__main__":
    main()
