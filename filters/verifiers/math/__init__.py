r"""Mathematical answers: exact arithmetic where the answer is plain, math-verify for the rest."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from filters.verdict import Verdict, correct, incorrect, unverifiable
from filters.verifiers import pool
from filters.verifiers.math.equations import unassigned
from filters.verifiers.math.notation import LONGEST, latex, tidy
from filters.verifiers.math.plain import certain
from filters.verifiers.math.units import trailing

CLOSE = 1e-3
"""Part of the larger by which numbers that math-verify calls equal may differ at most."""

LARGEST = 1e6
"""Numbers of which 30 digits after the point tell enough: 10^100 and 10^100 + 1 begin alike."""

_DEGREES = re.compile(r"(\d[\d.]*) ?\^ ?\\circ")
_LETTERS = re.compile(r"\d[ ,;\\!~]*\\(?:text|mathrm)\s*\{[^{}]*[A-Za-z]")
"""Words in roman type after a number."""
_OR = re.compile(r"\\text ?\{ ?or ?\}| or |\\(?:lor|vee)(?![a-z])")
FIRST = ((r"\sqrt{8}", r"2\sqrt{2}"), ("y = 5", "x = 5"), ("(1,2,3)", "[1,2,3]"))
"""Pairs that workers have behind them when they start."""


def shape(reference: object) -> str | None:
    r"""What is wrong with a reference.

    An answer as text, or a number: `"\frac{1}{2}"`, `"5 cm"`, `12`.
    """
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return f"a text or a number was expected, not {type(reference).__name__}"
    if len(str(reference)) > LONGEST:
        return f"it has {len(str(reference)):,} characters, more than {LONGEST:,}"
    return None if str(reference).strip() else "it is empty"


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference)


def judge(answer: str, reference: object) -> Verdict:
    r"""Compares exactly where both sides are plain; otherwise math-verify does, in the pool.

    A side without a unit may have any; two different units are converted. 50 is not 50%, and a
    rounded decimal agrees with what it was rounded from when six digits after the point do.

    >>> judge(r"\frac{3}{4}", "0.75").outcome, judge("1,000", "1001").outcome
    ('correct', 'incorrect')
    """
    same = certain(answer, str(reference))
    if same is None:
        if len(answer) > LONGEST:
            return incorrect("unreadable_answer", answer)
        outcome = pool.call(compare, answer, str(reference))
        if outcome == "bad_reference":
            return unverifiable("bad_reference: math-verify cannot read it", answer)
        return correct(answer) if outcome == "correct" else incorrect(outcome, answer)
    return correct(answer) if same else incorrect("wrong_answer", answer)


def warm_up() -> None:
    """Compare one pair of each kind: the first takes SymPy up to 0.3 s, others little."""
    for pair in FIRST:
        compare(*pair)


pool.prepare(warm_up)


def compare(answer: str, reference: str) -> str:
    """math-verify's opinion, to be asked in a worker: it has no clock and may not come back.

    Returns:
        `correct`, `wrong_answer`, `unreadable_answer` or `bad_reference`.
    """
    from math_verify import verify
    from sympy import Set, nan, zoo
    from sympy.logic.boolalg import Boolean

    if _letters_differ(answer, reference):
        return "wrong_answer"
    if ("=" in answer) != ("=" in reference):
        answer, reference = _value(answer), _value(reference)
    answer, reference, comparable = _same_unit(answer, reference)
    gold, found = _parsed(reference), _parsed(answer)
    if not gold or gold[0] in (nan, zoo):
        return "bad_reference"
    if not found or found[0] in (nan, zoo):
        return "unreadable_answer"
    gold, found = _complex(gold, found)
    if not comparable or _apart(gold[0], found[0]):
        return "wrong_answer"
    same = verify(
        gold, found, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True
    )
    if same:
        same = not _far(gold[0], found[0])
    elif any(isinstance(side[0], Set | Boolean) for side in (gold, found)):
        same = _same_region(answer, reference)
    else:
        same = _coincide(gold[0], found[0])
    return "correct" if same else "wrong_answer"


def _parsed(text: str) -> list[Any]:
    from math_verify import parse

    return parse(_formula(text), parsing_timeout=0, raise_on_error=True)


def _value(text: str) -> str:
    """What stands behind a name and an equals sign; other texts as they are."""
    value = unassigned(tidy(text))
    return value if "=" in text and "=" not in value else text


def _letters_differ(answer: str, reference: str) -> bool:
    """Whether variables differ in case alone: math-verify reads the R of 3R^2 as r."""
    one, two = (
        set(re.sub(r"\\[a-zA-Z]+", "", unassigned(tidy(side)))) for side in (answer, reference)
    )
    if ("'" in one) != ("'" in two):  # it leaves out primes, too
        return True
    one, two = ({sign for sign in side if sign.isalpha()} for side in (one, two))
    return one != two and {sign.lower() for sign in one} == {sign.lower() for sign in two}


def _same_unit(answer: str, reference: str) -> tuple[str, str, bool]:
    """Both sides in one unit and without it, and whether they can be compared at all.

    Nothing is a unit that nobody knows, and math-verify would leave it out.
    """
    (one, a), (two, b) = (
        trailing(tidy(side), letters=r"\text" in side or r"\mathrm" in side)
        for side in (answer, reference)
    )
    if a and b:
        return _times(one, a.factor), _times(two, b.factor), a.dimension == b.dimension
    strange = _LETTERS.search(reference if a else answer) if a or b else None
    return one if a else answer, two if b else reference, not strange


def _times(value: str, factor: Fraction) -> str:
    return (
        value
        if factor == 1
        else rf"({value})\cdot\frac{{{factor.numerator}}}{{{factor.denominator}}}"
    )


def _complex(gold: list[Any], found: list[Any]) -> tuple[list[Any], list[Any]]:
    """Makes i the imaginary unit where it is the only letter: math-verify has a variable there."""
    from sympy import Basic, I

    sides = [side[0] for side in (gold, found)]
    if not all(isinstance(side, Basic) for side in sides):
        return gold, found
    letters = sides[0].free_symbols | sides[1].free_symbols
    if {letter.name for letter in letters} != {"i"}:
        return gold, found
    real = dict.fromkeys(letters, I)
    return [sides[0].subs(real).doit()], [sides[1].subs(real).doit()]


def _formula(text: str) -> str:
    """An answer as math-verify finds it; prose with formulas inside is left as it is."""
    formula = latex(text)
    if re.search(r"\\(?:sin|cos|tan|cot)(?![a-z])", formula):
        formula = _DEGREES.sub(r"{\\frac{\1\\pi}{180}}", formula)
    return formula if "$" in formula.replace(r"\$", "") else f"${formula}$"


def _far(gold: Any, found: Any) -> bool:
    """Whether two numbers are apart after all: math-verify rounds 1e-8 and 2e-8 to the same 0."""
    try:
        a, b = complex(gold), complex(found)
        return abs(a - b) > CLOSE * max(abs(a), abs(b))
    except (TypeError, ValueError, AttributeError, OverflowError):
        return False  # not numbers, or too large ones


def _apart(gold: Any, found: Any) -> bool:
    """Whether two expressions differ at a point, so that there is nothing left to simplify."""
    from sympy import Expr, Symbol

    if not all(isinstance(side, Expr) and not isinstance(side, Symbol) for side in (gold, found)):
        return False
    letters = sorted(gold.free_symbols | found.free_symbols, key=str)
    point = {letter: 0.73 + 0.61 * place for place, letter in enumerate(letters)}
    return _far(gold.subs(point), found.subs(point))


def _coincide(gold: Any, found: Any) -> bool:
    """Whether two formulas have the same 30 digits at points of both signs: nothing as short as an
    answer does so by chance, and simplifying does not always find why."""
    from sympy import Expr

    if not all(isinstance(side, Expr) and not side.is_Rational for side in (gold, found)):
        return False
    letters = sorted(gold.free_symbols | found.free_symbols, key=str)
    for start in (0.8125, -0.6875, 2.78125):
        point = {letter: start + 0.375 * place for place, letter in enumerate(letters)}
        one, two = (side.subs(point).evalf(40) for side in (gold, found))
        if not (one.is_number and two.is_number and one.is_finite and two.is_finite):
            return False
        if abs(one) > LARGEST or abs(one - two) > 1e-30:
            return False
    return True


def _same_region(answer: str, reference: str) -> bool:
    """Whether inequalities, joined by "or", or intervals have the same solutions."""
    one, two = _region(answer), _region(reference)
    if one is None or two is None or (one[1] and two[1] and one[1] != two[1]):
        return False
    return one[0] == two[0]


def _region(text: str) -> tuple[Any, set[Any]] | None:
    """The numbers that solve a text, and its variable; None if it is no region."""
    from sympy import Set, Union
    from sympy.logic.boolalg import Boolean

    sets, variables = [], set()
    for part in _OR.split(latex(text)):
        parsed = _parsed(part)
        if not parsed or not isinstance(parsed[0], Set | Boolean):
            return None
        variables |= parsed[0].free_symbols
        try:
            sets.append(parsed[0] if isinstance(parsed[0], Set) else parsed[0].as_set())
        except (NotImplementedError, TypeError):  # sympy cannot solve it, or it is no inequality
            return None
    return Union(*sets), variables
