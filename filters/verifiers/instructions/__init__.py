"""Instructions that a program can check: IFEval's and IF-RLVR's, strictly or loosely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from filters.text.nearest import nearest
from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers.instructions.checks import CHECKS, IFBENCH

__all__ = ["CHECKS", "Accuracy", "accuracy", "extract", "follow", "judge", "key", "shape"]

_BESIDE = {"key", "prompt", "loose"}
"""What may stand in a reference beside ids and arguments; rows of `google/IFEval` have a key."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    A row of `google/IFEval`, or its ids and arguments alone:
    `{"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}`. Each instruction has an
    object of arguments, where nulls count as absent; one without arguments may have null. With
    `"loose": true` it is judged loosely.

    >>> shape({"instruction_id_list": ["startend:end_checker"], "kwargs": [{}]})
    'startend:end_checker lacks end_phrase'
    """
    expected = "an object with instruction_id_list and kwargs was expected"
    if not isinstance(reference, Mapping):
        return f"{expected}, not {type(reference).__name__}"
    ids, arguments = reference.get("instruction_id_list"), reference.get("kwargs")
    if not (ids and _is_list(ids) and arguments is not None and _is_list(arguments)):
        return f"{expected}, both of them lists"
    if len(ids) != len(arguments):
        return f"{len(ids)} instructions have {len(arguments)} objects of arguments"
    if unknown := set(reference) - {"instruction_id_list", "kwargs", *_BESIDE}:
        return f"it has {', '.join(sorted(map(str, unknown)))}; {expected}"
    wrongs = (_wrong(id_, given) for id_, given in zip(ids, arguments, strict=True))
    return next((wrong for wrong in wrongs if wrong), None)


def key(reference: object) -> None:
    """Many responses follow instructions: there is no answer that must be judged correct."""


def extract(response: str) -> str | None:
    """All of the response is judged; a blank one is no answer."""
    return response if response.strip() else None


def judge(answer: str, reference: object) -> Verdict:
    """Correct where every instruction is followed; the reason names those that are not.

    >>> ask = {"instruction_id_list": ["punctuation:no_comma", "detectable_format:title"]}
    >>> judge("Well, no.", ask | {"kwargs": [{}, {}]}).reason
    'not_followed: punctuation:no_comma, detectable_format:title'
    >>> judge("Here:\\n<<Title>>\\nWell.", ask | {"kwargs": [{}, {}], "loose": True}).outcome
    'correct'
    """
    whole = cast(Mapping[str, Any], reference)
    followed = follow(answer, whole, loose=bool(whole.get("loose", False)))
    ids: Sequence[str] = whole["instruction_id_list"]
    broken = [id_ for id_, done in zip(ids, followed, strict=True) if done is False]
    if broken:
        return incorrect(f"not_followed: {', '.join(broken)}", answer)
    if unclear := [id_ for id_, done in zip(ids, followed, strict=True) if done is None]:
        return unverifiable(f"unclear: {', '.join(unclear)}", answer)
    return correct(answer)


def follow(
    response: str, reference: Mapping[str, Any], *, loose: bool = False
) -> list[bool | None]:
    """Which instructions a response follows, in their order; None where nobody can tell.

    Args:
        response: what stands after the thinking.
        reference: ids and arguments, in the shape that `shape` finds nothing wrong with.
        loose: an instruction counts as followed when it is by the response, by the response
            without its first line, its last or both, or by any of these without asterisks.
    """
    texts = [text for text in _variants(response, loose) if text.strip()]
    ids, arguments = reference["instruction_id_list"], reference["kwargs"]
    return [
        _any(CHECKS[id_].follows(text, **_given(one)) for text in texts)
        for id_, one in zip(ids, arguments, strict=True)
    ]


@dataclass(frozen=True)
class Accuracy:
    """Counts of what IFEval reports; divide by `prompts` and `instructions`."""

    prompts: int = 0
    instructions: int = 0
    strict_prompts: int = 0
    """Prompts of which all instructions are followed."""
    strict_instructions: int = 0
    loose_prompts: int = 0
    loose_instructions: int = 0
    unclear: int = 0
    """Instructions that nobody can tell about, strictly seen; they count as not followed."""


def accuracy(answers: Iterable[tuple[str | None, Mapping[str, Any]]]) -> Accuracy:
    """Strict and loose accuracy over responses (None: there is none) and their references.

    >>> ask = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    >>> result = accuracy([("Sure, here:\\nNo.", ask), (None, ask)])
    >>> result.strict_prompts, result.loose_prompts, result.prompts
    (0, 1, 2)
    """
    counts: dict[str, int] = dict.fromkeys(Accuracy.__dataclass_fields__, 0)
    for response, reference in answers:
        strict = follow(response or "", reference)
        loose = follow(response or "", reference, loose=True)
        counts["prompts"] += 1
        counts["instructions"] += len(strict)
        for name, followed in (("strict", strict), ("loose", loose)):
            counts[f"{name}_prompts"] += all(followed)
            counts[f"{name}_instructions"] += followed.count(True)
        counts["unclear"] += strict.count(None)
    return Accuracy(**counts)


def _variants(response: str, loose: bool) -> list[str]:
    if not loose:
        return [response]
    lines = response.split("\n")
    parts = [response, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return parts + [part.replace("*", "") for part in parts]


def _any(followed: Iterable[bool | None]) -> bool | None:
    """True if any is, else None if any is unclear; a blank response follows nothing."""
    found: bool | None = False
    for one in followed:
        if one:
            return True
        found = None if one is None else found
    return found


def _wrong(id_: object, arguments: object) -> str | None:
    if not isinstance(id_, str) or id_ not in CHECKS:
        return _unknown(str(id_))
    if not (arguments is None or isinstance(arguments, Mapping)):
        return f"{id_}: an object of arguments was expected, not {type(arguments).__name__}"
    wanted, given = CHECKS[id_].arguments, _given(arguments)
    spare = CHECKS[id_].spare
    if missing := [name for name in wanted if name not in given and name not in spare]:
        return f"{id_} lacks {', '.join(missing)}"
    if unknown := [str(name) for name in given if name not in wanted]:
        return f"{id_} has no argument {', '.join(unknown)}"
    wrongs = ((name, wanted[name](value)) for name, value in given.items())
    return next((f"{id_}, {name}: {wrong}" for name, wrong in wrongs if wrong), None)


def _unknown(id_: str) -> str:
    if id_ in IFBENCH:
        return f"{id_} is an instruction of IFBench, and those are not judged here"
    return f"there is no instruction {id_!r}{nearest(id_, CHECKS)}"


def _given(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Arguments without nulls: the Hub's table has a column for each argument of any kind.

    Tables that mix kinds of rows hold whole numbers as floats, which count and place no more.
    """
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in (arguments or {}).items()
        if value is not None
    }


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
