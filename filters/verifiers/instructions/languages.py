"""Whether a text is in a language: by its letters, its common words, and an identifier."""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from filters.text.common_words import WORDS
from filters.text.identifiers import identify
from filters.text.languages import Reader, code_of, prose_of, share
from filters.text.scripts import KNOWN, LANGUAGES, SCRIPT_OF, SCRIPTS
from filters.verifiers.instructions.text import folded, whole_words

ENOUGH = 20
"""Letters from which a sure word of the identifier for another language counts."""
DEVANAGARI = {
    "hi": """
        है हैं हूँ हो था थे थी और का की के में से को पर ने यह वह ये वे इस उस इन उन मैं मेरा मेरी मेरे मुझे हम हमें हमारा
        आप आपको आपका तुम नहीं कि जो तो भी ही एक लिए अपने अपनी कर करने करना करते करता करें किया रहा रहे रही
        गया गई जा जाता सकते सकता होता होती क्या कैसे क्यों कब कहाँ लेकिन या बहुत साथ तक यदि अगर""",
    "mr": """
        आहे आहेत होता होती होते आणि हा ही हे तो ती ते मी माझा माझे मला आम्ही आपण आपल्या तू तुम्ही तुम्हाला
        त्या त्याला त्यांना या व पण किंवा नाही काय कसे का कधी कुठे एक खूप साठी करा करणे करून केले केली गेला झाला
        झाले असे असते असतात जर तर म्हणून मध्ये येथे""",
    "ne": """
        छ छु छन् छौं छैन छैनन् हुन् हुन्छ हुन्छन् थियो थिए थिइन् हो होइन र तर पनि नै भने भन्ने कि यो यी त्यो ती म
        मेरो मलाई हामी हाम्रो हामीलाई तिमी तिम्रो तपाईं तपाईंको तपाईंलाई उनी उनको उनले उनीहरू के किन कति कसरी
        कस्तो कहाँ जहाँ जसले धेरै सबै केही एउटा अनि अहिले लागि साथै गर्छ गर्छन् गर्न गर्ने गर्नु गर्नुहोस् गरेको गरेर गर्दै
        भएको भएर भयो लाग्छ सक्छ सकिन्छ हुने हुनुहुन्छ मा को का की ले लाई बाट""",
}
"""The commonest words of three languages that have all their letters in common, and that the
identifiers take for one another; those of others are the filter `language`'s."""


def in_language(text: str, language: str) -> bool | None:
    """Whether most letters of a text are of a language (ISO 639-1), or None where nobody can tell.

    Letters count as in the filter `language`. What is too short for it is judged by its script, by
    common words and by the identifier; a text without letters is of every language.

    >>> in_language("Das Wetter ist heute schön, und wir gehen spazieren.", "de")
    True
    >>> in_language("Habari za asubuhi.", "sw"), in_language("Ok.", "sw"), in_language("好", "sw")
    (True, None, False)
    """
    text = text.encode(errors="replace").decode()  # lone surrogates are of no language
    letters, own = "".join(filter(str.isalpha, text)), code_of(language)
    written = len(_letters(own).findall(letters))
    if not (letters and written):
        return not letters
    if own in DEVANAGARI and 2 * written > len(letters) and (leaders := _leaders(text, DEVANAGARI)):
        return leaders == {own}
    prose = pl.select(prose_of(pl.lit(text))).item()
    found = share(Reader(own).read(prose), own)
    return _short(text, own) if found is None else found > 0.5


def knows(language: str) -> bool:
    """Whether a language can be told.

    >>> knows("ko"), knows("sw"), knows("pt-BR"), knows("xx")
    (True, True, True, False)
    """
    return code_of(language) in KNOWN


def _short(text: str, own: str) -> bool | None:
    """What common words say, else the identifier, where it is sure or is for the language."""
    if own in _leaders(text, WORDS):
        return True
    found, sure = identify(text, own)
    if found == own:
        return True
    return False if sure and sum(map(str.isalpha, text)) >= ENOUGH else None


def _leaders(text: str, lists: dict[str, str]) -> set[str]:
    """Languages that have the most common words, which must be a quarter of all words."""
    words = [folded(word) for word in whole_words(text)]
    found = {own: sum(word in _common(lists[own]) for word in words) for own in lists}
    most = max(found.values())
    return {own for own, number in found.items() if number == most and 0 < len(words) <= 4 * most}


@cache
def _common(words: str) -> frozenset[str]:
    return frozenset(folded(words).split())


@cache
def _letters(own: str) -> re.Pattern[str]:
    """A letter that a language is written in."""
    scripts = {name for name, known in LANGUAGES.items() if own in known} | {SCRIPT_OF.get(own)}
    return re.compile(f"[{''.join(SCRIPTS[name][0] for name in scripts if name)}]")
