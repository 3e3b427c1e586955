"""The language measure as it was in plain Python: the identifier looks at every sentence or two.

It is what `benchmarks.measures` compares the compiled one with in speed; the two differ in what
they say, since the compiled one looks at common words first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from filters.text.identifiers import identify
from filters.text.languages import PATIENCE, share
from filters.text.scripts import LANGUAGES, SCRIPTS, UNSPACED
from filters.text.speech_kernels import WINDOW

_RUN = re.compile(
    "|".join(
        f"(?P<{script}>[{letters}]{'{2,}' if script == 'greek' else '+'})"
        for script, (letters, _) in SCRIPTS.items()
    )
)
_ASCII = re.compile("[A-Za-z]+")
_SENTENCE = re.compile(
    "[.!?:;\n\u3002\uff01\uff1f\uff1b\uff1a\u2026]+"
)  # and their full-width forms

_NOT_PROSE = re.compile(
    r"(?s:```.*?(?:```|\Z))|`[^`\n]*`|\bhttps?://\S+|\bwww\.\S+"
    r"|(?s:\$\$.*?\$\$|\\\(.*?\\\)|\\\[.*?\\\])|\$[!-#%-~ ]+\$"
    r"|\\(?:begin|end)\{[a-zA-Z*]*\}|\\[a-zA-Z]+"
    r"|\b(?:[A-Za-z]|[A-Z]{2,5}|sin|cos|tan|log|ln|exp|lim|max|min|mod|gcd|lcm|det)\b"
)


def plain_language(language: str, *parts: str | None) -> dict[str, Any]:
    """Letters, share and other languages of thinking and response."""
    text = "\n".join(part for part in parts if part is not None)
    letters = Reader(language).read(_NOT_PROSE.sub(" ", text))
    others = [found for found, _ in letters.most_common() if found != language]
    return {
        "language_letters": letters.total(),
        "language_share": share(letters, language),
        "language_found": ",".join(others),
    }


class Reader:
    """Says of a text that comes in pieces which languages its letters belong to.

    What is too short to be judged waits for the next piece.

    """

    def __init__(self, own: str):
        self.own = own
        """The question's language (ISO 639-1)."""
        self._window: list[str] = []  # neighbouring fragments in the script of `own`
        self._size = 0  # letters in the window

    def read(self, prose: str) -> Counter[str]:
        """Letters of a piece without LaTeX, code and the like that could be judged, by language.

        Where a foreign script's language is not sure, its letters stand under the script's name.
        """
        letters: Counter[str] = Counter()
        for script, words, count in _fragments(prose):
            languages = LANGUAGES[script]
            if len(languages) == 1:
                letters[languages[0]] += count
            elif self.own not in languages:
                letters[identify(words)[0] or script] += count
            else:
                self._window.append(words)
                self._size += count
                if self._size >= WINDOW // (3 if script in UNSPACED else 1):
                    self._judge(letters)
        return letters

    def _judge(self, letters: Counter[str]) -> None:
        found, sure = identify(" ".join(self._window))
        if sure or found == self.own:  # best guess for it, certainty against it
            letters[found] += self._size
        if sure or found == self.own or self._size >= PATIENCE:
            self._window, self._size = [], 0


def _fragments(text: str) -> Iterator[tuple[str, str, int]]:
    """Script, words and number of letters of each stretch of one script within one sentence."""
    for sentence in _SENTENCE.split(text):
        if sentence.isascii():
            if words := _ASCII.findall(sentence):
                yield "latin", " ".join(words), sum(map(len, words))
            continue
        runs: dict[str, list[str]] = {}
        for match in _RUN.finditer(sentence):
            runs.setdefault(match.lastgroup or "", []).append(match.group())
        # Compared in words; a script without spaces has a word a letter.
        words_of = {
            script: sum(map(len, found)) if script in UNSPACED else len(found)
            for script, found in runs.items()
        }
        for script, found in runs.items():
            count = sum(map(len, found))
            minority = 2 * words_of[script] < sum(words_of.values())
            if script == "latin" and minority and count < WINDOW:
                continue  # a name or a term: DNA, Python, Euler
            yield script, " ".join(found), count
