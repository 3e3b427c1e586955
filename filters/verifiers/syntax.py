r"""Formulas as trees: a parser for the LaTeX of answers that refuses what it is unsure of."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from filters.verifiers import units

LONGEST = 400
"""Characters; no longer formula is read."""
DEEPEST = 25
"""Brackets inside brackets; no deeper formula is read."""
DIGITS = 60
"""Digits of one number."""

_FUNCTION_NAMES = """
sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln lg log exp
"""
_GREEK_NAMES = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu nu xi rho sigma
tau phi varphi chi psi omega Delta Gamma Theta Lambda Phi Psi Omega Sigma ell hbar
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_GREEK = frozenset(_GREEK_NAMES.split())
_TOKEN = re.compile(
    r" *(?:(?P<number>\d{1,3}(?:,\d{3})+(?![\d.])|\d+\.?\d*|\.\d+)"
    r"|\\(?P<command>[a-zA-Z]+)"
    r"|(?P<word>[A-Za-z]+)(?P<primes>'*)"
    r"|(?P<sign>[-+*/^(){}\[\]|!_%]))"
)
_EXPONENT = re.compile(r"\d\.?[eE] ?[-+]?\d")
_DERIVATIVE = re.compile(r"\\frac ?\{ ?d ?\w?(?: ?\^ ?\d[^}]*)? ?\} ?\{ ?d|d[a-z]/d[a-z]")
_INDEX = re.compile(r"_ ?(?:\{ ?([A-Za-z0-9]{1,6}) ?\}|([A-Za-z0-9]))")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset({r"\rfloor", r"\rceil", r"\rvert"})
_LETTER_COMMANDS = frozenset({"mathbf", "mathit", "boldsymbol", "mathcal"})


class Tree(NamedTuple):
    """An operation and what it is done to."""

    operation: str
    """`number`, `variable`, `constant`, `+ - * / ^ root ! abs floor ceil binom`, or a function."""
    parts: tuple[Tree, ...] = ()
    value: Fraction | str = ""
    """A number's value; a variable's or a constant's name."""


class Unclear(Exception):
    """A text that is no formula, or one that can be read in two ways."""


def parse(text: str) -> Tree:
    r"""The tree of a tidied text.

    Juxtaposition multiplies; `1/2x`, which people read in two ways, is refused, and so are words.

    Raises:
        Unclear: it cannot be read with certainty.

    >>> parse("x^2").operation, parse("x^2").parts[1].value
    ('^', Fraction(2, 1))
    >>> parse("1/2x")
    Traceback (most recent call last):
    ...
    filters.verifiers.syntax.Unclear: a product after a slash
    """
    if len(text) > LONGEST:
        raise Unclear("too long")
    reader = _Reader(_tokens(text))
    tree = reader.sum()
    if reader.here:
        raise Unclear(f"unexpected {reader.here!r}")
    return tree


def names(tree: Tree) -> frozenset[str]:
    """The variables of a tree."""
    if tree.operation == "variable":
        return frozenset({str(tree.value)})
    return frozenset().union(*(names(part) for part in tree.parts))


def put(tree: Tree, name: str, value: Tree) -> Tree:
    """A tree with another tree where a variable was."""
    if tree.operation == "variable" and tree.value == name:
        return value
    return tree._replace(parts=tuple(put(part, name, value) for part in tree.parts))


def number(value: int | Fraction) -> Tree:
    """The tree of a number."""
    return Tree("number", value=Fraction(value))


def _negative(tree: Tree) -> Tree:
    if tree.operation == "number":
        return tree._replace(value=-Fraction(tree.value))
    return Tree("*", (number(-1), tree))


def _tokens(text: str) -> list[str]:
    """Numbers, `\\command`s, signs, and letters one by one with their indices."""
    tokens, place = [], 0
    text = text.strip()
    if _EXPONENT.search(text):
        raise Unclear("a number with an exponent, or a product with e")
    if _DERIVATIVE.search(text):
        raise Unclear("a derivative")
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise Unclear(f"unexpected {text[place]!r}")
        place = match.end()
        if match["word"]:
            letters = _letters(match["word"])
            letters[-1] += match["primes"]
            tokens += letters
        elif match["command"]:
            tokens.append("\\" + match["command"])
        elif match["number"] and "," in match["number"] and re.search(r"[(\[]", text):
            raise Unclear("a number, or a pair")
        else:
            tokens.append((match["number"] or match["sign"]).replace(",", ""))
        named = tokens[-1].isalpha() or tokens[-1].lstrip("\\") in _GREEK
        if named and (index := _INDEX.match(text, place)):
            tokens[-1] += "_" + (index[1] or index[2])
            place = index.end()
    return tokens


def _letters(word: str) -> list[str]:
    """A run of letters: a function's name, or a product of variables; longer ones are words."""
    if word in FUNCTIONS or word == "sqrt":
        return ["\\" + word]
    if len(word) > 1 and (len(word) > 3 or units.known(word) or not units.may_be_product(word)):
        raise Unclear(f"the word {word!r}")
    return list(word)


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[str]):
        self.tokens = [*tokens, ""]
        self.place = 0
        self.depth = 0

    @property
    def here(self) -> str:
        return self.tokens[self.place]

    def take(self) -> str:
        token = self.here
        self.place += 1
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise Unclear(f"{token!r} is missing")

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unclear("too deep")
        tree = None
        while tree is None or self.here in ("+", "-"):
            sign = self.take() if self.here in ("+", "-") else "+"
            term = self.product()
            if sign == "-":
                term = _negative(term)
            tree = term if tree is None else Tree("+", (tree, term))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        tree, divided = self.factor(), False
        while True:
            if self.here in ("*", r"\cdot", r"\times", r"\ast"):
                self.take()
                tree = Tree("*", (tree, self.factor(signed=True)))
            elif self.here in ("/", r"\div"):
                self.take()
                tree, divided = Tree("/", (tree, self.factor(signed=True))), True
            elif self.starts():
                if divided:
                    raise Unclear("a product after a slash")
                tree = Tree("*", (tree, self.factor()))
            else:
                return tree

    def starts(self) -> bool:
        """Whether a factor starts here."""
        here = self.here
        if not here or here in ")]}|+-*/^!_%" or here in _CLOSING:
            return False
        if self.tokens[self.place - 1][-1:].isdigit() and here[0].isdigit():
            raise Unclear("two numbers side by side")
        return here[0] in "([{\\" or here[0].isalnum() or here[0] == "."

    def factor(self, signed: bool = False) -> Tree:
        if signed and self.here in ("+", "-"):
            sign = -1 if self.take() == "-" else 1
            return Tree("*", (number(sign), self.factor()))
        tree = self.base()
        while self.here in ("^", "!", "%"):
            sign = self.take()
            if sign == "!":
                tree = Tree("!", (tree,))
            elif sign == "%":
                tree = Tree("*", (tree, number(Fraction(1, 100))))
            elif self.here in (r"\circ", r"\prime"):
                if self.take() == r"\prime":
                    raise Unclear("a prime")
                tree = Tree("*", (tree, Tree("constant", value="degree")))
            else:
                tree = Tree("^", (tree, self.argument()))
                if self.here == "^":
                    raise Unclear("a power of a power")
        return tree

    def argument(self) -> Tree:
        """What a command or a power applies to: a group, or one sign."""
        if self.here == "{":
            return self.group()
        if self.here == "-":
            self.take()
            return _negative(self.argument())
        if self.here[:1].isdigit() and len(self.here) > 1 and self.tokens[self.place - 1] != "^":
            first, rest = self.here[0], self.here[1:]
            self.tokens[self.place : self.place + 1] = [first, rest]
        return self.base()

    def group(self) -> Tree:
        tree = None
        closing = _OPENING[self.take()]
        tree = self.sum()
        self.expect(closing)
        return tree

    def base(self) -> Tree:
        here = self.here
        if here in _OPENING and here:
            return self.group()
        if here == "|":
            return self.bars("|", "abs")
        self.take()
        if here[:1].isdigit() or here[:1] == ".":
            return self.numeral(here)
        if here.startswith("\\"):
            return self.command(here[1:])
        if here[:1].isalpha():
            if here == "e":
                return Tree("constant", value="e")
            if here.startswith("C_") and here[2:].isdigit() and self.here == "^":
                self.take()  # combinations, as Chinese books write them
                return Tree("binom", (number(int(here[2:])), self.argument()))
            return Tree("variable", value=here)
        raise Unclear(f"unexpected {here!r}")

    def numeral(self, text: str) -> Tree:
        if len(text) > DIGITS:
            raise Unclear("a very long number")
        if self.here == r"\overline":
            raise Unclear("a repeating decimal")
        value = Fraction(text.rstrip("."))
        if self.here == r"\frac" and "." not in text:  # 2\frac13 is a mixed number
            start = self.place
            part = self.base()
            if all(side.operation == "number" for side in part.parts):
                above, below = (Fraction(side.value) for side in part.parts)
                if 0 < above < below:
                    return number(value + above / below)
            self.place = start
        return number(value)

    def bars(self, closing: str, operation: str) -> Tree:
        self.take()
        tree = self.sum()
        self.expect(closing)
        return Tree(operation, (tree,))

    def command(self, name: str) -> Tree:
        bare = name.partition("_")[0]
        if name == "pi":
            return Tree("constant", value="pi")
        if bare in _GREEK:
            return Tree("variable", value="\\" + name.removeprefix("var"))
        if name == "frac":
            return Tree("/", (self.argument(), self.argument()))
        if name in ("binom", "dbinom", "tbinom"):
            return Tree("binom", (self.argument(), self.argument()))
        if name == "sqrt":
            return self.root()
        if name in FUNCTIONS:
            return self.function(name)
        if name in ("lfloor", "lceil", "lvert"):
            self.place -= 1
            return self.bars("\\r" + name[1:], {"lvert": "abs"}.get(name, name[1:]))
        if name in _LETTER_COMMANDS and self.here == "{" and self.tokens[self.place + 2] == "}":
            return self.group()
        raise Unclear(f"the command {name}")

    def root(self) -> Tree:
        degree = number(2)
        if self.here == "[":
            self.take()
            degree = self.sum()
            self.expect("]")
        if self.here == "(":
            return Tree("root", (self.group(), degree))
        return Tree("root", (self.argument(), degree))

    def function(self, name: str) -> Tree:
        base = power = None
        while self.here in ("_", "^"):
            if self.take() == "_":
                base = self.argument()
            else:
                power = self.argument()
        if power == number(-1) and name in ("sin", "cos", "tan"):
            name, power = "arc" + name, None
        if name == "log" and base is None:
            name = "log?"  # of ten, or natural: who knows
        if name == "lg":
            name, base = "log", number(10)
        tree = Tree(name, (self.operand(),) + ((base,) if base else ()))
        return Tree("^", (tree, power)) if power else tree

    def operand(self) -> Tree:
        """What a function without brackets is of: a product up to the next sign or function."""
        bracketed = self.here in ("(", "{", "[")
        if bracketed:
            tree = self.group()
            if self.here == "^" and self.tokens[self.place + 1] == r"\circ":
                self.place += 2
                tree = Tree("*", (tree, Tree("constant", value="degree")))
            return tree
        tree = self.factor()
        while self.starts() and self.here.lstrip("\\").partition("_")[0] not in FUNCTIONS:
            if self.here == "(":
                raise Unclear("a function without brackets before a bracket")
            tree = Tree("*", (tree, self.factor()))
        if self.here == "/":
            raise Unclear("a function without brackets before a slash")
        return tree
