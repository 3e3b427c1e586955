"""Instructions to repeat: the request, a phrase, an ending, or to answer twice.

Each check has a pair beside it: a response that follows the instruction and one that does not.
"""

from __future__ import annotations

from filters.verifiers.instructions import text as read

QUOTES = '"“”'


def two_responses(text: str) -> bool:
    r"""There are two different responses with `******` between them.

    >>> [two_responses(said) for said in ("Roses.\n******\nViolets.", "Roses.\n******\nRoses.")]
    [True, False]
    """
    parts = read.divided(text.split("******"))
    return all(parts) and len(parts) == 2 and parts[0] != parts[1]


def repeat_prompt(text: str, prompt_to_repeat: str) -> bool:
    r"""The response starts with the request, word for word; case does not count.

    >>> [repeat_prompt(said, "Name two.") for said in ("Name two.\n\nA, B.", "Sure! Name two.")]
    [True, False]
    """
    return read.folded(text.strip()).startswith(read.folded(prompt_to_repeat.strip()))


def end_checker(text: str, end_phrase: str) -> bool:
    """The response ends with a phrase; case and a closing quotation mark do not count.

    >>> [end_checker(said, "Any more?") for said in ('Done. "Any more?"', "Any more? No.")]
    [True, False]
    """
    bare, phrase = read.folded(text.rstrip()), read.folded(end_phrase.strip())
    return bare.endswith(phrase) or bare.rstrip(QUOTES).endswith(phrase)


def copy(text: str, prompt_to_repeat: str) -> bool:
    """The response is the request, word for word, and nothing else; case does not count.

    >>> [copy(said, "Name two.") for said in ("Name two.", "Name two. A, B.")]
    [True, False]
    """
    return read.folded(text.strip()) == read.folded(prompt_to_repeat.strip())


def copies(text: str, prompt_to_repeat: str, N: int) -> bool:
    r"""The response is the request so many times, with `******` between.

    >>> [copies(said, "Go.", 2) for said in ("Go.\n******\nGo.", "Go.")]
    [True, False]
    """
    parts = text.split("******")
    return len(parts) == N and all(copy(part, prompt_to_repeat) for part in parts)


def copy_span(text: str, prompt_to_repeat: str, n_start: int, n_end: int) -> bool:
    """The response is the request's characters from one place (of 0, 1, …) to another.

    With the last one, as the set's requests say, or without it, as its code has it.

    >>> [copy_span(said, "Name two.", 5, 7) for said in ("two", "tw", "Name two.")]
    [True, True, False]
    """
    ends = (n_end, n_end + 1)
    return any(copy(text, prompt_to_repeat[n_start:end]) for end in ends)


def repeat_phrase(text: str, phrase: str, small_n: int) -> bool:
    """A phrase is there so often, each time with just one word within it replaced.

    >>> said = "We saw big ships, and we saw red ships."
    >>> repeat_phrase(said, "We saw old ships", 2), repeat_phrase(said, "We saw big ships", 2)
    (True, False)
    """
    words = [read.folded(word) for word in read.whole_words(text)]
    wanted = [read.folded(word) for word in read.whole_words(phrase)]
    size, found, at = len(wanted), 0, 0
    while at + size <= len(words):
        if words[at] != wanted[0] or words[at + size - 1] != wanted[-1]:
            at += 1
            continue
        others = sum(map(str.__ne__, words[at : at + size], wanted))
        if others == 0:
            return False  # the phrase itself, unchanged
        found += others == 1
        at += size if others == 1 else 1
    return found == small_n
