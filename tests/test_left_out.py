"""What a test run leaves out is told in one line, with how to have it."""

import ast
from pathlib import Path

import pytest
from needs import a_sandbox, left_out

ROOT = Path(__file__).parent
SKIPS = {"skip", "skipif", "importorskip"}


def test_it_is_one_line():
    box, root = "Skipped: a sandbox (apt-get install bubblewrap)", "root (sudo make test)"
    assert left_out([box, root, box]) == (
        "left out: 2 tests that need a sandbox (apt-get install bubblewrap); "
        "1 test that needs root (sudo make test)"
    )


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: file.name)
def test_every_skip_says_how_to_have_the_test(file: Path):
    for call in ast.walk(ast.parse(file.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in SKIPS:
            last = call.keywords[-1].value if call.keywords else call.args[-1]
            reason = ast.unparse(last)
            assert "(" in reason, f"line {call.lineno}: {reason} does not say how, in brackets"


def test_the_sandbox_says_how():
    assert "apt-get install bubblewrap" in a_sandbox.mark.kwargs["reason"]
