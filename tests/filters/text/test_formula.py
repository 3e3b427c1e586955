"""The formula or number that a response gives: what a sentence says, and what it does not."""

# ruff: noqa: E501

import time

import pytest

from filters.text.answer import formula
from filters.text.last_said import last_said


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("Final Answer: The volume of the prism is 120. I hope it is correct.", "120"),
        ("## Final Answer\n\nThe probability is $\\frac34$.", "\\frac34"),
        ("**Answer:** Of 39 cards with 3 aces the chance is \\(1\\).", "\\(1\\)"),
        ("**Answer:** The roots of $f$ are $x = 5$ and $x = -2$.", "$x = 5$ and $x = -2$"),
        ("**Answer:** Total cost = $12.50", "$12.50"),
        ("**Answer:** The line is $y = 2x + 1$.", "y = 2x + 1"),  # and not its right side
        ("**Answer:** Ann makes **\\$18** on each of 5 days.", "\\$18"),
        ("**Answer:** Ann makes $18 a day at the market.", "$18"),
        ("**Answer:** It takes **35 hours each week**.", "35 hours"),
        ("**Answer:** He reads 6 pages per day.", "6 pages per day"),  # a rate stays one
        ("**Answer:** After 3 hours it is far. So the distance is 180 km.", "180 km"),
        ("The answer is $\\frac{3}{4}$, or 75%.", "\\frac{3}{4}"),
        ("The answer is 1/3, or about 0.33.", "1/3"),
        ("The answer is x**2 + 3*x**3.", "x**2 + 3*x**3"),  # powers are no emphasis
        ("It costs $3 + $4 = **$7**.", "$7"),  # the only one in bold, at the end
        ("So\n\\[ x = \\frac{1}{2}. \\]", "x = \\frac{1}{2}"),
        ("**উত্তর:** মোট দাম = $150", "$150"),
        ("**উত্তর:** 175 গ্রাম", "175 গ্রাম"),
    ],
)
def test_what_a_response_gives(response, answer):
    assert formula(response) == answer


@pytest.mark.parametrize(
    ("response", "number"),
    [
        ("**Answer:** x is 5 and y is 7.", "7"),  # several are said
        ("**Answer:** It is at least 5.", "5"),
        ("**Answer:** It cannot be 5.", "5"),
        ("**Answer:** It takes half of 12.", "12"),
        ("**Answer:** She needs 2 times 6 eggs.", "6"),
        ("**Answer:** She has 5 or 6.", "6"),
        ("**Answer:** It takes more than **5** days.", "5"),
        ("**Answer:** There are two boxes of 12.", "12"),
        ("**Answer:** a polynomial of degree 7", "7"),
        ("**Answer:** Yes, such a set $X_5$ exists.", "$X_5$"),
        ("**Answer:** The 12th person.", "12"),
        ("**Answer:** The polynomial x^2 + 1.", "1"),
        ("The answer is 3/4, or 80%.", "3/4"),
        ("The answer is 5, or about 6.", "5"),
        ("It might be **5**.", "5"),
        ("**Answer:** It could be 5.", "5"),
        ("The answer is 3*x**2 + 2*x**3.", "2 + 2*x"),
        ("The answer is 1, 2, ...", "1, 2"),
        ("Ann has **5** and Tom has **7**.", "7"),
        ("Ann pays **$8** so that the", "$8"),  # cut off
        ("It holds if $n$ is odd and\n\\[ k = 3 \\]", "k = 3"),  # a part of what is said
        ("There are 42 eggs.", "42"),  # not announced
    ],
)
def test_no_number_from_a_fragment(response, number):
    assert formula(response) != number


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("There are 6 rows of 7, so she has 42 eggs.", "42"),
        ("Hence $x = \\frac{1}{2}$ in the end.", "x = \\frac{1}{2}"),
        ("That makes 1,000.99€ in all.", "1,000.99"),
        ("That makes 12.5m² in all.", "12.5m²"),
        ("That makes 1 000 in all.", "1 000"),
        ("Hence $5 \\geq x$.", "5 \\geq x"),  # a formula, and not five dollars
        ("It is 28 percent.", "28 percent"),
        ("It is \\frac{10}{9}.", "\\frac{10}{9}"),
        ("It is x^2 + 1.", None),  # a part of a formula
        ("What is 6 * 7?", None),
        ("It is -5", "-5"),
        (r"It is \boxed{6}. I tried 7 first.", "6"),  # what is announced comes first
        ("The answer is 6. I tried 7 first.", "6"),
        ("I do not know.", None),
        ("AZYUK2A", None),  # a digit of a word
    ],
)
def test_the_last_one(response, answer):
    assert last_said(response) == answer


HOSTILE = [
    "\\boxed{", "{", "\\", "final answer is ", "the answer is 4? ", "#### ", "#### 4\n", " ", "**", "$", "$1 ",
    "<answer>", "</answer>", "<answer></answer>", "答案是", "答案", "answer\n", "that is wrong. ", "1, ", "- a\n",
    "\\[ ", "\\] ", "$$", "I made a mistake. ", "is 4 ", "answer is 4. scratch that ", "\n", "answer for the ",
    r"\boxed{1}, ", "উত্তর: ", "1/", "(a) ",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_time_grows_as_the_text_does(hostile):
    def once(text: str) -> float:
        start = time.process_time()
        last_said(text)
        return time.process_time() - start

    def seconds(size: int) -> float:  # the least, as a collection of garbage may fall into one
        return min(once(hostile * (size // len(hostile))) for _ in range(3))

    seconds(1_000)
    assert seconds(400_000) < 150 * max(seconds(20_000), 0.001)  # squared, it would be 400
