"""Programs are judged by what they write and return, and by nothing they say of themselves."""

import json
import os
import textwrap
from pathlib import Path

import pytest
from needs import a_sandbox

from filters.verifiers import check_reference, code, verify
from filters.verifiers.code import packages, sandbox
from filters.verifiers.code.programs import read

pytestmark = pytest.mark.xdist_group("sandbox")

DOUBLE = {"tests": [{"input": "1\n", "output": "2\n"}, {"input": "21\n", "output": "42\n"}]}
ADD = {"asserts": ["assert add(1, 2) == 3", "assert add('a', 'b') == 'ab'"]}
ONE = {"input": "1", "output": "2", "testtype": "stdin"}
FUNCTIONAL = {"input": "1\n2", "output": "3", "testtype": "functional"}
SUCCESSOR = "print(int(input()) + 1)"
RIGHT = "def add(a, b):\n    return a + b"


def answer(program: str, label: str = "python") -> str:
    return f"```{label}\n{textwrap.dedent(program)}\n```"


@a_sandbox
@pytest.mark.parametrize(
    ("program", "reference", "outcome", "reason"),
    [
        ("print(2 * int(input()))", DOUBLE, "correct", None),
        ("print(2)", DOUBLE, "incorrect", "wrong_answer: test 2 of 2"),
        ("print(2)", DOUBLE | {"run_all": True}, "incorrect", "wrong_answer: test 2 of 2"),
        ("print(0)", DOUBLE, "incorrect", "wrong_answer: test 1 of 2"),
        ("print(0)", DOUBLE | {"run_all": True}, "incorrect", "wrong_answer: tests 1, 2 of 2"),
        ("1 / 0", DOUBLE, "incorrect", "runtime_error: test 1 of 2, ZeroDivisionError"),
        ("def", DOUBLE, "incorrect", "runtime_error: test 1 of 2, SyntaxError"),
        ("import sys\nsys.exit(3)", DOUBLE, "incorrect", "runtime_error: test 1 of 2, exit code 3"),
        ("b'x' * 10**10", DOUBLE, "incorrect", "memory_limit: test 1 of 2"),
        ("print(2 * int(input()))\nexit(1)", DOUBLE, "incorrect", "runtime_error: test 1 of 2, exit code 1"),  # noqa: E501
        (RIGHT, ADD, "correct", None),
        ("print('hello')\n" + RIGHT, ADD, "correct", None),  # what it prints is no value
        ("def sub(a, b): return a - b", ADD, "incorrect", "runtime_error: test 1 of 2, NameError"),
        ("add = lambda a, b: 3", ADD, "incorrect", "wrong_answer: test 2 of 2"),
        ("if __name__ == '__main__': 1 / 0\n" + RIGHT, ADD, "correct", None),
    ],
)  # fmt: skip
def test_verdicts(program, reference, outcome, reason):
    verdict = verify(answer(program), reference, "code")
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert verdict.answer == program


CHEATS = {
    "is equal to everything": """
        class Any:
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
        def add(a, b): return Any()
    """,
    "is a number that is equal to everything": """
        class Any(int):
            __eq__ = lambda self, other: True
        def add(a, b): return Any(7)
    """,
    "ends before anything is asked": "import sys\nsys.exit(0)",
    "ends when asked": "import os\ndef add(a, b): os._exit(0)",
    "ends quietly when asked": "def add(a, b): raise SystemExit(0)",
    "patches what the harness uses": """
        import json, sys
        main = sys.modules['__main__']
        json.dumps = lambda value: '{"passed": true}'
        main.encode = lambda value: True
        def add(a, b): return None
    """,
    "patches the builtins": """
        import builtins
        builtins.isinstance = lambda *_: True
        builtins.bool = lambda *_: True
        def add(a, b): return True
    """,
    "speaks for the harness": """
        import os
        for descriptor in range(3, 99):
            try: os.write(descriptor, b'true')
            except OSError: pass
        os._exit(0)
    """,
    "looks for the expected value in frames, objects and files": """
        import gc, glob, sys
        def add(a, b):
            frame, seen = sys._getframe(), [repr(gc.get_objects())]
            while frame:
                seen.append(repr(frame.f_locals) + repr(frame.f_globals))
                frame = frame.f_back
            for path in glob.glob('/box/*') + glob.glob('/proc/*/cmdline'):
                seen.append(open(path).read())
            head, found, tail = ''.join(seen).partition('sesame' + '-')
            return found + tail[:4]
    """,
}


@a_sandbox
@pytest.mark.parametrize("program", CHEATS.values(), ids=list(CHEATS))
def test_whoever_fakes_a_value_must_still_know_it(program):
    reference = {"asserts": ["assert add('83', 'b1') == 'sesame-83b1'"], "time_limit": 3}
    verdict = verify(answer(program), reference, "code")
    assert verdict.outcome == "incorrect"
    assert (verdict.reason or "").startswith(("wrong_answer", "runtime_error"))


@a_sandbox
@pytest.mark.parametrize(
    ("program", "reference"),
    [
        ("print(sum(map(int, input().split())))", {"inputs": ["1 2\n"], "outputs": ["3\n"]}),
        (  # APPS as it is stored: JSON in a text, lines in a list
            "print(sum(map(int, open(0).read().split())))",
            {"input_output": json.dumps({"inputs": [["1", "2"]], "outputs": [["3"]]})},
        ),
        (RIGHT, {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}),
        (RIGHT, {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}),  # wrapped, as in APPS
        (
            RIGHT,
            {"fn_name": "add", "inputs": ["[1]\n[2]", "'a'\n'b'"], "outputs": ["[1, 2]", "'ab'"]},
        ),
        (  # JSON over several lines, and a long integer
            "def size(table): return [len(str(table[0][0])), table[0][0]]",
            {
                "fn_name": "size",
                "inputs": ["[\n[1" + "0" * 5000 + "]\n]"],
                "outputs": ["[5001, 1" + "0" * 5000 + "]"],
            },
        ),
        ("print(10 ** 5000)", {"inputs": [""], "outputs": ["1" + "0" * 5000]}),
        ("f = lambda: 10 ** 5000", {"asserts": ["assert f() == 1" + "0" * 5000]}),
        ("f = lambda n: n", {"asserts": [f"assert f({'1' * 5000}) == {'1' * 5000}"]}),
        ("f = lambda n: 1 + f(n - 1) if n else 0", {"asserts": ["assert f(9000) == 9000"]}),
        (  # a function that is called like one of Python's
            "def sum(a, b): return a - b",
            {"asserts": ["assert sum(3, 1) == 2"], "solution": "def sum(a, b): return a - b"},
        ),
        ("f = lambda base: pow(base, 100)", {"asserts": ["assert f(2) == 2 ** 100"]}),
        (
            "class Solution:\n    def add(self, a: List[int]) -> int: return sum(a)",
            {"function": "add", "tests": [{"arguments": [[1, 2]], "result": 3}]},
        ),
        (
            RIGHT,
            {
                "public_test_cases": json.dumps([FUNCTIONAL]),
                "metadata": json.dumps({"func_name": "add"}),
            },
        ),
        (SUCCESSOR, {"public_test_cases": [ONE], "private_test_cases": [ONE]}),
        (
            SUCCESSOR,
            {"official_tests": [ONE], "examples": [], "time_limit": 1.0, "memory_limit": 256.0},
        ),
        (SUCCESSOR, [ONE]),
        ("f = lambda x: (x, [x])", {"test_list": ["assert f(1) == (1, [1])"]}),
        ("f = lambda x: {x, 2}", {"asserts": ["assert f(1) == {2, 1}"]}),
        ("f = lambda x: [x, 2, x]", {"asserts": ["assert set(f(1)) == set([1, 2])"]}),
        ("f = lambda x: {x: None}", {"asserts": ["assert {2: None} == f(2)"]}),
        ("odd = lambda x: x % 2", {"asserts": ["assert odd(1)", "assert not odd(2), 'even'"]}),
        ("f = lambda x: x / 3", {"asserts": ["assert abs(f(1) - 0.333333) < 1e-5"]}),
        ("f = lambda x: x / 3", {"asserts": ["assert math.isclose(f(1), 0.33, abs_tol=0.01)"]}),
        ("f = lambda x: None", {"asserts": ["assert f(1) is None"]}),
        ("f = lambda n: 7 ** n", {"asserts": [f"assert f(9000) == {hex(7**9000)}"]}),
        ("f = lambda: math.inf", {"fn_name": "f", "inputs": [[]], "outputs": [float("inf")]}),
        ("print(1 / 3)", {"tests": [{"input": "", "output": "0.333333"}], "tolerance": 1e-5}),
        ("read x; echo $((x + 1))", {"tests": [ONE], "command": ["bash", "{file}"]}),
    ],
)
def test_shapes_of_references(program, reference):
    verdict = verify(answer(program), reference, "code")
    assert (verdict.outcome, verdict.reason) == ("correct", None)


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        (None, "an object with tests was expected"),
        ("", "JSON was expected"),
        (3, "an object with tests was expected, not int"),
        ({}, "it has no tests"),
        ({"tests": []}, "it has no tests"),
        ({"tests": "1"}, "tests: a list was expected"),
        ({"tests": [1]}, "tests, test 1: an object was expected"),
        ({"tests": [{"input": "1", "output": 2}]}, "input and output as texts were expected"),
        ({"tests": [{"arguments": [1], "result": 2}]}, "input and output as texts were expected"),
        ({"inputs": ["1"], "outputs": []}, "1 inputs and 0 outputs"),
        ({"inputs": [1], "outputs": ["1"]}, "a text was expected, not int"),
        ({"fn_name": "f", "inputs": [1], "outputs": [1]}, "a list of arguments was expected"),
        (
            {"fn_name": "f", "inputs": ["a b"], "outputs": ["1"]},
            "inputs, test 1: JSON was expected",
        ),
        ({"fn_name": "f()", "inputs": [[1]], "outputs": [1]}, "a name was expected"),
        ({"asserts": ["f(1)"]}, "asserts, test 1: one assert was expected"),
        ({"asserts": ["assert"]}, "an assert in Python was expected"),
        ({"asserts": [None]}, "an assert in Python was expected"),
        ({"asserts": ["assert f(1) == 1"], "command": ["sh", "{file}"]}, "in Python only"),
        (DOUBLE | {"command": "sh {file}"}, "a list like"),
        (DOUBLE | {"command": ["cobol", "{file}"]}, "no program 'cobol'"),
        (DOUBLE | {"command": ["sh"]}, "`{file}` was expected"),
        (DOUBLE | {"file": "../x"}, "a plain name"),
        (DOUBLE | {"time_limit": 0}, "time_limit: a number up to 600"),
        (DOUBLE | {"time_limit": "soon"}, "time_limit: a number up to 600"),
        (DOUBLE | {"memory_limit": 10**9}, "memory_limit: a number up to 16384"),
        (DOUBLE | {"tolerance": 2}, "tolerance: a number from 0 to 1"),
        (DOUBLE | {"solution": 1}, "solution: a program was expected"),
        (DOUBLE | {"checker": "def"}, "checker: a program in Python was expected"),
        (DOUBLE | {"generated_checker": 1}, "checker: a program was expected, not int"),
        (DOUBLE | {"interactor": "x"}, "it is interactive"),
        (
            {"public_test_cases": DOUBLE["tests"], "private_test_cases": "eJxrYJmayAAB"},
            "private_test_cases are packed",
        ),
    ],
)
def test_an_unsound_reference_is_named_and_blames_nobody(reference, wrong):
    assert wrong in (check_reference(reference, "code") or "")
    verdict = verify(answer("print(1)"), reference, "code")
    assert verdict.outcome == "unverifiable"
    assert (verdict.reason or "").startswith("bad_reference")


def test_limits_are_read_as_datasets_write_them():
    task = read(DOUBLE | {"time_limit": "2.5 seconds", "memory_limit": "256.0 megabytes"})
    assert (task.cpu, task.memory) == (2.5, 256 * 2**20)


@a_sandbox
def test_a_solution_in_the_reference_is_tried_and_only_then_a_program_runs():
    assert check_reference(DOUBLE, "code") is None
    assert check_reference(DOUBLE | {"solution": "print(2 * int(input()))"}, "code") is None
    wrong = check_reference(DOUBLE | {"solution": "print(1)"}, "code")
    assert wrong == "its own answer is judged incorrect (wrong_answer: test 1 of 2)"


@a_sandbox
def test_every_test_has_its_verdict():
    task = read(DOUBLE | {"run_all": True})
    results = list(code.run_tests("n = int(input())\nprint(2 if n == 1 else 1 / 0)", task))
    told = [(result.number, result.reason, result.detail) for result in results]
    assert told == [(1, None, ""), (2, "runtime_error", "ZeroDivisionError")]


@a_sandbox
def test_when_all_time_is_over_nobody_knows(monkeypatch):
    monkeypatch.setattr(code, "TOTAL", 0.0)
    verdict = verify(answer("print(2 * int(input()))"), DOUBLE, "code")
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "timeout: test 1 of 2")


@a_sandbox
def test_the_same_program_gets_the_same_verdict():
    program = answer("print(2 * int(input()), *{'a', 'b', 'c'})")  # order of a set: by its hash
    tests = [{"input": "1", "output": "2 a b c"}]
    verdicts = {verify(program, {"tests": tests}, "code").reason for _ in range(5)}
    assert len(verdicts) == 1


@a_sandbox
@pytest.mark.parametrize(
    ("output", "checker", "outcome", "reason"),
    [
        (
            "2 1",
            "import sys\nprint(int(sorted(open(sys.argv[3]).read().split()) == ['1', '2']))",
            "correct",
            None,
        ),
        ("1 2", "print(0)", "correct", None),  # what is expected is right, whatever a checker says
        (
            "3 1",
            "import sys\nprint(int(sorted(open(sys.argv[3]).read().split()) == ['1', '2']))",
            "incorrect",
            "wrong_answer",
        ),
        ("2 1", "import sys\nsys.exit('1' not in open(sys.argv[3]).read())", "correct", None),
        ("2 1", "print(1)", "unverifiable", "bad_reference"),  # it would accept anything
        ("2 1", "1 / 0", "unverifiable", "checker_failed"),
        (
            "two",
            "import sys\nprint(int(sum(map(int, open(sys.argv[3]).read().split())) == 3))",
            "incorrect",
            "wrong_answer",
        ),
        ("2 1", "print('perhaps')", "unverifiable", "checker_failed"),
    ],
)
def test_a_checker_decides_where_several_outputs_are_right(output, checker, outcome, reason):
    reference = {"tests": [{"input": "", "output": "1 2"}], "checker": checker}
    verdict = verify(answer(f"print({output!r})"), reference, "code")
    assert (verdict.outcome, verdict.word or None) == (outcome, reason)


@a_sandbox
def test_a_package_that_is_missing_is_nobodys_fault_and_can_be_provided(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "KNOWN", packages.KNOWN | {"sandbox_trial"})
    reference = {"tests": [{"input": "", "output": "7"}]}
    uses = answer("import sandbox_trial\nprint(sandbox_trial.SEVEN)")
    assert verify(uses, reference, "code").reason == "package_missing: test 1 of 1, sandbox_trial"
    called = {"function": "f", "tests": [{"arguments": [], "result": 7}]}
    function = answer("def f():\n    import sandbox_trial\n    return sandbox_trial.SEVEN")
    assert verify(function, called, "code").word == "package_missing"
    made_up = answer("import no_such_thing_at_all")  # nobody has it: the program is wrong
    assert verify(made_up, reference, "code").word == "runtime_error"
    (tmp_path / "sandbox_trial.py").write_text("SEVEN = 7")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    try:
        sandbox.provide(tmp_path)
        assert verify(uses, reference, "code").outcome == "correct"
        assert verify(function, called, "code").outcome == "correct"
        sandbox.provide(tmp_path / "not there")
        assert "no folder that programs in the sandbox can read" in (sandbox.missing() or "")
    finally:
        sandbox.provide(None)
    assert sandbox.missing() is None


@a_sandbox
def test_calls_of_one_program_are_one_process_and_each_has_its_time():
    counts = "calls = []\ndef f(n):\n    calls.append(n)\n    return len(calls)"
    several = {"function": "f", "tests": [{"arguments": [0], "result": n} for n in (1, 2, 3)]}
    assert verify(answer(counts), several, "code").outcome == "correct"
    ends = "def f(n):\n    if n == 1: exit()\n    return n"
    task = read({"asserts": [f"assert f({n}) == {n}" for n in range(4)], "run_all": True})
    told = [(result.number, result.reason) for result in code.run_tests(ends, task)]
    assert told == [(1, None), (2, "wrong_answer"), (3, None), (4, None)]
    burns = "import time\ndef f(n):\n    start = time.process_time()\n    while time.process_time() < start + 0.3: pass\n    return n"  # noqa: E501
    each = {"asserts": [f"assert f({n}) == {n}" for n in range(4)], "time_limit": 0.8}
    assert verify(answer(burns), each, "code").reason in (None, "machine_slow: test 1 of 4")
