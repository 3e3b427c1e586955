"""What a verifier says: correct, incorrect, or that it could not tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["correct", "incorrect", "unverifiable"]


@dataclass(frozen=True)
class Verdict:
    """The judgement on one response. A failure to judge is never a wrong answer."""

    outcome: Outcome
    reason: str | None = None
    """Why it is not correct: one word, then perhaps a colon and details.

    correct: null, or how the answer was read: `rounded`, `percent`.
    incorrect: `wrong_answer`, `no_answer` (the response has no final answer), `unfinished` (there
    is no response), `unreadable_answer` (the final answer is no mathematics).
    Programs also: `runtime_error`, `time_limit`, `memory_limit`, `output_limit`.
    unverifiable: `bad_reference`, `timeout`, `crash`; programs also: `sandbox_missing`,
    `sandbox_failed`, `machine_slow`, `package_missing`, `tests_failed`, `checker_failed`.
    """
    answer: str | None = None
    """The final answer as extracted from the response."""
    seconds: float = 0.0
    """Wall-clock time that judging took."""

    @property
    def word(self) -> str:
        """The word of its reason, without details; empty where there is none.

        >>> incorrect("not_majority: 2 of 4 say 0.5").word
        'not_majority'
        """
        return (self.reason or "").partition(":")[0]


def correct(answer: str, reading: str | None = None) -> Verdict:
    """The answer agrees with the reference; `reading` says how it was read, where it might not."""
    return Verdict("correct", reading, answer)


def incorrect(reason: str, answer: str | None = None) -> Verdict:
    """The answer certainly does not agree with the reference, or there is none."""
    return Verdict("incorrect", reason, answer)


def unverifiable(reason: str, answer: str | None = None) -> Verdict:
    """Nobody can tell: the reference, the verifier or the machine is to blame, not the answer."""
    return Verdict("unverifiable", reason, answer)
