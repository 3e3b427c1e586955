"""Words as kernels read them: what makes no difference, what does, and text that is none."""

import polars as pl
import pytest

from filters.text.words import MATH, NAME, Words, by_whitespace, pieces, words


def spelt(text: str, read: Words | None = None) -> list[str]:
    """The words of a text, as it has them."""
    read = read or words(pl.Series([text]))
    spans = zip(read.starts.tolist(), read.ends.tolist(), strict=True)
    return [text.encode()[start:end].decode() for start, end in spans]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is Café?", "WHAT IS CAFE"),
        ("Cafe\u0301", "Café"),  # one character, or two
        ("don't", "don\u2019t"),
        ("1,000 apples", "1000 apples"),
        ("12,345,678", "12345678"),
        (r"Find $\frac{1}{2} + x^2$.", "find frac 1 2 + x 2"),
        ("\uff13 + \uff14", "3 + 4"),
        ("a\u2212b", "a-b"),
        ("zero\u200bwidth", "zerowidth"),
        ("**bold** text", "bold text"),
    ],
)
def test_the_same_words(one: str, other: str):
    first, second = words(pl.Series([one, other])).texts()
    assert first == second != 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2+3", "2-3"),
        ("x < y", "x > y"),
        ("1,2,3", "123"),  # a list, not a number
        ("1,0000", "10000"),
        ("5!", "5"),
        ("a b", "b a"),
        ("3.5", "35"),
        ("50%", "50"),
    ],
)
def test_other_words(one: str, other: str):
    first, second = words(pl.Series([one, other])).texts()
    assert first != second


def test_letters_of_scripts_without_spaces_are_words():
    assert spelt("求最少需要 3 个") == ["求", "最", "少", "需", "要", "3", "个"]


def test_names_and_formulas_are_told_apart():
    text = "Then Anna sees $x+1$ of B and b"
    read = words(pl.Series([text]))
    flagged = dict(zip(spelt(text, read), read.kinds.tolist(), strict=True))
    assert [word for word, kind in flagged.items() if kind & NAME] == ["Then", "Anna"]
    assert [word for word, kind in flagged.items() if kind & MATH] == ["x", "+", "1"]


@pytest.mark.parametrize("text", ["", "   ", "…", "\u200b\u200d", None, "\u0301"])
def test_a_text_without_words_has_none(text: str | None):
    read = words(pl.Series([text, "one"], dtype=pl.String))
    assert read.bounds.tolist() == [0, 0, 1]
    assert read.texts()[0] == 0


@pytest.mark.parametrize(
    "text",
    ["👩‍👩‍👧 family", "שלום עולם", "\U0001d400\U0001d401 bold", "a" * 100_000, "\x00\x01", "नमस्ते"],
)
def test_whatever_people_write_is_read_to_its_end(text: str):
    spans = spelt(text)
    assert all(span for span in spans)
    assert words(pl.Series([text, text])).texts().tolist()[0] != 0 or not spans


@pytest.mark.parametrize(
    "text", ["Two  words\tand more", "İstanbul ΣΑΣ", "x²+3 = $4$", "\u3000a\u2003b"]
)
def test_words_between_blanks_are_those_of_python(text: str):
    assert spelt(text, words(pl.Series([text]), by_whitespace())) == text.split()


def test_pieces_are_of_bounded_size_and_in_order():
    rows = pl.DataFrame({"text": ["aa", "bb", "c" * 9, None, "dd", "ee"]})
    sizes = [piece["text"].to_list() for piece in pieces(rows, "text", most=4)]
    assert sizes == [["aa", "bb"], ["c" * 9], [None, "dd", "ee"]]
    assert list(pieces(rows.clear(), "text")) == []
