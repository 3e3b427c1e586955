"""Rows of our own in the shape of known datasets, with the question and the key of each."""

import base64
import json
import pickle
import zlib
from typing import Any

STDIN = {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}
CALL = {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}
BOXED = r"Add them: $1 + 1 = \boxed{2}$."
TASK = {"difficulty": "EASY", "starter_code": "", "url": "https://example.org/1", "solutions": "[]"}


def dapo(problem: str) -> str:
    told = "Solve the following math problem step by step. The last line of your response should be"
    told += " of the form Answer: $Answer (without quotes) where $Answer is the answer."
    return f'{told}\n\n{problem}\n\nRemember to put your answer on its own line after "Answer:".'


def turns(question: str, reply: str, role: str = "role", content: str = "content") -> list[Any]:
    names = ("user", "assistant") if role == "role" else ("human", "gpt")
    return [
        {role: name, content: text} for name, text in zip(names, (question, reply), strict=True)
    ]


def codeforces(**cells: Any) -> dict[str, Any]:
    row = {"title": "Sum", "description": "Add two numbers.", "input_format": "Two numbers."}
    row |= {"output_format": "Their sum.", "note": None, "interaction_format": None, "id": "1/A"}
    row |= {"examples": [{"input": "1 2", "output": "3"}], "input_mode": "stdio", "rating": 800}
    row |= {"official_tests": [{"input": "1 2", "output": "3"}], "official_tests_complete": True}
    row |= {"generated_checker": None, "tags": ["math"], "time_limit": 1.0, "memory_limit": 256.0}
    return row | cells


def livecode(private: Any, kind: str = "stdin", **cells: Any) -> dict[str, Any]:
    public = [{"input": "1 2", "output": "3", "testtype": kind}]
    row = {"question_content": "Add two numbers.", "question_title": "Sum", "starter_code": ""}
    row |= {"platform": "atcoder", "question_id": "abc1_a", "difficulty": "easy"}
    row |= {"contest_date": "2024-01-01T00:00:00", "metadata": "{}"}
    return row | {"public_test_cases": json.dumps(public), "private_test_cases": private} | cells


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


PRIVATE = json.dumps([{"input": "3 4", "output": "7", "testtype": "stdin"}])
FIRST = {"input": "1 2", "output": "3", "testtype": "stdin"}
SECOND = {"input": "3 4", "output": "7", "testtype": "stdin"}
STATEMENT = "Sum\n\nAdd two numbers.\n\nInput\nTwo numbers.\n\nOutput\nTheir sum.\n\n"

CHECK = """
METADATA = {}

def check(candidate):
    assert candidate(1, 2) == 3, 'no'
    assert True
"""
NEAR = """
import numpy as np

def near(found, expected):
    assert np.allclose(found, expected, rtol=1e-07, atol=1e-06)
"""
CHECK_MORE = f"""{NEAR}
def check(candidate):
    for n in range(3):
        near(candidate(n, n), n + n)
"""
LOOP = f"""{NEAR}
for n in range(3):
    near(add(n, n), n + n)
"""
UNITTEST = """
import unittest

class TestCases(unittest.TestCase):
    def test_case_1(self):
        self.assertEqual(add(1, 2), 3)
"""
HEAD, BODY = "def add(a, b):\n", "    return a + b\n"
ADD = """Write a function that adds.

Your program should pass these tests:
assert add(1, 2) == 3"""

ROWS: list[tuple[str, dict[str, Any], str, Any]] = [
    # dataset, a row, its question, its key
    (
        "BytedTsinghua-SIA/DAPO-Math-17k",
        {
            "data_source": "math_dapo",
            "prompt": [{"content": dapo("What is $1 + 1$?"), "role": "user"}],
            "ability": "MATH",
            "reward_model": {"ground_truth": "2", "style": "rule-lighteval/MATH_v2"},
            "extra_info": {"index": "0-1"},
        },
        "What is $1 + 1$?",
        "2",
    ),
    (
        "open-r1/DAPO-Math-17k-Processed",
        {
            "prompt": "What is $1 + 1$?",
            "solution": "2",
            "data_source": "math_dapo",
            "source_prompt": [{"content": dapo("What is $1 + 1$?"), "role": "user"}],
            "ability": "MATH",
            "reward_model": {"ground_truth": "2", "style": "rule-lighteval/MATH_v2"},
            "extra_info": {"index": "0-1"},
        },
        "What is $1 + 1$?",
        "2",
    ),
    (
        "SynthLabsAI/Big-Math-RL-Verified",
        {
            "problem": "1+1?",
            "answer": "2",
            "source": "orca_math",
            "domain": ["Arithmetic"],
            "llama8b_solve_rate": 0.9,
        },
        "1+1?",
        "2",
    ),
    (
        "nvidia/OpenMathReasoning",
        {
            "expected_answer": "2",
            "problem_type": "has_answer_extracted",
            "problem_source": "aops_c4_high_school_math",
            "generation_model": "DeepSeek-R1",
            "pass_rate_72b_tir": "0.5",
            "problem": "1+1?",
            "generated_solution": "<think>…</think>",
            "inference_mode": "cot",
            "used_in_kaggle": True,
        },
        "1+1?",
        "2",
    ),
    (
        "zwhe99/DeepMath-103K",
        {
            "question": "1+1?",
            "final_answer": "2",
            "difficulty": 3.0,
            "topic": "Arithmetic",
            "r1_solution_1": "…",
        },
        "1+1?",
        "2",
    ),
    (
        "AI-MO/NuminaMath-CoT",
        {
            "source": "cn_k12",
            "problem": "1+1?",
            "solution": BOXED,
            "messages": turns("1+1?", BOXED),
        },
        "1+1?",
        "2",
    ),
    (
        "simplescaling/s1K",
        {
            "solution": "2",
            "question": "1+1?",
            "cot_type": "math",
            "source_type": "qq8933/AIME_1983_2024",
            "metadata": "{}",
            "cot": None,
            "thinking_trajectories": ["…"],
            "attempt": "2",
        },
        "1+1?",
        "2",
    ),
    (
        "simplescaling/s1K-1.1",
        {
            "solution": BOXED,
            "question": "1+1?",
            "cot_type": "math",
            "source_type": "AI-MO/NuminaMath-CoT/aops_forum",
            "metadata": "{}",
            "deepseek_thinking_trajectory": "…",
            "deepseek_attempt": "…",
        },
        "1+1?",
        "2",
    ),
    ("GAIR/LIMO", {"question": "1+1?", "solution": "…", "answer": "2"}, "1+1?", "2"),
    (
        "open-thoughts/OpenThoughts3-1.2M",
        {
            "difficulty": 7,
            "source": "ai2-adapt-dev/openmath-2-math",
            "domain": "math",
            "conversations": turns("1+1?", f"<think>…</think>{BOXED}", "from", "value"),
        },
        "1+1?",
        "2",
    ),
    (
        "open-r1/Mixture-of-Thoughts",
        {
            "messages": turns("1+1?", f"<think>…</think>{BOXED}"),
            "num_tokens": 50,
            "source": "open-r1/OpenR1-Math-220k",
        },
        "1+1?",
        "2",
    ),
    (
        "openai/openai_humaneval",
        {
            "task_id": "HumanEval/0",
            "prompt": "def add(a, b):\n",
            "canonical_solution": "    return a + b\n",
            "test": CHECK,
            "entry_point": "add",
        },
        "def add(a, b):\n",
        {"test": CHECK, "entry_point": "add", "prompt": HEAD, "solution": HEAD + BODY},
    ),
    (
        "evalplus/humanevalplus",
        {
            "task_id": "HumanEval/0",
            "prompt": HEAD,
            "canonical_solution": BODY,
            "test": CHECK_MORE,
            "entry_point": "add",
        },
        HEAD,
        {"test": CHECK_MORE, "entry_point": "add", "prompt": HEAD, "solution": HEAD + BODY},
    ),
    (
        "evalplus/mbppplus",
        {
            "task_id": 1,
            "prompt": "Write a function that adds.",
            "code": HEAD + BODY,
            "source_file": "x.ipynb",
            "test_imports": "[]",
            "test_list": ["assert add(1, 2) == 3"],
            "test": LOOP,
        },
        ADD,
        {"test": LOOP, "solution": HEAD + BODY},
    ),
    (
        "bigcode/bigcodebench",
        {
            "task_id": "BigCodeBench/0",
            "instruct_prompt": "Write a function that adds.",
            "complete_prompt": HEAD + '    """Adds."""\n',
            "code_prompt": HEAD,
            "canonical_solution": BODY,
            "test": UNITTEST,
            "entry_point": "add",
            "libs": "['math']",
            "doc_struct": "{}",
        },
        "Write a function that adds.",
        {"test": UNITTEST, "entry_point": "add", "prompt": HEAD, "solution": HEAD + BODY},
    ),
    (
        "google-research-datasets/mbpp",
        {
            "task_id": 1,
            "text": "Write a function that adds.",
            "code": "def add(a, b):\n    return a + b",
            "test_list": ["assert add(1, 2) == 3"],
            "test_setup_code": "",
            "challenge_test_list": [],
        },
        ADD,
        {"asserts": ["assert add(1, 2) == 3"], "solution": "def add(a, b):\n    return a + b"},
    ),
    (
        "google-research-datasets/mbpp:sanitized",
        {
            "source_file": "x.ipynb",
            "task_id": 1,
            "prompt": "Write a function that adds.",
            "code": "def add(a, b):\n    return a + b",
            "test_imports": [],
            "test_list": ["assert add(1, 2) == 3"],
        },
        ADD,
        {"asserts": ["assert add(1, 2) == 3"], "solution": "def add(a, b):\n    return a + b"},
    ),
    (
        "codeparrot/apps",
        {"problem_id": 1, "question": "Add.", "input_output": json.dumps(STDIN)} | TASK,
        "Add.",
        json.dumps(STDIN),
    ),
    (
        "codeparrot/apps",  # a function
        {"problem_id": 2, "question": "Add.", "input_output": json.dumps(CALL)}
        | TASK
        | {"starter_code": "def add(a, b):"},
        "Add.\n\ndef add(a, b):",
        json.dumps(CALL),
    ),
    (
        "BAAI/TACO",
        {"question": "Add.", "input_output": json.dumps(STDIN), "source": "codewars", "tags": "[]"}
        | {"time_limit": "2.0 seconds", "memory_limit": None, "name": None}
        | TASK,
        "Add.",
        json.dumps(STDIN),
    ),
    (
        "open-r1/codeforces",
        codeforces(),
        STATEMENT + "input:\n1 2\noutput:\n3",
        {"tests": [{"input": "1 2", "output": "3"}]},
    ),
    (
        "livecodebench/code_generation_lite",
        livecode(packed(PRIVATE)),
        "Add two numbers.",
        {"tests": [FIRST, SECOND], "metadata": "{}"},
    ),
    (
        "livecodebench/code_generation_lite",
        livecode(PRIVATE, metadata='{"func_name": "add"}', starter_code="class Solution:"),
        "Add two numbers.\n\nclass Solution:",
        {"tests": [FIRST, SECOND], "metadata": '{"func_name": "add"}'},
    ),
    (
        "google/IFEval",
        {
            "key": 1000,
            "prompt": "Greet me without commas.",
            "instruction_id_list": ["punctuation:no_comma", "keywords:existence"],
            "kwargs": [{"keywords": None}, {"keywords": ["hi"]}],
        },
        "Greet me without commas.",
        {
            "instruction_id_list": ["punctuation:no_comma", "keywords:existence"],
            "kwargs": [{"keywords": None}, {"keywords": ["hi"]}],
        },
    ),
    (
        "allenai/IF_multi_constraints_upto5",
        {
            "key": "x",
            "messages": [{"content": "Greet me without commas.", "role": "user"}],
            "ground_truth": "[{'instruction_id': ['punctuation:no_comma'], 'kwargs': [None]}]",
            "dataset": "ifeval",
            "constraint_type": "multi",
            "constraint": "Use no commas.",
        },
        "Greet me without commas.",
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
    ),
]
