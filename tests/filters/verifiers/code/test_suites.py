"""Tests that are programs run in a sandbox of their own; what they test runs in another."""

import os
import textwrap

import pytest
from boxed import program
from hostile_answers import ATTACKS
from needs import a_sandbox

from filters.verifiers import check_reference, code, verify
from filters.verifiers.code.programs import read
from filters.verifiers.code.sandbox.usage import tree

pytestmark = pytest.mark.xdist_group("sandbox")

DOUBLE = "def double(n): return 2 * n"
LOOP = """
METADATA = {"author": "x"}

def check(candidate):
    import random
    for _ in range(20):
        n = random.randint(0, 99)
        assert candidate(n) == n + n, "twice"
"""


def suite(text: str, entry: str | None = None, **more: object) -> dict[str, object]:
    """A reference with a program of tests."""
    named = {"entry_point": entry} if entry else {}
    return {"test": textwrap.dedent(text), "time_limit": 3, **named, **more}


@a_sandbox
@pytest.mark.parametrize(
    ("answer", "reference", "reason"),
    [
        (DOUBLE, suite(LOOP, "double"), None),
        ("def double(n): return n", suite(LOOP, "double"), "wrong_answer: test 1 of 1, AssertionError in line 8 of the test"),  # noqa: E501
        ("double = None", suite(LOOP, "double"), "runtime_error: test 1 of 1, TypeError"),
        ("def twice(n): return 2 * n", suite(LOOP, "double"), "runtime_error: test 1 of 1, NameError"),  # noqa: E501
        ("def double(n): return 1 / 0", suite(LOOP, "double"), "runtime_error: test 1 of 1, ZeroDivisionError"),  # noqa: E501
        ("def double(:", suite(LOOP, "double"), "runtime_error: test 1 of 1, SyntaxError"),
        # As MBPP+ has it: helpers, a loop, numpy's closeness, the function by its name.
        (
            "def third(n): return n / 3",
            suite("""
                import numpy as np
                def assertion(out, exp, atol):
                    if out != exp: assert np.allclose(out, exp, rtol=1e-07, atol=atol)
                for inp, exp in zip([[1], [2]], [0.3333333, 0.6666667]):
                    assertion(third(*inp), exp, 1e-6)
            """),
            None,
        ),
        (
            "def third(n): return n / 3 + 1e-5",
            suite("""
                import numpy as np
                np.testing.assert_allclose(third(1), 0.3333333, atol=1e-6)
            """),
            "wrong_answer: test 1 of 1, AssertionError in line 3 of the test",
        ),
        # As BigCodeBench has it: a class of unittest.
        (
            "def root(n):\n    if n < 0: raise ValueError('negative')\n    return n ** 0.5",
            suite(
                """
                import unittest
                class TestCases(unittest.TestCase):
                    def setUp(self): self.n = 9
                    def test_value(self): self.assertAlmostEqual(root(self.n), 3.0)
                    def test_error(self):
                        with self.assertRaises(ValueError) as raised: root(-1)
                        self.assertEqual(str(raised.exception), 'negative')
                """,
                "root",
            ),
            None,
        ),
        (
            "def root(n): return n ** 0.5",
            suite(
                """
                import unittest
                class TestCases(unittest.TestCase):
                    def test_error(self):
                        with self.assertRaises(ValueError): root(-1)
                """,
                "root",
            ),
            "wrong_answer: test 1 of 1, AssertionError in line 5 of the test",
        ),
        # As pytest has it.
        (
            DOUBLE,
            suite("""
                import pytest
                from solution import double
                def test_near(): assert double(0.1) == pytest.approx(0.2)
                @pytest.mark.parametrize("n, twice", [(1, 2), (2, 4)])
                def test_all(n, twice): assert double(n) == twice
                class TestMore:
                    def test_lists(self): assert double([1]) == [1, 1]
            """),
            None,
        ),
        (
            "def double(n): return 2.001 * n",
            suite("import pytest\nfrom solution import double\nassert double(1) == pytest.approx(2)"),  # noqa: E501
            "wrong_answer: test 1 of 1, AssertionError in line 3 of the test",
        ),
        # Values of all kinds travel there and back.
        (
            "def same(*a, **k): return (a, k)",
            suite("""
                import math
                parts = [None, True, 7, -7**9999, 1.5, math.inf, 2j, 'ü\\ud800', b'\\x00', [1],
                         (1,), {1, 2}, frozenset([3]), {(1, 'a'): {2: [None]}}]
                for part in parts:
                    assert same(part) == ((part,), {}), part
                    assert type(same(part)[0][0]) is type(part) or isinstance(part, frozenset)
                assert math.isnan(same(math.nan)[0][0])
                assert same(1, b=[2]) == ((1,), {'b': [2]})
            """, "same"),
            None,
        ),
        (
            """
            from collections import Counter, deque, namedtuple
            from datetime import date
            from decimal import Decimal
            from fractions import Fraction
            def values():
                yield from (Counter('aab'), deque([1]), namedtuple('P', 'x')(1), range(3))
                yield from (date(2024, 2, 29), Decimal('1.50'), Fraction(1, 3), bytearray(b'x'))
            """,
            suite("""
                from collections import deque
                from datetime import date
                from decimal import Decimal
                from fractions import Fraction
                assert list(values()) == [{'a': 2, 'b': 1}, deque([1]), (1,), range(3),
                    date(2024, 2, 29), Decimal('1.5'), Fraction(1, 3), bytearray(b'x')]
                assert next(values()) == {'a': 2, 'b': 1}
            """),
            None,
        ),
        # What no side of is a literal; the program's own answers are compared with each other.
        (DOUBLE, {"asserts": ["assert double(2) > 3", "assert double(1) in (1, 2)"]}, None),
        (DOUBLE, {"asserts": ["assert double(2) > 3", "assert double(1) > 2"]}, "wrong_answer: test 2 of 2"),  # noqa: E501
        (
            "class Any:\n    __eq__ = lambda self, other: True\ndouble = lambda n: Any()",
            {"asserts": ["assert (double(1) == 2) == True", "assert double(2) == 4 and double(3) == 6"]},  # noqa: E501
            "wrong_answer: test 1 of 2",
        ),
        # Tests may use what their prompt shows, and the program, too.
        (
            "def shifted(text): return shift(text)[::-1]",
            suite(
                "def check(candidate):\n    text = 'abc'\n    assert candidate(text) == shift(text)[::-1]",  # noqa: E501
                "shifted",
                prompt="def shift(text):\n    return text[1:] + text[:1]\n\ndef shifted(text):\n    '''Shift, turn.'''\n",  # noqa: E501
            ),
            None,
        ),
        (  # and nothing that the program defines takes its place
            "def shift(text): return text\ndef back(text): return text",
            suite(
                "def check(candidate):\n    for t in 'ab', 'c': assert candidate(shift(t)) == t",
                "back",
                prompt="def shift(text):\n    return text[1:] + text[:1]\n\ndef back(text):\n",
                canonical_solution="    return text[-1:] + text[:-1]\n",
            ),
            "wrong_answer: test 1 of 1, AssertionError in line 2 of the test",
        ),
        # A test that compares with the function itself compares with the solution.
        (
            "def half(n): return 0",
            suite(
                "def check(candidate):\n    n = 8\n    assert candidate(n) == half(n)",
                "half",
                solution="def half(n): return n // 2",
            ),
            "wrong_answer: test 1 of 1, AssertionError in line 3 of the test",
        ),
        # Who fails before the first call passes no test for an error.
        (
            "raise ValueError",
            suite("import pytest\nwith pytest.raises(ValueError): f(-1)", "f"),
            "runtime_error: test 1 of 1, ValueError",
        ),
        # An error that would end a loop early does not.
        (
            "def f(n): raise StopIteration",
            suite("for found, wanted in zip(map(f, [1, 2]), [3, 4]): assert found == wanted", "f"),
            "runtime_error: test 1 of 1, StopIteration",
        ),
        (
            "def f(n): exit()",
            suite("try: f(1)\nexcept BaseException: pass", "f"),
            "runtime_error: test 1 of 1, it ended before it was asked all",
        ),
        ("def f(items): items.clear(); return []", suite("items = [2, 1]\nassert f(items) == sorted(items)", "f"), "wrong_answer: test 1 of 1, AssertionError in line 2 of the test"),  # noqa: E501
    ],
)  # fmt: skip
def test_verdicts(answer, reference, reason):
    verdict = verify(program(answer), reference, "code")
    assert (verdict.outcome, verdict.reason) == ("incorrect" if reason else "correct", reason)


@a_sandbox
@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (suite("assert True\ndef g(): return double(1)"), "the tests cannot be run: they never call"),  # noqa: E501
        (suite("assert helper(double(1)) == 2", "double"), "the tests cannot be run: NameError in line 1"),  # noqa: E501
        (suite("assert double(print) == 2", "double"), "builtin_function_or_method as an argument"),
        (suite("assert double(n for n in ()) == 2", "double"), "generator as an argument"),
    ],
)  # fmt: skip
def test_tests_that_cannot_be_run_blame_nobody(reference, reason):
    verdict = verify(program(DOUBLE), reference, "code")
    assert verdict.outcome == "unverifiable"
    assert (verdict.reason or "").startswith("bad_reference")
    assert reason in (verdict.reason or "")


@a_sandbox
def test_tests_that_lack_a_package_or_never_end_blame_nobody():
    lacks = suite("import nowhere_to_be_found\nassert double(1) == 2", "double")
    reason = "package_missing: test 1 of 1, nowhere_to_be_found, which the tests need"
    assert verify(program(DOUBLE), lacks, "code").reason == reason
    numpy = suite("import numpy as np\nassert double(np.linalg.norm([3, 4])) == 10", "double")
    assert verify(program(DOUBLE), numpy, "code").outcome in ("correct", "unverifiable")


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ({"test": "def check(:"}, "test: a program in Python was expected"),
        ({"test": 5}, "test: a program was expected, not int"),
        ({"test": "assert 1 == 1"}, "it calls no function that it does not define"),
        ({"test": "def check(candidate): assert candidate(1)"}, "entry_point: the function that"),
        ({"test": "f(1)", "entry_point": "f()"}, "entry_point: a name was expected, not 'f()'"),
        ({"test": "f(1)", "command": ["sh", "{file}"]}, "tested in Python only"),
        ({"test": "f(1)", "checker": "print(1)"}, "checker: it says whether an output is right"),
        ({"asserts": ["assert f(1) >"]}, "asserts, test 1: an assert in Python was expected"),
    ],
)
def test_an_unsound_program_of_tests_is_named(reference, wrong):
    assert wrong in (check_reference(reference, "code") or "")


@a_sandbox
def test_a_solution_must_pass_its_tests():
    assert check_reference(suite(LOOP, "double", solution=DOUBLE), "code") is None
    wrong = check_reference(suite(LOOP, "double", solution="def double(n): return n"), "code")
    assert (wrong or "").startswith("its own answer is judged incorrect (wrong_answer")
    whole = suite(
        LOOP, "double", prompt="def double(n):\n", canonical_solution="    return n * 2\n"
    )
    assert check_reference(whole, "code") is None


def test_asserts_alone_need_one_sandbox():
    """A `check` that only compares calls with literals is taken apart, as are lists of asserts."""
    simple = (
        "def check(candidate):\n    assert candidate(1) == 2, 'no'\n    assert not candidate(0)"
    )
    calls = [test.call or () for test in read(suite(simple, "f")).tests]
    assert [call[0] for call in calls] == ["f(1)", "bool(f(0))"]
    assert read(suite(LOOP, "double")).suite is not None


SECRETIVE = suite(
    """
    def check(candidate):
        for n in range(3):
            assert candidate(n) == f"sesame-{n}"
    """,
    "f",
)


@a_sandbox
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_no_attack_on_the_tests_passes(attack):
    before = set(tree(os.getpid()))
    verdict = verify(program(attack), SECRETIVE | {"time_limit": 0.5, "memory_limit": 256}, "code")
    slow = verdict.reason == "machine_slow: test 1 of 1"  # a machine this busy cannot tell
    assert verdict.outcome == "incorrect" or slow, verdict.reason
    assert set(tree(os.getpid())) <= before


@a_sandbox
def test_whoever_is_right_passes_whatever_it_leaves_behind():
    text = """
        import os, threading, time
        threading.Thread(target=time.sleep, args=[99]).start()
        def f(n):
            if os.fork() == 0: time.sleep(99)
            print('noise')
            return f'sesame-{n}'
    """
    assert verify(program(text), SECRETIVE, "code").outcome == "correct"


def test_needs_nothing_is_seen_without_a_sandbox():
    assert not code.needs_nothing(suite(LOOP, "double"))
