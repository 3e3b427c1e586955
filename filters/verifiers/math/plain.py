r"""What is certain about two answers without a computer algebra system.

Each kind of answer has a module that says whether two texts agree, or None where it is not sure;
this one asks them in turn, from numbers to formulas, and lets lists ask it about their parts.
"""

from __future__ import annotations

import re
from contextlib import suppress

from filters.verifiers.math import (
    antiderivatives,
    bounds,
    equations,
    formulas,
    labels,
    leads,
    listings,
    opposites,
    piecewise,
    quantities,
    regions,
    renamed,
    tables,
    unions,
    units,
)
from filters.verifiers.math import wordings as words
from filters.verifiers.math.notation import LONGEST, tidy
from filters.verifiers.math.trees import Unclear
from filters.verifiers.math.values import bounded, spend

LONGEST_FORMULA = 2_000
"""Characters; in nothing longer formulas, words or lists are looked for."""
_SOLUTION = re.compile(
    r"^(?:[Tt]he )?(?:[Ss]olutions?|[Vv]alues?|[Rr]oots?)(?: set)?"
    r"(?: (?:of|for|to) (?:(?!\b(?:is|are|not|no|except)\b)[^.;])*?)?"
    r" (?:is|are) ?:? ?(?=[(\[\\a-z])"
)
"""The values of x for which f(x) = 0 are x = 1 and x = 2, and 1, 2."""
_REMAINDER = re.compile(r"\d ?[%Rr] ?\d")
_VECTOR = re.compile(
    r"\\(?:vec|overrightarrow|mathbf|boldsymbol)(?![a-z]).*\\times|^\$?[A-Z] ?\\times ?[A-Z]\$?$"
)
"""Products with an order: of bold letters \\cdot is not \\times, and A \\times B no B \\times A."""
DEEPEST = 6
"""Lists inside lists, and values behind equals signs, that are followed."""


def certain(answer: str, reference: str) -> bool | None:
    r"""Whether two answers agree, or None where that takes more to tell.

    >>> certain("12", "x = 12"), certain("(1, 2)", "(2, 1)"), certain(r"\sqrt{8}", r"2\sqrt{2}")
    (True, False, True)
    """
    if max(len(answer), len(reference)) > LONGEST:
        return None
    one, two = (_SOLUTION.sub("", labels.joined(tidy(side))) for side in (answer, reference))
    kinds = opposites.opposite, labels.conflict, leads.differ, quantities.rates_differ
    if any(differ(one, two) for differ in kinds):
        return False
    if one.replace(" ", "") != two.replace(" ", "") and _REMAINDER.search(f"{one};{two}"):
        return False  # 1 % 0 is no 0, and 3 R 2 no 2 R 3: a remainder, or nothing
    if any(side.startswith((r"\forall", r"\exists")) for side in (one, two)) or any(
        map(_VECTOR.search, (answer, reference))
    ):
        return True if one.replace(" ", "") == two.replace(" ", "") else None
    one = renamed.like(one, two)
    with bounded(), suppress(Unclear):
        same = _agree(one, two)
        return _without_units(answer, reference) if same is None else same
    return None


def _without_units(answer: str, reference: str) -> bool | None:
    r"""Compares what stands before units, 4\sqrt{3} m and 4\sqrt{3}, in one of them."""
    bare = units.alike(answer, reference)
    if bare is None:
        return False
    if bare == (answer, reference):
        return None
    one, two = map(tidy, bare)
    return _agree(one, two)


def _agree(one: str, two: str, depth: int = 0) -> bool | None:
    if one == two:
        return True if one else None
    if depth > DEEPEST:
        return None
    spend(3)
    a, b = quantities.read(one), quantities.read(two)
    if a and b:
        return quantities.agree(a, b)
    spend(50)
    if depth and leads.differ(one, two):
        return False  # part A: 5 is no part B: 5

    def same(x: str, y: str) -> bool | None:
        return _agree(x, y, depth + 1)

    if (a or b) and any(bounds.is_bound(side) for side in (one, two)):
        return False  # not 12, and at most 12, are no 12
    one, two = equations.spread(one, two)
    names = {name for side in (one, two) if (name := equations.name(side))}
    if names and "=" in one and "=" in two and not equations.same_name(one, two):
        verdict = equations.agree(one, two, same)
        return listings.agree(one, two, same) if verdict is None else verdict
    one, two = equations.unassigned(one), equations.unassigned(two)
    if one == two:
        return True
    a, b = quantities.read(one), quantities.read(two)
    if a and b:
        return quantities.agree(a, b)
    if max(len(one), len(two)) > LONGEST_FORMULA:
        return None
    return _read(*equations.unnoted(one, two), same)


def _read(one: str, two: str, same: listings.Same) -> bool | None:
    """What the first says that can read both."""
    verdict = words.agree(one, two)
    for compare in (
        equations.qualified,
        equations.congruences,
        unions.agree,
        tables.basis,
        listings.agree,
        _words,
        tables.agree,
        tables.cases,
        piecewise.agree,
        equations.periods,
        equations.agree,
    ):
        if verdict is None:
            verdict = compare(one, two, same)
    if verdict is None:
        verdict = regions.agree(one, two)
    if verdict is None and (listed := regions.integers(one) or regions.integers(two)):
        return same(listed, two if regions.integers(one) else one)
    return _formulas(one, two) if verdict is None else verdict


def _words(one: str, two: str, same: listings.Same) -> bool | None:
    return words.words(one, two)


def _formulas(one: str, two: str) -> bool | None:
    """Compares formulas, unless a letter at the end may be a unit."""
    for side, other in ((one, two), (two, one)):
        value, _, letter = side.rpartition(" ")
        if (
            value
            and value[-1] not in "+-*/=(^"
            and len(letter) == 1
            and letter not in other
            and units.known(letter)
        ):
            return None
    verdict = formulas.agree(one, two)
    return verdict if verdict else antiderivatives.agree(one, two) or verdict
