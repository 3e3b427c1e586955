r"""How models announce an answer in words: "the answer is", `Answer:`, 答案, a heading.

`PHRASES` has a row for each language, with a text and the answer in it: without its row the text
has none.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

MOST = 50
"""Announcements that are looked at, from the end: a text with more of them is a loop."""
PLACES = 10_000
"""Places of a word that are looked at, likewise."""
NEAR = 40
"""Characters before the word for answer that say what kind of answer it is."""
LINK = 200
"""Characters behind it that may lead to the answer."""
TAIL = 2_000
"""Characters at the end that are searched before the others."""

_AFTER = r"(?:\*\*|__)?(?: ?[（(][^()（）\n]{1,30}[)）])?(?:\*\*|__)?"
_COLON = r"\s?[:：]"
_CELL = r"\s?\|(?=[^|\n]{1,80}\|\s*(?:\n|$))"
"""The last row of a table: | Final answer | 42 |."""
_MATH = r"[ \n](?=[*_]{0,2}(?:\$|\\[(\[]|\d))"
_MARKUP = re.compile(r"\s*(?:#{1,6}|\*\*|__|>|\d\.)?[^\w\n]{0,6}(?:\w+\.?[^\w\n]{1,3}){0,2}")
_ALONE = re.compile(rf"{_AFTER}(?:(?<!correct answer) ?=|[^\w\n.,;!?]{{0,3}}(?:\n|$))")


class Phrase(NamedTuple):
    """How answers are announced in a language."""

    word: str
    """The word for answer, or what it begins with, in lower case."""
    link: str
    """A pattern of what follows: up to the copula."""
    final: str
    """A pattern of what makes it the final one, before or behind the word."""
    said: str
    """A text that is read by this row alone,"""
    answer: str
    """and the answer in it."""


class Announcement(NamedTuple):
    """A place where an answer is announced."""

    start: int
    end: int
    """Where the answer begins."""
    final: bool
    """Whether it is called final."""
    phrase: Phrase


_IS = (
    r"(?:, [a-z]{2,12}(?: [a-z]{2,12}){0,3},?|\s(?:to|for|of|in) (?:[^.:!?\n“\"]|[“\"][^.:“”\"\n]{1,60}[”\"]){1,80}?)?"
    r"(?:\s(?:is|are|was|equals|(?:will|would|should|must) be|(?:comes|turns|works) out(?: to be| as)?)\b(?!['’])|['’]s(?= [$\d\\−-]))"
    r"(?:,? (?:therefore|thus|then|hence|indeed|simply|just|exactly|also),?(?!\w))?"
)

PHRASES = [
    Phrase("answer", rf"{_IS}|s are(?= [*$\d\\(−-]| [a-z] ?=)|s?{_COLON}|{_CELL}", "final", "The answer, then, is 42.", "42"),
    Phrase("final result", rf"{_IS}|{_COLON}", "(?!)", "The final result is 42.", "42"),
    Phrase("答案", rf"(?:应该|應該)?(?:[是为為选選】]|{_COLON})[是为為]?", "最终的?|最後的?|最终", "所以答案为 42。", "42"),
    Phrase("最终结果", rf"[是为為]|{_COLON}", "(?!)", "最终结果是 42。", "42"),
    Phrase("答", rf"(?<!回答){_COLON}", "(?!)", "答：一共有 42 个苹果。", "42 个苹果"),
    Phrase("选", rf"(?<=[故应]选){_COLON}?", "(?!)", "故选 C。", "C"),
    Phrase("答え", rf"[はが]|{_COLON}", "最終的?な?|最後の", "よって、答えは 42 です。", "42"),
    Phrase("回答", rf"[はが是为]|{_COLON}", "最終的?な?|最终", "最終回答：42", "42"),
    Phrase("답", rf"(?:변|안)?(?:은|이|:)|{_COLON}", "최종 ?|정", "따라서 정답은 42입니다.", "42"),
    Phrase("respuesta", rf"(?: correcta| final)?(?: es| sería)\b(?:,? (?:entonces|pues|por tanto),?)?|(?: final)?{_COLON}", "final", "La respuesta final es 42.", "42"),
    Phrase("réponse", rf"(?: correcte| finale)?(?: est)\b(?:,? (?:donc|ainsi|alors),?)?(?: ?:)?|(?: correcte| finale)?{_COLON}", "finale", "La réponse finale est 42.", "42"),
    Phrase("antwort", rf"(?: ist| lautet)\b(?: (?:also|somit|daher|demnach))?|{_COLON}", "endgültige|finale|letzte", "Die Antwort lautet 42.", "42"),
    Phrase("endergebnis", rf"(?: ist| lautet)\b|{_COLON}", "(?!)", "Das Endergebnis lautet 42.", "42"),
    Phrase("résultat final", rf"(?: est)\b|{_COLON}", "(?!)", "Le résultat final est 42.", "42"),
    Phrase("resultado final", rf"(?: es| é)\b|{_COLON}", "(?!)", "El resultado final es 42.", "42"),
    Phrase("resposta", rf"(?: correta| final)?(?: é)\b(?:,? (?:portanto|então),?)?|(?: final)?{_COLON}", "final", "A resposta é 42.", "42"),
    Phrase("risposta", rf"(?: corretta| finale)?(?: è)\b(?:,? (?:quindi|dunque),?)?|(?: finale)?{_COLON}", "finale", "La risposta è 42.", "42"),
    Phrase("ответ", rf"(?: равен)?(?: —| -)|{_COLON}", "окончательный|итоговый", "Окончательный ответ: 42.", "42"),
    Phrase("উত্তর", rf"(?:টি)?(?: হলো| হল| হবে|ঃ)|{_COLON}", "চূড়ান্ত|সর্বশেষ", "উত্তর: 42 টি", "42 টি"),
    Phrase("उत्तर", rf"(?: है)|{_COLON}", "अंतिम", "अंतिम उत्तर: 42", "42"),
    Phrase("جواب", rf"(?: النهائي)?(?: هو)|(?: النهائي)?{_COLON}", "النهائي", "الجواب النهائي هو 42.", "42"),
    Phrase("إجابة", rf"(?: النهائية)?(?: هي)|(?: النهائية)?{_COLON}", "النهائية", "الإجابة هي 42.", "42"),
    Phrase("คำตอบ", rf"(?:สุดท้าย|ที่ถูกต้อง)?(?: ?คือ)|(?:สุดท้าย)?{_COLON}", "สุดท้าย", "คำตอบสุดท้ายคือ 42", "42"),
    Phrase("đáp án", rf"(?: cuối cùng| đúng)?(?: là)|(?: cuối cùng)?{_COLON}", "cuối cùng", "Đáp án cuối cùng là 42.", "42"),
    Phrase("câu trả lời", rf"(?: cuối cùng)?(?: là)|(?: cuối cùng)?{_COLON}", "cuối cùng", "Câu trả lời là 42.", "42"),
    Phrase("సమాధానం", rf"{_COLON}", "తుది|చివరి", "సమాధానం: 42", "42"),
    Phrase("jibu", rf"(?: la mwisho| sahihi)?(?: ni)\b|(?: la mwisho)?{_COLON}", "la mwisho", "Jibu la mwisho ni 42.", "42"),
]  # fmt: skip

_OTHERS = re.compile(
    r"(?:\b(?:incorrect|wrong|another|no|an|possible|previous|initial|(?:each|every|any)(?: \w+)?)"
    r"|\b(?:if|whether|suppose|supposing|assum\w{1,3}|unless|once|check(?:ing)?|verify(?:ing)?)"
    r"(?: that)? (?:the|my|our)(?: final| correct)?|错误|錯誤)\s?$"
)
"""Before the word: "each wrong answer is worth -2 points", "if the answer is 7, then"."""


def announcements(text: str) -> Iterator[Announcement]:
    """Where an answer is announced in words, from the end of a text; `MOST` at most.

    >>> [told.start for told in announcements("The answer is 4. So the final answer: 5")]
    [30, 4]
    """
    return islice(_from_the_end(text), MOST)


def _from_the_end(text: str) -> Iterator[Announcement]:
    """The last part of a text is searched first: most answers are there."""
    stop = len(text)
    for start in (max(0, stop - TAIL), 0):
        if start < stop:
            since = max(0, start - NEAR)
            lowered = lower(text[since : stop + LINK] if since or stop < len(text) else text)
            for told in _within(lowered, start - since, stop - since):
                yield told._replace(start=told.start + since, end=told.end + since)
        stop = start


def _within(text: str, start: int, stop: int) -> Iterator[Announcement]:
    """The announcements whose words begin between two places, from the end."""
    rows = [phrase for phrase in PHRASES if phrase.word in text]
    if len(rows) < 2:
        return _of(rows[0], text, start, stop) if rows else iter(())
    return merge(*(_of(row, text, start, stop) for row in rows), key=lambda told: -told.start)


def announced_in(text: str) -> Announcement | None:
    """The first announcement in a text that was itself announced: "Hence the answer is 4"."""
    told = list(announcements(text))
    return told[-1] if told else None


def lower(text: str) -> str:
    """Lower case, sign by sign: some letters outside ASCII would become two."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def _of(phrase: Phrase, text: str, start: int, stop: int) -> Iterator[Announcement]:
    """The announcements of one row, from the end."""
    end = stop + len(phrase.word) - 1
    for _ in range(PLACES):
        if (place := text.rfind(phrase.word, start, end)) < 0:
            return
        if found := _at(phrase, text, place):
            yield found
        end = place + len(phrase.word) - 1


def _at(phrase: Phrase, text: str, place: int) -> Announcement | None:
    before = text[max(0, place - NEAR) : place]
    if (before[-1:].isalpha() and phrase.word.isascii()) or _OTHERS.search(before):
        return None
    end = place + len(phrase.word)
    rules = _RULES[phrase.word]
    link = rules.link.match(text, end)
    if not link and _starts_a_line(rules.final_before.sub("", before), place == len(before)):
        link = _ALONE.match(text, end) or _BARE.match(text, end)
    if not link:
        return None
    final = rules.final_before.search(before) or rules.final_behind.search(link[0])
    return Announcement(place, link.end(), bool(final), phrase)


def _starts_a_line(before: str, first: bool) -> bool:
    """Whether a word stands first on its line, but for markup and a word or two."""
    return (first or "\n" in before) and bool(_MARKUP.fullmatch(before.rpartition("\n")[2]))


class _Rules(NamedTuple):
    link: re.Pattern[str]
    final_before: re.Pattern[str]
    final_behind: re.Pattern[str]


_RULES = {
    phrase.word: _Rules(
        re.compile(rf"{_AFTER}(?:{phrase.link})"),
        re.compile(rf"(?:{phrase.final})\W{{0,3}}$"),
        re.compile(phrase.final),
    )
    for phrase in PHRASES
}
_BARE = re.compile(rf"{_AFTER}(?:{_MATH}|\s[-–—]\s(?=[*$\d\\(]))")
