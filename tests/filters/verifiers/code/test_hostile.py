"""Hostile programs get the verdict they deserve, and nothing outside changes."""

import os
import textwrap

import pytest
from boxed import OURS, SECRET, program, programs_alive
from hostile import HARMFUL
from needs import a_sandbox

from filters.verifiers import verify
from filters.verifiers.code.sandbox.usage import tree

pytestmark = [pytest.mark.xdist_group("sandbox"), a_sandbox]


@pytest.mark.parametrize(
    ("text", "reason"), [row[1:] for row in HARMFUL], ids=[r[0] for r in HARMFUL]
)
def test_a_hostile_program_gets_its_verdict_and_leaves_nothing(text, reason, outside):
    told = "\n".join(f"{name} = {value!r}" for name, value in outside.items() if name in text)
    # The secret itself is told only to programs that print it where their attack went through.
    reference = {
        "tests": [{"input": "7\n", "output": SECRET}],
        "time_limit": 0.3 if reason == "time_limit" else 3,
        "memory_limit": 128,
        "file": OURS,
    }
    before = set(tree(os.getpid()))
    verdict = verify(program(told + "\n" + textwrap.dedent(text)), reference, "code")
    word = (verdict.reason or "").partition(":")[0]
    if reason == "time_limit" and word == "machine_slow":
        assert verdict.outcome == "unverifiable"  # a machine this busy cannot tell
    else:
        assert (verdict.outcome, word) == ("incorrect", reason), verdict.reason
    assert programs_alive() == []
    assert set(tree(os.getpid())) <= before
