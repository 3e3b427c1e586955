"""What the judge has said, each answer kept as it comes: none is asked about twice."""

from __future__ import annotations

from pathlib import Path

from factory.store import journal
from factory.store.journal import Journal
from filters.verdict import Verdict

COST = ("questions", "prompt_tokens", "completion_tokens", "uncounted")
"""What a verdict cost; `uncounted` replies are those whose tokens nobody counted."""


class Notes:
    """A folder of journals, one for each sitting in which the judge was asked.

    In memory stand a digest and a verdict for each different answer, some 200 bytes.
    """

    def __init__(self, folder: Path | None):
        """Read what earlier sittings have; nothing is written before there is something new.

        None: nothing is kept at all.
        """
        self._folder = folder
        self._known: dict[str, tuple[str, str | None]] = {}
        self._journal: Journal | None = None
        self.answers = self.questions = self.tokens = self.uncounted = 0
        """Answers judged, questions they took, tokens of these and their replies, and replies whose
        tokens nobody counted; over all sittings."""
        for file in sorted(folder.glob("journal-*")) if folder else ():
            for row in journal.read(file):
                self._count(row["case"], row["verdict"], row["reason"])
                self._spend(*(row[name] for name in COST))

    def of(self, case: str, answer: str) -> Verdict | None:
        """What was said of a case, by the digest of it and of the judge."""
        if case not in self._known:
            return None
        outcome, reason = self._known[case]
        return Verdict(outcome, reason, answer)  # pyrefly: ignore

    def keep(self, case: str, verdict: Verdict, *cost: int) -> None:
        """Keep a verdict, with what it cost, as `COST`."""
        if self._journal is None and self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            number = len(list(self._folder.glob("journal-*")))
            self._journal = Journal(self._folder / f"journal-{number:05}")
        row = {"case": case, "verdict": verdict.outcome, "reason": verdict.reason}
        if self._journal:
            self._journal.append(row | dict(zip(COST, cost, strict=True)))
        self._count(case, verdict.outcome, verdict.reason)
        self._spend(*cost)

    def close(self) -> None:
        """Put on disk what was kept."""
        if self._journal:
            self._journal.close()
            self._journal = None

    def _count(self, case: str, outcome: str, reason: str | None) -> None:
        self._known[case] = (outcome, reason)
        self.answers += 1

    def _spend(self, questions: int, asked: int, written: int, uncounted: int) -> None:
        self.questions += questions
        self.tokens += asked + written
        self.uncounted += uncounted

    def __str__(self) -> str:
        """In a line: what it has cost."""
        counts = ((self.answers, "answer"), (self.questions, "question"), (self.tokens, "token"))
        answers, questions, tokens = (f"{n:,} {what}{'s' * (n != 1)}" for n, what in counts)
        return f"{answers} in {questions}, {'at least ' * bool(self.uncounted)}{tokens}"
