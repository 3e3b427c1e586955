"""Instructions about form: marks that must be there, case, punctuation, language.

Each check has a pair beside it: a response that follows the instruction and one that does not.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from filters.verifiers.instructions import text as read
from filters.verifiers.instructions.languages import in_language

# Each stops at the next of its own marks, so that a text of nothing but marks is read once.
_PLACEHOLDER = re.compile(r"\[([^\[\]\n]+)\]")
_HIGHLIGHT = re.compile(r"\*(?=[^\s*])[^*\n]+(?<=[^\s*])\*")
_TITLE = re.compile(r"<<([^<>\n]+)>>")
_FENCE = re.compile(r"```[^\n`]{0,20}\n(.*)```", re.DOTALL)
_BULLET = re.compile(r"[*+-][ \t]+\S")
_BRACKETED = re.compile(r"\[[^\[\]\s]+\]")
_BIGRAM = re.compile(r"<<[^<>\s]+\s+[^<>\s]+>>")
_UNCONNECTED = re.compile(
    r"[.!?…][\"'”’)]?(?:-\s|\s-)|[a-z]{2}[.!?…][\"'”’)]?[A-Z]|\n"  # noqa: RUF001
)

CONSTRAINED = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
COMMAS = ",，、،"  # noqa: RUF001  (the full-width, enumerating and Arabic ones)
QUOTES = ('""', "“”", "„“", "«»", "「」", "『』", "＂＂")  # noqa: RUF001


def response_language(text: str, language: str) -> bool | None:
    """The response is in a language.

    >>> [response_language(said, "de") for said in ("Wir gehen nach Hause.", "We are going home.")]
    [True, False]
    """
    return in_language(text, language)


def number_placeholders(text: str, num_placeholders: int) -> bool:
    """There are at least so many placeholders such as [address].

    >>> [number_placeholders(said, 1) for said in ("Dear [first name],", "Dear [],")]
    [True, False]
    """
    return sum(bool(found.strip()) for found in _PLACEHOLDER.findall(text)) >= num_placeholders


def postscript(text: str, postscript_marker: str) -> bool:
    """There is a postscript: its marker, with or without blanks, and not within a word.

    >>> [postscript(said, "P.S.") for said in ("Bye. P. S. Bring bread.", "Bye. P.P.S. No.")]
    [True, False]
    """
    letters = [letter for letter in postscript_marker.strip() if not letter.isspace()]
    marker = r"\s?".join(map(re.escape, letters))
    return re.search(rf"(?<![\w.]){marker}", text, re.IGNORECASE) is not None


def number_bullet_lists(text: str, num_bullets: int) -> bool:
    r"""There are just so many lines that start with a bullet of Markdown.

    >>> [number_bullet_lists(said, 1) for said in ("**Buy**\n* bread", "* bread\n- milk")]
    [True, False]
    """
    bullets = (_BULLET.match(line.lstrip(" \t>")) for line in text.splitlines())
    return sum(bullet is not None for bullet in bullets) == num_bullets


def constrained_response(text: str) -> bool:
    """One of the three permitted answers is there, and no other of them.

    >>> [constrained_response(said) for said in ("My answer is no.", "My answer is perhaps.")]
    [True, False]
    """
    return sum(option in text for option in CONSTRAINED) == 1


def number_highlighted_sections(text: str, num_highlights: int) -> bool:
    """There are at least so many parts in *asterisks*, single or double ones.

    >>> [number_highlighted_sections(said, 1) for said in ("**So** it is.", "**** 2 * 3 * 4")]
    [True, False]
    """
    return len(_HIGHLIGHT.findall(text)) >= num_highlights


def multiple_sections(text: str, section_spliter: str, num_sections: int) -> bool:
    r"""At least so many lines start with a word and a number: `SECTION 1`, `SECTION II`.

    >>> [multiple_sections(said, "Part", 2) for said in ("Part 1\nA.\n## Part II: B.", "Part 1")]
    [True, False]
    """
    name = re.escape(section_spliter.strip())
    header = re.compile(name + r"(?:\s?\d|\s[IVXL]+(?=[\s:.)*_–-]*$|[:.)*_]))")  # noqa: RUF001
    lines = (line.lstrip(" \t#*_>-\"'“(<[") for line in text.splitlines())
    return sum(header.match(line) is not None for line in lines) >= num_sections


def json_format(text: str) -> bool:
    """The whole response is one JSON object or array, in a code fence or not.

    >>> [json_format(said) for said in ('[1, {"a": null}]', "Here: [1]", "[NaN]")]
    [True, False, False]
    """
    bare = text.strip()
    fenced = _FENCE.fullmatch(bare)
    try:
        read_ = json.loads(fenced[1] if fenced else bare, parse_constant=_no_number)
        return isinstance(read_, dict | list)
    except (ValueError, RecursionError):
        return False


def title(text: str) -> bool:
    r"""There is a title in <<double angular brackets>>.

    >>> [title(said) for said in ("<<A poem>>\nRoses.", "<A poem>\nRoses.")]
    [True, False]
    """
    return any(found.strip() for found in _TITLE.findall(text))


def sentence_hyphens(text: str) -> bool:
    """All sentences are joined by hyphens, without spaces.

    >>> [sentence_hyphens(said) for said in ("I came.-I saw.", "I came. I saw.", "I came.- I saw.")]
    [True, False, False]
    """
    bare = text.strip()
    return len(read.sentences(bare)) < 2 and not _UNCONNECTED.search(bare)


def square_brackets(text: str) -> bool:
    """Every word stands in square brackets of its own.

    >>> [square_brackets(said) for said in ("[So], [it] [is].", "[So] it [is].", "[So it]")]
    [True, False, False]
    """
    rest, found = _BRACKETED.subn(" ", text)
    return found > 0 and not read.words(rest)


def bigram_wrapping(text: str) -> bool:
    """Every two words stand in double angular brackets; an odd last one may stand bare.

    >>> [bigram_wrapping(said) for said in ("<<I am>> <<at home>> now.", "<<I am>> home <<now>>")]
    [True, False]
    """
    bare = _BIGRAM.sub(" <> ", text).rpartition("<>")
    return bool(bare[1]) and not read.words(bare[0]) and len(read.whole_words(bare[2])) < 2


def english_capital(text: str) -> bool | None:
    """The response is English, in capitals.

    >>> [english_capital(said) for said in ("IT IS RAINING TODAY.", "It Is Raining Today.")]
    [True, False]
    """
    return text.isupper() and _english(text)


def english_lowercase(text: str) -> bool | None:
    """The response is English, in small letters.

    >>> [english_lowercase(said) for said in ("it is raining today.", "It is raining today.")]
    [True, False]
    """
    return text.islower() and _english(text)


def no_comma(text: str) -> bool:
    """There is no comma, be it a Chinese or an Arabic one.

    >>> [no_comma(said) for said in ("Well; no.", "Well, no.")]
    [True, False]
    """
    return not any(comma in text for comma in COMMAS)


def no_dot(text: str) -> bool:
    """There is no point.

    >>> [no_dot(said) for said in ("Well! No", "It costs 3.50")]
    [True, False]
    """
    return "." not in text and "．" not in text  # noqa: RUF001  (the full-width one)


def no_exclamation(text: str) -> bool:
    """There is no exclamation mark.

    >>> [no_exclamation(said) for said in ("Well.", "Well!")]
    [True, False]
    """
    return "!" not in text and "！" not in text  # noqa: RUF001  (the full-width one)


def quotation(text: str) -> bool:
    """The whole response stands in double quotation marks.

    >>> [quotation(said) for said in ('"All of it."', '"All" of it.')]
    [True, False]
    """
    bare = text.strip()
    return len(bare) > 1 and bare[0] + bare[-1] in QUOTES


def _english(text: str) -> bool | None:
    """Of what is too short to tell, Latin letters will do: case is what was asked for."""
    found = in_language(text.lower(), "en")
    return True if found is None and text.isascii() else found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")
