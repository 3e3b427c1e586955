"""The final answer: in a box, announced, or after four hashes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.text.answer import extract, plain
from filters.text.boxes import boxes

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
        (r"first \boxed{-1}, second \boxed{2}, third \boxed{5}", "-1, 2, 5"),
        (r"The minimum is \boxed{2} and the maximum is \boxed{9}.", "2, 9"),
        (r"$\boxed{6}$, and the answer is $\boxed{7}$", "7"),  # no name of a part
        (r"\boxed{12}, so the total is \boxed{7}", "7"),
        (r"\boxed{5} is prime. Hence the sum is \boxed{7}", "7"),
        ("<think>6*7</think><answer> 42 </answer>", "42"),
        (r"<answer>$\boxed{42}$</answer>", "42"),
        ("<answer>The answer is 42.</answer>", "42"),
        (r"\boxed{41} <answer>42</answer>", "42"),
        (r"<answer>41</answer> or rather \boxed{42}", "42"),
        ("<answer></answer>", None),  # an empty tag is no answer
        ("<answer>Tom lies. Ann does not.</answer>", "Tom lies. Ann does not."),  # all of it
        ("<answer>Paris.</answer>", "Paris"),
        ("<answer>4", None),  # perhaps the beginning of 42
        ("<answer>\n[[1, 2],\n [3, 4]]\n</answer>", "[[1, 2],\n [3, 4]]"),
        ("6*7=42\n#### 42\nDone. All is checked.", "42"),
        ("#### 1. Rows\nThere are 6.\n#### 2. Columns\nThere are 7.", None),  # headings
        (r"\boxed{42}\n\n**Final Answer:** see above.", "42"),  # nothing new
        (
            r"The answer is \boxed{42}. Let me check: 6*7 = 42, so the final answer is correct.",
            "42",
        ),
        (r"\boxed{7}. No, I made a mistake: it is one less.", None),  # taken back
        (r"I got \boxed{7}. That is wrong. The answer is 6.", "6"),
        ("The answer is 7. Scratch that, the sign was wrong.", None),
        (r"\boxed{7}. Oops, the sign.", None),
        (r"\boxed{7}. No, wait, that's not right.", None),
        (r"\boxed{7}. Actually, it should be one more.", None),
        (r"\boxed{7}. It should have been 8 instead.", None),
        (r"\boxed{8}, not \boxed{7}", "8"),
        (r"The answer is not $\boxed{7}$.", None),
        (r"\boxed{4} if n is even and \boxed{5} if it is odd", "4, 5"),  # of all cases
        (r"If n is even, \boxed{4}; otherwise \boxed{5}", "4, 5"),
        (r"\boxed{4}, or possibly \boxed{5}", "4, 5"),
        (r"\boxed{B}. Option D is wrong, since it needs heat.", "B"),  # which takes nothing back
        (r"\boxed{42}. Is this wrong? It is wrong to think so: 42 is correct.", "42"),
        ("The answer is Goethe, because he wrote it.", "Goethe"),
        ("The answer is Dr. Faust. He is a scholar.", "Dr. Faust"),
        ("Is it right that the answer is 42?", None),  # a question
        ("If the answer is 42, then x is 6.", None),
        ("Each wrong answer is worth -2 points.", None),
        ("The answer isn't known.", None),
        ("**Answer:** 12, not 13.", "12"),
        ("The answer is 72, in total, so the farmer earns that much.", "72"),
        ("The answer is 5, as required.", "5"),
        ("**Answer:**\n- x = 2\n- y = 3\n", "x = 2, y = 3"),
        ("The final answer is\n```\n1 2\n3 4\n```", "1 2\n3 4"),
        ("The answer is:\n\\[\nx = 2\n\\]\nor\n\\[\nx = 3\n\\]", "x = 2, x = 3"),
        ("【答案】 B <eoa>", "B"),
        ("**Answer** $42$", "42"),
        ("Answer\n─────\n42", "42"),
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
