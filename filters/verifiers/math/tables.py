r"""Matrices, row by row."""

from __future__ import annotations

import re

from filters.verifiers.math import formulas
from filters.verifiers.math.listings import Same, listing

_MATRIX = re.compile(
    r"(?P<factor>[^&]*?) ?(?:\\cdot ?)?[(\[]? ?"
    r"\\begin ?\{ ?(?P<kind>[pbvBV]?(?:small)?matrix|array) ?\}"
    r"(?: ?\{ ?[lcr| ]+ ?\})?(?P<rows>.*?)\\end ?\{ ?(?P=kind) ?\} ?[)\]]?",
    re.DOTALL,
)
_ROWS = re.compile(r"\\\\(?:\[[^\]]*\])?")
_CASES = re.compile(
    r"(?:[a-z](?: ?\([a-z]\))? ?= ?)?(?:\\\{)? ?"
    r"\\begin ?\{ ?cases ?\}(?P<rows>.*?)\\end ?\{ ?cases ?\}",
    re.DOTALL,
)
_CONDITION = re.compile(r"(?: ?[,;])? ?(?:&[ ,]*(?:if|when|for|where)?|,? (?:if|when|for|where)\b)")
_TRANSPOSED = re.compile(r" ?\^ ?\{? ?(?:T|\\top|\\prime|')(?: ?\})?$")
_HATS = re.compile(r"\\(?:hat|vec|boldsymbol|bm) ?\{ ?\\?([ijk])(?:math)? ?\}")
_BASIS = re.compile(rf"{_HATS.pattern}|(?<![a-zA-Z])i(?![a-zA-Z]).*(?<![a-zA-Z])j(?![a-zA-Z])")
LARGEST = 100
"""Entries; no larger matrix is compared here."""


def agree(one: str, two: str, same: Same) -> bool | None:
    r"""Whether two tidied texts are the same matrix; None where one is not certainly a matrix.

    >>> from filters.verifiers.math.formulas import agree as equal
    >>> unit = r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}"
    >>> agree(unit, r"\frac12 \begin{bmatrix} 2 & 0 \\ 0 & 2 \end{bmatrix}", equal)
    True
    """
    a, b = read(one), read(two)
    if a is None or b is None:
        return _vectors(one, two, same) if a or b else None
    if [len(row) for row in a] != [len(row) for row in b]:
        return False
    verdicts = [
        same(x, y) for row, other in zip(a, b, strict=True)
        for x, y in zip(row, other, strict=True)
    ]  # fmt: skip
    return False if False in verdicts else None if None in verdicts else True


def _vectors(one: str, two: str, same: Same) -> bool | None:
    """Compares a column or a row with a tuple: (1, 2), or <1, 2>."""
    tuples = [vector(side) or side for side in (one, two)]
    found = [listing(_TRANSPOSED.sub("", side)) for side in tuples]
    if not all(each and each.open in ("(", "[") for each in found):
        return None
    a, b = (each.parts for each in found if each)
    if len(a) != len(b):
        return False
    verdicts = [same(x, y) for x, y in zip(a, b, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def basis(one: str, two: str, same: Same) -> bool | None:
    """Whether a sum of i, j and k is a vector; None where there is no such sum.

    >>> basis("3i - 4j", "(3, -4)", formulas.agree), basis("3i - 4j", "(4, 3)", formulas.agree)
    (True, False)
    """
    if not any(map(_BASIS.search, (one, two))):
        return None
    one, two = (vector(side) or side for side in (one, two))
    sums = [_HATS.sub(r" \1 ", side) for side in (one, two)]
    for place, side in enumerate((one, two)):
        found = listing(side)
        if found and found.open == "(" and 1 < len(found.parts) < 4:
            letters = zip(found.parts, "ijk", strict=False)
            sums[place] = " + ".join(f"({part}) {letter}" for part, letter in letters)
    return formulas.agree(*sums)


def vector(text: str) -> str | None:
    r"""A matrix of one column or one row as a tuple; None if it is none.

    >>> vector(r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}")
    '(1, 2)'
    """
    entries = read(text)
    if not entries or (len(entries) > 1 and len(entries[0]) > 1):
        return None
    return f"({', '.join(entry for row in entries for entry in row)})"


def read(text: str) -> list[list[str]] | None:
    """The entries of a matrix, with the factor before it multiplied in; None if it is none."""
    match = _MATRIX.fullmatch(text)
    if match is None or r"\begin" in match["rows"] or "v" in match["kind"].lower():
        return None
    rows = [row.split("&") for row in _ROWS.split(match["rows"])]
    if len(rows) > 1 and not "".join(rows[-1]).strip():  # a line break after the last row
        rows = rows[:-1]
    entries = [[entry.strip() for entry in row] for row in rows]
    if sum(map(len, entries)) > LARGEST or not all(entry for row in entries for entry in row):
        return None
    factor = match["factor"].strip()
    if not factor:
        return entries
    factor = "-1" if factor == "-" else factor
    if not formulas.is_formula(factor):
        return None
    return [[f"({factor}) ({entry})" for entry in row] for row in entries]


def cases(one: str, two: str, same: Same) -> bool | None:
    r"""Whether two functions that are given case by case are the same.

    >>> from filters.verifiers.math.plain import certain
    >>> certain(r"\begin{cases} 1 & x < 0 \\ 2 & x > 0 \end{cases}",
    ...         r"\begin{cases} 2, & \text{if } x > 0 \\ 1, & \text{if } x < 0 \end{cases}")
    True
    """
    a, b = pieces(one), pieces(two)
    if a is None or b is None:
        return None
    unsure = False
    for value, condition in a:
        verdicts = [same(condition, other) for _, other in b]
        if True not in verdicts:
            return None if None in verdicts else False
        verdict = same(value, b[verdicts.index(True)][0])
        if verdict is False:
            return False
        unsure = unsure or verdict is None
    return None if unsure or len(a) != len(b) else True


def pieces(text: str) -> list[tuple[str, str]] | None:
    """The values of cases, each with its condition; None where there are no cases."""
    match = _CASES.fullmatch(text)
    if match is None:
        return None
    rows = [row for row in _ROWS.split(match["rows"]) if row.strip()]
    pairs = [_CONDITION.split(row, maxsplit=1) for row in rows]
    if not all(len(pair) == 2 for pair in pairs):
        return None
    return [(value.strip(" ,;"), condition.strip(" ,;.")) for value, condition in pairs]
