r"""The final answer of a response: where one is announced, and what is announced there.

The grammar, strongest first. The last announcement of a kind counts, and one that says nothing new
("Final answer: see above") is passed over.

1. A box, an answer tag, a field `"answer"` of JSON, a last line behind `####`: the last of these; but what is called the *final*
   answer behind it wins.
2. What is called the answer, in any of the languages of `announcements`.
3. A number alone on a line behind `####`.
4. For answers that are formulas or numbers: a last line "A: 18", a displayed formula or the only
   one in bold, at the end.

Behind words that take an answer back only what follows them counts.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import json
import re
from typing import NamedTuple

from filters.text import boxes, statements
from filters.text.announcements import Announcement, announced_in, announcements, lower
from filters.text.at_the_end import formula_at_the_end

LONGEST_FIELD = 2_500
"""Characters at the end in which a field of JSON is looked for."""
LONGEST_TAG = 20_000
"""Characters between answer tags; more is no answer."""

_CLOSING = " \n\t$.*\\)]}"
"""Signs behind a box that close what it stands in."""
_CLOSE = re.compile(r"</((?:final_)?answer)>", re.IGNORECASE)
_LAST_LINE = re.compile(r"(?:^|\n)(?:A\s?:|Ans\s?[:.]) ?(\S[^\n]{0,200})\s*$")
"""The end of a dialogue "Q: … A: 18"."""
_FIELD = re.compile(
    r'"(?:final[ _])?answer"\s*:\s*("(?:[^"\\\n]|\\.){0,2000}"|-?\d[\d.]*)(?=\s*[,}\n]|$)',
    re.IGNORECASE,
)
_LETTERED = re.compile(r"^[B-PR-Z]\s?:", re.MULTILINE)
_HASHES = "####"
_NUMBER_ALONE = re.compile(r"####\s*(-?[$€£]?-?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?)\.?\s*(?:\n|$)")
_TAKEN_BACK = re.compile(
    r"\b(?:scratch|strike) th(?:at|is)\b|\b(?:I take (?:that|it|this) back|I was wrong|my (?:mistake|bad)\b|oops|correction:)"
    r"|\b(?:that|this|which|it|above|answer|box)(?:['’]s| is| was) (?:all )?(?:wrong|incorrect|not (?:right|correct)|a mistake|an error)\b"
    r"|\b(?:that|this|it) (?:is|was)n['’]t (?:right|correct)\b|\bI (?:made|have made) (?:a|an) (?:\w+ )?(?:mistake|error)\b"
    r"|\b(?:actually|no|wait), (?:no\b|it (?:should|must) be\b)|\bshould (?:be|have been) [^.\n]{1,40} instead\b"
    r"|\b(?:ignore|disregard|forget) (?:that|this|the (?:above|box|previous))\b|(?:我|上面|前面)(?:算|写|答)错",
    re.IGNORECASE,
)  # fmt: skip
_NOT_THIS = re.compile(
    r"\b(?:not|instead of|rather than|neither|nor)[\s$]*(?:\\[(\[])?\s*\\?$", re.IGNORECASE
)
"""Before a box that is not the answer: "\\boxed{8}, not \\boxed{7}"."""
_AFTER_ALL = re.compile(r"\b(?:is|was) (?:indeed |in fact |actually )?(?:right|correct)\b")


class Said(NamedTuple):
    """An answer that was announced, and the place."""

    start: int
    end: int
    text: str | None
    """None where the announcement is empty, which is no answer."""


def extract(response: str) -> str | None:
    r"""The final answer of a response as it is announced, or None where it gives none.

    >>> extract(r"First \boxed{3}, no: \boxed{\text{about } 4}"), extract("The final answer is 12.")
    ('\\text{about } 4', '12')
    >>> extract(r"So \boxed{6}. The final answer is 7.")  # the last announcement counts
    '7'
    >>> extract("6*7=42\n#### 42"), extract(r"\boxed{1} or \boxed{2}"), extract("I do not know.")
    ('42', '1, 2', None)
    >>> extract("<answer>42</answer>"), extract("The number of eggs is 42.")
    ('42', None)
    """
    return _extracted(response, formulas=False)


def formula(response: str) -> str | None:
    r"""As `extract`, for answers that are formulas or numbers: what a sentence gives, not all of it.

    >>> formula("**Answer:** The volume is 120. I hope it is correct."), formula("So it is\n\\[ 5 \\]")
    ('120', '5')
    """
    return _extracted(response, formulas=True)


def place_of(response: str, answer: str) -> tuple[int, int] | None:
    r"""Where an extracted answer stands: in the last box that has it, or where it was said last.

    >>> place_of(r"4? So \boxed{4}.", "4"), place_of("The answer is 4.", "4")
    ((6, 15), (14, 15))
    """
    for start, end in reversed(boxes.box_spans(response)):
        if answer in response[start:end]:
            return start, end
    start = response.rfind(answer) if answer else -1
    return (start, start + len(answer)) if start >= 0 else None


def plain(answer: str) -> str:
    r"""An answer without the dress around all of it: dollar signs, `\text{}`, blanks.

    >>> plain(r"$\text{ yes}$"), plain(r"\text{a} + \text{b}")
    ('yes', '\\text{a} + \\text{b}')
    """
    bare = answer.strip().strip("$").strip()
    dressed = re.fullmatch(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", bare)
    return dressed[1].strip() if dressed else bare


def _extracted(response: str, formulas: bool) -> str | None:
    marked = _marked(response, formulas)
    if marked and not response[marked.end :].strip(_CLOSING):  # most responses end so
        return marked.text
    since = marked.end if marked else 0
    said = _in_words(response, since, formulas, final=marked is not None) or marked
    if said and (back := _taken_back(response, said.end)):
        since, said = back, _in_words(response, back, formulas)
    if not said:
        said = _number_alone(response, since)
    if said:
        return said.text
    return _at_the_end(response[since:]) if formulas else None


def _at_the_end(text: str) -> str | None:
    """A formula or number that nothing but its place announces."""
    last = _LAST_LINE.search(text, max(0, len(text) - 300))
    if last and not _LETTERED.search(text):
        return statements.value(statements.sentences(last[1]))
    return formula_at_the_end(text)


def _marked(response: str, formulas: bool) -> Said | None:
    """The last of boxes, tags and a line behind `####` at the end."""
    box = _boxed(response)
    since = box.end if box else 0
    return (
        _hashed(response, since, formulas)
        or _tagged(response, since, formulas)
        or _field(response, since)
        or box
    )


def _boxed(response: str) -> Said | None:
    found = boxes.spans(response)
    while found and _NOT_THIS.search(response, max(0, found[-1].start - 30), found[-1].start):
        found.pop()
    if not found:
        return None
    return Said(found[-1].start, found[-1].end + 1, boxes.last_boxed(response, found) or None)


def _tagged(response: str, since: int, formulas: bool) -> Said | None:
    """What stands in the last answer tags, as R1-Zero writes them; a box in them is the answer."""
    if response.find("</", since) < 0 or not (closings := list(_CLOSE.finditer(response, since))):
        return None
    closing = closings[-1]
    opening, since = f"<{closing[1].lower()}>", max(0, closing.start() - LONGEST_TAG)
    start = lower(response[since : closing.start()]).rfind(opening)
    if start < 0:
        return None
    content = response[since + start + len(opening) : closing.start()].strip()
    inner = _extracted(content, formulas) or _whole(content, formulas) if content else None
    return Said(since + start, closing.end(), inner)


def _field(response: str, since: int) -> Said | None:
    """The last field of an object in JSON that is called the answer."""
    since = max(since, len(response) - LONGEST_FIELD)
    if response.find('nswer"', since) < 0:
        return None
    if not (found := list(_FIELD.finditer(response, since))):
        return None
    try:
        said = json.loads(found[-1][1])
    except ValueError:  # a text whose signs are not escaped
        said = found[-1][1].strip('"')
    return Said(found[-1].start(), found[-1].end(), str(said).strip() or None)


def _whole(content: str, formulas: bool) -> str:
    """An answer that stands by itself: all of it, but for the value of its only sentence."""
    said = statements.sentences(content)
    is_one = len(said) == 1 and "\n" not in content
    value = statements.value(said, "") if formulas and is_one else None
    return value or (content.rstrip(".") if is_one and not content.endswith("..") else content)


def _hashed(response: str, since: int, formulas: bool) -> Said | None:
    """A last line behind `####`, as in GSM8K."""
    whole = response.rstrip()
    start = whole.rfind("\n", since) + 1
    if (start <= since and since) or not whole.startswith(_HASHES, start):
        return None
    return Said(start, len(whole), _read(whole[start:].lstrip("# "), formulas))


def _number_alone(response: str, since: int) -> Said | None:
    """A number alone on a line behind `####`, with more lines behind it."""
    place = response.rfind(_HASHES)
    while place >= since:
        if found := _NUMBER_ALONE.match(response, place):
            return Said(place, found.end(1), found[1])
        place = response.rfind(_HASHES, 0, place)
    return None


def _in_words(response: str, since: int, formulas: bool, final: bool = False) -> Said | None:
    """The last announcement in words that says something; `final`: that calls it so."""
    text = response[since:]
    for told in announcements(text):
        if final and not told.final:
            continue
        if said := _of(text, told, formulas):
            return said._replace(start=since + said.start, end=since + said.end)
    return None


def _of(text: str, told: Announcement, formulas: bool) -> Said | None:
    """What an announcement says; None where that is nothing, or a question."""
    said = statements.announced(text[told.end : told.end + statements.LONGEST])
    if inner := announced_in(said):  # "Final answer: so the answer is 4"
        said = statements.announced(said[inner.end :])
    if not said or statements.says_nothing(said) or said.rstrip(" *").endswith(("?", "？")):
        return None
    answer = _read(said, formulas, {"answer": "en", "উত্তর": "bn"}.get(told.phrase.word, ""))
    return Said(told.start, told.end, answer) if answer else None


def _read(said: str, formulas: bool, language: str = "en") -> str | None:
    """The answer in what was announced: a value where there is one, else its first sentence."""
    found = statements.sentences(said)
    answer = statements.value(found, language) if formulas else None
    return answer or (found[0] if found else None)


def _taken_back(response: str, since: int) -> int:
    """The end of words that take back what was announced before them; 0 where nothing does."""
    ends = [found.end() for found in _TAKEN_BACK.finditer(response, since)]
    return 0 if not ends or _AFTER_ALL.search(response, ends[-1]) else ends[-1]
