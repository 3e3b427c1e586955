"""The final answer: in a box, announced, or after four hashes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.text.answer import boxes, extract, plain

# Text whose braces match, as TeX's groups do, with escaped braces and other scripts in between.
LETTERS = st.text(st.characters(categories=["L", "N", "Z", "Cs"]), max_size=5)
BALANCED = st.recursive(
    LETTERS | st.sampled_from([r"\{", r"\}", r"\frac", r"\\"]),
    lambda inner: st.lists(inner.map("{{{}}}".format) | inner, max_size=3).map("".join),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"\boxed{42}", "42"),
        (r"It is \boxed{ 42 }.", "42"),
        (r"\boxed{41}, no: \boxed{42}", "42"),  # the last one counts
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),  # escaped braces are letters
        (r"\boxed{\left\{ x \right.}", r"\left\{ x \right."),  # and need no partner
        (r"\boxed {42}", "42"),
        (r"\fbox{42}", "42"),
        (r"\\boxed{42}", "42"),  # escaped once too often, by way of JSON
        (r"x = 1 \\\boxed{42}", "42"),  # a line break before the box
        (r"\boxed{x = \boxed{42}}", "42"),  # a box in a box
        (r"\boxed{42} and \boxed{4", "42"),  # the last complete one
        (r"\boxed{a \boxed{42}", "42"),  # the outer one never closes
        (r"\boxed{}", None),  # an empty box is no answer
        (r"\boxed{42", None),
        (r"}} \boxed{42}", "42"),  # braces that close nothing
        ("The final answer is 42.", "42"),
        ("The final answer is: **42**", "42"),
        ("**Final Answer:**\n\n42\n", "42"),
        ("the final answer is $4.5$. I am sure.", "4.5"),
        ("My final answer is .5", ".5"),
        (r"The final answer is 41, or rather \boxed{42}", "42"),  # a box beats words
        ("6*7=42\n#### 42", "42"),
        ("#### Step 1\n42", None),  # a heading, not a last line
        ("42", None),  # nobody said that this was the answer
        ("The answer is 42.", "42"),  # the last resort
        ("So the answer is 41.\nAnswer: **42**", "42"),
        ("The answer is 41.\n#### 42", "42"),
        ("**Final Answer**: 42", "42"),
        ("所以答案是42。", "42"),
        ("There is no answer.", None),
        (r"\boxed{1} or \boxed{2}", "1, 2"),  # both are meant: a hedge is not its second half
        (r"$\boxed{1}$, $\boxed{2}$ and $\boxed{3}$", "1, 2, 3"),
        (r"\boxed{0}. So \boxed{1} and \boxed{2}", "1, 2"),
        (r"\boxed{1} \boxed{2}", "2"),
        ("", None),
    ],
)
def test_extraction(response, answer):
    assert extract(response) == answer


@given(LETTERS, BALANCED, LETTERS)
def test_whatever_is_boxed_comes_out_as_it_went_in(before, content, after):
    assert boxes(rf"{before}\boxed{{{content}}}{after}") == [content.strip()]


@given(st.text(st.characters(categories=["L", "P", "Cs"])) | st.text("\\boxed{} #\n"))
def test_no_text_breaks_it(text):
    answer = extract(text)
    assert answer is None or (answer == answer.strip() != "" and answer in text)


@pytest.mark.parametrize("hostile", [r"\boxed{", "{", "\\", "final answer is ", "#### ", " "])
def test_hostile_text_takes_no_longer_than_other_text(hostile):
    start = time.perf_counter()
    extract(hostile * 50_000)
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    ("answer", "bare"),
    [("42", "42"), ("$42$", "42"), (r"\text{yes}", "yes"), (r"\text{a}b", r"\text{a}b")],
)
def test_plain(answer, bare):
    assert plain(answer) == bare
