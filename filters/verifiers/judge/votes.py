"""Votes of a model on one answer: what it is shown, what it is asked, and what comes of it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from filters.text.answer import extract, plain
from filters.text.thinking import CLOSE, OPEN, split
from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers import named, unknown
from filters.verifiers.judge.prompt import WORDS, harmless, messages, verdict_of

FAILED = "judge_failed"
"""Begins the reason where the model could not be asked: no verdict, so it is tried again."""
SETTLED = ("no_answer", "unfinished")
"""Reasons of rules for which no model is asked: there is nothing to show it."""


class Case(NamedTuple):
    """What a judge is shown."""

    question: str
    expected: str
    """The key, as text."""
    answer: str
    """The final answer, or all of a response that announces none. Never the thinking."""


class Question(NamedTuple):
    """One question to the model."""

    messages: list[dict[str, str]]
    seed: int


Reply = str | Exception
"""What the model wrote, or why it wrote nothing."""


def left_open(rules: Verdict) -> bool:
    """Whether a verdict of rules leaves something for a model to say."""
    if rules.outcome == "incorrect":
        return rules.word not in SETTLED
    return rules.outcome == "unverifiable"


def case_of(
    response: str | None, reference: object, question: str, rules: str | None = None
) -> Case | Verdict:
    """What a judge is shown of a response, or the verdict where there is nothing to show.

    Args:
        response: what stands after the thinking; None where that never ended.
        reference: as the rules take it.
        question: as it was put.
        rules: the verifier that knows what of response and reference is the answer; None: any text.
    """
    verifier = None if rules is None or unknown(rules) else named(rules)
    expected = _expected(reference, rules)
    if expected is None:
        return unverifiable("bad_reference: there is no answer that could be shown")
    if response is None or (after := split(response).response) is None:
        return incorrect("unfinished")
    shown = after.rpartition(CLOSE)[2].partition(OPEN)[0].strip()
    answer = (verifier.extract if verifier else extract)(shown) or shown
    if not harmless(answer).strip():
        return incorrect("no_answer")
    return Case(question, expected, answer)


def _expected(answer: object, rules: str | None) -> str | None:
    """A reference's answer as text, which is what its verifier would judge correct."""
    if isinstance(answer, str | int | float):
        return plain(str(answer))
    if rules is None or unknown(rules) or named(rules).shape(answer):
        return None
    try:
        return named(rules).key(answer)
    except Exception:  # some must run a program to know
        return None


@dataclass(frozen=True)
class Voting:
    """Votes on a case, each of two questions: in both orders, so that a place decides nothing."""

    votes: int = 1
    """More than half of them must agree."""
    seed: int = 0
    """What all seeds are made from, with the texts and the number of the vote."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    """What the marks are made from; the same one asks the same questions again."""

    def on(self, case: Case) -> Generator[Question, Reply, Verdict]:
        """Yields questions, takes what the model says to each, and returns the verdict.

        A reply without a verdict costs its vote, and so does a failure; where failures leave no
        majority, the reason is `FAILED`.
        """
        needed = self.votes // 2 + 1
        votes: Counter[str] = Counter()
        for number in range(self.votes):
            votes[(yield from self._vote(case, number))] += 1
            if votes["same"] >= needed:
                return correct(case.answer)
            if votes["different"] >= needed:
                told = f"judged_different: {votes['different']} of {_count(votes.total(), 'vote')}"
                return incorrect(told, case.answer)
            left = self.votes - number - 1
            if max(votes["same"], votes["different"]) + left < needed:
                break
        told = ", ".join(f"{count} {vote}" for vote, count in sorted(votes.items()))
        failed = any(vote.startswith("failed") for vote in votes)
        return unverifiable(f"{FAILED if failed else 'judge_undecided'}: {told}", case.answer)

    def _vote(self, case: Case, number: int) -> Generator[Question, Reply, str]:
        """`same`, `different`, or why it is neither."""
        first = yield from self._said(case, 2 * number)
        if first not in ("same", "different"):
            return first
        turned = Case(case.question, case.answer, case.expected)
        second = yield from self._said(turned, 2 * number + 1)
        if second not in ("same", "different"):
            return second
        return first if first == second else "changed with the order"

    def _said(self, case: Case, number: int) -> Generator[Question, Reply, str]:
        texts = [harmless(text) for text in case]
        return (yield from said(texts, number, self.seed, self.secret, messages, WORDS))


def said(
    texts: Sequence[str],
    number: int,
    seed: int,
    secret: bytes,
    messages: Callable[..., list[dict[str, str]]],
    words: Sequence[str],
) -> Generator[Question, Reply, str]:
    """Puts one question; one of the words, in small letters, or why it is none of them.

    Args:
        texts: what is shown, harmless already.
        number: of the vote; another number has another mark and another seed.
        seed: what all seeds are made from.
        secret: what all marks are made from.
        messages: makes the conversation of a mark and the texts.
        words: what the model may say.
    """
    data = repr((seed, number, texts)).encode(errors="replace")
    mark = blake2b(data, key=secret, digest_size=4).hexdigest()
    own_seed = int.from_bytes(blake2b(data, digest_size=4).digest()) >> 1
    reply = yield Question(messages(mark, *texts), own_seed)
    if isinstance(reply, Exception):
        return f"failed ({getattr(reply, 'reason', type(reply).__name__)})"
    return verdict_of(reply, mark, words) or "without a verdict"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
