"""Majority: right is what most draws of a prompt agree on, where there is no key.

The vote is held when all draws of a prompt are there. Until then nobody can tell, and a prompt that
has no majority stays unverifiable. A majority can be wrong together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from filters.text.answer import extract
from filters.text.last_said import last_said
from filters.verdict import Verdict, unverifiable
from filters.verifier_settings import bare, settings
from filters.verifiers import choice

VOTING = ("math", "numeric", "choice", "exact")
"""The verifiers whose references are answers; those of others are tasks and tests."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    How the vote is held: `{"of": "math", "min_share": 0.5, "min_draws": 4}`. Answers agree when the
    verifier `of` says so. The recipe writes it, from the source's `majority`.
    """
    if not isinstance(reference, Mapping):
        return f"an object with of was expected, not {type(reference).__name__}"
    if bare(str(reference.get("of"))) not in VOTING:
        return f"of: one of {', '.join(VOTING)} was expected, not {reference.get('of')!r}"
    share, draws = reference.get("min_share", 0.0), reference.get("min_draws", 0)
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        return f"min_share: a number from 0 to 1 was expected, not {share!r}"
    return None if isinstance(draws, int) else f"min_draws: a number was expected, not {draws!r}"


def key(reference: object) -> None:
    """There is none: that is what the vote is for."""


def judge(response: str, reference: object) -> Verdict:
    r"""Nothing is known of one draw alone; its final answer is kept for the vote.

    >>> judge(r"So \boxed{4}.", {"of": "math"})
    Verdict(outcome='unverifiable', reason='not_voted', answer='4', seconds=0.0)
    """
    of = cast(Mapping[str, Any], reference)["of"]
    read = last_said if settings(of)["extraction"] == "last" else extract
    return unverifiable("not_voted", (choice.extract if of == "choice" else read)(response))
