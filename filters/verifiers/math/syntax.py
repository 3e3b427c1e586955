r"""Formulas as trees: a parser for the LaTeX of answers that refuses what it is unsure of."""

from __future__ import annotations

from flint import fmpq

from filters.verifiers.math.tokens import FUNCTIONS, GREEK, tokens
from filters.verifiers.math.trees import Tree, Unclear, negative, number

LONGEST = 400
"""Characters; no longer formula is read."""
DEEPEST = 25
"""Brackets inside brackets; no deeper formula is read."""
OPERATIONS = 150
"""Sums, products and factors; trees are walked by recursion, and no deeper than this."""
DIGITS = 60
"""Digits of one number."""

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset({r"\rfloor", r"\rceil", r"\rvert"})
_LETTER_COMMANDS = frozenset({"mathbf", "mathit", "boldsymbol", "mathcal"})


def parse(text: str) -> Tree:
    r"""The tree of a tidied text.

    Juxtaposition multiplies; `1/2x`, which people read in two ways, is refused, and so are words.

    Raises:
        Unclear: it cannot be read with certainty.

    >>> parse("x^2").operation, parse("x^2").parts[1].value
    ('^', 2)
    >>> parse("1/2x")
    Traceback (most recent call last):
    ...
    filters.verifiers.math.trees.Unclear: a product after a slash
    """
    if len(text) > LONGEST:
        raise Unclear("too long")
    reader = _Reader(tokens(text))
    tree = reader.sum()
    if reader.here:
        raise Unclear(f"unexpected {reader.here!r}")
    return tree


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[str]):
        self.tokens = [*tokens, ""]
        self.place = 0
        self.depth = 0
        self.operations = 0

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
            self.count()
            sign = self.take() if self.here in ("+", "-") else "+"
            term = self.product()
            if sign == "-":
                term = negative(term)
            tree = term if tree is None else Tree("+", (tree, term))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        tree, divided = self.factor(), False
        while True:
            self.count()
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

    def count(self) -> None:
        """Counts one more operation."""
        self.operations += 1
        if self.operations > OPERATIONS:
            raise Unclear("too many operations")

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
            self.count()
            sign = self.take()
            if sign == "!":
                tree = Tree(sign + self.repeated(sign), (tree,))
            elif sign == "%":
                tree = Tree("*", (tree, number(fmpq(1, 100))))
            elif self.here in (r"\circ", r"\prime"):
                if self.take() == r"\prime":
                    raise Unclear("a prime")
                tree = Tree("*", (tree, Tree("constant", value="degree")))
            else:
                tree = Tree("^", (tree, self.argument()))
                if self.here == "^":
                    raise Unclear("a power of a power")
        return tree

    def repeated(self, sign: str) -> str:
        """A second sign of these: n!! is no (n!)!."""
        if self.here != sign:
            return ""
        self.take()
        if self.here == sign:
            raise Unclear("three factorials")
        return sign

    def argument(self) -> Tree:
        """What a command or a power applies to: a group, or one sign."""
        if self.here == "{":
            if self.tokens[self.place + 1] == "(" and self.tokens[self.place - 1] == "^":
                raise Unclear("a derivative, or a power")
            return self.group()
        if self.here == "-":
            self.take()
            return negative(self.argument())
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
            if here in ("f", "F") and self.here == "(":
                return Tree(f"call {here}", (self.group(),))
            return Tree("variable", value=here)
        raise Unclear(f"unexpected {here!r}")

    def numeral(self, text: str) -> Tree:
        if len(text) > DIGITS:
            raise Unclear("a very long number")
        if self.here == r"\overline":
            raise Unclear("a repeating decimal")
        whole, _, part = text.partition(".")
        value = fmpq(int(whole + part), 10 ** len(part))
        if self.here == r"\frac" and "." not in text:  # 2\frac13 is a mixed number
            start = self.place
            part = self.base()
            if all(side.operation == "number" for side in part.parts):
                above, below = (side.value for side in part.parts)
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
        if bare in GREEK:
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
            self.count()
            tree = Tree("*", (tree, self.factor()))
        if self.here == "/":
            raise Unclear("a function without brackets before a slash")
        return tree
