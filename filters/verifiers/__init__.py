"""One judge for everything: reward, rejection and evaluation all call `verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from math import isnan
from time import perf_counter
from typing import NamedTuple

from filters import own, verifier_settings
from filters.text.answer import extract, formula
from filters.text.last_said import last_said
from filters.text.nearest import nearest
from filters.verdict import Verdict, incorrect, unverifiable
from filters.verifier_settings import bare
from filters.verifiers import (
    choice,
    code,
    exact,
    instructions,
    logic,
    majority,
    math,
    numeric,
    pool,
)
from filters.verifiers import judge as judged
from filters.verifiers.judge import rubric

__all__ = [
    "VERIFIERS",
    "Verdict",
    "Verifier",
    "accepted",
    "check_reference",
    "identity",
    "named",
    "unknown",
    "verify",
    "verify_at_once",
]

AT_ONCE = 20_000
"""Characters of a response beyond which even finding its answer may take a while."""


class Verifier(NamedTuple):
    """How one kind of answer is judged; a file of this folder has these functions."""

    judge: Callable[..., Verdict]
    """(final answer, reference) -> verdict. It may raise: that makes the answer unverifiable. Those
    that take a `tolerance` have it by that name."""
    shape: Callable[[object], str | None]
    """What is wrong with a reference at first sight, or None. Cheap: every judgement asks it."""
    key: Callable[[object], str | None]
    """The answer that a sound reference must judge correct; None where a reference has none."""
    extract: Callable[[str], str | None] = extract
    """Response -> final answer, or None where it gives none."""
    whole: bool = False
    """Whether `judge` is given all of the response, and not its final answer alone."""
    keyless: bool = False
    """Whether it can judge where there is no reference."""


def accepted(reference: object) -> list[object]:
    """Every reference that a reference stands for: `{"any_of": ["1/2", "0.5"]}` accepts either.

    >>> accepted({"any_of": ["1/2", "0.5"]}), accepted("5")
    (['1/2', '0.5'], ['5'])
    """
    several = isinstance(reference, Mapping) and reference.keys() == {"any_of"}
    found = reference["any_of"] if several else None
    return found if isinstance(found, list) and found else [reference]


def _any_of(verifier: Verifier) -> Verifier:
    """A verifier of answers that also takes several references at once: any of them is right."""

    @wraps(verifier.judge)
    def judge(answer: str, reference: object, **settings: str) -> Verdict:
        first, *others = accepted(reference)
        verdict = verifier.judge(answer, first, **settings)
        for other in others:
            if verdict.outcome == "correct":
                break
            again = verifier.judge(answer, other, **settings)
            # One that nobody could judge leaves it open whether the answer is wrong.
            verdict = verdict if again.outcome == "incorrect" else again
        return verdict

    @wraps(verifier.shape)
    def shape(reference: object) -> str | None:
        return next((wrong for one in accepted(reference) if (wrong := verifier.shape(one))), None)

    @wraps(verifier.key)
    def key(reference: object) -> str | None:
        return verifier.key(accepted(reference)[0])

    return verifier._replace(judge=judge, shape=shape, key=key)


VERIFIERS: dict[str, Verifier] = {
    "math": _any_of(Verifier(math.judge, math.shape, math.key, formula)),
    "numeric": _any_of(Verifier(numeric.judge, numeric.shape, numeric.key, formula)),
    "choice": _any_of(Verifier(choice.judge, choice.shape, choice.key, choice.extract)),
    "exact": _any_of(Verifier(exact.judge, exact.shape, exact.key)),
    "logic": Verifier(logic.judge, logic.shape, logic.key),
    "code": Verifier(code.judge, code.shape, code.key, code.extract),
    "instructions": Verifier(
        instructions.judge, instructions.shape, instructions.key, instructions.extract
    ),
    "judge": Verifier(judged.judge, judged.shape, judged.key, judged.extract),
    "rubric": Verifier(rubric.judge, rubric.shape, rubric.key, rubric.extract),
    "majority": Verifier(majority.judge, majority.shape, majority.key, whole=True),
}
"""Every verifier of ours, by the name that prompts carry; `named` knows a person's own, too."""


def named(verifier: str) -> Verifier:
    """The verifier of this name, as prompts carry it: one of ours, or a person's `module:function`.

    Raises:
        ValueError: there is none.
    """
    if own.is_own(verifier):
        return _own(verifier)
    if wrong := unknown(verifier):
        raise ValueError(wrong)
    return _with(VERIFIERS[bare(verifier)], verifier_settings.settings(verifier))


def unknown(verifier: str) -> str | None:
    """What is wrong with a verifier's name, or None. A module of a person's own is not run."""
    if own.is_own(verifier):
        return own.fault(verifier)
    if bare(verifier) in VERIFIERS:
        return verifier_settings.fault(verifier)
    hint = nearest(bare(verifier), VERIFIERS)
    known = f"There are {', '.join(VERIFIERS)}, or your own as module:function."
    return f"no verifier {verifier!r}{hint} {known}"


def identity(verifier: str) -> str:
    """The name that prompts carry: with a digest of the code, where that is a person's own.

    Raises:
        ValueError: there is no such function.
    """
    return own.identity(verifier) if own.is_own(verifier) else verifier


def _with(verifier: Verifier, settings: Mapping[str, str]) -> Verifier:
    """A verifier that judges as the settings of its name say."""
    if settings["extraction"] == "last":
        verifier = verifier._replace(extract=last_said)
    if (tolerance := settings["tolerance"]) != verifier_settings.usual("tolerance"):
        verifier = verifier._replace(judge=partial(verifier.judge, tolerance=tolerance))
    return verifier


def _own(name: str) -> Verifier:
    def anything(reference: object) -> None:
        """A person's own verifier says itself what it takes, and what answer it wants."""

    return Verifier(partial(own.judge, name), anything, anything, whole=True, keyless=True)


def verify(response: str | None, reference: object, verifier: str) -> Verdict:
    r"""Judges the final answer of a response against a reference.

    A response without a final answer, and a draw without a response, are wrong. A missing or
    unsound reference, a deadline that passes and a verifier that fails are unverifiable: a failure
    is never a wrong answer.

    Args:
        response: what stands after the thinking; None when the thinking never ended.
        reference: what the prompt carries, as it comes from JSON.
        verifier: a name that `named` knows.

    Raises:
        ValueError: there is no verifier of this name.

    >>> verify(r"It is \boxed{0.5}.", r"\frac{1}{2}", "math").outcome
    'correct'
    """
    chosen = named(verifier)
    start = perf_counter()
    try:
        verdict = _judged(response, reference, chosen)
    except TimeoutError:
        verdict = unverifiable("timeout", chosen.extract(response or ""))
    except Exception as failure:
        answer = chosen.extract(response or "")
        verdict = unverifiable(f"crash: {type(failure).__name__}", answer)
    return replace(verdict, seconds=perf_counter() - start)


def verify_at_once(response: str | None, reference: object, verifier: str) -> Verdict | None:
    r"""As `verify`, where that needs neither a worker nor a sandbox nor time; else None.

    For callers that must not wait: an event loop, the process that an engine runs in.

    Raises:
        ValueError: there is no verifier of this name.

    >>> verify_at_once(r"It is \boxed{0.5}.", r"\frac{1}{2}", "math").outcome
    'correct'
    """
    if verifier == "code" or len(response or "") > AT_ONCE:
        return None
    try:
        with pool.no_waiting():
            return verify(response, reference, verifier)
    except pool.WouldWait:
        return None


def check_reference(reference: object, verifier: str) -> str | None:
    """What is wrong with a reference, or None; asked when prompts are read, before any token.

    Raises:
        ValueError: there is no verifier of this name.

    >>> check_reference("  ", "math")
    'it is empty'
    """
    chosen = named(verifier)
    try:
        if wrong := chosen.shape(None if _missing(reference) else reference):
            return wrong
        verdict = None
        for one in accepted(reference):
            answer = chosen.key(one)
            verdict = None if answer is None else chosen.judge(answer, one)
            if verdict and verdict.outcome != "correct":
                break
    except Exception as failure:
        return f"judging its own answer raised {type(failure).__name__}: {failure}"
    if verdict is None or verdict.outcome == "correct":
        return None
    return f"its own answer is judged {verdict.outcome} ({verdict.reason})"


def _judged(response: str | None, reference: object, verifier: Verifier) -> Verdict:
    absent = _missing(reference) and not verifier.keyless
    if wrong := "it is missing" if absent else verifier.shape(reference):
        return unverifiable(f"bad_reference: {wrong}", verifier.extract(response or ""))
    if response is None:
        return incorrect("unfinished")
    if verifier.whole:
        blank = not response.strip()
        return incorrect("no_answer") if blank else verifier.judge(response, reference)
    answer = verifier.extract(response)
    return incorrect("no_answer") if answer is None else verifier.judge(answer, reference)


def _missing(reference: object) -> bool:
    """Whether there is none: tables write NaN for a cell without a number."""
    return reference is None or (isinstance(reference, float) and isnan(reference))
