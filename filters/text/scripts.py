"""Scripts: the letters of each, and the languages written in it that can be told apart."""

from __future__ import annotations

# Letters and vowel signs of each script, and the languages written in it that the first identifier
# knows. Their order is that of the numbers that compiled functions have for them.
SCRIPTS: dict[str, tuple[str, str]] = {
    # Two letters at least: a lone one is a symbol of mathematics in any language.
    "greek": (r"Ͱ-Ͽἀ-῿", "el"),
    "latin": (
        r"A-Za-zªºÀ-ÖØ-öø-ʯḀ-\u1eff",
        "az ca cs da de en es et eu fi fr hr hu is it ku lt lv ms nl no pl pt ro sk sl sq sr sv tl "
        "tr vi yo",
    ),
    "han": (  # and kana: Japanese sentences need both to be known
        r"㐀-䶿一-鿿豈-﫿\U00020000-\U000323af぀-ヿㇰ-ㇿ",
        "zh ja",
    ),
    "hangul": (r"ᄀ-ᇿ㄰-㆏가-힯", "ko"),
    "cyrillic": (r"Ѐ-ԯ", "be bg ru sr uk az"),
    "arabic": (r"ؠ-ٟٮ-ۓە-ۯۺ-ۿݐ-ݿ", "ar fa ku ur"),
    "devanagari": (r"ऀ-ॣॱ-ॿ", "hi mr"),
    "bengali": (r"ঀ-ৣৰ-৿", "bn"),
    "gurmukhi": (r"ਁ-ੑੰ-ੵ", "pa"),
    "gujarati": (r"ઁ-ૣ", "gu"),
    "oriya": (r"ଁ-ୣ", "or"),
    "tamil": (r"ஂ-ௗ", "ta"),
    "telugu": (r"ఀ-ౣ", "te"),
    "kannada": (r"ಀ-ೣ", "kn"),
    "malayalam": (r"ഀ-ൣ", "ml"),
    "thai": (r"ก-ฺเ-๎", "th"),
    "lao": (r"ກ-ຽເ-ໍ", "lo"),
    "georgian": (r"\u10a0-\u10ff", "ka"),
    "armenian": (r"Ա-֏", "hy"),
    "hebrew": (r"א-ײ", "he"),
    "ethiopic": (r"\u1200-\u135a", "am"),
    # Languages that the first identifier does not know.
    "khmer": (r"\u1780-\u17d3\u17dc", "km"),
    "myanmar": (r"\u1000-\u109d", "my"),
    "sinhala": (r"\u0d82-\u0ddf", "si"),
    "tibetan": (r"\u0f40-\u0fbc", "bo"),
    "thaana": (r"\u0780-\u07b1", "dv"),
}
LANGUAGES = {script: tuple(names.split()) for script, (_, names) in SCRIPTS.items()}
FIRST = {language for languages in LANGUAGES.values() for language in languages}
"""What is known by its script alone or to the first identifier."""
SECOND: dict[str, str] = {
    "latin": "af als an ast bar bcl br cbk ceb co cy diq dsb eml eo frr fy ga gd gl gn gv hif hsb "
    "ht ia ie ilo io jbo jv kw la lb li lmo mg min mt mwl nah nap nds oc pam pfl pms qu rm sc scn "
    "sco so su sw tk uz vec vep vls vo wa war",
    "cyrillic": "av ba bxr ce cv kk krc kv ky lez mhr mk mn mrj myv os rue sah tg tt tyv xal",
    "arabic": "arz azb ckb lrc mzn pnb ps sd ug",
    "devanagari": "bh dty gom mai ne new sa",
    "bengali": "as bpy",
    "han": "wuu yue",
    "georgian": "xmf",
    "hebrew": "yi",
}
"""Languages that only the second identifier knows, by script."""
SCRIPT_OF = {language: script for script, names in SECOND.items() for language in names.split()}
KNOWN = FIRST | SCRIPT_OF.keys()
UNSPACED = {"han", "thai", "lao", "khmer", "myanmar", "tibetan"}
"""Scripts written without spaces: a word is a letter where words are counted."""
UNSPACED_LETTERS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""The same for patterns that find words: Thai, kana and Chinese characters. Fewer letters than in
`SCRIPTS`: to add some changes what `contamination` and `duplicates` measure, so their versions must
go up with them."""
HALF_WORDS = (
    "\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20"
    "\uff3b-\uff40\uff5b-\uff9f\U00020000-\U000323af"
)
"""Chinese characters, kana and their punctuation: where two of them count as a word. `repetition`
looks at these and the next; its version goes up with them."""
QUARTER_WORDS = "\u0e00-\u109f\u1780-\u17ff"
"""Letters and signs of Thai, Lao, Tibetan, Burmese and Khmer: where four count as a word."""
ALIASES = {"nb": "no", "nn": "no", "bs": "hr", "id": "ms", "fil": "tl", "iw": "he"}
"""Codes of languages that the identifier knows under a near relative's code."""
