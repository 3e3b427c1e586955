r"""Several answers in one: tuples, sets, solutions with commas, plus-minus, labelled parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_letters
from typing import NamedTuple

from filters.verifiers.math import formulas, labels, quantities, signs

LONGEST = 500
"""Characters; no longer list is compared here, since every part is held against every other."""
DEEPEST = 10
"""Brackets inside brackets; no deeper list is compared here."""

NAME = (
    r"[A-Za-z](?:_ ?\{? ?\\?\w{1,5} ?\}?)?'?(?: ?\([A-Za-z]\))?|[A-Z][a-z]+|\\[a-z]+"
    r"|\\frac\{d\w?\}\{d\w\}|(?:\\angle )?[A-Z]{2,3}|\\angle [A-Z]|[a-z]{3,}(?: [a-z]+){0,2}"
    r"|[A-Z](?: ?\\(?:cup|cap|setminus) ?[A-Z])+"
    r"|\\(?:vec|overrightarrow|overline|mathbf|bar) ?\{ ?\w+ ?\}"
)
ASSIGNED = re.compile(rf"(?P<name>{NAME}) ?= ?(?P<value>[^=<>]+)")
_SEPARATORS = re.compile(r" ?[,;、] ?(?:and|or|和|或)? ?| (?:and|or) | ?[和或与] ?")
_LABEL = re.compile(r"(?:^|(?<=[ ,;.]))(?:part )?\((?P<label>[a-hA-H]|i{1,3}|i?v|[1-9])\)[.:]? ")
_ORDERS = ("a b c d e f g h", "i ii iii iv v", "1 2 3 4 5 6 7 8 9")
_BUILT = re.compile(r" ?(?:[a-zA-Z]|\([a-zA-Z, ]+\))(?: ?\\in[^|:]*)? ?(?:\\mid|\||:)")
_ROOT = re.compile(r"(?:[xtz]|\\lambda) ?_ ?\{? ?(?P<index>\d|\d, ?\d) ?\}? ?= ?(?P<value>[^=<>]+)")
_POWER = re.compile(rf"(?:{NAME}) ?\^[^=]*=")
_VARIABLE = re.compile(r"[a-zA-Z](?= ?(?:[=<>]|\\[lgn]e))")
_OR = re.compile(r"\bor\b|或|\\(?:lor|vee)(?![a-z])")
_AND = re.compile(r"\band\b|且|和|与|\\(?:land|wedge)(?![a-z])")
"""x > 4 and y > 7 is not x > 4 or y > 7."""
_BARE = re.compile(r"[a-zA-Z]|[^A-Z]*[A-Z].*")
"""One letter, or what has a capital: a name, as often as a formula: A or B is not A and B."""
_COMMA = re.compile(r"-?\d+,(?:\d+|(?!\d{3}\b)\d+(?: ?%| [^\W\d_][^,]*))")
_DOTS = re.compile(r"\.\.\.|…|\\[cvl]?dots")
_POINT = re.compile(r"\([^()]*\)")
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")

_OPEN = {")": "(", "]": "[", "}": "{"}

Same = Callable[[str, str], bool | None]
"""How parts are compared."""


class Listing(NamedTuple):
    """Parts between brackets, or between none."""

    open: str
    close: str
    parts: list[str]


def agree(one: str, two: str, same: Same) -> bool | None:
    """Whether two texts list the same; None where neither is a list, or it is not certain."""
    verdict = _agree(one, two, same)
    a, b = signs.coupled(one), signs.coupled(two)
    return verdict if verdict or (a, b) == (one, two) else _agree(a, b, same) or verdict


def _agree(one: str, two: str, same: Same) -> bool | None:
    a, b = (_unwrapped(listing(side)) for side in (one, two))
    if a is None and b is None:
        return None
    same = _guarded(same)
    if a and b and len({_either(one, a.parts), _either(two, b.parts)}) > 1:
        return False
    if a and b and _joined_otherwise(one, two) and not _values(a.parts + b.parts):
        return False
    if (a is None or b is None or a.open != b.open) and (
        (a and _either(one, a.parts)) or (b and _either(two, b.parts))
    ):
        return False  # x = 2 or y = 3 is no pair
    if a is None or b is None:
        return _alone(one, two, a, b, same)
    if len(a.parts) == len(b.parts) == 1:
        if (a.open, a.close) != (b.open, b.close) and "[" in a.open + b.open:
            return None
        return same(a.parts[0], b.parts[0])
    verdict = _listed(a, b, same)
    if a.parts != b.parts and any(map(_has_thousands, (one, two))):
        # (1,234) may be a pair or a number; read as points they may agree all the same.
        return True if verdict and a.open and b.open else None
    return verdict


def _unwrapped(found: Listing | None) -> Listing | None:
    """What stands in brackets around all of it: an interval in (…) is that interval."""
    inside = (
        listing(found.parts[0]) if found and len(found.parts) == 1 and found.open == "(" else None
    )
    return inside if inside and inside.open else found


def _joined_otherwise(one: str, two: str) -> bool:
    """Whether one text says `and` where the other says `or`."""
    words = [(bool(_AND.search(side)), bool(_OR.search(side))) for side in (one, two)]
    return words[0] != words[1] and all(map(any, words))


def _values(parts: list[str]) -> bool:
    """Whether parts are values of one thing, which people join with both words."""
    known = [(ASSIGNED.fullmatch(part), part) for part in parts]
    names = {match["name"] for match, _ in known if match}
    bare = [match["value"].strip() if match else part for match, part in known]
    numbers = [quantities.read(part) for part in bare]
    nouns = {
        part.partition(" ")[2] for part, of in zip(bare, numbers, strict=True) if of and of.unit
    }
    return max(len(names), len(nouns - {""})) < 2 and all(
        number or _is_value(part) for number, part in zip(numbers, bare, strict=True)
    )


def _is_value(part: str) -> bool:
    if (inside := listing(part)) and inside.open:
        return _values(inside.parts)
    return formulas.is_formula(part) and not _BARE.fullmatch(part)


def _has_thousands(text: str) -> bool:
    """Whether a comma may be one of thousands; inside points of a list it is asked there."""
    return bool(_THOUSANDS.search(_POINT.sub("()", text) if text.count("(") > 1 else text))


def _listed(a: Listing, b: Listing, same: Same) -> bool | None:
    if flat := _flat(a, b) or _flat(b, a):
        return _unordered(*flat, same)
    if "#" in a.open + b.open or any(map(_DOTS.fullmatch, a.parts + b.parts)):
        # labelled parts have an order, and so have those that go on
        return _ordered(a.parts, b.parts, same)
    if len(indices := {_indices(each.parts) for each in (a, b)} - {""}) > 1:
        return False
    if indices:
        a, b = _unindexed(a), _unindexed(b)
    unordered = {a.open, b.open} <= {"", "{"}
    pair = {a.open + a.close, b.open + b.close}
    if len(pair) > 1 and not unordered and pair != {"", "()"}:
        if pair == {"()", "[]"} and len(a.parts) == len(b.parts) > 2:
            return _ordered(a.parts, b.parts, same)  # lists, in two notations
        return None if "" in pair else False  # open and closed intervals, tuples and sets
    if len(pair) > 1 and not unordered and any(_repeated(each.parts) for each in (a, b)):
        return False  # x = 1 or x = 2 is no pair
    return _unordered(a, b, same) if unordered else _ordered(a.parts, b.parts, same)


def _flat(a: Listing, b: Listing) -> tuple[Listing, Listing] | None:
    """Sets side by side as one list, where the other side is all that is in them."""
    sets = [listing(part) for part in a.parts]
    if a.open or b.open or not all(each and each.open == "{" for each in sets):
        return None
    inside = [part for each in sets if each for part in each.parts]
    flat = len(inside) == len(b.parts) > len(sets) and not any(map(_nested, b.parts))
    return (a._replace(parts=inside), b) if flat else None


def _either(text: str, parts: list[str]) -> bool:
    """Whether a text says something of one variable or of another."""
    variables = {match.group() for part in parts if (match := _VARIABLE.match(part))}
    return len(variables) > 1 and bool(_OR.search(text))


def _guarded(same: Same) -> Same:
    """Compares parts, of which y^2 = 4 alone is no 4."""

    def guarded(one: str, two: str) -> bool | None:
        powers = [_POWER.match(side) for side in (one, two)]
        return False if any(powers) and ("=" in one) != ("=" in two) else same(one, two)

    return guarded


def _alone(one: str, two: str, a: Listing | None, b: Listing | None, same: Same) -> bool | None:
    """One side is a list, the other none."""
    several = a or b
    assert several
    inside = several.parts[0]
    if len(several.parts) == 1 and (several.open in "({" or quantities.read(inside)):
        if several.open == "{" and inside in (r"\emptyset", r"\varnothing"):
            return False
        return same(inside, two) if a else same(one, inside)
    single, list_ = (two, one) if a else (one, two)
    if len(_names([single])) == 1 and len(set(_names(several.parts))) > 1:
        return False  # x = 1 is not all of x = 1, y = 2
    if not quantities.read(single):
        bare = several.open in ("", "{", "(") and not re.search(r"[=<>]|\\[lg]e|\\ne", single)
        if bare and formulas.is_formula(single) and not _THOUSANDS.search(list_):
            return False if _several(several.parts) else None
        return None
    # 3,14 beside one number is written with a decimal comma.
    return bool(_COMMA.fullmatch(list_)) and same(list_.replace(",", "."), single)


def _several(parts: list[str]) -> bool:
    """Whether parts are formulas of which two certainly differ."""
    if not all(formulas.is_formula(part) for part in parts):
        return False
    return any(formulas.agree(parts[0], part) is False for part in parts[1:])


def listing(text: str) -> Listing | None:
    r"""The parts of a tuple, set, interval, or of a bare list with commas; None if it is none.

    >>> listing(r"\{1, (2, 3)\}"), listing("1 and 2").parts, listing("(1, 2) (3, 4)")
    (Listing(open='{', close='}', parts=['1', '(2, 3)']), ['1', '2'], None)
    >>> listing(r"1 \pm \sqrt{2}").parts
    ['1 + \\sqrt{2}', '1 - \\sqrt{2}']
    """
    text = text.replace(r"\{", "\x00").replace(r"\}", "\x01").strip()
    if len(text) > LONGEST:
        return None
    depths = _depths(text)
    if not depths or depths[-1]:
        return None
    brackets = "", ""
    if text[0] in "([\x00" and text[-1] in ")]\x01" and 0 not in depths[:-1]:
        brackets = text[0].replace("\x00", "{"), text[-1].replace("\x01", "}")
        text, depths = text[1:-1], [depth - 1 for depth in depths[1:-1]]
    if not brackets[0] and (unlabelled := _labelled(text)):
        return Listing("#", "#", [_escaped(part) for part in unlabelled])
    if brackets[0] == "(" and len(spread := signs.both(text)) > 1:  # (±1, 0) are two points
        return Listing("", "", [_escaped(f"({part})") for part in spread])
    parts, start = [], 0
    for separator in _SEPARATORS.finditer(text):
        if depths[separator.start()] == 0:
            parts.append(text[start : separator.start()].strip())
            start = separator.end()
    parts.append(text[start:].strip())
    if not all(parts) or (brackets[0] == "{" and _BUILT.match(text)):
        return None
    if brackets[0] in ("", "{"):
        parts = [side for part in parts for side in signs.both(part)]
    if len(parts) == 1 and not brackets[0]:
        return None
    if brackets == ("[", "]") and _named(parts):  # Maple's [x = 1, y = 2]
        brackets = "", ""
    return Listing(*brackets, labels.named([_escaped(part) for part in parts]))


def titled(text: str) -> bool:
    """Whether a text gives several things a value by their names.

    >>> titled("length 8, width 5"), titled("about 8, 5")
    (True, False)
    """
    found = listing(text)
    return found is not None and all(labels.titled(part) for part in found.parts)


def balanced(text: str) -> bool:
    r"""Whether every bracket of a text is closed by its like; those of an interval may differ.

    >>> balanced(r"\{(x + 1)\}"), balanced("-5]"), balanced("(0, 1]"), balanced("[x)")
    (True, False, True, False)
    """
    stack: list[str] = []
    for sign in text:
        if sign in "([{":
            stack.append(sign)
        elif sign in ")]}" and (not stack or (_OPEN[sign] != stack.pop() and "," not in text)):
            return False
    return not stack


def _depths(text: str) -> list[int]:
    """How many brackets are open after each sign; nothing where they do not match, or are many."""
    depths, depth = [], 0
    for sign in text:
        depth += (sign in "([{\x00") - (sign in ")]}\x01")
        depths.append(depth)
        if not 0 <= depth <= DEEPEST:
            return []
    return depths


def _labelled(text: str) -> list[str]:
    """The parts that have (a), (b), … before them; nothing where there are no such labels."""
    labels = list(_LABEL.finditer(text))
    if len(labels) < 2 or labels[0].start():
        return []
    known = [match["label"].lower() for match in labels]
    if not any(known == order.split()[: len(known)] for order in _ORDERS):
        return []
    ends = [match.start() for match in labels[1:]] + [len(text)]
    parts = [text[m.end() : end].strip(" ,;.") for m, end in zip(labels, ends, strict=True)]
    return parts if all(parts) else []


def _indices(parts: list[str]) -> str:
    """The digits below the names of roots, in order; nothing where a part is no root."""
    roots = [match["index"] for part in parts if (match := _ROOT.fullmatch(part))]
    return "".join(sorted(re.findall(r"\d", "".join(roots)))) if len(roots) == len(parts) else ""


def _unindexed(list_: Listing) -> Listing:
    """Roots without their names: x_1 = 2, x_2 = 3 are 3 and 2 as well."""
    values = [match["value"] for part in list_.parts if (match := _ROOT.fullmatch(part))]
    return list_._replace(parts=values) if len(values) == len(list_.parts) else list_


def _nested(part: str) -> bool:
    """Whether a part is a set itself: {1} in a set is not 1."""
    return part.startswith(r"\{")


def _escaped(part: str) -> str:
    return part.replace("\x00", r"\{").replace("\x01", r"\}")


def _ordered(ones: list[str], twos: list[str], same: Same) -> bool | None:
    ones, twos = _in_order(ones, twos), _in_order(twos, ones)
    verdicts = [same(one, two) for one, two in zip(ones, twos, strict=False)]
    if len(ones) != len(twos):
        numbers = all(formulas.is_formula(part) for part in ones + twos)
        return False if numbers else None
    return False if False in verdicts else None if None in verdicts else True


def _in_order(parts: list[str], others: list[str]) -> list[str]:
    """Named parts by their names, where the others have names too or the names have an order.

    x, y, z and a, b, c have one; w, d, a, b are in the order in which they are written.
    """
    names = sorted(_names(parts))
    if not _named(parts) or not names:
        return parts
    letters = "".join(names)
    if _named(others) or (len(letters) == len(names) and letters in ascii_letters):
        return sorted(parts)
    return parts


def _named(parts: list[str]) -> bool:
    """Whether each part gives another variable its value, so that their order means nothing."""
    return len(set(_names(parts))) == len(parts)


def _repeated(parts: list[str]) -> bool:
    """Whether a variable is given two values."""
    return len(set(_names(parts))) < len(_names(parts))


def _names(parts: list[str]) -> list[str]:
    return [match["name"] for part in parts if (match := ASSIGNED.fullmatch(part))]


def _unordered(a: Listing, b: Listing, same: Same) -> bool | None:
    """Each part must have a partner; nothing is certain unless every pair is."""
    ones, twos = a.parts, b.parts
    if _named(ones) and _named(twos) and (pairs := labels.aligned(_names(ones), _names(twos))):
        ones = [
            f"{pairs[name]}{part[len(name) :]}"
            for name, part in zip(_names(ones), ones, strict=True)
        ]
        return _ordered(ones, twos, same)
    if _named(ones) != _named(twos) and len(ones) == len(twos) and "{" not in a.open + b.open:
        in_order = _ordered(ones, twos, same)  # x = 1, y = 2 and 1, 2
        if in_order is not False or not _any_order(ones, twos):
            return in_order
    table = [[_nested(one) == _nested(two) and same(one, two) for two in twos] for one in ones]
    unsure = False
    for verdicts in [*table, *zip(*table, strict=True)]:
        if True in verdicts:
            continue
        if None not in verdicts:
            return False
        unsure = True
    return None if unsure else True


def _any_order(ones: list[str], twos: list[str]) -> bool:
    """Whether values with names may be those of a list without, in another order.

    So for maximum and minimum, and where the list rises, as a set is written: 7, 14, 18.
    """
    names, bare = (_names(ones), twos) if _named(ones) else (_names(twos), ones)
    values = [quantity.value for part in bare if (quantity := quantities.read(part))]
    if labels.extremes(names):
        return True
    rising = len(values) == len(bare) > 2 and values == sorted(set(values))
    return rising and all(len(name) > 2 for name in names)
