r"""A prompt tried before a token is drawn: its key must be judged right, and non-answers must not.

A key that its own verifier rejects makes every draw wrong, and a prompt that "I don't know" answers
makes every draw right. Both are faults of the prompt, or of how it is judged, and neither shows in
a pass rate. Responses are tried as draws are, through `filters.verifiers.verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from filters import own
from filters.verifiers import accepted, check_reference, code, named, verify

UNKNOWN = "I don't know"


class Fault(NamedTuple):
    """What is wrong with a prompt."""

    reason: str
    """`bad_reference`, `empty_is_right`, `question_is_right`, `unknown_is_right`; or `too_slow`,
    where a verifier of a person's own did not end in time."""
    detail: str


def faults(question: str, reference: object, verifier: str) -> list[Fault]:
    r"""What is wrong with a prompt, the key first; nothing else is tried where that is bad.

    The key is tried as a final answer. Then as responses: nothing at all, and a program that does
    nothing; the question itself; "I don't know", by itself and as the final answer. Instructions
    are spared these, since an honest text may follow them by chance ("I don't know" has no comma);
    and so is a verifier of a person's own that judges without a key.

    Args:
        question: the last turn of the prompt, without an instruction behind it.
        reference: what the prompt carries.
        verifier: a name that `filters.verifiers.named` knows.

    >>> faults("What is 6 * 7?", "42", "math")
    []
    >>> faults("Is 1 + 1 = 3? Say I don't know.", "I don't know", "exact")[0].reason
    'unknown_is_right'
    """
    if wrong := check_reference(reference, verifier):
        return [Fault("bad_reference", wrong)]
    if verifier in ("instructions", "majority") or (named(verifier).keyless and reference is None):
        return []
    told = f"is judged right; the key is {reference!r}"
    try:
        return [
            Fault(reason, f"{words} {told}")
            for reason, words, passes in _tries(question, reference, verifier)
            if passes
        ]
    except TimeoutError:
        return [Fault("too_slow", f"{verifier} took more than {own.DEADLINE:g} seconds for a text")]


def _tries(question: str, reference: object, verifier: str) -> Iterator[tuple[str, str, bool]]:
    """(reason, what was tried, whether it is judged right)."""

    def right(response: str) -> bool:
        verdict = verify(response, reference, verifier)
        if verdict.reason == "timeout" and own.is_own(verifier):
            raise TimeoutError  # what hangs once hangs with the next text, too
        return verdict.outcome == "correct"

    empty = verifier == "code" and code.needs_nothing(reference)
    words = "a program that does nothing" if empty else "an empty answer"
    yield "empty_is_right", words, empty or right("") or right(r"\boxed{}")
    yield "question_is_right", "the question itself", right(question)
    boxed = _may_be_words(reference, verifier) and right(rf"\boxed{{\text{{{UNKNOWN}}}}}")
    yield "unknown_is_right", f'"{UNKNOWN}"', boxed or right(f"{UNKNOWN}.")


def _may_be_words(reference: object, verifier: str) -> bool:
    """Whether words may agree with an accepted key: those of digits and signs alone never do, and
    the look that parsers take at words costs milliseconds."""
    if verifier == "code":
        return False
    keys = map(named(verifier).key, accepted(reference))
    return any(key is None or any(map(str.isalpha, key)) for key in keys)
