r"""The vote: the label that most responses agree on, where there is no reference.

Agreeing is what a verifier calls correct, so that 0.5 votes with \frac{1}{2}. That is the reward of
test-time reinforcement learning (TTRL, arXiv 2504.16084), and how a doubtful key is found. A
majority can be wrong together: the share is recorded, for a threshold to be set on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from filters.verifier_settings import bare
from filters.verifiers import Verifier, named
from filters.verifiers.majority import VOTING


@dataclass(frozen=True)
class Majority:
    """What responses to one prompt agree on."""

    label: str | None
    """The answer with most votes, in its most frequent spelling; None where there is none."""
    reason: str | None
    """Why there is no label: `no_answers`, `tie` or `small_share`."""
    share: float
    """Votes for the first answer, as a part of all responses, those without an answer included."""
    counts: tuple[tuple[str, int], ...]
    """Every answer and its votes, most votes first."""
    groups: tuple[int | None, ...]
    """For each response the place of its answer in `counts`, None where it has no answer."""
    undecided: int
    """Pairs of answers that the verifier could not compare; they count as different."""

    def rewards(self) -> list[float | None]:
        """1 for each response that agrees with the label, 0 for others, None without a label.

        >>> majority([r"\\boxed{0.5}", r"\\boxed{1/2}", "No idea."]).rewards()
        [1.0, 1.0, 0.0]
        """
        if self.label is None:
            return [None] * len(self.groups)
        return [float(group == 0) for group in self.groups]


def majority(
    responses: Sequence[str | None], verifier: str = "math", *, min_share: float = 0.0
) -> Majority:
    r"""The label that most responses agree on.

    Answers are sorted by how often each spelling occurs, then each joins the first group with whose
    first spelling it agrees, both ways where both can be asked. So the order of responses does not
    matter, and there are no chains: 0.33 is not led over 0.333 to 1/3. The worst case is a
    comparison for each answer with each group.

    Args:
        responses: what stands after the thinking, None where there is nothing.
        verifier: one of `VOTING`.
        min_share: least share of all responses that makes a label, 0 to 1.

    Raises:
        ValueError: the verifier has no references that are answers, or the share is none.

    >>> vote = majority([r"\boxed{0.5}", r"\boxed{\frac{1}{2}}", r"\boxed{2}", None])
    >>> vote.label, vote.share, vote.counts
    ('0.5', 0.5, (('0.5', 2), ('2', 1)))
    """
    by = _voting(verifier)
    answers = [None if response is None else by.extract(response) for response in responses]
    return among(answers, verifier, min_share=min_share)


def among(
    answers: Sequence[str | None], verifier: str = "math", *, min_share: float = 0.0
) -> Majority:
    r"""As `majority`, of final answers that were extracted before; None where there is none.

    >>> among(["0.5", r"\frac{1}{2}", None, "2"]).counts
    (('0.5', 2), ('2', 1))
    """
    if not 0 <= min_share <= 1:
        raise ValueError(f"min_share is {min_share}, and must be 0 to 1")
    by = _voting(verifier)
    groups, undecided = _grouped(Counter(answer for answer in answers if answer is not None), by)
    groups.sort(key=lambda group: (-sum(group.values()), _first(group)))
    counts = tuple((_first(group), sum(group.values())) for group in groups)
    place = {answer: n for n, group in enumerate(groups) for answer in group}
    share = counts[0][1] / len(answers) if counts else 0.0
    reason = _refused(counts, share, min_share)
    label = None if reason else counts[0][0]
    of_each = tuple(None if answer is None else place[answer] for answer in answers)
    return Majority(label, reason, share, counts, of_each, undecided)


def _voting(verifier: str) -> Verifier:
    if bare(verifier) not in VOTING:
        raise ValueError(f"no vote by verifier {verifier!r}; there are {', '.join(VOTING)}")
    return named(verifier)


def _grouped(answers: Counter[str], by: Verifier) -> tuple[list[Counter[str]], int]:
    """Answers that agree with each other, and how many comparisons failed."""
    groups: list[Counter[str]] = []
    undecided = 0
    for answer in sorted(answers, key=lambda answer: _rank(answer, answers[answer])):
        own = Counter({answer: answers[answer]})
        for group in groups:
            same = _same(answer, next(iter(group)), by)
            if same:
                group.update(own)
                break
            if same is None:  # it may cost a deadline each time: this answer stays alone
                undecided += 1
                groups.append(own)
                break
        else:
            groups.append(own)
    return groups, undecided


def _same(one: str, other: str, by: Verifier) -> bool | None:
    """Whether answers agree whichever is the reference; None where the verifier failed."""
    asked = [(a, b) for a, b in ((one, other), (other, one)) if by.shape(b) is None]
    try:
        verdicts = (by.judge(answer, reference).outcome for answer, reference in asked)
        return bool(asked) and all(outcome == "correct" for outcome in verdicts)
    except Exception:
        return None


def _refused(counts: Sequence[tuple[str, int]], share: float, min_share: float) -> str | None:
    if not counts:
        return "no_answers"
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        return "tie"
    return "small_share" if share < min_share else None


def _first(group: Counter[str]) -> str:
    return min(group, key=lambda answer: _rank(answer, group[answer]))


def _rank(answer: str, count: int) -> tuple[int, int, str]:
    """Most frequent first, then the shortest spelling."""
    return -count, len(answer), answer
