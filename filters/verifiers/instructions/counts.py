"""Instructions about amounts: sentences, paragraphs, words, letters, and words in capitals.

Each check has a pair beside it: a response that follows the instruction and one that does not.
"""

from __future__ import annotations

import re

from filters.verifiers.instructions import text as read

_DIVIDER = re.compile(r"\*[ \t]?\*[ \t]?\*")


def number_sentences(text: str, num_sentences: int, relation: str) -> bool:
    """There are so many sentences.

    >>> [number_sentences(said, 2, "less than") for said in ("Dr. Who came.", "He came. I saw.")]
    [True, False]
    """
    return read.related(len(read.sentences(text)), relation, num_sentences)


def number_paragraphs(text: str, num_paragraphs: int) -> bool:
    r"""There are just so many paragraphs with `***` between them, none of them empty.

    >>> [number_paragraphs(said, 2) for said in ("One.\n***\nTwo.", "One.\n\nTwo.")]
    [True, False]
    """
    parts = read.divided(text.split("***"))
    return all(parts) and len(parts) == num_paragraphs


def two_by_asterisks(text: str) -> bool:
    r"""There are just two paragraphs with `***` between them.

    >>> [two_by_asterisks(said) for said in ("One.\n***\nTwo.", "One.")]
    [True, False]
    """
    return number_paragraphs(text, 2)


def two_by_blank_lines(text: str) -> bool:
    r"""There are just two paragraphs with blank lines between them.

    >>> [two_by_blank_lines(said) for said in ("One.\n\nTwo.", "One.\nTwo.")]
    [True, False]
    """
    return len(read.paragraphs(text)) == 2


def number_words(text: str, num_words: int, relation: str) -> bool:
    """There are so many words.

    >>> [number_words(said, 3, "at least") for said in ("One two three.", "One two.")]
    [True, False]
    """
    return read.related(len(read.words(text)), relation, num_words)


def nth_paragraph_first_word(
    text: str, num_paragraphs: int, nth_paragraph: int, first_word: str
) -> bool:
    r"""There are just so many paragraphs with blank lines between, and one starts with a word.

    >>> [nth_paragraph_first_word(said, 2, 2, "so") for said in ("I.\n\n\nSo, yes.", "So.\n\nI.")]
    [True, False]
    """
    parts = read.paragraphs(text)
    if len(parts) != num_paragraphs or nth_paragraph > len(parts):
        return False
    return read.starts_with(parts[nth_paragraph - 1], first_word)


def composition(text: str, n_sent: int, n_words: int) -> bool:
    """Three paragraphs with `***` or `* * *` between, each of so many sentences of so many words.

    >>> [composition(said, 1, 2) for said in ("I am. *** You are. *** He's here.", "I am.")]
    [True, False]
    """
    parts = [read.sentences(part) for part in read.divided(_DIVIDER.split(text))]
    lengths = [len(read.whole_words(sentence)) for part in parts for sentence in part]
    return [len(part) for part in parts] == [n_sent] * 3 and set(lengths) == {n_words}


def unique_words(text: str) -> bool:
    """No word is there twice; case does not count.

    >>> [unique_words(said) for said in ("One, two, three.", "The sun and the moon.")]
    [True, False]
    """
    words = [read.folded(word) for word in read.whole_words(text)]
    return len(words) == len(set(words))


def few_lowercase_words(text: str, N: int) -> bool:
    """At most so many words are in small letters.

    >>> [few_lowercase_words(said, 1) for said in ("The Old man, WELL!", "The old man.")]
    [True, False]
    """
    return sum(word.islower() for word in read.whole_words(text)) <= N


def letter_counting(text: str, N: int, relation: str) -> bool:
    """There are so many letters.

    >>> [letter_counting(said, 4, "less than") for said in ("1,000: it", "Four")]
    [True, False]
    """
    return read.related(sum(map(str.isalpha, text)), relation, N)


def capital_word_frequency(text: str, capital_frequency: int, capital_relation: str) -> bool:
    """There are so many words in capitals.

    >>> [capital_word_frequency(said, 2, "at least") for said in ("WELL, I go.", "Well, I go.")]
    [True, False]
    """
    return read.related(len(read.capital_words(text)), capital_relation, capital_frequency)
