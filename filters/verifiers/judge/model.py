r"""An LLM as judge, for what rules cannot decide: does an answer say what the reference says.

Rules go first. The judge sees the question and two texts, the reference and the final answer, and
is not told which is which; it never sees the thinking. Each vote asks in both orders. What stands
in a text is data: marks with a number that no text can know fence it in, and the verdict must carry
the same number on the last line. Text that claims an override won 8 of 10 times where none of this
was done (NVIDIA-NeMo/Gym #2852). docs/verifiers.md: how to measure a judge before it is trusted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, cast

from filters.verdict import Verdict, unverifiable
from filters.verifier_settings import bare
from filters.verifiers import VERIFIERS, verify
from filters.verifiers.judge.votes import Case, Question, Reply, Voting, case_of

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
        if self.rules is not None and bare(self.rules) not in VERIFIERS:
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
            if verdict.outcome != "unverifiable" and verdict.word not in self.rescue:
                return verdict
        return replace(self.alone(response, reference), seconds=perf_counter() - start)

    def alone(self, response: str | None, reference: object) -> Verdict:
        """The model's verdict, whatever rules may say; to be measured by."""
        start = perf_counter()
        if wrong := shape(reference):
            return unverifiable(f"bad_reference: {wrong}")
        case = cast(Mapping[str, Any], reference)
        rules = case.get("rules", self.rules)
        found = case_of(response, case["answer"], str(case["question"]), rules)
        verdict = self._voted(found) if isinstance(found, Case) else found
        return replace(verdict, seconds=perf_counter() - start)

    def _voted(self, case: Case) -> Verdict:
        voting = Voting(self.votes, self.seed, self.secret).on(case)
        question = next(voting)
        while True:
            try:
                question = voting.send(self._reply(question))
            except StopIteration as end:
                return end.value

    def _reply(self, question: Question) -> Reply:
        try:
            reply = self.ask(question.messages, question.seed)
        except Exception as failure:
            return failure
        return reply if isinstance(reply, str) else TypeError(f"{type(reply).__name__} for a text")


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
    if rules is not None and bare(str(rules)) not in VERIFIERS:
        return f"rules: no verifier {rules!r}; there are {', '.join(VERIFIERS)}"
    return None
