"""What the arguments of instructions must be: value -> what is wrong with it, or None."""

from __future__ import annotations

from filters.verifiers.instructions.languages import knows
from filters.verifiers.instructions.text import whole_words


def count(value: object) -> str | None:
    """A whole number, 0 or more."""
    # Tables that mix kinds of rows hold whole numbers as floats.
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return None if whole and value >= 0 else f"a whole number was expected, not {value!r}"


def place(value: object) -> str | None:
    """A whole number, 1 or more."""
    return count(value) or (None if value else "1 or more was expected, not 0")


def text(value: object) -> str | None:
    """A text that is not blank."""
    fine = isinstance(value, str) and value.strip()
    return None if fine else f"a text was expected, not {value!r}"


def texts(value: object) -> str | None:
    """A list of such texts."""
    if not isinstance(value, list | tuple) or not value:
        return f"a list of texts was expected, not {value!r}"
    return next((wrong for item in value if (wrong := text(item))), None)


def word(value: object) -> str | None:
    """A text without blanks: the first word of anything is one word."""
    if wrong := text(value):
        return wrong
    return None if len(str(value).split()) == 1 else f"one word was expected, not {value!r}"


def phrase(value: object) -> str | None:
    """Three to a hundred words: one within it is to be replaced."""
    if wrong := text(value):
        return wrong
    fine = 3 <= len(whole_words(str(value))) <= 100
    return None if fine else f"a phrase of 3 to 100 words was expected, not {value!r}"


def sign(value: object) -> str | None:
    """One letter, or any other sign."""
    one = isinstance(value, str) and len(value.strip()) == 1
    return None if one else f"one letter was expected, not {value!r}"


def relation(value: object) -> str | None:
    """IFEval's two relations."""
    known = isinstance(value, str) and value in ("less than", "at least")
    return None if known else f"'less than' or 'at least' was expected, not {value!r}"


def language(value: object) -> str | None:
    """A language that the identifier knows."""
    if wrong := text(value):
        return wrong
    return None if knows(str(value)) else f"nobody here can tell the language {value!r}"
