"""A person's own function: found beside the recipe, run in a worker, whatever it returns."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from filters import own
from filters.own import as_verdict, fault, identity, refused
from filters.verdict import Verdict
from filters.verifiers import check_reference, pool, unknown, verify, verify_at_once

CODE = """
import time
from beside import WORD
from filters.verdict import Verdict

def gives(response, key): return key
def contains(response, key): return WORD in response
def hangs(response, key): time.sleep(60)
def breaks(response, key): return response / key
def tells(response, key): return Verdict("incorrect", "too_loud", "42")
async def later(response, key): return True
not_callable = 5
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A recipe's folder with two modules in it."""
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "beside.py").write_text("WORD = 'white'\n")
    own.look_in(tmp_path)
    pool.close()  # no worker has the module of another test
    yield tmp_path
    own.look_in(None)


@pytest.mark.parametrize(
    ("given", "outcome", "reason"),
    [
        (True, "correct", None),
        (1, "correct", None),
        (1.0, "correct", None),
        (np.float32(1), "correct", None),
        (np.bool_(True), "correct", None),
        (False, "incorrect", "wrong_answer"),
        (0, "incorrect", "wrong_answer"),
        (0.5, "incorrect", "wrong_answer: 0.5 of 1"),  # a part of the mark is no right answer
        (None, "unverifiable", "no_verdict: it returned None"),
        (float("nan"), "unverifiable", "no_verdict: it returned nan"),
        (85, "unverifiable", "no_verdict: it returned 85"),  # per cent? nobody can tell
        (-1, "unverifiable", "no_verdict: it returned -1"),
        ("yes", "unverifiable", "no_verdict: it returned str"),
        ((True, "why"), "unverifiable", "no_verdict: it returned tuple"),
        (np.zeros(3), "unverifiable", "no_verdict: it returned ndarray"),
        (Verdict("incorrect", "too_long"), "incorrect", "too_long"),
        (Verdict("maybe"), "unverifiable", "no_verdict: it returned Verdict"),  # pyrefly: ignore
    ],
)
def test_what_a_verifier_may_return(given: object, outcome: str, reason: str | None):
    verdict = as_verdict(given)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("function", "key", "outcome", "reason"),
    [
        ("contains", None, "correct", None),  # it needs no key, and imports what lies beside it
        ("gives", 0.3, "incorrect", "wrong_answer: 0.3 of 1"),
        ("gives", {"a": [1]}, "unverifiable", "no_verdict: it returned dict"),
        ("tells", "x", "incorrect", "too_loud"),
        ("breaks", "x", "unverifiable", "crash: TypeError"),
        ("hangs", "x", "unverifiable", "timeout"),
        ("later", "x", "unverifiable", "no_verdict: it returned coroutine"),
        ("not_there", "x", "unverifiable", "crash: AttributeError"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_verdicts(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    key: object,
    outcome: str,
    reason: str | None,
):
    if function == "hangs":
        monkeypatch.setattr(own, "DEADLINE", 5.0)
        verify("x", None, "mine:contains")  # so that the deadline is not spent on the import
    verdict = verify("It is white.", key, f"mine:{function}")
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_it_never_runs_where_one_must_not_wait(home: Path):
    assert verify_at_once("It is white.", None, "mine:contains") is None


@pytest.mark.parametrize("response", [None, "", " \n"])
def test_nothing_is_no_answer_and_it_is_not_asked(home: Path, response: str | None):
    assert verify(response, None, "mine:breaks").outcome == "incorrect"


def test_its_key_is_for_it_to_read(home: Path):
    assert check_reference({"anything": 1}, "mine:contains") is None
    assert check_reference(None, "mine:contains") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine:contains", None),
        ("mine:contians", "mine.py has no function contians; did you mean 'contains'?"),
        ("mien:contains", r"there is no module mien \(looked for .*/mien.py, and among installed"),
        ("mine", "no verifier 'mine'"),
        ("mine:", "'mine:' is no module:function, as my_checks:verify"),
        ("my-checks:verify", "is no module:function"),
        ("random:choice", "random is a module of Python's own: give yours another name"),
        ("click:echo", "has no function|^None$"),  # an installed one is found, too
    ],
)
def test_a_name_is_looked_up_without_running_anything(home: Path, name: str, said: str | None):
    wrong = unknown(name)
    if said is None:
        assert wrong is None
    else:
        assert re.search(said, str(wrong))


def test_it_is_not_found_in_the_working_folder_by_chance(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "stray.py").write_text("def verify(response, key): return True\n")
    monkeypatch.chdir(elsewhere)
    monkeypatch.syspath_prepend(str(elsewhere))  # as `python -m` does
    assert "there is no module stray" in (fault("stray:verify") or "")
    assert fault("stray:verify", elsewhere) is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def verify(response, key):\n    return 1\n", None),
        ("import no_such_package\ndef verify(r, k): ...", "ModuleNotFoundError: No module named"),
        ("def verify(:", "cannot be read as Python"),
        ("verify = 5", "is no function but int"),
        ("async def verify(r, k): ...", "is an async function: a plain one was expected"),
        ("raise SystemExit(3)\ndef verify(r, k): ...", "raised RuntimeError: SystemExit: 3"),
        ("from json import *", "has no attribute 'verify'"),
        ("class verify:\n    def __init__(self, r, k): ...", None),  # odd, and can be called
    ],
)
def test_what_cannot_be_called_is_refused_with_words(home: Path, source: str, said: str | None):
    (home / "other.py").write_text(source)
    wrong = refused("other:verify")
    assert wrong is None if said is None else said in str(wrong)


def test_changed_code_is_another_verifier(home: Path):
    first = identity("mine:contains")
    assert first.startswith("mine:contains@")
    assert identity(first) == first  # with the digest or without
    (home / "beside.py").write_text("WORD = 'black'\n")  # what it imports from beside the recipe
    second = identity("mine:contains")
    assert second != first
    (home / "unrelated.py").write_text("")
    assert identity("mine:contains") == second
    assert verify("It is black.", None, first).outcome == "correct"  # today's code judges


def test_a_module_may_lie_in_a_package(home: Path):
    (home / "checks").mkdir()
    (home / "checks" / "__init__.py").touch()
    (home / "checks" / "words.py").write_text("WORD = 'white'\n")
    code = "from .words import WORD\ndef verify(response, key):\n    return WORD in response\n"
    (home / "checks" / "colours.py").write_text(code)
    assert verify("It is white.", None, "checks.colours:verify").outcome == "correct"
    first = identity("checks.colours:verify")
    (home / "checks" / "words.py").write_text("WORD = 'black'\n")
    assert identity("checks.colours:verify") != first
