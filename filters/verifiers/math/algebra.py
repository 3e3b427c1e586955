r"""What math-verify makes of two answers, where it reads both of them whole.

It takes a part out of a text that it cannot parse, and drops what it does not know: of
1 + 2 + \cdots + n it leaves 1, of a limit from the right one from anywhere. Such texts are
compared as they stand. To be asked in a worker: it has no clock and may not come back.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from filters.verifiers.math.equations import unassigned
from filters.verifiers.math.listings import NAME
from filters.verifiers.math.notation import latex, tidy, undollared
from filters.verifiers.math.units import may_be_product, trailing

POINTS = (13, -11, 44)
"""Sixteenths at which formulas with variables must coincide; further variables stand 6 apart."""
DIGITS = 60
"""Digits in which formulas must coincide."""
CLOSE = 1e-3
"""Part of the larger by which rounded numbers may differ at most: 1e-8 is not 2e-8."""

_DEGREES = re.compile(r"(\d[\d.]*) ?\^ ?\\circ")
_LETTERS = re.compile(r"\d[ ,;\\!~]*\\(?:text|mathrm)\s*\{[^{}]*[A-Za-z]")
"""Words in roman type after a number."""
_DROPPED = re.compile(
    r"'|!!|\\prime(?![a-z])|\\[lcvd]?dots|\.\.\.|…|\^ ?\{? ?[+-] ?(?:\}|$)|\^ ?\{ ?\("
    r"|\\(?:angle|triangle|vec|overrightarrow)(?![a-z])(?=.*(?:[A-Z]{2}|\\times))"
)
"""What math-verify passes over: primes, dots, from which side a limit is, orders, products."""
_PROSE = re.compile(r"(?<![\\a-zA-Z])(?!arc|sinh|cosh|tanh|sqrt)[a-z]{4,}")
_SMALL_WORD = re.compile(r"(?<= )(?!and |or )[a-z]{2,3}(?= )")
"""Of 3 out of 4, math-verify makes a product of letters."""
_NAMED = re.compile(r"\\[a-zA-Z]+ ?\{[^{}\\]*\}")
"""Commands with a word: \\text{ways}, \\begin{cases}."""
_COUNTED = re.compile(
    r"(?<=[\d})]) ?(?P<word>(?!.*(?:[的之以多余倍半万千百亿]|[上下外内间起方]$))"
    r"[\u4e00-\u9fff]{1,3})$"
)
"""What is counted, and not 20以上 or 20的倍数, which are no 20."""
_ROMAN = re.compile(r"\\(?:text|mbox|textbf|textit|textrm) ?\{([^{}]*)\}")
_WORD = re.compile(r"[^\W\d_]+")
_IDLE = frozenset(("a", "an", "and", "are", "is", "it", "its", "of", "the", "their", "these"))
"""Words that change no meaning."""
_TELLING_WORDS = """
not no or least most less fewer greater than over under above below except without half
twice double remainder never cannot minimum maximum min max
"""
_TELLING = frozenset(_TELLING_WORDS.split())
"""Words that no answer without them agrees with."""


def compare(answer: str, reference: str) -> str:
    """Whether two answers agree.

    Returns:
        `correct`, `wrong_answer`, `unreadable_answer` or `bad_reference`.
    """
    from sympy import nan, zoo

    if ("=" in answer) != ("=" in reference):
        answer, reference = _value(answer), _value(reference)
    elif "=" in answer:  # math-verify looks at what is behind the sign only
        sides = [undollared(side.strip()).rpartition("=") for side in (answer, reference)]
        if _bare(sides[0][0]) == _bare(sides[1][0]):
            answer, reference = sides[0][2], sides[1][2]
        elif not any(re.fullmatch(NAME, side[0].strip()) for side in sides):
            return "wrong_answer"
    answer, reference, comparable = _same_unit(*_uncounted(answer, reference))
    gold, found = parsed(reference), parsed(answer)
    if gold is None or gold in (nan, zoo):
        return "bad_reference"
    if found is None or found in (nan, zoo):
        return "unreadable_answer"
    if isinstance(gold, str) or isinstance(found, str):
        same = _bare(answer) == _bare(reference)
    else:
        same = (
            comparable
            and not _letters_differ(answer, reference)
            and not _said_otherwise(answer, reference)
            and _same(
                *_complex(gold, found), decimal=bool(re.search(r"\d\.\d", answer + reference))
            )
        )
    return "correct" if same else "wrong_answer"


def parsed(text: str) -> Any:
    """What math-verify reads, the text where it does not read all of it, None for nothing."""
    from math_verify import LatexExtractionConfig, parse

    bare = _NAMED.sub("", text)
    small = any(not may_be_product(word) for word in _SMALL_WORD.findall(bare))
    if small or _DROPPED.search(text) or _PROSE.search(bare):
        return text
    found = parse(
        _formula(text),
        extraction_config=[LatexExtractionConfig()],
        parsing_timeout=0,
        raise_on_error=True,
    )
    return found[0] if found else None


def _formula(text: str) -> str:
    """An answer as math-verify finds it; prose with formulas inside is left as it is."""
    formula = re.sub(r"\\sqrt ?(\\[a-z]+)", r"\\sqrt{\1}", latex(text))
    formula = re.sub(r"(?<=\d)[eE]([-+]?\d+)(?![\w.])", r"\\cdot 10^{\1}", formula)
    if "mod" not in formula:
        formula = formula.replace(r"\equiv", "=")
    if re.search(r"\\(?:sin|cos|tan|cot)(?![a-z])", formula):
        formula = _DEGREES.sub(r"{\\frac{\1\\pi}{180}}", formula)
    return formula if "$" in formula.replace(r"\$", "") else f"${formula}$"


def _same(gold: Any, found: Any, decimal: bool) -> bool:
    """Whether two things that SymPy knows are the same."""
    from math_verify import verify
    from sympy import Expr

    if all(isinstance(side, Expr) for side in (gold, found)):
        gold, found = _worked_out(gold), _worked_out(found)
        if gold is None or found is None:
            return False
        if gold == found or _coincide(gold, found):
            return True
        if not decimal or _far(gold, found):
            return False
    return verify(
        [gold], [found], allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True
    )


def _worked_out(formula: Any) -> Any:
    r"""A formula with its sums, limits and derivatives worked out; None where they stay, or where
    letters are lost: \partial f/\partial x of a letter f is no 0. A division by zero is nothing."""
    from sympy import Derivative, Integral, Limit, Product, Sum, UnevaluatedExpr, nan, zoo

    operators = (Derivative, Integral, Limit, Product, Sum, UnevaluatedExpr)
    if not formula.has(*operators):
        return None if formula.is_number and formula.doit().has(zoo, nan) else formula
    found = formula.doit()
    lost = formula.free_symbols != found.free_symbols
    bound = {str(letter) for part in formula.atoms(Sum, Product) for letter in part.variables}
    indexed = any(bound & set(str(letter).partition("_")[2]) for letter in formula.free_symbols)
    return None if lost or indexed or found.has(*operators) else found


def _coincide(gold: Any, found: Any) -> bool:
    """Whether two formulas have the same digits at points of both signs: nothing as short as an
    answer does so by chance, and simplifying does not always find why."""
    from sympy import Rational

    letters = sorted(gold.free_symbols | found.free_symbols, key=str)
    for start in POINTS if letters else POINTS[:1]:
        point = {each: Rational(start + 6 * place, 16) for place, each in enumerate(letters)}
        one, two = (side.subs(point) for side in (gold, found))
        if not (one.is_number and two.is_number and one.is_finite and two.is_finite):
            return False
        gap = abs((one - two).evalf(DIGITS, maxn=10 * DIGITS))
        if gap > abs(two.evalf(DIGITS)) * 10 ** (10 - DIGITS):
            return False
    return True


def _far(gold: Any, found: Any) -> bool:
    """Whether two numbers are apart after all: math-verify rounds 1e-8 and 2e-8 to the same 0."""
    try:
        a, b = complex(gold), complex(found)
        return abs(a - b) > CLOSE * max(abs(a), abs(b))
    except (TypeError, ValueError, OverflowError):
        return False  # not numbers, or too large ones


def _complex(gold: Any, found: Any) -> tuple[Any, Any]:
    """Makes i the imaginary unit where it is the only letter: math-verify has a variable there."""
    from sympy import Expr, I

    if not all(isinstance(side, Expr) for side in (gold, found)):
        return gold, found
    letters = gold.free_symbols | found.free_symbols
    if {letter.name for letter in letters} != {"i"}:
        return gold, found
    real = dict.fromkeys(letters, I)
    return gold.subs(real).doit(), found.subs(real).doit()


def _bare(text: str) -> str:
    """A text without spaces and brackets that TeX has for itself."""
    text = re.sub(r"\.\.\.|…|\\[cvd]?dots(?![a-z])", r"\\ldots", text)
    text = re.sub(r"\{ ?([A-Za-z0-9]) ?\}", r"\1", tidy(text))
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", text)


def _said_otherwise(answer: str, reference: str) -> bool:
    """Whether words beside formulas, which math-verify leaves out, make a difference."""
    one, two = (
        {word.removesuffix("s") for text in _ROMAN.findall(side)
         for word in _WORD.findall(text.casefold())} - _IDLE
        for side in (answer, reference)
    )  # fmt: skip
    return one != two if one and two else bool((one | two) & _TELLING)


def _uncounted(answer: str, reference: str) -> tuple[str, str]:
    """Both sides without the word for what is counted after a number, where one has left it out."""
    one, two = answer.rstrip(" ,;"), reference.rstrip(" ,;")
    words = {match["word"] for side in (one, two) if (match := _COUNTED.search(side))}
    return (one, two) if len(words) > 1 else (_COUNTED.sub("", one), _COUNTED.sub("", two))


def _value(text: str) -> str:
    """What stands behind a name and an equals sign; other texts as they are."""
    value = unassigned(tidy(text))
    return value if "=" in text and "=" not in value else text


def _letters_differ(answer: str, reference: str) -> bool:
    """Whether variables differ in case alone: math-verify reads the R of 3R^2 as r."""
    one, two = (
        {sign for sign in re.sub(r"\\[a-zA-Z]+", "", unassigned(tidy(side))) if sign.isalpha()}
        for side in (answer, reference)
    )
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
