r"""What math-verify makes of two answers, where it reads both of them whole.

It takes a part out of a text that it cannot parse, and drops what it does not know: of
1 + 2 + \cdots + n it leaves 1, of a limit from the right one from anywhere. Such texts are
compared as they stand. To be asked in a worker: it has no clock and may not come back.
"""

from __future__ import annotations

import re
from typing import Any

from filters.verifiers.math.equations import unassigned
from filters.verifiers.math.listings import NAME, balanced
from filters.verifiers.math.notation import latex, tidy, undollared
from filters.verifiers.math.tokens import FUNCTIONS, GREEK
from filters.verifiers.math.units import alike, may_be_product

POINTS = (13, -11, 44)
"""Sixteenths at which formulas with variables must coincide; further variables stand 6 apart."""
DIGITS = 60
"""Digits in which formulas must coincide."""
_DEGREES = re.compile(r"(\d[\d.]*) ?\^ ?\\circ")
_DROPPED = re.compile(
    r"'|!!|\.\.|\^ ?\{? ?[+-] ?(?:\}|$)|\^ ?\{ ?\(|(?<![\d.])0\d|\d ?_|:.*:"
    r"|^\$?[A-Z] ?\\times ?[A-Z]\$?$"
)
"""What math-verify passes over: primes, dots, sides of limits, orders, indices, ratios, sets."""
_SIGNS = re.compile(r"[\w\s\\{}()\[\]|+\-*/^=<>.,!%:;'&~$]*", re.ASCII)
_COMMANDS = """
frac dfrac tfrac sqrt over choose binom overline sum prod int lim to infty gcd lcm max min log ln lg
exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh cotx cdot times div equiv mod pmod
bmod le ge lt gt leq geq neq ne in cup cap setminus emptyset mid left right big Big displaystyle
quad text mathrm textbf textit mathbb begin end pi circ lfloor rfloor lceil rceil lvert rvert
boxed partial
"""
_READ = GREEK.union(_COMMANDS.split())
"""Commands that math-verify reads; others, like \\nabla, it makes letters of or leaves out."""
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_LETTERS = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}")
_CALLED = FUNCTIONS | {"sqrt", "asin", "acos", "atan", "max", "min", "gcd", "lcm", "mod", "lim"}
"""Words in formulas; other runs of letters are products, or prose."""
_NAMED = re.compile(
    r"\\(?:text[a-z]*|mathrm|mathbb|mathcal|mbox|operatorname|begin|end) ?\{[^{}\\]*\}"
)
"""Commands with a word: \\text{ways}, \\begin{cases}."""
_COUNTED = re.compile(
    r"(?<=[\d})]) ?(?P<word>(?!.*(?:[的之以多余倍半万千百亿]|[上下外内间起方]$))"
    r"[\u4e00-\u9fff]{1,3})$"
)
"""What is counted, and not 20以上 or 20的倍数, which are no 20."""
_ROMAN = re.compile(r"\\(?:text|mbox|textbf|textit|textrm) ?\{([^{}]*)\}")
_WORD = re.compile(r"[^\W\d_]+")
_IDLE_BRACES = re.compile(r"(?<![\\}\]\w^]) ?\{((?:[^{}]|\{[^{}]*\})*)\}")
"""{\\pi \\over 2} in a sentence."""
_IDLE = frozenset(("a", "an", "and", "are", "is", "it", "its", "of", "the", "their", "these"))
"""Words that change no meaning."""
_TELLING_WORDS = """
not no or least most less fewer greater than over under above below except without half
twice double million thousand hundred billion dozen remainder never cannot minimum maximum min max
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
    if (bare := alike(*_uncounted(answer, reference))) is None:
        return "wrong_answer"
    answer, reference = bare
    gold, found = parsed(reference), parsed(answer)
    if gold is None or gold in (nan, zoo):
        return "bad_reference"
    if found is None or found in (nan, zoo):
        return "unreadable_answer"
    if isinstance(gold, str) or isinstance(found, str):
        same = _bare(answer) == _bare(reference)
    else:
        same = (
            not _letters_differ(answer, reference)
            and not _said_otherwise(answer, reference)
            and _same(gold, found)
        )
    return "correct" if same else "wrong_answer"


def parsed(text: str) -> Any:
    """What math-verify reads, the text where it does not read all of it, None for nothing."""
    from math_verify import LatexExtractionConfig, parse

    formula = _formula(text)
    dropped = _DROPPED.search(text) or _DROPPED.search(formula)
    if dropped or not _readable(formula) or not balanced(tidy(text)):
        return text
    found = parse(
        formula,
        extraction_config=[LatexExtractionConfig()],
        parsing_timeout=0,
        raise_on_error=True,
    )
    if not found:
        return None
    return found[0] if _covers(found[0], text) else text


def _readable(formula: str) -> bool:
    """Whether nothing is in a formula but signs, commands and words that math-verify knows."""
    bare = _NAMED.sub("", formula)
    words = (word for word in _LETTERS.findall(bare) if word not in _CALLED)
    return (
        bool(_SIGNS.fullmatch(bare))
        and formula.count("$") - formula.count(r"\$") < 3  # not one formula of several
        and _READ.issuperset(_COMMAND.findall(formula))
        and all(len(word) < 4 and may_be_product(word) for word in words)
    )


def _covers(found: Any, text: str) -> bool:
    """Whether something that SymPy knows has all letters of a text, and what commas part."""
    from sympy import Basic, Expr, Symbol
    from sympy.core.function import AppliedUndef

    if not isinstance(found, Basic):
        return True
    bare = re.sub(r"\\[a-zA-Z]+", " ", tidy(_NAMED.sub(" ", text)))
    bare = _LETTERS.sub(lambda word: "" if word[0] in _CALLED else word[0], bare)
    symbols = [str(each) for each in found.atoms(Symbol)]
    known = "".join([*symbols, *(str(each.func) for each in found.atoms(AppliedUndef))])
    letters = {sign for sign in bare.casefold() if sign.isalpha()} - set("deixyz")
    if not letters <= set(known.casefold()):
        return False
    flat = re.sub(r"(?<=\d),(?=\d{3})|\([^()]*\)|\[[^\[\]]*\]", "", tidy(text))
    return not (isinstance(found, Expr) and "," in flat)


def _formula(text: str) -> str:
    """An answer as math-verify finds it; prose with formulas inside is left as it is."""
    formula = re.sub(r"\\sqrt ?(\\[a-z]+)", r"\\sqrt{\1}", latex(text))
    formula = re.sub(r"(?<=\d)[eE]([-+]?\d+)(?![\w.])", r"\\cdot 10^{\1}", formula)
    if "mod" not in formula:
        formula = formula.replace(r"\equiv", "=")
    if re.search(r"\\(?:sin|cos|tan|cot)(?![a-z])", formula):
        formula = _DEGREES.sub(r"{\\frac{\1\\pi}{180}}", formula)
    return formula if "$" in formula.replace(r"\$", "") else f"${formula}$"


def _same(gold: Any, found: Any) -> bool:
    """Whether two things that SymPy knows are the same."""
    from math_verify import verify
    from sympy import Expr, nsimplify, oo

    if all(isinstance(side, Expr) for side in (gold, found)):
        gold, found = (_worked_out(nsimplify(side, rational=True)) for side in (gold, found))
        if gold is None or found is None or gold.has(oo) != found.has(oo):
            return False
        return gold == found or _coincide(gold, found)
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


def _bare(text: str) -> str:
    """A text without spaces and brackets that TeX has for itself."""
    text = re.sub(r"\.\.\.|…|\\[cvd]?dots(?![a-z])", r"\\ldots", text)
    text = re.sub(r"\{ ?([A-Za-z0-9]) ?\}", r"\1", tidy(text))
    text = _IDLE_BRACES.sub(r"\1", re.sub(r"(?<=[,(]) ?\+ ?(?=\\infty)", "", text))
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
    both = "=" in answer and "=" in reference
    one, two = (
        {sign for sign in re.sub(r"\\[a-zA-Z]+", "", side if both else unassigned(tidy(side)))
         if sign.isalpha()}
        for side in (answer, reference)
    )  # fmt: skip
    return one != two and {sign.lower() for sign in one} == {sign.lower() for sign in two}
