"""Topics by the words that questions share, and samples least like each other."""

import numpy as np
import polars as pl

from filters.text.different import farthest_first, sketches
from filters.text.topics import topics

TRIANGLES = [
    "What is the area of a triangle with base {n} and height {m}?",
    "A triangle has sides {n} and {m}; find its perimeter and its area.",
    "The triangle ABC has an angle of {n} degrees and the side {m}: find the height.",
]
TRAINS = [
    "A train leaves the station at {n} km per hour and arrives after {m} hours.",
    "Two trains start {n} km apart; when do they meet at {m} km per hour?",
    "How long does the train of {n} m need for the tunnel at {m} km per hour?",
]
PROGRAMS = [
    "Write a Python function that returns the first {n} elements of a list.",
    "Write a function that counts the strings of a list longer than {m}.",
    "Implement a Python function that sorts a list of strings by their last {n}.",
]
QUESTIONS = [
    (kind, form.format(n=n, m=n * 7 % 31))
    for kind, forms in enumerate((TRIANGLES, TRAINS, PROGRAMS))
    for form in forms
    for n in range(2, 12)
]


def test_questions_of_one_subject_have_one_topic():
    texts = pl.Series([text for _, text in QUESTIONS])
    found = topics(texts, 3, seed=1)
    subjects = {(kind, topic) for (kind, _), topic in zip(QUESTIONS, found, strict=True)}
    assert len(subjects) == 3
    assert len({topic for _, topic in subjects}) == 3


def test_topics_come_from_the_seed_alone():
    texts = pl.Series([text for _, text in QUESTIONS])
    assert topics(texts, 5, seed=1).equals(topics(texts, 5, seed=1))
    assert not topics(texts, 5, seed=1).equals(topics(texts, 5, seed=2))


def test_a_question_without_words_has_no_topic():
    texts = pl.Series([*(text for _, text in QUESTIONS), "17 + 4 =", "", None])
    assert topics(texts, 3, seed=1)[-3:].to_list() == [None, None, None]
    assert topics(pl.Series(["1 + 1", "2"]), 3, seed=1).to_list() == [None, None]
    assert topics(pl.Series([], dtype=pl.String), 3, seed=1).to_list() == []


ADDS = "First we add the two numbers, which gives us twelve, and then we are done with the sum."
DRAWS = [
    ADDS,
    ADDS.replace("twelve", "a dozen"),
    "Let us count upwards from seven: eight, nine, ten, eleven, twelve. That were five steps.",
    ADDS + " So it is.",
]


def test_the_one_least_like_those_before_comes_next():
    places = farthest_first(sketches(pl.Series(DRAWS)), np.array([0, 4]), most=4)
    assert places.tolist()[0] == 0
    assert places.tolist()[2] == 1  # it counts; the others add
    two = farthest_first(sketches(pl.Series(DRAWS)), np.array([0, 4]), most=2)
    assert two.tolist() == [0, 2, 1, 3]  # what is not wanted stays in its order
    apart = farthest_first(sketches(pl.Series(DRAWS)), np.array([0, 2, 4]), most=2)
    assert apart.tolist() == [0, 1, 0, 1]  # each group by itself


def test_sketches_tell_how_much_two_texts_share():
    """Against the true share of runs of three words."""
    words = [f"w{n}" for n in range(2000)]
    for shared in (400, 1000, 1600):
        one, other = words, words[:shared] + [f"v{n}" for n in range(2000 - shared)]
        a, b = sketches(pl.Series([" ".join(one), " ".join(other)]))
        true = (shared - 2) / (2 * 1998 - (shared - 2))
        assert abs((a == b).mean() - true) < 0.1
