r"""Equations, values behind an equals sign, what holds "for all n", and families like k\pi."""

from __future__ import annotations

import re

from filters.verifiers.math import formulas, leads
from filters.verifiers.math.listings import ASSIGNED, NAME, Same, balanced, listing, titled
from filters.verifiers.math.trees import Tree, Unclear, minus, names, negative, number, put
from filters.verifiers.math.values import bounds

_SET = r"\\(?:mathbb|mathbf|bf) ?\{? ?(?P<set>[ZNQRC]) ?\}?(?: ?\^ ?\{? ?[+*] ?\}?|_ ?\+)?"
_MEMBERSHIP = (
    rf"(?<![a-zA-Z\\])(?:(?P<letter>[a-zA-Z]) ?(?:\\in|∈) ?(?:{_SET}|(?P<bare>[ZNQR]))"
    r"|(?P<word>[a-zA-Z]) (?:is )?(?:an?y? |any )?(?P<kind>integers?|real|natural number))"
)
_QUALIFIED = re.compile(
    rf"(?P<value>.+?)[,;]? ?\(?(?:(?:(?:for|where|with|if)? ?{_MEMBERSHIP}).*"
    r"|(?:\\forall|for (?:all|any|every|each|some|positive|integers?|real)|where)(?![a-zA-Z]).*)",
)
_TUPLE = re.compile(rf"\( ?(?:{NAME})(?: ?, ?(?:{NAME}))+ ?\) ?= ?(?P<value>\(.+\))")
_FUNCTIONS = re.compile(r"y|[fgh] ?\(x\)|\\frac\{dy\}\{dx\}")
_CALL = re.compile(r"[a-zA-Z] ?\(")
_CONGRUENCE = re.compile(
    r"(?:(?P<name>[^=]*?) ?(?:\\equiv|≡) ?)?(?P<residue>-?\d+(?:(?: ?,| or| and) ?-?\d+)*) ?"
    r"(?:\(? ?\\?[pb]?mod) ?\{? ?(?P<modulus>[1-9]\d*) ?\}? ?\)?"
)
_SENTENCE = re.compile(r"(?<![\\a-zA-Z])[A-Za-z]{3,} (?:[a-z]+ )*[A-Za-z]{2,}")
"""What holds for all n is a formula."""
_BARS = re.compile(r"\| ?[nmtxy] ?\||-?\d+ ?\|[^|]+\|")
_RELATION = re.compile(r"[<>]|\\[lg]e|\\ne|\\in(?![a-z])|\\equiv")
_CONSTANT = re.compile(r"constants? ([a-zA-Z])\b|(?<= )([a-zA-Z]) is (?:a|any) constant")
_EQUALS = re.compile(r"=(?![^{}\[\]()]*[\])}])")
"""Signs outside of brackets, unlike that below a sum."""
_PERIOD = re.compile(
    r"(?:(?<=\\pi)|(?<=\\circ)) ?([klm])(?![a-zA-Z])"
    r"|(?<![a-zA-Z\\])([klm]) ?(?:\\cdot ?)?(?:\\pi|\d+ ?\^ ?\\circ)"
)
_NOTE = re.compile(
    r"(?P<value>\S(?:(?! \([^()]*[a-zA-Z]{3}).)*?) \((?P<note>(?=[^()]*[a-zA-Z]{3})"
    r"(?! ?(?:log|ln|sin|cos|tan|exp|sqrt)\b)[^()\\=]*)\)"
)
_DENIED = re.compile(
    r"\b(?:if|when|unless|where|for|even|odd|only|except|binary|octal|hex|mod|ago|wrong"
    r"|incorrect|false|not|no|never|impossible|invalid|rejected|extraneous|discarded)\b"
)
"""Remarks behind a value that take it back, or make another one of it."""
_FUNCTION_CALLS = re.compile(
    r"(?:\\(?:varphi|phi|psi|omega|sigma|tau)|(?<![a-zA-Z\\])[ghGPQ]) ?\([^()]*\)"
)
"""What applies a function: \\omega(2n) = \\omega(n) is no product, nor \\omega(3n) = \\omega(n)."""
_HARMLESS = re.compile(r"(?:(?!\\(?:[lg]e|ne))[^\d=<>])*")
"""What may be left out behind where: no value, as of `where a = 0`, and no bound."""
_KINDS = {"integer": "Z", "real": "R", "natural": "N", "rational": "Q", "complex": "C"}
_KIND = re.compile("|".join(_KINDS))
"""cx for all integers x is not cx for all real x."""
_QUANTIFIERS = re.compile(
    r"\b(?:some(?! (?:constant|fixed))|exists?|non-?negative|positive|negative|primes?|even|odd)\b"
)
"""cx for some x, or for positive x, is not cx for all x."""


def unassigned(text: str) -> str:
    r"""A tidied text without `x =` or `x \in` before it.

    >>> unassigned("x = 5"), unassigned(r"x \in [0, 1]"), unassigned("2x = 5")
    ('5', '[0, 1]', '2x = 5')
    """
    match = ASSIGNED.fullmatch(text) or _TUPLE.fullmatch(text)
    value = match["value"] if match else (leads.split(text) or ("", ""))[1]
    return value.strip() if value and not titled(text) else text.strip()


def name(text: str) -> str | None:
    """The name that a text gives a value to."""
    match = ASSIGNED.fullmatch(text)
    return match["name"].replace(" ", "") if match else None


def same_name(one: str, two: str) -> bool:
    """Whether two texts give the same name a value; of words, one may be the other's beginning."""
    a, b = name(one), name(two)
    if a and b and min(len(a), len(b)) > 2 and a.isalpha() and b.isalpha():
        a, b = a.casefold(), b.casefold()
        return a.startswith(b) or b.startswith(a)
    return a == b


def spread(one: str, two: str) -> tuple[str, str]:
    """Tuples of names and their values, one by one, where both texts have names.

    >>> spread("(a, b) = (3, 4)", "(b, a) = (4, 3)"), spread("(3, 4)", "x = 1")
    (('a = 3, b = 4', 'b = 4, a = 3'), ('(3, 4)', 'x = 1'))
    """
    return _spread(one), _spread(two)


def _spread(text: str) -> str:
    if not _TUPLE.fullmatch(text):
        return text
    parts = [half.parts for side in text.split("=", 1) if (half := listing(side))]
    if len(parts) != 2 or len(parts[0]) != len(parts[1]):
        return text
    return ", ".join(f"{name} = {value}" for name, value in zip(*parts, strict=True))


def unnoted(one: str, two: str) -> tuple[str, str]:
    """Two texts without a remark in brackets behind one of them; two remarks and denials stay.

    >>> unnoted("5 (approximately)", "5"), unnoted("5 (wrong)", "5")
    (('5', '5'), ('5 (wrong)', '5'))
    """
    a, b = _NOTE.fullmatch(one), _NOTE.fullmatch(two)
    if any(match and _DENIED.search(match["note"].casefold()) for match in (a, b)):
        return one, two
    if a and not b and "base" in a["note"]:
        return one, two  # a key has the base, or there is none
    if a and b and a["note"].casefold() != b["note"].casefold():
        return one, two
    return a["value"] if a else one, b["value"] if b else two


def qualified(one: str, two: str, same: Same) -> bool | None:
    r"""Compares what holds for all n, or for an integer k, by what is said of them.

    >>> from filters.verifiers.math.formulas import agree
    >>> qualified(r"k\pi, k \in \mathbb{Z}", r"n\pi (n \in \mathbb{Z})", agree)
    True
    >>> qualified("n+1 for all n", "n+1", agree)
    True
    """
    a, b = _QUALIFIED.fullmatch(one), _QUALIFIED.fullmatch(two)
    if (not a and not b) or any(match and _SENTENCE.search(match["value"]) for match in (a, b)):
        return None
    values = [
        match["value"].rstrip(" ,;:(") if match else side
        for match, side in ((a, one), (b, two))
    ]  # fmt: skip
    for place, match in enumerate((a, b)):
        if match and (free := _CONSTANT.search(match.group())):
            values[place] = re.sub(rf"(?<![a-zA-Z\\]){free[1]}(?![a-zA-Z])", "C", values[place])
    tails = [_tail(match) for match in (a, b) if match]
    harmless = all(_HARMLESS.fullmatch(tail.replace("_+", "")) for tail in tails)
    if not harmless and (not (a and b) or tails[0] != tails[1]):
        return None
    if a and b:
        kinds = {_kind(match) for match in (a, b)}
        if tails[0] != tails[1] and len({str(_QUANTIFIERS.findall(tail)) for tail in tails}) > 1:
            return None
        letters = [match["letter"] or match["word"] for match in (a, b)]
        if len(kinds) > 1 and None not in kinds:
            return None
        if kinds == {"Z"} and all(letters):
            verdict = _families(values[0], letters[0], values[1], letters[1])
            if verdict is not None or letters[0] != letters[1]:
                return verdict
    elif (match := a or b) and _kind(match) == "Z":
        letter = match["letter"] or match["word"]
        if letter and _families(values[0], letter, values[1], letter):
            return True
    return same(values[0], values[1])


def _tail(match: re.Match[str]) -> str:
    """What is said of a value, without spaces and with one name for the letter."""
    tail = match.group()[len(match["value"]) :].strip(" ,;:()")
    if letter := match["letter"] or match["word"]:
        tail = re.sub(rf"(?<![a-zA-Z\\]){letter}(?![a-zA-Z])", "n", tail)
    return tail.strip()


def _unsolved(side: str) -> bool:
    """Whether a side has one variable in it that stands for something else: -x, 2x, x + 1, 2^x.

    What is no such thing may be what was asked for: x^2, x + 1/x, the sine of x.
    """
    if _BARS.fullmatch(side) or (side.startswith("-") and re.fullmatch(NAME, side[1:].strip())):
        return True
    try:
        tree = formulas.tree(side)
    except Unclear:
        return False
    if _CALL.search(side):
        return False
    return tree.operation != "variable" and _once(tree)


def _once(tree: Tree) -> bool:
    """Whether a variable occurs once, under arithmetic or in an exponent of a number."""
    if tree.operation == "variable":
        return True
    with_names = [place for place, part in enumerate(tree.parts) if names(part)]
    return (
        tree.operation in ("+", "*", "/", "^")
        and len(with_names) == 1
        and (tree.operation != "^" or with_names == [1])
        and _once(tree.parts[with_names[0]])
    )


def congruences(one: str, two: str, same: Same) -> bool | None:
    r"""Compares residues; the name before the sign does not matter, but with one it is a class.

    >>> from filters.verifiers.math.formulas import agree
    >>> congruences(r"n \equiv 10 \pmod{7}", r"n \equiv 3 (mod 7)", agree)
    True
    >>> congruences("3", r"x \equiv 3 \pmod{7}", agree), congruences("3", r"3 \pmod{7}", agree)
    (False, True)
    """
    a, b = (_CONGRUENCE.fullmatch(side) for side in (one, two))
    if not a and not b:
        return None
    called = [match["name"] or "n" for match in (a, b) if match]
    if len(set(called)) > 1 and not all(re.fullmatch(NAME, name) for name in called):
        return False  # -n is not n
    if not a or not b:
        match = a or b
        if not match or match["name"]:
            return False  # x is any number of a class
        rest = match["residue"]
        least = rest.isdigit() and int(rest) < int(match["modulus"])
        return least and same(rest, two if a else one)
    if a["modulus"] != b["modulus"]:
        return False
    ones, twos = (
        {int(residue) % int(match["modulus"]) for residue in re.findall(r"-?\d+", match["residue"])}
        for match in (a, b)
    )
    return ones == twos


def _kind(match: re.Match[str]) -> str | None:
    if kind := match["set"] or match["bare"]:
        return kind
    named = _KIND.search(match.group()[len(match["value"]) :])
    return _KINDS[named[0]] if named else None


def _families(one: str, k: str, two: str, n: str) -> bool | None:
    """Whether a + bk for all integers k is c + dn for all integers n."""
    try:
        a, b = _linear(unassigned(one), k)
        c, d = _linear(unassigned(two), n)
        if names(a) | names(b) | names(c) | names(d):
            return None
        steps = formulas.equal(b, d), formulas.equal(b, negative(d))
        shift = Tree("/", (minus(a, c), d))
        moved = number(round(bounds(shift)[0]))
    except Unclear:
        return None
    if steps == (False, False) or not formulas.equal(shift, moved):
        return False
    return True if True in steps else None


def _linear(text: str, letter: str) -> tuple[Tree, Tree]:
    """The value at 0, and how much a step of one adds."""
    tree = formulas.tree(text)
    zero, one, two = (put(tree, letter, number(value)) for value in (0, 1, 2))
    step = minus(one, zero)
    if not formulas.equal(step, minus(two, one)):
        raise Unclear("steps that are not equal")
    return zero, step


def agree(one: str, two: str, same: Same) -> bool | None:
    r"""Compares where there are equals signs: two equations, or the value behind one.

    >>> from filters.verifiers.math.formulas import agree as same
    >>> agree("2x + y = 7", "y = 7 - 2x", same), agree("m + n = 12", "12", same)
    (True, True)
    """
    if "=" not in one + two or any(_RELATION.search(side) or listing(side) for side in (one, two)):
        return None
    ones, twos = ([part.strip() for part in _EQUALS.split(side)] for side in (one, two))
    if not all(ones + twos) or not all(map(balanced, ones + twos)):
        return None
    if len(ones) == len(twos) == 2:
        return _equation(ones, twos, same)
    if len(ones) == len(twos):
        return _chain(ones, twos, same)
    if {len(ones), len(twos)} == {1, 2} and _solved(
        *((one, twos) if len(ones) == 1 else (two, ones))
    ):
        return True
    called = [{part for part in side[:-1] if _named(part)} for side in (ones, twos)]
    if all(called) and called[0] != called[1]:
        return False
    if len(ones) != len(twos) and _unsolved(ones[0] if len(twos) == 1 else twos[0]):
        return False
    if len(twos) == 1:  # the answer shows how it came about
        verdict = same(ones[-1], two)
        if verdict is False and len(ones) == 2 and re.fullmatch(NAME, ones[1]):
            return same(ones[0], two)
        return verdict
    if len(ones) == 1 and len(twos) > 1:
        verdict = same(one, twos[-1])
        if verdict and len(twos) == 2 and not re.fullmatch(NAME, twos[0]):
            return True if same(*twos) else None  # 25 is not x^2 + y^2 = 25
        return verdict
    return same(ones[-1], twos[-1])


def _solved(side: str, equation: list[str]) -> bool:
    """Whether a formula without y is what an equation gives for y: 2x - 1 of y + 1 = 2x."""
    try:
        letters = names(formulas.tree(side))
        known = letters and "y" not in letters and "y" in names(formulas.tree(equation[0]))
    except Unclear:
        return False
    return bool(known) and formulas.proportional(("y", side), (equation[0], equation[1])) is True


def periods(one: str, two: str, same: Same) -> bool | None:
    r"""Whether angles over any whole k are the same, though nobody said what k is.

    >>> periods(r"-\frac{\pi}{6} + k\pi", r"\frac{5\pi}{6} + k\pi", formulas.agree)
    True
    """
    found = [{match[1] or match[2] for match in _PERIOD.finditer(side)} for side in (one, two)]
    if found[0] != found[1] or len(found[0]) != 1:
        return None
    (letter,) = found[0]
    return _families(one, letter, two, letter) or None


def _equation(ones: list[str], twos: list[str], same: Same) -> bool | None:
    if all(re.fullmatch("[a-zA-Z]", side[1]) for side in (ones, twos)) and ones[1] != twos[1]:
        return False if ones[0] == twos[0] else None
    functions = all(_FUNCTIONS.fullmatch(side[0]) for side in (ones, twos))
    if ones[1] == twos[1] and re.fullmatch(NAME, ones[1]):  # 5 + 20 = n
        return same(ones[0], twos[0])
    computed = all(
        _computed(side[0]) and (_computed(side[1]) or not formulas.is_formula(side[1]))
        for side in (ones, twos)
    )  # the end counts
    if functions or computed or ones[0] == twos[0]:
        verdict = same(ones[1], twos[1])
        if verdict is not None:
            return verdict
    calls = [set(_FUNCTION_CALLS.findall("=".join(side))) for side in (ones, twos)]
    if calls[0] != calls[1] and not functions:
        return None
    return formulas.proportional((ones[0], ones[1]), (twos[0], twos[1]))


def _chain(ones: list[str], twos: list[str], same: Same) -> bool | None:
    """Compares a = b = c part by part; of what is computed from numbers the end counts."""
    called = [{part for part in side if _named(part)} for side in (ones, twos)]
    if called[0] != called[1]:
        return False
    pairs = [
        pair
        for pair in zip(ones[:-1], twos[:-1], strict=True)
        if pair[0] != pair[1] and not all(map(_named, pair)) and not any(map(_computed, pair))
    ]
    verdicts = [same(*pair) for pair in [*pairs, (ones[-1], twos[-1])]]
    return False if False in verdicts else None if None in verdicts else True


def _named(part: str) -> bool:
    return bool(re.fullmatch(NAME, part)) and not _FUNCTIONS.fullmatch(part)


def _computed(part: str) -> bool:
    """Whether a part is a formula without letters."""
    return formulas.constant(part) is not None
