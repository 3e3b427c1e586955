"""A person at work: the cards, what was said of each, and where to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from factory.audit.label import marks
from factory.audit.label.asked import Asked
from factory.audit.label.cards import Card, cards
from factory.audit.label.draw import Drawn, Set, draw
from factory.audit.label.marks import Labels, Mark, Strata, Stratum, Word, Writer
from factory.audit.subject import Subject
from factory.records import now

NOTE = 2_000
"""Characters of a note."""


@dataclass
class Session:
    """One person, and the cards of one draw."""

    who: str
    cards: Sequence[Card]
    labels: Labels
    writer: Writer
    rules: dict[str, str]
    """Of each question."""
    show: bool = False
    """Whether what the program decided is shown before the mark, too."""
    history: list[int] = field(default_factory=list)
    """The cards marked in this sitting, the last one last."""

    def said(self, number: int) -> Mark | None:
        """What this person said of a card."""
        drawn = self.cards[number].drawn
        return self.labels.of(self.who, drawn.asked.key, self.rules[drawn.asked.key], drawn.row)

    def say(self, number: int, word: Word | None, note: str = "") -> Mark:
        """Keep a mark of a card; None takes back what was said.

        Raises:
            OSError: it cannot be written.
        """
        mark = self._mark(self.cards[number].drawn, word, note[:NOTE])
        self.writer.append([mark])
        self.labels.take(mark)
        self.history = [one for one in self.history if one != number]
        if word is not None:
            self.history.append(number)
        return mark

    def undo(self, number: int) -> int:
        """Take back the mark of this card, or if it has none the last one of this sitting; returns
        the card that has none now."""
        has_mark = number < len(self.cards) and self.said(number)
        if not has_mark and self.history:
            number = self.history[-1]
        number = min(number, len(self.cards) - 1)
        if self.said(number) is not None:
            self.say(number, None)
        return number

    def done(self) -> int:
        """Cards that have a mark."""
        return sum(self.said(number) is not None for number in range(len(self.cards)))

    def next(self, after: int = -1) -> int | None:
        """The first card behind this one that has no mark, or the first at all; None: all have."""
        order = [*range(after + 1, len(self.cards)), *range(after + 1)]
        return next((number for number in order if self.said(number) is None), None)

    def begin(self, drawn: Set, questions: Iterable[Asked]) -> int:
        """Note the strata, and take over what this person said of the same rows under other rules;
        returns how many marks that are."""
        lines: list[Strata | Mark] = []
        for asked in questions:
            strata = self._strata(asked, drawn)
            there = self.labels.noted.get((self.who, asked.key, strata.rules))
            if there is None or there.strata != strata.strata:
                lines.append(strata)
        carried = [mark for card in self.cards if (mark := self._carried(card.drawn))]
        lines += carried
        self.writer.append(lines)
        for line in lines:
            self.labels.take(line)
        return len(carried)

    def _carried(self, drawn: Drawn) -> Mark | None:
        key = drawn.asked.key
        if self.labels.of(self.who, key, self.rules[key], drawn.row):
            return None
        before = self.labels.earlier(self.who, key, drawn.row)
        return self._mark(drawn, before.mark, before.note) if before else None

    def _mark(self, drawn: Drawn, word: Word | None, note: str) -> Mark:
        return Mark(
            who=self.who, at=now(), question=drawn.asked.key, rules=self.rules[drawn.asked.key],
            row=drawn.row, judge=drawn.judge, stratum=drawn.stratum, mark=word, note=note,
        )  # fmt: skip

    def _strata(self, asked: Asked, drawn: Set) -> Strata:
        own = [
            Stratum(judge=o.judge, stratum=o.stratum, claim=o.claim, rows=o.rows, drawn=o.drawn)
            for o in drawn.strata
            if o.question == asked.key
        ]
        return Strata(
            who=self.who, at=now(), question=asked.key, words=asked.words, about=asked.kind,
            rules=self.rules[asked.key], strata=own,
        )  # fmt: skip


def session(
    subject: Subject, questions: Sequence[Asked], count: int, folder: Path, who: str
) -> tuple[Session, int]:
    """Draw rows for a person, or the same as before, and open the file of their marks.

    Returns:
        The session, and how many marks were taken over from other rules.

    Raises:
        RunInUse: somebody marks under this name now.
        StageError: a file in the folder has another thing than marks.
    """
    drawn = draw(questions, count)
    writer = Writer(folder, who)
    rules = {asked.key: asked.rules() for asked in questions}
    begun = Session(who, cards(subject, drawn.cards), marks.read(folder), writer, rules)
    return begun, begun.begin(drawn, questions)
