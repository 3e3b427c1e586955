"""Instructions: IFEval's and IF-RLVR's, references as the Hub has them, and accuracy."""

import doctest
import time
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from filters.verifiers import check_reference, verify
from filters.verifiers.check import check, read
from filters.verifiers.instructions import CHECKS, Accuracy, accuracy, follow, shape
from filters.verifiers.instructions.text import sentences

SET = Path(__file__).parents[3] / "data" / "verifiers" / "instructions.jsonl"
NO_COMMA = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
TITLED = {
    "instruction_id_list": ["punctuation:no_comma", "detectable_format:title"],
    "kwargs": [{}, {}],
}
# One argument of each name, for texts that only have to be read in time.
ARGUMENTS = {
    "keywords": ["zz"], "keyword": "zz", "frequency": 9, "relation": "at least",
    "forbidden_words": ["zz top"], "letter": "z", "let_frequency": 9, "let_relation": "at least",
    "language": "en", "num_sentences": 9, "num_paragraphs": 9, "num_words": 10**9,
    "nth_paragraph": 2, "first_word": "zz", "num_placeholders": 10**9, "postscript_marker": "P.P.S",
    "num_bullets": 9, "num_highlights": 10**9, "section_spliter": "Section",
    "num_sections": 10**9, "prompt_to_repeat": "zz", "end_phrase": "zz",
    "capital_frequency": 10**9, "capital_relation": "at least",
    "keyword1": "zz", "keyword2": "zz", "last_word": "zz", "n": 10**9, "m": 10**9, "N": 10**9,
    "n_sent": 9, "n_words": 9, "n_start": 0, "n_end": 10**9, "phrase": "a b zz", "small_n": 9,
}  # fmt: skip


def test_the_labelled_set():
    """Full marks, none and malformed for every instruction; a second look says the same."""
    rows = list(read(SET))
    first = check(rows, "instructions").lines
    assert [(line.row, line.verdict) for line in first if line.fault] == []
    again = check(rows, "instructions").lines
    assert [line.verdict.outcome for line in again] == [line.verdict.outcome for line in first]


def test_the_labelled_set_has_both_verdicts_of_every_instruction():
    found = Counter(
        (id_, row["expected"])
        for row in read(SET)
        if row["kind"] != "malformed references"
        for id_ in row["gold"]["instruction_id_list"]
    )
    missing = [id_ for id_ in CHECKS for label in ("correct", "incorrect") if not found[id_, label]]
    assert missing == []
    assert len(CHECKS) == 54


@pytest.mark.parametrize("id_", CHECKS)
def test_every_instruction_has_a_pair_beside_it(id_):
    """The docstring shows a response that follows it and one that does not; doctests run it."""
    (shown,) = doctest.DocTestFinder(recurse=False).find(CHECKS[id_].follows)
    outputs = "".join(example.want for example in shown.examples)
    assert "True" in outputs
    assert "False" in outputs


def test_the_command():
    result = CliRunner().invoke(main, ["check-verifier", str(SET), "--verifier", "instructions"])
    assert result.exit_code == 0
    assert "agreement" in result.stdout
    assert "100.00%" in result.stdout


@pytest.mark.parametrize(
    ("response", "outcome", "reason"),
    [
        ("<<A title>>\nAll well.", "correct", None),
        ("All well.", "incorrect", "not_followed: detectable_format:title"),
        (
            "Well, well.",
            "incorrect",
            "not_followed: punctuation:no_comma, detectable_format:title",
        ),
        (" \n", "incorrect", "no_answer"),
        (None, "incorrect", "unfinished"),
    ],
)
def test_the_reason_names_what_was_not_followed(response, outcome, reason):
    verdict = verify(response, TITLED, "instructions")
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_what_nobody_can_tell_is_not_a_wrong_answer():
    short = {"instruction_id_list": ["language:response_language"], "kwargs": [{"language": "fr"}]}
    verdict = verify("Ok.", short, "instructions")
    told = "unclear: language:response_language"
    assert (verdict.outcome, verdict.reason) == ("unverifiable", told)


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        (NO_COMMA, None),
        (NO_COMMA | {"key": 7, "prompt": "No commas, please."}, None),
        ("punctuation:no_comma", "an object with instruction_id_list and kwargs was expected"),
        ({"instruction_id_list": "title", "kwargs": []}, "both of them lists"),
        ({"instruction_id_list": [], "kwargs": []}, "both of them lists"),
        (NO_COMMA | {"kwargs": []}, "1 instructions have 0 objects of arguments"),
        (NO_COMMA | {"kwargs": [None]}, None),
        (NO_COMMA | {"kwargs": ["none"]}, "an object of arguments was expected, not str"),
        (NO_COMMA | {"lose": True}, "it has lose"),
        (NO_COMMA | {"kwargs": [{"num_words": 3}]}, "has no argument num_words"),
        (
            {"instruction_id_list": ["punctuation:no_commas"], "kwargs": [{}]},
            "did you mean 'punctuation:no_comma'?",
        ),
        (
            {
                "instruction_id_list": ["language:response_language"],
                "kwargs": [{"language": "xx"}],
            },
            "nobody here can tell the language 'xx'",
        ),
        (
            {"instruction_id_list": ["count:word_count_range"], "kwargs": [{}]},
            "count:word_count_range is an instruction of IFBench, and those are not judged here",
        ),
        ({"instruction_id_list": ["id"], "kwargs": [{}]}, "there is no instruction 'id'"),
        ({"instruction_id_list": [None], "kwargs": [{}]}, "there is no instruction 'None'"),
        ({"instruction_id_list": [["id"]], "kwargs": [{}]}, "there is no instruction"),
        (NO_COMMA | {7: "seven"}, "it has 7"),
        (
            {
                "instruction_id_list": ["first_word:first_word_answer"],
                "kwargs": [{"first_word": "once upon"}],
            },
            "first_word:first_word_answer, first_word: one word was expected, not 'once upon'",
        ),
        (
            {
                "instruction_id_list": ["copy:repeat_phrase"],
                "kwargs": [{"phrase": "two words", "small_n": 2}],
            },
            "a phrase of 3 to 100 words was expected, not 'two words'",
        ),
        (
            {
                "instruction_id_list": ["keywords:frequency"],
                "kwargs": [{"keyword": "a", "frequency": 1.5, "relation": "at least"}],
            },
            "keywords:frequency, frequency: a whole number was expected, not 1.5",
        ),
    ],
)
def test_references(reference, wrong):
    said = shape(reference)
    assert said is None if wrong is None else wrong in (said or "")
    assert (check_reference(reference, "instructions") is None) == (wrong is None)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("No mark at all", 1),
        ("Dr. J. R. R. Smith (b. 1950) is e.g. a doctor.", 1),
        ("It costs $3.50, i.e. little. Buy it at example.com today.", 2),
        ("He lives in the U.S. and works. He came at 5 p.m. Then he left.", 3),
        ("Well... so it is. Wait... What?!", 3),
        ('"Go!" she said. "Where?" (Nowhere.)', 4),
        ("1. First.\n2. Second.", 2),  # punkt counts the numbers, too
        ("A heading\n\nAnd a sentence.", 1),  # a line break is no mark, for punkt neither
        ("他来了。他看见了!你呢?", 3),
        ("सूरज निकला। हम चले।", 2),
        ("...", 1),
    ],
)
def test_sentences(text, count):
    assert len(sentences(text)) == count


def test_loosely_a_first_and_a_last_line_and_asterisks_are_forgiven():
    json_ = {"instruction_id_list": ["detectable_format:json_format"], "kwargs": [{}]}
    for response, strict, loose in [
        ("[1]", True, True),
        ("Here it is:\n[1]", False, True),
        ("Here it is:\n[1]\nDone.", False, True),
        ("*[1]*", False, True),
        ("Here it is: [1]", False, False),
        ("", False, False),
    ]:
        assert follow(response, json_) == [strict], response
        assert follow(response, json_, loose=True) == [loose], response


def test_accuracy_counts_prompts_and_instructions():
    short = {"instruction_id_list": ["language:response_language"], "kwargs": [{"language": "fr"}]}
    answers = [
        ("<<A title>>", TITLED),
        ("A title", TITLED),
        ("Sure, here:\n<<A title>>", TITLED),
        (None, NO_COMMA),
        ("Ok.", short),
    ]
    expected = Accuracy(
        prompts=5,
        instructions=8,
        strict_prompts=1,
        strict_instructions=4,
        loose_prompts=2,
        loose_instructions=5,
        unclear=1,
    )
    assert accuracy(answers) == expected


HOSTILE = (
    "[a", "*a ", "* ", "<<a", "\n ", "1. ", "mr. ", "..", "{", "p.", "[a] ", "<<a b>>", "a-", "a'",
    "a ", ".-", "\u0301", "a\u0301", "''", "***", "a b ", "न", "好",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_no_longer_than_other_text(unit):
    text = unit * (100_000 // len(unit))
    for id_, one in CHECKS.items():
        arguments = {name: ARGUMENTS[name] for name in one.arguments}
        start = time.process_time()
        follow(text, {"instruction_id_list": [id_], "kwargs": [arguments]})
        assert time.process_time() - start < 2.0, id_


@pytest.mark.parametrize("text", ["\ud800 x", "***", "******", "\u0301", "न", "…", "''", "-"])
def test_odd_texts_and_huge_numbers_crash_no_check(text):
    for id_, one in CHECKS.items():
        arguments = {name: ARGUMENTS[name] for name in one.arguments}
        huge = {
            name: 10**30 if isinstance(value, int) else value for name, value in arguments.items()
        }
        verdict = verify(text, {"instruction_id_list": [id_], "kwargs": [huge]}, "instructions")
        assert "crash" not in (verdict.reason or ""), id_
