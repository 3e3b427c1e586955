"""Checkers: programs that say whether an output is right, where several outputs are."""

from __future__ import annotations

from functools import lru_cache

from filters.verifiers.code import sandbox

CPU = 10.0
"""Seconds of CPU time that a checker has for one output."""
RIGHT = {"1", "1.0", "ok", "true", "yes", "accepted", "ac", "correct"}
WRONG = {"0", "0.0", "false", "no", "wrong", "rejected", "wa", "incorrect"}
"""The first word that a checker prints, in small letters."""
NO_ANSWER = "?\n"
"""An output that no problem asks for."""


class CheckerFailed(Exception):
    """The checker is to blame: nothing is known about the program."""

    def __init__(self, reason: str, text: str):
        super().__init__(text)
        self.reason = reason
        """`checker_failed` or `bad_reference`; inside this module also `crashed`."""


def accepts(checker: str, given: str, expected: str, output: str) -> bool:
    """Whether a checker calls an output right.

    It is run as `checker.py INPUT EXPECTED OUTPUT`, three paths, as open-r1/codeforces has it, and
    prints 1 or 0 (or a word of `RIGHT` or `WRONG`). One that prints nothing says it by its exit
    code, as testlib has it: 0 for right, 1 and 2 for wrong.

    One that crashes calls an output wrong if it calls the expected one right: it cannot read it.

    Raises:
        CheckerFailed: it ended in another way, or calls a question mark right.
        SandboxMissing, SandboxFailed: nothing runs here.
    """
    try:
        right = _says(checker, given, expected, output)
    except CheckerFailed as failure:
        if failure.reason == "crashed" and _works(checker, given, expected):
            return False
        raise CheckerFailed("checker_failed", str(failure)) from None
    if right and _accepts_anything(checker, given, expected):
        raise CheckerFailed("bad_reference", "its checker accepts an output that answers nothing")
    return right


@lru_cache(maxsize=1000)
def _accepts_anything(checker: str, given: str, expected: str) -> bool:
    try:
        return expected.split() != NO_ANSWER.split() and _says(checker, given, expected, NO_ANSWER)
    except CheckerFailed:
        return False


@lru_cache(maxsize=1000)
def _works(checker: str, given: str, expected: str) -> bool:
    try:
        return _says(checker, given, expected, expected)
    except CheckerFailed:
        return False


def _says(checker: str, given: str, expected: str, output: str) -> bool:
    files = {"checker.py": checker, "input": given, "expected": expected, "output": output}
    names = [f"{{box}}/{name}" for name in files]
    ended = sandbox.run(
        [sandbox.python(), "-s", "-B", *names],
        {name: text.encode(errors="replace") for name, text in files.items()},
        b"",
        sandbox.Limits(cpu=CPU),
    )
    words = ended.stdout.decode(errors="replace").split()
    word = words[0].lower().rstrip(".,:!") if words else ""
    if ended.stopped:
        raise CheckerFailed("checker_failed", f"its checker hit its {ended.stopped}")
    if word in RIGHT or word in WRONG:
        return word in RIGHT
    last = ended.stderr.decode(errors="replace").rstrip().rpartition("\n")[2][:100]
    if b"Traceback" in ended.stderr:
        raise CheckerFailed("crashed", f"its checker failed with {last!r}")
    if words or ended.code not in (0, 1, 2):
        raise CheckerFailed("checker_failed", f"its checker says {word[:40] or last!r}")
    return ended.code == 0
