r"""An LLM as judge, for what rules cannot decide: does an answer say what the reference says.

Rules go first. The judge sees the question and two texts, the reference and the final answer, and
is not told which is which; it never sees the thinking. Each vote asks in both orders. What stands
in a text is data: marks with a number that no text can know fence it in, and the verdict must carry
the same number on the last line. Text that claims an override won 8 of 10 times where none of this
was done (NVIDIA-NeMo/Gym #2852). docs/verifiers.md: how to measure a judge before it is trusted.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from time import perf_counter
from typing import Any, cast

from filters.text.answer import extract, plain
from filters.text.thinking import CLOSE, OPEN, split
from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers import VERIFIERS, verify
from filters.verifiers.judge.prompt import harmless, messages, verdict_of

Ask = Callable[[list[dict[str, str]], int], str]
"""(messages, seed) -> what the model wrote. Whatever it raises costs a vote, nothing else."""


@dataclass(frozen=True)
class Judge:
    """Rules first, then votes of a model; a verifier like any other: `judge(response, reference)`.

    A reference is `{"question": …, "answer": …}`, the answer as the rules take it, and perhaps
    `"rules"`, the name of the verifier for this prompt.

    >>> def ask(messages, seed):  # a model that takes everything for the same
    ...     return "They agree.\\nVERDICT " + messages[1]["content"].split()[1] + ": SAME"
    >>> goethe = {"question": "Who wrote Faust?", "answer": "Goethe"}
    >>> Judge(ask, rules="exact")("The answer is J. W. Goethe.", goethe).outcome
    'incorrect'
    >>> Judge(ask, "exact", {"wrong_answer"})("The answer is J. W. Goethe.", goethe).outcome
    'correct'
    """

    ask: Ask
    rules: str | None = "math"
    """The verifier that goes first; None asks the model at once."""
    rescue: Collection[str] = ()
    """Reasons for which an `incorrect` of the rules is not the last word, as `wrong_answer` of
    `exact` where answers are free text; `unverifiable` never is."""
    votes: int = 3
    """Votes, each of two questions; more than half of them must agree."""
    seed: int = 0
    """What all seeds are made from, with the texts and the number of the vote."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    """What the marks are made from; the same one asks the same questions again."""

    def __post_init__(self) -> None:
        if isinstance(self.rescue, str):
            raise ValueError(f"rescue is a set of reasons, as {{{self.rescue!r}}}, and not a text")
        if self.votes < 1:
            raise ValueError(f"votes is {self.votes}, and must be 1 or more")
        if self.rules is not None and self.rules not in VERIFIERS:
            raise ValueError(f"no verifier {self.rules!r}; there are {', '.join(VERIFIERS)}")

    def __call__(self, response: str | None, reference: object) -> Verdict:
        """Judges by the rules, and where they leave it open by the model.

        The verdict of the rules stands when it is `correct`, and when it is `incorrect` for a
        reason that is not to be rescued. What never ended is never shown to the model.
        """
        start = perf_counter()
        if wrong := shape(reference):
            return unverifiable(f"bad_reference: {wrong}")
        case = cast(Mapping[str, Any], reference)
        rules = case.get("rules", self.rules)
        if rules is not None:
            verdict = verify(response, case["answer"], rules)
            reason = (verdict.reason or "").partition(":")[0]
            if verdict.outcome != "unverifiable" and reason not in self.rescue:
                return verdict
        return replace(self.alone(response, reference), seconds=perf_counter() - start)

    def alone(self, response: str | None, reference: object) -> Verdict:
        """The model's verdict, whatever rules may say; to be measured by."""
        start = perf_counter()
        if wrong := shape(reference):
            return unverifiable(f"bad_reference: {wrong}")
        case = cast(Mapping[str, Any], reference)
        rules = case.get("rules", self.rules)
        expected = _expected(case["answer"], rules)
        if expected is None:
            return unverifiable("bad_reference: there is no answer that could be shown")
        if response is None or (after := split(response).response) is None:
            return incorrect("unfinished")
        shown = after.rpartition(CLOSE)[2].partition(OPEN)[0].strip()
        answer = (VERIFIERS[rules].extract if rules else extract)(shown) or shown
        if not harmless(answer).strip():
            return incorrect("no_answer")
        verdict = self._counted(str(case["question"]), expected, answer)
        return replace(verdict, seconds=perf_counter() - start)

    def _counted(self, question: str, expected: str, answer: str) -> Verdict:
        needed = self.votes // 2 + 1
        votes: Counter[str] = Counter()
        for number in range(self.votes):
            votes[self._vote(question, expected, answer, number)] += 1
            if votes["same"] >= needed:
                return correct(answer)
            if votes["different"] >= needed:
                told = f"judged_different: {votes['different']} of {votes.total()} votes"
                return incorrect(told, answer)
            left = self.votes - number - 1
            if max(votes["same"], votes["different"]) + left < needed:
                break
        told = ", ".join(f"{count} {vote}" for vote, count in sorted(votes.items()))
        return unverifiable(f"judge_undecided: {told}", answer)

    def _vote(self, question: str, expected: str, answer: str, number: int) -> str:
        """`same`, `different`, or why it is neither."""
        first = self._asked(question, expected, answer, 2 * number)
        if first not in ("same", "different"):
            return first
        second = self._asked(question, answer, expected, 2 * number + 1)
        if second not in ("same", "different"):
            return second
        return first if first == second else "changed with the order"

    def _asked(self, question: str, first: str, second: str, number: int) -> str:
        texts = [harmless(text) for text in (question, first, second)]
        data = repr((self.seed, number, texts)).encode(errors="replace")
        mark = blake2b(data, key=self.secret, digest_size=4).hexdigest()
        seed = int.from_bytes(blake2b(data, digest_size=4).digest()) >> 1
        try:
            return verdict_of(self.ask(messages(mark, *texts), seed), mark) or "without a verdict"
        except Exception as failure:
            return f"failed ({type(failure).__name__})"


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    >>> shape({"question": "Who wrote Faust?"})
    'it lacks an answer'
    """
    if not isinstance(reference, Mapping):
        expected = "an object with question and answer was expected"
        return f"{expected}, not {type(reference).__name__}"
    question, answer = reference.get("question"), reference.get("answer")
    if not isinstance(question, str) or not question.strip():
        return "it lacks a question"
    if answer is None or not str(answer).strip():
        return "it lacks an answer"
    rules = reference.get("rules")
    if rules is not None and str(rules) not in VERIFIERS:
        return f"rules: no verifier {rules!r}; there are {', '.join(VERIFIERS)}"
    return None


def _expected(answer: object, rules: str | None) -> str | None:
    """A reference's answer as text, which is what its verifier would judge correct."""
    if isinstance(answer, str | int | float):
        return plain(str(answer))
    if rules is None or VERIFIERS[rules].shape(answer):
        return None
    try:
        return VERIFIERS[rules].key(answer)
    except Exception:  # some must run a program to know
        return None
