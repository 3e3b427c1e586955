r"""IFEval's 25 instructions, each a check of a response, with its ids and arguments.

Ids and arguments are those of Zhou et al., arXiv 2311.07911, as `google/IFEval` on the Hub has
them; the checks are our own. docs/verifiers.md says where they differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from filters.verifiers.instructions import arguments as be
from filters.verifiers.instructions import text as read

# Each stops at the next of its own marks, so that a text of nothing but marks is read once.
_PLACEHOLDER = re.compile(r"\[([^\[\]\n]+)\]")
_HIGHLIGHT = re.compile(r"\*(?=[^\s*])[^*\n]+(?<=[^\s*])\*")
_TITLE = re.compile(r"<<([^<>\n]+)>>")
_FENCE = re.compile(r"```[^\n`]{0,20}\n(.*)```", re.DOTALL)
_BULLET = re.compile(r"[*+-][ \t]+\S")

CONSTRAINED = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
COMMAS = ",，、،"  # noqa: RUF001  (the full-width, enumerating and Arabic ones)
QUOTES = ('""', "“”", "„“", "«»", "「」", "『』", "＂＂")  # noqa: RUF001


class Check(NamedTuple):
    """One kind of instruction."""

    follows: Callable[..., bool | None]
    """(response, **arguments) -> whether it is followed, None where nobody can tell."""
    arguments: Mapping[str, Callable[[object], str | None]]
    """What each argument must be: a function of `arguments`. All of them are needed."""


def _related(count: int, relation: str, number: float) -> bool:
    return count < number if relation == "less than" else count >= number


def _divided(text: str, divider: str) -> list[str]:
    """The parts between dividers; one that opens or closes the text divides nothing."""
    parts = [part.strip() for part in text.split(divider)]
    return parts[not parts[0] : len(parts) - (not parts[-1])]


def keyword_existence(text: str, keywords: list[str]) -> bool:
    """All keywords are there, as parts of longer words, too."""
    return all(read.mentions(text, keyword.strip()) for keyword in keywords)


def keyword_frequency(text: str, keyword: str, frequency: int, relation: str) -> bool:
    """A keyword is there so often."""
    return _related(read.mentions(text, keyword.strip()), relation, frequency)


def forbidden_words(text: str, forbidden_words: list[str]) -> bool:
    """None of the words is there by itself."""
    return not any(read.has_word(text, word.strip()) for word in forbidden_words)


def letter_frequency(text: str, letter: str, let_frequency: int, let_relation: str) -> bool:
    """A letter, or any other sign, is there so often; case does not count."""
    return _related(text.lower().count(letter.strip().lower()), let_relation, let_frequency)


def response_language(text: str, language: str) -> bool | None:
    """The response is in a language."""
    return read.in_language(text, language)


def number_sentences(text: str, num_sentences: int, relation: str) -> bool:
    """There are so many sentences."""
    return _related(len(read.sentences(text)), relation, num_sentences)


def number_paragraphs(text: str, num_paragraphs: int) -> bool:
    """There are just so many paragraphs with `***` between them, none of them empty."""
    parts = _divided(text, "***")
    return all(parts) and len(parts) == num_paragraphs


def number_words(text: str, num_words: int, relation: str) -> bool:
    """There are so many words."""
    return _related(len(read.words(text)), relation, num_words)


def nth_paragraph_first_word(
    text: str, num_paragraphs: int, nth_paragraph: int, first_word: str
) -> bool:
    """There are just so many paragraphs with blank lines between, and one starts with a word."""
    parts = read.paragraphs(text)
    if len(parts) != num_paragraphs or nth_paragraph > len(parts):
        return False
    first = parts[nth_paragraph - 1].split()[0].lstrip("'\"“\u2018")
    return re.split(r"[.,?!:;'\"\u2019”]", first)[0].casefold() == first_word.strip().casefold()


def number_placeholders(text: str, num_placeholders: int) -> bool:
    """There are at least so many placeholders such as [address]."""
    return sum(bool(found.strip()) for found in _PLACEHOLDER.findall(text)) >= num_placeholders


def postscript(text: str, postscript_marker: str) -> bool:
    """There is a postscript: its marker, with or without blanks, and not within a word."""
    letters = [letter for letter in postscript_marker.strip() if not letter.isspace()]
    marker = r"\s?".join(map(re.escape, letters))
    return re.search(rf"(?<![\w.]){marker}", text, re.IGNORECASE) is not None


def number_bullet_lists(text: str, num_bullets: int) -> bool:
    """There are just so many lines that start with a bullet of Markdown."""
    bullets = (_BULLET.match(line.lstrip(" \t>")) for line in text.splitlines())
    return sum(bullet is not None for bullet in bullets) == num_bullets


def constrained_response(text: str) -> bool:
    """One of the three permitted answers is there."""
    return any(option in text for option in CONSTRAINED)


def number_highlighted_sections(text: str, num_highlights: int) -> bool:
    """There are at least so many parts in *asterisks*, single or double ones."""
    return len(_HIGHLIGHT.findall(text)) >= num_highlights


def multiple_sections(text: str, section_spliter: str, num_sections: int) -> bool:
    """At least so many lines start with a word and a number: `SECTION 1`."""
    header = re.compile(re.escape(section_spliter.strip()) + r"\s?\d")
    lines = (line.lstrip(" \t#*_>-\"'“(<[") for line in text.splitlines())
    return sum(header.match(line) is not None for line in lines) >= num_sections


def json_format(text: str) -> bool:
    """The whole response is one JSON object or array, in a code fence or not."""
    bare = text.strip()
    fenced = _FENCE.fullmatch(bare)
    try:
        return isinstance(json.loads(fenced[1] if fenced else bare), dict | list)
    except (ValueError, RecursionError):
        return False


def title(text: str) -> bool:
    """There is a title in <<double angular brackets>>."""
    return any(found.strip() for found in _TITLE.findall(text))


def two_responses(text: str) -> bool:
    """There are two different responses with `******` between them."""
    parts = _divided(text, "******")
    return all(parts) and len(parts) == 2 and parts[0] != parts[1]


def repeat_prompt(text: str, prompt_to_repeat: str) -> bool:
    """The response starts with the request, word for word; case does not count."""
    return text.strip().lower().startswith(prompt_to_repeat.strip().lower())


def end_checker(text: str, end_phrase: str) -> bool:
    """The response ends with a phrase; case and a closing quotation mark do not count."""
    return text.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def capital_word_frequency(text: str, capital_frequency: int, capital_relation: str) -> bool:
    """There are so many words in capitals."""
    return _related(len(read.capital_words(text)), capital_relation, capital_frequency)


def english_capital(text: str) -> bool | None:
    """The response is English, in capitals."""
    return text.isupper() and read.in_language(text.lower(), "en")


def english_lowercase(text: str) -> bool | None:
    """The response is English, in small letters."""
    return text.islower() and read.in_language(text, "en")


def no_comma(text: str) -> bool:
    """There is no comma, be it a Chinese or an Arabic one."""
    return not any(comma in text for comma in COMMAS)


def quotation(text: str) -> bool:
    """The whole response stands in double quotation marks."""
    bare = text.strip()
    return len(bare) > 1 and bare[0] + bare[-1] in QUOTES


CHECKS: dict[str, Check] = {
    "keywords:existence": Check(keyword_existence, {"keywords": be.texts}),
    "keywords:frequency": Check(
        keyword_frequency, {"keyword": be.text, "frequency": be.count, "relation": be.relation}
    ),
    "keywords:forbidden_words": Check(forbidden_words, {"forbidden_words": be.texts}),
    "keywords:letter_frequency": Check(
        letter_frequency,
        {"letter": be.sign, "let_frequency": be.count, "let_relation": be.relation},
    ),
    "language:response_language": Check(response_language, {"language": be.language}),
    "length_constraints:number_sentences": Check(
        number_sentences, {"num_sentences": be.count, "relation": be.relation}
    ),
    "length_constraints:number_paragraphs": Check(number_paragraphs, {"num_paragraphs": be.count}),
    "length_constraints:number_words": Check(
        number_words, {"num_words": be.count, "relation": be.relation}
    ),
    "length_constraints:nth_paragraph_first_word": Check(
        nth_paragraph_first_word,
        {"num_paragraphs": be.place, "nth_paragraph": be.place, "first_word": be.text},
    ),
    "detectable_content:number_placeholders": Check(
        number_placeholders, {"num_placeholders": be.count}
    ),
    "detectable_content:postscript": Check(postscript, {"postscript_marker": be.text}),
    "detectable_format:number_bullet_lists": Check(number_bullet_lists, {"num_bullets": be.count}),
    "detectable_format:constrained_response": Check(constrained_response, {}),
    "detectable_format:number_highlighted_sections": Check(
        number_highlighted_sections, {"num_highlights": be.count}
    ),
    "detectable_format:multiple_sections": Check(
        multiple_sections, {"section_spliter": be.text, "num_sections": be.count}
    ),
    "detectable_format:json_format": Check(json_format, {}),
    "detectable_format:title": Check(title, {}),
    "combination:two_responses": Check(two_responses, {}),
    "combination:repeat_prompt": Check(repeat_prompt, {"prompt_to_repeat": be.text}),
    "startend:end_checker": Check(end_checker, {"end_phrase": be.text}),
    "change_case:capital_word_frequency": Check(
        capital_word_frequency, {"capital_frequency": be.count, "capital_relation": be.relation}
    ),
    "change_case:english_capital": Check(english_capital, {}),
    "change_case:english_lowercase": Check(english_lowercase, {}),
    "punctuation:no_comma": Check(no_comma, {}),
    "startend:quotation": Check(quotation, {}),
}
"""Every instruction, by IFEval's id."""
