"""Every instruction that is judged here, by its id: IFEval's 25, and 29 of IF-RLVR.

IFEval's ids and arguments are those of Zhou et al., arXiv 2311.07911, as `google/IFEval` on the Hub
has them; IF-RLVR's those of Pyatkin et al., arXiv 2507.02833, as
`allenai/IF_multi_constraints_upto5` has them. The checks are our own: docs/verifiers.md says where
they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from filters.verifiers.instructions import arguments as be
from filters.verifiers.instructions import counts, forms, keywords, repeats


class Check(NamedTuple):
    """One kind of instruction."""

    follows: Callable[..., bool | None]
    """(response, **arguments) -> whether it is followed, None where nobody can tell."""
    arguments: Mapping[str, Callable[[object], str | None]] = {}
    """What each argument must be: a function of `arguments`."""
    spare: tuple[str, ...] = ()
    """Arguments that may be left out."""


IFEVAL: dict[str, Check] = {
    "keywords:existence": Check(keywords.keyword_existence, {"keywords": be.texts}),
    "keywords:frequency": Check(
        keywords.keyword_frequency,
        {"keyword": be.text, "frequency": be.count, "relation": be.relation},
    ),
    "keywords:forbidden_words": Check(keywords.forbidden_words, {"forbidden_words": be.texts}),
    "keywords:letter_frequency": Check(
        keywords.letter_frequency,
        {"letter": be.sign, "let_frequency": be.count, "let_relation": be.relation},
    ),
    "language:response_language": Check(forms.response_language, {"language": be.language}),
    "length_constraints:number_sentences": Check(
        counts.number_sentences, {"num_sentences": be.count, "relation": be.relation}
    ),
    "length_constraints:number_paragraphs": Check(
        counts.number_paragraphs, {"num_paragraphs": be.count}
    ),
    "length_constraints:number_words": Check(
        counts.number_words, {"num_words": be.count, "relation": be.relation}
    ),
    "length_constraints:nth_paragraph_first_word": Check(
        counts.nth_paragraph_first_word,
        {"num_paragraphs": be.place, "nth_paragraph": be.place, "first_word": be.word},
    ),
    "detectable_content:number_placeholders": Check(
        forms.number_placeholders, {"num_placeholders": be.count}
    ),
    "detectable_content:postscript": Check(forms.postscript, {"postscript_marker": be.text}),
    "detectable_format:number_bullet_lists": Check(
        forms.number_bullet_lists, {"num_bullets": be.count}
    ),
    "detectable_format:constrained_response": Check(forms.constrained_response),
    "detectable_format:number_highlighted_sections": Check(
        forms.number_highlighted_sections, {"num_highlights": be.count}
    ),
    "detectable_format:multiple_sections": Check(
        forms.multiple_sections, {"section_spliter": be.text, "num_sections": be.count}
    ),
    "detectable_format:json_format": Check(forms.json_format),
    "detectable_format:title": Check(forms.title),
    "combination:two_responses": Check(repeats.two_responses),
    "combination:repeat_prompt": Check(repeats.repeat_prompt, {"prompt_to_repeat": be.text}),
    "startend:end_checker": Check(repeats.end_checker, {"end_phrase": be.text}),
    "change_case:capital_word_frequency": Check(
        counts.capital_word_frequency,
        {"capital_frequency": be.count, "capital_relation": be.relation},
    ),
    "change_case:english_capital": Check(forms.english_capital),
    "change_case:english_lowercase": Check(forms.english_lowercase),
    "punctuation:no_comma": Check(forms.no_comma),
    "startend:quotation": Check(forms.quotation),
}

IF_RLVR: dict[str, Check] = {
    "keywords:word_once": Check(keywords.word_once, {"keyword": be.text}),
    "keywords:word_count_different_numbers": Check(
        keywords.word_so_often,
        {"keyword": be.text, "frequency": be.count, "relation": be.relation},
        spare=("relation",),
    ),
    "keywords:exclude_word_harder": Check(keywords.word_left_out, {"keyword": be.text}),
    "keywords:no_adjacent_consecutive": Check(keywords.no_adjacent_consecutive),
    "keywords:palindrome": Check(keywords.palindrome),
    "keywords:keyword_specific_position": Check(
        keywords.word_in_place, {"keyword": be.word, "n": be.place, "m": be.place}
    ),
    "keywords:start_end": Check(keywords.same_start_and_end),
    "first_word:first_word_answer": Check(keywords.first_word_of_all, {"first_word": be.word}),
    "first_word:first_word_sent": Check(keywords.first_word_of_each, {"first_word": be.word}),
    "last_word:last_word_answer": Check(keywords.last_word_of_all, {"last_word": be.word}),
    "last_word:last_word_sent": Check(keywords.last_word_of_each, {"last_word": be.word}),
    "count:count_increment_word": Check(
        keywords.once_and_twice, {"keyword1": be.text, "keyword2": be.text}
    ),
    "count:count_unique": Check(counts.unique_words),
    "count:counting_composition": Check(
        counts.composition, {"n_sent": be.place, "n_words": be.place}
    ),
    "count:lowercase_counting": Check(counts.few_lowercase_words, {"N": be.count}),
    "letters:letter_counting": Check(
        counts.letter_counting, {"N": be.count, "relation": be.relation}
    ),
    "letters:letter_counting2": IFEVAL["keywords:letter_frequency"],
    "paragraphs:paragraphs": Check(counts.two_by_asterisks),
    "paragraphs:paragraphs2": Check(counts.two_by_blank_lines),
    "detectable_format:sentence_hyphens": Check(forms.sentence_hyphens),
    "detectable_format:square_brackets": Check(forms.square_brackets),
    "detectable_format:bigram_wrapping": Check(forms.bigram_wrapping),
    "punctuation:punctuation_dot": Check(forms.no_dot),
    "punctuation:punctuation_exclamation": Check(forms.no_exclamation),
    "copy:copy": Check(repeats.copy, {"prompt_to_repeat": be.text}),
    "copy:copying_simple": Check(repeats.copy, {"prompt_to_repeat": be.text}),
    "copy:copying_multiple": Check(repeats.copies, {"prompt_to_repeat": be.text, "N": be.place}),
    "new:copy_span_idx": Check(
        repeats.copy_span, {"prompt_to_repeat": be.text, "n_start": be.count, "n_end": be.count}
    ),
    "copy:repeat_phrase": Check(repeats.repeat_phrase, {"phrase": be.phrase, "small_n": be.place}),
}

CHECKS = IFEVAL | IF_RLVR

IFBENCH = frozenset(
    """
    count:conjunctions count:keywords_multiple count:numbers count:person_names count:pronouns
    count:punctuation count:unique_word_count count:word_count_range count:words_japanese
    custom:character_reverse custom:csv_city custom:csv_quotes custom:csv_special_character
    custom:date_format_list custom:european_capitals_sort custom:mcq_count_length custom:multiples
    custom:reverse_newline custom:sentence_alphabet custom:word_reverse format:emoji
    format:line_indent format:list format:newline format:no_bullets_bullets format:no_whitespace
    format:options format:output_template format:parentheses format:quote_unquote format:quotes
    format:sub-bullets format:thesis format:title_case ratio:overlap ratio:sentence_balance
    ratio:sentence_type ratio:sentence_words ratio:stop_words repeat:repeat_change
    repeat:repeat_simple repeat:repeat_span sentence:alliteration_increment sentence:increment
    sentence:keyword words:alphabet words:consonants words:keywords_specific_position
    words:last_first words:no_consecutive words:odd_even_syllables words:palindrome
    words:paragraph_last_first words:prime_lengths words:repeats words:start_verb words:vowel
    words:words_position
""".split()  # noqa: SIM905
)
"""Ids of `allenai/IFBench_test`, which are refused by name: its makers hold them out of training,
and many need a tagger, a list of names or a count of syllables."""
