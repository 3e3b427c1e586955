"""Rewrites: real keys in another dress, which must be accepted."""

from __future__ import annotations

import re
from random import Random

from benchmarks.mutations import NUMBER, Mutate, listed, parts_of, swap, turned


def _unordered(text: str, chance: Random) -> str | None:
    found = parts_of(text)
    return listed(turned)(text, chance) if found and found[0].lstrip("$") in ("", r"\{") else None


def _whole(*shapes: str) -> list[tuple[str, Mutate]]:
    """Dress around a whole key; K is the key, without dollar signs."""

    def put(shape: str) -> Mutate:
        return lambda text, _: (
            shape.replace("K", text.strip("$")) if "$" not in text.strip("$") else None
        )

    return [(f"dress: {shape}", put(shape)) for shape in shapes]


def _about(test: str, *shapes: str) -> list[tuple[str, Mutate]]:
    """The same for keys of one form."""

    def put(shape: str) -> Mutate:
        return lambda text, _: shape.replace("K", text) if re.fullmatch(test, text) else None

    return [(f"dress: {shape}", put(shape)) for shape in shapes]


REWRITES: list[tuple[str, Mutate]] = [
    *_whole(
        "K",
        "$K$",
        "K.",
        r"\(K\)",
        r"\text{}K",
        "{K}",
        r"\displaystyle K",
        r" K \,",
        r"\mathbf{K}",
        r"\left(K\right)",
    ),
    *_about(
        NUMBER,
        "x = K",
        "n=K",
        "K.",
        r"\$K",
        "K apples",
        r"K \text{ cm}",
        "+K",
        r"\text{K}",
        r"\textbf{K}",
        r"\mathrm{K}",
        "$K$ ways",
        r"\approx K",
        "= K",
        r"m_{\max} = K",
        r"f(3) = K",
    ),
    *_about(r"\d+\.\d*[1-9]", "K0", "K00"),
    *_about(r"-?\d+", "K.0", r"\frac{K}{1}"),
    ("dress: thousands", swap(r"^(\d{1,3})(\d{3})$", r"\1,\2")),
    ("dress: thin thousands", swap(r"^(\d{1,3})(\d{3})$", r"\1\\,\2")),
    ("dress: braced thousands", swap(r"^(\d{1,3})(\d{3})$", r"\1{,}\2")),
    ("dress: num", swap(r"^(\d+\.?\d*)$", r"\\num{\1}")),
    ("dress: dfrac", swap(r"\\frac(?=\{)", r"\\dfrac")),
    ("dress: tfrac", swap(r"\\frac(?=\{)", r"\\tfrac")),
    ("dress: slash", swap(r"^(-?)\\frac\{(\d+)\}\{(\d+)\}$", r"\1\2/\3")),
    ("dress: minus in", swap(r"^-\\frac\{(\d+)\}", r"\\frac{-\1}")),
    ("dress: bare frac", swap(r"\\frac\{(\d)\}\{(\d)\}", r"\\frac\1\2")),
    ("dress: over", swap(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"{\1 \\over \2}")),
    ("dress: no left", swap(r"\\left ?\(([^()]*)\\right ?\)", r"(\1)")),
    ("dress: left", swap(r"^\(([^()]*)\)$", r"\\left(\1\\right)")),
    ("dress: cdot to times", swap(r"\\cdot(?![a-z])", r"\\times")),
    ("dress: le", swap(r"\\leq(?![a-z])", r"\\leqslant")),
    ("dress: ge", swap(r"\\geq(?![a-z])", "≥")),
    ("dress: sqrt", swap(r"\\sqrt\{(\d+)\}", r"√\1")),
    ("dress: sqrt call", swap(r"^(\d+)\\sqrt\{(\d+)\}$", r"\1*sqrt(\2)")),
    ("dress: pi", swap(r"\\pi(?![a-z])", "π")),
    ("dress: root to power", swap(r"(?<!\d)\\sqrt\{(\d+)\}", r"\1^{1/2}")),
    ("dress: exponent braces", swap(r"\^(\w)(?!\w)", r"^{\1}")),
    ("dress: degrees", swap(r"\^\{?\\circ\}?", "°")),
    ("dress: sum turned", swap(r"^(\d+) ?\+ ?(\d*\\sqrt\{\d+\})$", r"\2 + \1")),
    ("dress: set turned", _unordered),
    ("dress: text and", swap(r"^([^,()\[\]{}]+), ?([^,()\[\]{}]+)$", r"\1 \\text{ and } \2")),
    ("dress: set braces", swap(r"^([^,()\[\]{}]+), ?([^,()\[\]{}]+)$", r"\\{\1, \2\\}")),
    ("dress: percent", swap(r"\\%", "%")),
    ("dress: percent in words", swap(r"\\?%$", " percent")),
    ("dress: infinity", swap(r"\\infty", "∞")),
    ("dress: plus infinity", swap(r"(?<=, )\\infty", r"+\\infty")),
    ("dress: cup", swap(r"\\cup", "\N{UNION}")),
    ("dress: in", swap(r"^([\[(][^\[\](),]+,[^\[\](),]+[\])])$", r"x \\in \1")),
    (
        "dress: rounded off",
        swap(r"^-?\d+\.\d{3,}$", lambda m: f"{float(m[0]):.2f}" if len(m[0]) < 15 else None),
    ),
]
"""What keeps the meaning. (`rounded off` does so under a policy that rounds.)"""
