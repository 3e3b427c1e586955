"""Multiple choice: which letter an answer commits to, in English and Chinese."""

import time

import pytest

from filters.verifiers import check_reference, verify
from filters.verifiers.choice import extract, letters, shape

CITIES = {"A": "Paris", "B": "Rome", "C": "Berlin"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("B", ["B"]),
        ("b", ["B"]),
        ("(B)", ["B"]),
        ("B.", ["B"]),
        ("【B】", ["B"]),
        (r"\textbf{(B)}\ 42", ["B"]),
        ("B) forty-two", ["B"]),
        ("B、四十二", ["B"]),
        ("option B", ["B"]),
        ("选项 B", ["B"]),
        ("Not A but B", ["B"]),
        ("B, since A is wrong", ["B"]),
        ("B 项错误,选 C", ["C"]),
        ("不选 B", []),
        ("neither A nor B", []),
        ("A or B", ["A", "B"]),  # a hedge commits to both
        ("A、B", ["A", "B"]),
        ("A cat", []),  # an article
        ("42", []),
        ("DNA", []),  # letters of a word
        ("rome", ["B"]),  # the text of an option
        (r"\text{Rome}.", ["B"]),
        ("London", []),
        ("b) Paris", ["B"]),
        ("b. 4", ["B"]),
        ("the option 'B'", ["B"]),
        ("B. Paris", ["B"]),  # the letter counts, whatever stands beside it
    ],
)
def test_letters(answer, found):
    assert letters(answer, CITIES) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("14", ["B"]),  # the unit is left out
        ("14 m", ["B"]),
        ("14 km", []),  # another unit
        ("40", []),  # two options have this number
        ("1", []),
        ("16 kg", ["C"]),  # the option leaves it out
    ],
)
def test_a_number_without_its_unit_is_an_option(answer, found):
    options = {"A": "12 m", "B": "14 m", "C": "16", "D": "40 m", "E": "40 km"}
    assert letters(answer, options) == found


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"Neither A nor C: \boxed{B}", "B"),
        ("The final answer is (B).", "(B)"),
        ("<think>B or C</think><answer>C</answer>", "C"),
        ("【解析】所以 A 不对。\n<eoe>\n【答案】 B <eoa>", "B"),
        ("Only one is left.\nSo I choose B.\nThat was easy.", "So I choose B."),
        ("Rome is in Italy.\nB", "B"),  # the last line, where none speaks of a choice
        ("", None),
    ],
)
def test_where_the_answer_is_looked_for(response, answer):
    assert extract(response) == answer


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ("B", None),
        ("(b)", None),
        ({"letter": "B"}, None),
        ({"letter": "B", "options": ["Paris", "Rome"]}, None),
        ({"letter": "B", "options": CITIES}, None),
        ("Rome", "a letter, or an object like"),
        (2, "not int"),
        (None, "not NoneType"),
        ({"letter": "D", "options": CITIES}, "there is no option D"),
        ({"letter": "B", "options": "Paris"}, "options are a list of texts or an object, not str"),
        ({"letter": "B", "options": [1, 2]}, "options must be texts"),
    ],
)
def test_references(reference, wrong):
    said = shape(reference)
    assert said is None if wrong is None else wrong in (said or "")
    assert (check_reference(reference, "choice") is None) == (wrong is None)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("The answer is C.", "wrong_answer"),
        ("The answer is B or C.", "several_letters: B, C"),
        ("I do not know.", "no_letter"),
        ("", "no_answer"),
        (None, "unfinished"),
    ],
)
def test_why_an_answer_is_wrong(response, reason):
    verdict = verify(response, "B", "choice")
    assert (verdict.outcome, verdict.reason) == ("incorrect", reason)


@pytest.mark.parametrize("hostile", ["A ", "A, ", "not ", "(", "选", "A and "])
def test_hostile_text_takes_no_longer_than_other_text(hostile):
    start = time.perf_counter()
    verify(hostile * 50_000, "B", "choice")
    assert time.perf_counter() - start < 2.0
