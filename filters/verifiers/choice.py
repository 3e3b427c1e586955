"""Multiple choice: the letter an answer commits to, or the text of one of the options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from filters.text.answer import extract as final_answer
from filters.verdict import Verdict, correct, incorrect
from filters.verifiers.math import quantities
from filters.verifiers.math.notation import tidy
from filters.verifiers.math.plain import certain

LONGEST = 2_000
"""Characters at the end of a response in which a letter is looked for."""
LONGEST_NUMBER = 50
LETTERS = "ABCDEFGHIJ"

_ALONE = re.compile(r"[(\[【]? ?([A-Ja-j]) ?[)\]】]?[.。:、]?")
_LED = re.compile(r"[(\[【]? ?([A-Ja-j]) ?(?:[)\]】]\.?|[.。:、]) ?(?P<text>\S.*)")
_QUOTED = re.compile("['\"\u2018\u201c]([A-J])['\"\u2019\u201d]")
_NUMBER = re.compile(r"(-?[$€£]?\d[\d,.]*(?:/\d+)?)(?: ?[^\W\d_][^\d]*)?")
_LETTER = re.compile(r"(?<![A-Za-z0-9\\'])([A-J])(?![A-Za-z0-9']|[-+*/^=<]| [-+=<] )")
_SEVERAL = re.compile(r"(?:[A-J][、,./; ]{0,3})+")
_ARTICLE = re.compile(r"[AI] (?!is\b|and\b|or\b|was\b|because\b|since\b|as\b|but\b|correct)[a-z]")
_NO = re.compile(
    r"(?:\b(?:not|nor|neither|except|isn't|rule out|ruled out|eliminate|rather than|instead of)"
    r"(?: (?:option|choice|answer))?|不选|不是|不能选|排除|错选|而非) ?[(【]?$",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"\b(?:not|neither|nor|except)(?: (?:option|choice))? [(\[]?$", re.IGNORECASE)
"""Before the first of letters that are all refused: "not A or B"."""
_REFUSED = re.compile(
    r" ?[)】]? (?:is|are|was) (?:not|wrong|incorrect|false)|(?:是错|不正确|错误|不对)"
)
_JOINS = re.compile(r"[)】.]?(?: ?[,、/&+] ?| ?(?:and|or|and/or|和|或|与) ?| )?[(【]?")
_OPTION = re.compile(
    r"(?<![A-Za-z0-9])[(\[【]?([A-J])(?:[)\]】][.:]?|[.:、\N{FULLWIDTH FULL STOP}] ?(?=\S))"
)
_COMMITS = re.compile(r"\banswer\b|\bchoose\b|\bchoice\b|\boption\b|答案|选|故", re.IGNORECASE)


class Choice(NamedTuple):
    """A key: the right letter, and what the options say where that is known."""

    letter: str
    options: dict[str, str]


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    `"B"`, or `{"letter": "B", "options": ["Paris", "Rome"]}`; options may be an object from letters
    to texts, too.
    """
    expected = 'a letter, or an object like {"letter": "B", "options": ["…", "…"]}, was expected'
    if isinstance(reference, Mapping):
        letter, options = reference.get("letter"), reference.get("options", {})
        if not isinstance(options, Mapping | Sequence) or isinstance(options, str):
            return f"options are a list of texts or an object, not {type(options).__name__}"
        texts = options.values() if isinstance(options, Mapping) else options
        if not all(isinstance(text, str) for text in texts):
            return "options must be texts"
    else:
        letter, options = reference, {}
    if not isinstance(letter, str):
        return f"{expected}, not {type(letter).__name__}"
    if not _ALONE.fullmatch(letter.strip()):
        return f"{expected}, A to {LETTERS[-1]}, not {letter[:50]!r}"
    key_ = _choice(reference)
    return (
        f"there is no option {key_.letter}" if options and key_.letter not in key_.options else None
    )


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return _choice(reference).letter


def extract(response: str) -> str | None:
    """The final answer; without one, the last line that speaks of a choice, or the last line.

    A list of options commits to none of them: a response may repeat its question.

    >>> extract(r"Neither A nor C: \\boxed{B}"), extract("B is too big.\\n故选 C。\\n")
    ('B', 'C')
    >>> extract("Which city?\\n(A) Paris\\n(B) Rome")
    'Which city?'
    """
    if (answer := final_answer(response)) is not None:
        return answer
    lines = _without_options([line.strip() for line in response[-LONGEST:].splitlines()])
    committed = [line for line in lines if _COMMITS.search(line)]
    return (committed or lines or [None])[-1]


def _without_options(lines: list[str]) -> list[str]:
    """The lines that are neither blank nor part of a list of options."""
    lines = [line for line in lines if line]
    led = [_options(line) for line in lines]
    follows = [bool(a and b) and a[-1] + b[0] in LETTERS for a, b in pairwise(led)]
    listed = {place + n for place, one in enumerate(follows) if one for n in (0, 1)}
    listed |= {place for place, letters in enumerate(led) if len(letters) > 2}
    return [line for place, line in enumerate(lines) if place not in listed]


def _options(line: str) -> str:
    """The letters of the options that a line starts with or lists, one after the other."""
    found = "".join(_OPTION.findall(line))
    starts = len(found) > 2 or _OPTION.match(line)
    return found if starts and found in LETTERS else ""


def judge(answer: str, reference: object) -> Verdict:
    r"""The last letter the answer commits to, against the key.

    >>> judge("Not A but (B).", "B").outcome, judge("A or B", "B").outcome
    ('correct', 'incorrect')
    >>> judge("rome", {"letter": "B", "options": ["Paris", "Rome"]}).outcome
    'correct'
    """
    choice = _choice(reference)
    found = letters(answer, choice.options)
    if not found:
        return incorrect("no_letter", answer)
    if len(found) > 1:
        return incorrect(f"several_letters: {', '.join(found)}", answer)
    return correct(answer) if found == [choice.letter] else incorrect("wrong_answer", answer)


def letters(answer: str, options: Mapping[str, str]) -> list[str]:
    """The letters that an answer commits to: one, several that are joined by and/or, or none.

    >>> letters("B) Rome", {}), letters("A and C", {}), letters("A cat", {}), letters("选项 B", {})
    (['B'], ['A', 'C'], [], ['B'])
    """
    text = _QUOTED.sub(r"\1", tidy(answer[-LONGEST:]).strip("*_ "))
    if alone := _ALONE.fullmatch(text):
        return [alone[1].upper()]
    said = _plain(text)
    if named := [letter for letter, option in options.items() if _plain(option) == said]:
        return named if len(named) == 1 else []
    if (led := _LED.fullmatch(text)) and not _SEVERAL.fullmatch(led["text"].upper()):
        return [led[1].upper()]
    if numbered := _numbered(said, options) or _valued(text, options):
        return numbered
    return _last_group(text)


def _numbered(said: str, options: Mapping[str, str]) -> list[str]:
    """The option whose number is the answer, where only one of both has a unit: 14 and 14 m."""
    number = _NUMBER.fullmatch(said)
    if not number:
        return []
    found = {letter: _NUMBER.fullmatch(_plain(option)) for letter, option in options.items()}
    same = [letter for letter, option in found.items() if option and option[1] == number[1]]
    bare = same and (number[0] == number[1] or (found[same[0]] or number)[0] == number[1])
    return same if len(same) == 1 and bare else []


def _valued(text: str, options: Mapping[str, str]) -> list[str]:
    """The only option that is the number of the answer: 1/4 for \\frac14."""
    if not options or len(text) > LONGEST_NUMBER or quantities.read(text) is None:
        return []
    same = [letter for letter, option in options.items() if certain(text, option)]
    return same if len(same) == 1 else []


def _last_group(text: str) -> list[str]:
    """The last letter that is not refused, with those that and/or joins to it."""
    group: list[str] = []
    after: int | None = None  # where the group starts
    refused: int | None = None  # and where letters that are not it do
    for match in reversed(list(_LETTER.finditer(text))):
        if after is not None and not _JOINS.fullmatch(text[match.end() : after]):
            break
        joined = refused is not None and _JOINS.fullmatch(text[match.end() : refused])
        if joined or _refused(text, match) or _ARTICLE.match(text, match.start()):
            if group:
                return [] if _NEITHER.search(text, 0, match.start()) else sorted(set(group))
            refused = match.start()
            continue
        group.insert(0, match[1])
        after = match.start()
    return sorted(set(group))


def _refused(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 30) : match.start()]
    return bool(_NO.search(before) or _REFUSED.match(text, match.end()))


def _plain(text: str) -> str:
    return " ".join(tidy(text).casefold().split()).strip(".。 ")


def _choice(reference: object) -> Choice:
    if not isinstance(reference, Mapping):
        return Choice(_letter(str(reference)), {})
    options = reference.get("options", {})
    if not isinstance(options, Mapping):
        options = dict(zip(LETTERS, options, strict=False))
    return Choice(
        _letter(str(reference["letter"])),
        {_letter(str(letter)): str(text) for letter, text in options.items()},
    )


def _letter(text: str) -> str:
    match = _ALONE.fullmatch(text.strip())
    return match[1].upper() if match else text
