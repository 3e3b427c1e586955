"""Each filter shows a person where to look, for each of its reasons."""

from typing import Any

import pytest

from filters import FILTERS
from filters.filter import Filter
from filters.length import Length
from filters.text.thinking import split

LOOP = "<think>So 12?" + " Wait, let me check that again." * 10
COUNTS = "<think>So." + "".join(f" Check {n} again, and again." for n in range(100, 150))
ECHO = "<think>" + "".join(
    f"We look at it from the side of {n % 7}, where nothing is new and all that was said before "
    "stands once more, word by word, as if nobody had read a line of it. "
    for n in range(80)
)
KEY = "J7Kq2mPz9LwR4tVb8NcY3sHd6FjG5aTe1UoQ8wZ2"
AGAIN = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty."
)
EVERY = {
    "correctness": {},
    "language": {"max_switches": 0},
    "length": {"min_tokens": 5, "max_tokens": 9, "max_paragraph_chars": 20},
    "repetition": {"max_compression": 5},
    "thinking": {
        "min_efficiency": 0.5, "max_after_answer": 5, "max_reflections": 0, "max_backtracks": 0,
        "max_switches": 0, "min_thought_chars": 100,
    },
    "chain": {"min_chars": 99, "min_verifies": 2},
}  # fmt: skip
"""Settings in which filters have all their reasons."""


def entry(name: str, **settings: Any) -> Filter:
    return FILTERS[name].model_validate(EVERY.get(name, {}) | settings)


def marked(filter: Filter, reason: str, text: str, **told: Any) -> list[tuple[str, str]]:
    """What is marked in a text, and the part it stands in."""
    thought = split(text)
    parts = {"text": text, "reasoning": thought.reasoning, "response": thought.response}
    sample: dict[str, Any] = parts | told
    places = filter.places(reason, sample)
    return [(place.part, sample[place.part][place.start : place.end]) for place in places]


@pytest.mark.parametrize(
    ("name", "reason", "text", "told", "expected"),
    [
        ("truncation", "truncated", "<think>a</think>b", {"finish": "length"},
         ["<think>a</think>b"]),
        ("truncation", "aborted", "x" * 300, {"finish": "abort"}, ["x" * 200]),
        ("truncation", "stopped", "again again", {"finish": "loop"}, ["again again"]),
        ("truncation", "unfinished_thinking", "<think>so", {}, ["<think>so"]),
        ("format", "stray_think_tag", "<think>a<think>b</think>c</think>", {},
         ["<think>", "</think>"]),
        ("format", "text_before_thinking", "Sure! <think>a</think>b", {}, ["Sure!"]),
        ("format", "empty_response", "<think>a</think> ", {}, ["</think>"]),
        ("format", "no_thinking", "It is 4.", {}, ["It is 4."]),
        ("format", "empty_thinking", "<think> </think>4", {}, ["<think> </think>"]),
        ("format", "no_final_answer", "<think>a</think>It is 4.", {}, ["It is 4."]),
        ("format", "several_final_answers", r"<think>a</think>\boxed{4}, \boxed{5}", {},
         [r"\boxed{4}", r"\boxed{5}"]),
        ("correctness", "incorrect", r"<think>4?</think>So \boxed{4}.", {"answer": "4"},
         [r"\boxed{4}"]),
        ("correctness", "incorrect", "<think>a</think>The answer is 4.", {"answer": "4"},
         ["4"]),
        ("correctness", "incorrect", "<think>a", {"answer": None}, ["<think>a"]),
        ("format", "no_final_answer", "<think>a", {}, ["<think>a"]),
        ("correctness", "unverifiable", "<think>a</think>I do not know.", {"answer": None},
         ["I do not know."]),
        ("language", "mixed_language",
         "<think>First, we add the numbers. 然后我们把结果除以二</think>4",
         {"language": "en"}, ["然后我们把结果除以二"]),
        ("language", "mixed_language",
         "<think>We add them. Das ist falsch. So we multiply.</think>4",
         {"language": "en"}, ["Das ist falsch."]),
        ("language", "language_switches",
         "<think>`然后我们` is code, and \\(然\\) is not.</think>4",
         {"language": "en"}, []),  # as it is not measured
        ("code_blocks", "code_block", "<think>```python\n1\n```\nso `2`\n~~~\n3</think>", {},
         ["```python\n1\n```", "~~~\n3"]),
        ("length", "too_long", "<think>a</think>b", {"tokens": 12}, ["<think>a</think>b"]),
        ("length", "too_short", "<think>a</think>b", {"tokens": 1}, ["<think>a</think>b"]),
        ("length", "long_paragraph",
         "<think>One.\n\n Two,\nstill two. \n\t\nThree</think>Four", {},
         ["Two,\nstill two."]),
        ("repetition", "loop", LOOP, {}, [" Wait, let me check that again." * 10]),
        ("repetition", "repetitive", f"<think>{AGAIN} So. {AGAIN} Done.</think>4", {},
         [AGAIN]),
        ("repetition", "compressible", f"<think>{AGAIN} So. {AGAIN} Done.</think>4", {},
         [AGAIN]),
        ("repetition", "compressible", "<think>" + "ab" * 99, {}, ["ab" * 99]),
        ("thinking", "overthinking", "<think>6*7 = 42. Wait, let me check.</think>42",
         {"answer": "42", "verdict": "correct"}, [". Wait, let me check."]),
        ("thinking", "long_after_answer", "<think>6*7 = 42. No.</think>42",
         {"answer": "42", "verdict": "correct"}, [". No."]),
        ("thinking", "many_reflections",
         "<think>4.\nWait, is that right?\nHmm, yes</think>", {},
         ["Wait,", "is that right?", "Hmm,"]),
        ("thinking", "many_backtracks", "<think>So 4. That's wrong.</think>", {},
         ["That's wrong"]),
        ("thinking", "many_switches", "<think>So. Alternatively, 5.</think>", {},
         ["Alternatively"]),
        ("thinking", "underthinking", "<think>İ Ä Ö. Alternatively, 5.</think>", {},
         ["Alternatively"]),
        ("chain", "short_chain", "<think>4.</think>4", {}, ["4."]),
        ("chain", "unverified_chain", "<think>Let me check: 4.</think>4", {}, ["check:"]),
        ("safety", "refusal", "<think>a</think>I'm sorry, but I can't help with that.", {},
         ["I'm sorry, but I can't"]),
        ("safety", "identity", "<think>Who?\nI am ChatGPT.</think>4", {}, ["I am ChatGPT."]),
        ("safety", "leaked_token", "<think>a</think>4<|im_end|>", {}, ["<|im_end|>"]),
        ("safety", "personal_data", "<think>a</think>Write to o.lind@post.se.", {},
         ["o.lind@post.se"]),
        ("safety", "knowledge_cutoff", "<think>a</think>My knowledge cutoff is 2023.", {},
         ["My knowledge cutoff"]),
        ("safety", "secret", "<think>a</think>ghp_" + KEY, {}, ["ghp_" + KEY]),
    ],
)  # fmt: skip
def test_what_is_marked(
    name: str, reason: str, text: str, told: dict[str, Any], expected: list[str]
):
    assert [stretch for _, stretch in marked(entry(name), reason, text, **told)] == expected


def test_thinking_that_is_not_wanted_is_marked_by_its_tags():
    plain = entry("format", require_thinking=False, forbid_thinking=True)
    found = marked(plain, "unwanted_thinking", "<think>a</think>b")
    assert found == [("text", "<think>"), ("text", "</think>")]


def test_a_loop_that_counts_is_marked_to_its_end():
    ((part, stretch),) = marked(entry("repetition"), "counting_loop", COUNTS)
    assert part == "reasoning"
    assert stretch.endswith("Check 149 again, and again.")
    measured = FILTERS["repetition"].of(text=COUNTS)
    assert len(stretch) == measured["counting_chars"]


def test_an_echo_has_as_many_characters_as_are_measured():
    (_, stretch), *others = marked(entry("repetition"), "near_loop", ECHO)
    length = sum(len(one) for one in [stretch, *(one for _, one in others)])
    assert length == FILTERS["repetition"].of(text=ECHO)["echo_share"] * 5000 > 0


def test_a_loop_is_shown_that_is_not_one_yet():
    """Just inside the threshold a person wants to see the same place."""
    found = marked(entry("repetition"), "loop", "<think>Fine." + " And so on and on we go." * 3)
    assert found == [("reasoning", " And so on and on we go." * 3)]


def test_one_s_own_name_is_no_one_else_s():
    own = entry("safety", own_names=["ChatGPT"])
    assert not marked(own, "identity", "<think>I am ChatGPT.</think>4")


def test_shared_words_of_a_question_are_marked():
    question = "A tank holds 120 litres of water. Natalia sold clips to 48 of her friends in May."
    pair = {"method": "words", "value": 11.0, "passage": "Natalia sold clips to 48 of her friends"}
    pairs = [pair | {"place": "gsm8k:1", "question": "Natalia sold clips to 48 of her friends?"}]
    told = {"question": question, "pairs": pairs}
    found = marked(entry("contamination"), "benchmark_passage", "4", **told)
    assert found == [("question", "Natalia sold clips to 48 of her friends")]
    assert not marked(entry("contamination"), "benchmark_changed", "4", **told)


def test_without_a_passage_the_words_in_common_are_marked():
    told = {"question": "How many litres are left in the tank?", "pairs": [
        {"method": "alike", "value": 0.5, "passage": None, "place": "b:1",
         "question": "Tell how many litres are there"},
    ]}  # fmt: skip
    found = marked(entry("contamination"), "benchmark_rephrased", "4", **told)
    assert found == [("question", "How many litres are")]


def test_a_duplicate_shows_what_the_first_has_too():
    told = {"question": "How many litres are left in the tank now?", "duplicate_cluster": "p1",
            "first": "Say: how many litres are left?"}  # fmt: skip
    found = marked(entry("duplicates"), "near_duplicate", "4", **told)
    assert found == [("question", "How many litres are left")]


NOWHERE = {"language_not_judged"}
"""Reasons that no place shows."""


def test_every_reason_of_every_filter_is_tried_here():
    """A filter that gains a reason gains a place, or a line above."""
    marks = vars(test_what_is_marked)["pytestmark"]
    cases = {case[1] for mark in marks for case in mark.args[1]}
    cases |= {"unwanted_thinking", "counting_loop", "near_loop", "exact_duplicate"}
    cases |= {"near_duplicate", *(r for r in entry("contamination").reasons())}
    given = {reason for name in FILTERS for reason in entry(name).reasons()}
    assert given - cases - NOWHERE == set()


def test_a_filter_of_one_s_own_shows_nothing_unless_it_says_so():
    class Own(Length):
        """Says nothing of places."""

        places = Filter.places

    assert Own().places("too_long", {"text": "so"}) == []
