"""Where thinking first arrives at the final answer: what comes after it is checking, or idle."""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from filters.text.answer import plain

NEAR = 80
"""Characters before and behind an answer that say whether it is a result."""
BESIDE = 24
"""Characters before it that say whether it is one of an equation, a box or a sentence."""
LONGEST = 200
"""Characters of an answer that is looked for: a longer one is rarely written twice alike."""
PLACES = 10_000
"""Places of an answer that are looked at: one that is written more often is a loop."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\d+|[^\W\d_]+|\S")
_DRESS = re.compile(
    r"\\?\$|\\(?:left|right|displaystyle)(?![A-Za-z])|\\[,;!: ]|\^\s*\{?\\circ\}?|°|\\%|%"
)
_BETWEEN = r"(?:\s|,|\\[,;! ])*"
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{[^{}]*$")
_RESULT = re.compile(
    r"(?:[=≈:：≡]|\b(?:is|(?<!there )are|be|equals?|gives?|gets?|got|makes?|leaves?|option|choice"
    r"|ist|sind|ergibt|macht|beträgt|bleiben|est|sont|vaut|donne|font|es|son|da|queda[n]?|resulta"
    r"|é|são|dá|è|sono|fa|равн[ао]?|равен|это|будет|là|eder)\b|[是为為得剩即]|[はが]|=)"
    r"(?:\s|[$*(\[{]|\\[(\[{]|\\text|\\mathrm|\\(?=[$]))*$",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"(?:[^\S\n]|[$*)\]}°%]|\\[)\]}%,;! ]|\^\{?\\circ\}?|\\(?:text|mathrm|mbox)\s*\{[^{}]*\})*"
)
_GOES_ON = re.compile(r"[-+/^=×÷·<>±]|\\(?!n)|[.,]?\d|\.\w")
_CLAUSE = re.compile(r"(?:[^\W\d_]+\s?){0,3}(?:[$*)\]}]|\\[)\]])*\s*(?:[.,;!?。，；！、]|\n|$)")
_SAYS_SO = re.compile(
    r"answer|result|therefore|\bso\b|\bthus\b|\bhence\b|total|final|conclu|答案|所以|因此|结果|共|答え|よって"
    r"|したがって|合計|따라서|그러므로|답|also|daher|somit|insgesamt|ergebnis|donc|réponse|résultat|por (?:lo )?tanto"
    r"|respuesta|así que|portanto|resposta|quindi|risposta|perciò|значит|ответ|следовательно|итого"
    r"|إذن|الجواب|उत्तर|अतः|इसलिए|कुल|cevap|yani|toplam|vậy|đáp án",
    re.IGNORECASE,
)


def first_answer(thinking: str, answer: str) -> int | None:
    r"""Characters of the thinking up to the end of the first place where this answer is a result.

    A result is in a box, or stands behind an equals sign, `is` or the like in 15 languages, at the
    end of its clause. An answer of one digit or letter also needs a word like `so` or `answer` before
    it, since such stand everywhere. Other spellings of an answer than digits with and without
    commas, `\frac{1}{2}` and 1/2 are not found.

    >>> first_answer("6 times 7 is 42. Let me check that: 42.", "42")
    15
    >>> first_answer("There are 42 rows, and 42 + 1 = 43.", "42") is None
    True
    """
    if not answer.strip() or len(answer) > LONGEST:
        return None
    ends = [
        end for spelling in _spellings(answer) if (end := _first(thinking, spelling)) is not None
    ]
    return min(ends, default=None)


def _first(thinking: str, spelling: str) -> int | None:
    is_short = len(spelling) == 1
    for found in islice(_places(thinking, spelling.replace(",", "")), PLACES):
        before = thinking[max(0, found.start() - NEAR) : found.start()]
        if not _RESULT.search(before[-BESIDE:]):
            if _BOX.search(before[-BESIDE:]):
                return found.end()
            continue
        behind = thinking[found.end() : found.end() + NEAR]
        rest = behind[_CLOSED.match(behind).end() :]  # pyrefly: ignore: it matches nothing, too
        if _GOES_ON.match(rest) or not _CLAUSE.match(rest):
            continue
        if not is_short or _SAYS_SO.search(before):
            return found.end()
    return None


def _spellings(answer: str) -> list[str]:
    """The answer without its dress, and what stands behind its equals sign."""
    bare = _DRESS.sub("", plain(answer)).strip().rstrip(".")
    value = plain(bare.rpartition("=")[2])
    inner = re.sub(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}", r"\1", value).strip()
    ratio = re.sub(r"\\[dt]?frac\s*\{?(\w+)\}?\s*\{?(\w+)\}?", r"\1/\2", inner)
    number = re.match(r"-?\d[\d,]*(?:\.\d+)?(?=\s*[A-Za-z])", inner)  # before a unit
    found = [bare, value, inner, ratio, number[0] if number else "", inner.strip("()")]
    return [text for text in dict.fromkeys(found) if text]


def _places(thinking: str, spelling: str) -> Iterator[re.Match[str]]:
    """Where it is written. What it begins with is looked for first, at the speed of memory."""
    tokens = _TOKEN.findall(spelling)
    if not tokens:
        return
    start = r"(?<![0-9A-Za-z_.\\])" if spelling[0].isalnum() else ""
    end = r"(?![A-Za-z])" if spelling[-1].isalnum() else ""
    pattern = re.compile(start + _BETWEEN.join(map(_spelt, tokens)) + end)
    first = tokens[0]
    if first.isdecimal() and len(first) > 3:
        first = first[: len(first) % 3 or 3]
    elif first.startswith("\\"):
        first = "\\"
    at = thinking.find(first)
    while at >= 0:
        if found := pattern.match(thinking, at):
            yield found
        at = thinking.find(first, at + 1)


def _spelt(token: str) -> str:
    if token in (r"\frac", r"\dfrac", r"\tfrac"):
        return r"\\[dt]?frac"
    if token.isdecimal() and len(token) > 3:
        groups = [token[max(0, end - 3) : end] for end in range(len(token), 0, -3)]
        return r"(?:,|\{,\}|\\,|\s)?".join(reversed(groups))
    return re.escape(token)
