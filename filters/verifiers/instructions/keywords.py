"""Instructions about words: which must be there, which not, how often, and where.

Each check has a pair beside it: a response that follows the instruction and one that does not.
"""

from __future__ import annotations

from itertools import pairwise

from filters.verifiers.instructions import text as read


def keyword_existence(text: str, keywords: list[str]) -> bool:
    """All keywords are there, as parts of longer words, too.

    >>> [keyword_existence(said, ["sun"]) for said in ("Sunny.", "It rains.")]
    [True, False]
    """
    return all(read.mentions(text, keyword) for keyword in keywords)


def keyword_frequency(text: str, keyword: str, frequency: int, relation: str) -> bool:
    """A keyword is there so often, as a part of longer words, too.

    >>> [keyword_frequency(said, "rain", 2, "less than") for said in ("Rain.", "Rain, rain.")]
    [True, False]
    """
    return read.related(read.mentions(text, keyword), relation, frequency)


def forbidden_words(text: str, forbidden_words: list[str]) -> bool:
    """None of the words is there by itself.

    >>> [forbidden_words(said, ["art"]) for said in ("We start.", "Modern Art.")]
    [True, False]
    """
    return not any(read.count_word(text, word) for word in forbidden_words)


def letter_frequency(text: str, letter: str, let_frequency: int, let_relation: str) -> bool:
    """A letter, or any other sign, is there so often; case does not count.

    >>> [letter_frequency(said, "q", 2, "at least") for said in ("Quite quick.", "Quite.")]
    [True, False]
    """
    return read.related(text.lower().count(letter.strip().lower()), let_relation, let_frequency)


def word_once(text: str, keyword: str) -> bool:
    """The keyword is there just once, by itself.

    >>> [word_once(said, "sun") for said in ("The sun, a sunny day.", "Sun and sun.")]
    [True, False]
    """
    return read.count_word(text, keyword) == 1


def word_so_often(text: str, keyword: str, frequency: int, relation: str = "") -> bool:
    """The keyword is there just so often, by itself, whatever `relation` says.

    The set's requests say "should appear 2 times"; its code counts by a relation that no request
    mentions.

    >>> [word_so_often(said, "sun", 2, "less than") for said in ("Sun to sun.", "Sun.")]
    [True, False]
    """
    return read.count_word(text, keyword) == frequency


def word_left_out(text: str, keyword: str) -> bool:
    """The keyword is not there by itself.

    >>> [word_left_out(said, "art") for said in ("We start.", "Art is long.")]
    [True, False]
    """
    return not read.count_word(text, keyword)


def once_and_twice(text: str, keyword1: str, keyword2: str) -> bool:
    """The first keyword is there once and the second twice, each by itself.

    >>> [once_and_twice(said, "sun", "rain") for said in ("Rain, sun, rain.", "Sun, rain.")]
    [True, False]
    """
    return read.count_word(text, keyword1) == 1 and read.count_word(text, keyword2) == 2


def word_in_place(text: str, keyword: str, n: int, m: int) -> bool:
    """The keyword is the m-th word of the n-th sentence.

    >>> [word_in_place(said, "sun", 2, 2) for said in ("Rain. Then, sun!", "Rain. Sun then.")]
    [True, False]
    """
    sentences = read.sentences(text)
    words = read.whole_words(sentences[n - 1]) if n <= len(sentences) else []
    return m <= len(words) and read.folded(words[m - 1]) == read.folded(keyword.strip())


def first_word_of_all(text: str, first_word: str) -> bool:
    """The response starts with the word.

    >>> [first_word_of_all(said, "sun") for said in ("Sun, at last.", "Sunny days.")]
    [True, False]
    """
    return read.starts_with(text, first_word)


def first_word_of_each(text: str, first_word: str) -> bool:
    """Every sentence starts with the word.

    >>> [first_word_of_each(said, "we") for said in ("We came. We saw.", "We came. They saw.")]
    [True, False]
    """
    return all(read.starts_with(sentence, first_word) for sentence in read.sentences(text))


def last_word_of_all(text: str, last_word: str) -> bool:
    """The response ends with the word; marks after it do not count.

    >>> [last_word_of_all(said, "sun") for said in ("Here comes the **sun**!", "Sun is here.")]
    [True, False]
    """
    return read.ends_with(text, last_word)


def last_word_of_each(text: str, last_word: str) -> bool:
    """Every sentence ends with the word; marks after it do not count.

    >>> [last_word_of_each(said, "it") for said in ("Take it! Keep it.", "Take it! Keep all.")]
    [True, False]
    """
    return all(read.ends_with(sentence, last_word) for sentence in read.sentences(text))


def same_start_and_end(text: str) -> bool:
    """The response starts and ends with the same word, and nothing stands after it.

    >>> [same_start_and_end(said) for said in ("Rain falls and falls, rain", "Rain, rain.")]
    [True, False]
    """
    words, bare = [read.folded(word) for word in read.whole_words(text)], read.folded(text.strip())
    framed = len(words) > 1 and bare.startswith(words[0]) and bare.endswith(words[-1])
    return framed and words[0] == words[-1]


def no_adjacent_consecutive(text: str) -> bool:
    """No word starts with the letter of the alphabet after that of the word before it.

    >>> [no_adjacent_consecutive(said) for said in ("A cat eats.", "A big cat.")]
    [True, False]
    """
    letters = [word[0].lower() for word in read.whole_words(text)]
    return not any(
        "a" <= one < next_ <= "z" and ord(next_) - ord(one) == 1 for one, next_ in pairwise(letters)
    )


def palindrome(text: str) -> bool:
    """A word, a line or a sentence of three letters or more reads the same backwards.

    >>> [palindrome(said) for said in ("At noon.", "Madam, I'm Adam.", "I see a day.")]
    [True, True, False]
    """
    parts = (*read.whole_words(text), *text.splitlines(), *read.sentences(text))
    letters = ("".join(filter(str.isalpha, read.folded(part))) for part in parts)
    return any(len(one) > 2 and one == one[::-1] for one in letters)
