"""Language: which letters count, and when their language is known."""

from collections import Counter

import polars as pl
import pytest

from filters.language import Language
from filters.text.languages import Reader, is_surely, settled

ENGLISH = "First we add both numbers, then we divide the result by two. "
FRENCH = "Ensuite nous divisons le résultat par deux, comme demandé. "
CHINESE = "首先我们把两个数字相加然后除以二得到答案。"


def measured(thinking: str | None, language: str | None = "en", response: str = "") -> dict:
    return Language.of(reasoning=thinking, response=response, language=language)


def dropped(thinking: str, language: str | None = "en", **options: float | str) -> list[str]:
    row = {"reasoning": [thinking], "response": [None], "language": [language]}
    table = pl.DataFrame(row, schema=dict.fromkeys(row, pl.String))
    faults = Language.model_validate(options).faults()
    return Language.measured(table).select(faults).item().to_list()


@pytest.mark.parametrize(
    ("thinking", "language", "found"),
    [
        (ENGLISH, "en", ""),
        (FRENCH, "fr", ""),
        (CHINESE, "zh", ""),
        ("それで答えは十です。三角形の面積は二十四です。", "ja", ""),
        ("먼저 두 수를 더합니다. 그런 다음 둘로 나눕니다.", "ko", ""),
        ("Сначала сложим числа, затем разделим на два.", "ru", ""),
        ("पहले हम दोनों संख्याओं को जोड़ते हैं", "hi", ""),  # never sure beside Marathi
        ("Primero sumamos los números y luego dividimos.", "es-MX", ""),  # region codes too
        (FRENCH, "en", "fr"),
        (ENGLISH, "zh", "en"),
        (CHINESE, "en", "zh"),
        (CHINESE, "ja", "zh"),  # the same script
        ("значит, потому что", "en", "ru"),  # a foreign script counts from the first letter
    ],
)
def test_one_language_is_recognised(thinking, language, found):
    facts = measured(thinking, language)
    assert facts["language_found"] == found
    assert facts["language_share"] == (0.0 if found else 1.0)


@pytest.mark.parametrize(
    ("thinking", "language"),
    [
        ("3+4=7\n7*2=14", "en"),  # no letters, nothing to mix
        ("So x = 3.", "en"),  # too short to tell
        (r"$\alpha + \beta$ and \(\text{wenn } x\)", "en"),  # formulas
        ("```python\nfür alle zahlen machen wir das\n```", "en"),  # code
        ("```\nfür alle zahlen machen wir das", "en"),  # code that never ends
        ("https://example.org/und/noch/viele/worte", "en"),
        ("AB = AC, ABC, sin x, cos y, gcd, x y z a b c d e f g h i j k l m n o", "zh"),  # symbols
        ("\N{GREEK SMALL LETTER ALPHA}, β, π", "en"),  # lone Greek letters are symbols
        ("让我用 Python", "zh"),  # a name in Latin letters is no switch, and three letters no text
        ("", "en"),
        (None, "en"),
    ],
)
def test_what_has_no_language_passes(thinking, language):
    facts = measured(thinking, language)
    assert facts == {
        "language_letters": 0,
        "language_share": None,
        "language_found": "",
        "language_switches": 0,
    }
    assert dropped(thinking or "", language) == []


def test_a_switch_is_dropped_and_a_word_is_not():
    assert dropped(ENGLISH * 3 + CHINESE, "en") == ["mixed_language"]
    assert dropped(ENGLISH * 3 + FRENCH, "en") == ["mixed_language"]
    assert dropped(ENGLISH * 3 + "好的。", "en") == []
    assert dropped(ENGLISH * 3 + CHINESE, "en", min_share=0.5) == []


def test_few_letters_are_no_evidence():
    assert dropped("Hmm, 好的。", "en") == []
    assert dropped("Hmm, 好的。", "en", min_letters=1) == ["mixed_language"]


def test_the_response_counts_as_well():
    assert measured(ENGLISH, "en", response=CHINESE)["language_found"] == "zh"


def test_two_prices_hide_nothing_between_them():
    assert measured("It costs $5. 然后我们必须支付 $7.", "en")["language_found"] == "zh"


@pytest.mark.parametrize("language", [None, "", "xx"])
def test_what_becomes_of_a_row_without_a_known_language_is_for_the_recipe(language):
    assert measured(ENGLISH, language)["language_share"] is None
    assert dropped(ENGLISH, language) == []
    assert dropped(ENGLISH, language, not_judged="drop") == ["language_not_judged"]
    assert dropped("3+4=7", language, not_judged="drop") == []  # nothing to judge


def test_a_measure_that_failed_is_not_an_unknown_language():
    table = pl.DataFrame({name: [None] for name in Language.columns}, schema=Language.columns)
    assert table.select(Language().faults()).item().to_list() == ["language_not_measured"]


def test_languages_that_only_the_second_identifier_knows():
    swahili = (
        "Kwanza tunajumlisha namba zote mbili, kisha tunagawanya jumla kwa mbili. Kwa sababu jumla "
        "ni kumi na mbili, wastani lazima uwe sita. "
    )
    welsh = "Yn gyntaf rydym yn adio'r ddau rif, yna rydym yn rhannu'r canlyniad â dau. "
    assert measured(swahili * 2, "sw")["language_share"] > 0.95
    assert measured(welsh * 3, "cy")["language_share"] > 0.95
    assert dropped(welsh * 3 + ENGLISH * 3, "cy") == ["mixed_language"]


def test_switches_are_counted_and_a_recipe_may_forbid_them():
    text = ENGLISH * 20 + "Das ist falsch. " + ENGLISH * 20
    assert measured(text)["language_switches"] == 1
    assert dropped(text) == []  # one sentence of many
    assert dropped(text, max_switches=0) == ["language_switches"]


@pytest.mark.parametrize(
    "text",
    [
        "\u200b\u200d\ufeff" * 50,  # nothing to be seen
        "🙂👩‍👩‍👧‍👦" * 100,
        "ولا يوجد خطأ هنا، والنتيجة صحيحة. " * 5 + "שלום לכולם וברוכים הבאים. ",
        "\x00\x01" * 100,
        "a\u0301" * 100,  # letters and accents apart
        "x" * 100_000,  # one word without an end
    ],
)
def test_odd_texts_are_measured(text):
    row = pl.DataFrame({"reasoning": [text], "response": [None], "language": ["en"]})
    assert Language.measured(row)["language_error"].to_list() == [None]


def test_a_text_may_come_in_pieces():
    text = (ENGLISH + CHINESE + FRENCH) * 5
    reader = Reader("en")
    pieces = [reader.read(text[start : start + 60]) for start in range(0, len(text), 60)]
    whole = Reader("en").read(text)
    assert sum(pieces, Counter())["zh"] == whole["zh"] > 0
    assert abs(sum(pieces, Counter()).total() - whole.total()) < 0.1 * whole.total()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("A line.\nAnd", "And"),
        ("A line.\n", ""),
        ("no end of it", "no end of it"),
        ("One sentence. And the", " And the"),  # a long line
        ("See:\n```python\nx = 1\n", "```python\nx = 1\n"),
        ("See:\n```python\nx = 1\n```\nSo", "So"),
        ("So $$x\n=\n", "$$x\n=\n"),
        (r"So \(x" + "\n" + r"\) is" + "\n", ""),
        (r"So \(x\) is \[y" + "\n", r"\[y" + "\n"),
        ("See:\n```\nx\n``` and", "```\nx\n``` and"),  # the end is in a line that is not whole
    ],
)
def test_what_can_be_judged_of_a_growing_text(text, rest):
    assert text[settled(text) :] == rest


@pytest.mark.parametrize(
    ("text", "own", "surely"),
    [
        (ENGLISH * 3, "en", True),
        (FRENCH * 3, "fr", True),
        (CHINESE * 3, "zh", True),
        (ENGLISH * 3, "fr", False),
        (ENGLISH * 3 + CHINESE, "en", False),  # another script is always counted
        (CHINESE * 3 + ENGLISH, "zh", False),
        ("3+4=7", "en", False),
    ],
)
def test_a_quick_look(text, own, surely):
    assert is_surely(text, own) is surely
