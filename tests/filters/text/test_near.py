"""Near-duplicates: found where they are planted, nothing else joined, the same every time."""

import random
from pathlib import Path

import polars as pl
import pytest

from filters.text.near import Clusters, Near, clusters, phrases

LETTERS = "etaoinshrdlucm"


def vocabulary(rng: random.Random) -> list[str]:
    return ["".join(rng.choices(LETTERS, k=rng.randint(3, 8))) for _ in range(20_000)]


def near(texts: list[str], scratch: Path, threshold: float = 0.8) -> Clusters:
    table = pl.Series(texts, dtype=pl.String)
    return clusters([table], table, threshold, scratch / "sets")


def jaccard(one: list[str], other: list[str]) -> float:
    sets = [{tuple(words[at : at + 5]) for at in range(len(words) - 4)} for words in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize("size", [12, 40, 300])
def test_planted_pairs_are_found_and_nothing_else(size: int, tmp_path: Path):
    rng = random.Random(size)
    known = vocabulary(rng)
    firsts = [rng.choices(known, k=size) for _ in range(400)]
    seconds = []
    for words in firsts:
        changed = list(words)
        for _ in range(rng.randrange(1 + size // 10)):
            changed[rng.randrange(size)] = rng.choice(known)
        seconds.append(changed)
    found = near([" ".join(words) for words in firsts + seconds], tmp_path)
    truth = [jaccard(*pair) for pair in zip(firsts, seconds, strict=True)]
    joined = (found.representative[400:] == range(400)).tolist()
    assert joined == [value >= 0.8 for value in truth]
    assert found.representative[:400].tolist() == list(range(400))
    told = [value for value, is_near in zip(found.similarity[400:], joined, strict=True) if is_near]
    assert told == pytest.approx([value for value in truth if value >= 0.8], abs=1e-6)


def test_no_chain_joins_what_is_not_near(tmp_path: Path):
    """Each text is near the next, and the last has nothing of the first."""
    rng = random.Random(3)
    words = rng.choices(vocabulary(rng), k=400)
    chain = [" ".join(words[at : at + 200]) for at in range(0, 200, 10)]
    found = near(chain, tmp_path)
    assert all(found.similarity >= 0.8)
    firsts = sorted(set(found.representative.tolist()))
    assert len(firsts) > 5
    for place, first in enumerate(found.representative.tolist()):
        assert jaccard(chain[place].split(), chain[first].split()) >= 0.8


@pytest.mark.parametrize(("times", "behind"), [(1, 60), (20, 20)])
def test_a_thousand_answers_with_one_opening_stay_a_thousand(
    times: int, behind: int, tmp_path: Path
):
    rng = random.Random(4)
    known = vocabulary(rng)
    opening = "Okay, the user asks me to solve this problem, so let me think step by step first. "
    answers = [opening * times + " ".join(rng.choices(known, k=behind)) for _ in range(1000)]
    assert near(answers, tmp_path).representative.tolist() == list(range(1000))


def test_copies_are_the_same_and_edited_copies_are_near(tmp_path: Path):
    text = " ".join(vocabulary(random.Random(5))[:100])
    found = near([text, text.upper() + "!?"[1:], text + " more", "else"], tmp_path)
    assert found.representative.tolist() == [0, 0, 0, 3]
    assert found.same.tolist() == [True, True, False, True]


def test_texts_without_words_are_near_nobody_but_their_like(tmp_path: Path):
    found = near(["", "one", "...", "one two", "One."], tmp_path)
    assert found.representative.tolist() == [0, 1, 0, 3, 1]
    assert near([], tmp_path).representative.tolist() == []


def test_groups_are_never_compared(tmp_path: Path):
    import numpy as np

    texts = pl.Series(["the very same answer to this question"] * 4)
    found = Near(phrases(texts), tmp_path / "sets")
    found.add(texts, np.array([1, 2, 1, 2], np.uint64))
    assert found.clusters(0.8).representative.tolist() == [0, 1, 0, 1]


def test_pieces_make_no_difference(tmp_path: Path):
    rng = random.Random(6)
    known = vocabulary(rng)
    texts = [" ".join(rng.choices(known[:40], k=8)) for _ in range(300)]
    texts += texts[::7]
    whole, table = near(texts, tmp_path), pl.Series(texts)
    parts = clusters(
        (table[at : at + 11] for at in range(0, len(texts), 11)), table, 0.8, tmp_path / "s"
    )
    assert whole.representative.tolist() == parts.representative.tolist()
    assert whole.similarity.tolist() == parts.similarity.tolist()


STORY = (
    "A baker sells rolls on a square in the morning. How many are left in the evening of day {}?"
)


@pytest.mark.parametrize(
    ("numbers", "answers", "first"),
    [
        ((7, 9), ("3", "5"), [0, 1]),  # two tasks of one form
        ((7, 9), ("3", "3"), [0, 0]),
        ((7, 7), ("3", "5"), [0, 0]),  # one question, and one of the keys is wrong
        ((7, 9), (None, "5"), [0, 0]),
        ((7, 9), ("3", ""), [0, 0]),
        ((7, 7), ("1,000", "1000"), [0, 0]),
    ],
)
def test_questions_with_other_numbers_and_another_answer_are_two(
    numbers, answers, first, tmp_path: Path
):
    texts = pl.Series([STORY.format(number) for number in numbers])
    found = Near(phrases(texts), tmp_path / "sets")
    found.add(texts, answers=pl.Series(answers, dtype=pl.String))
    assert found.clusters(0.7).representative.tolist() == first


def test_a_task_of_one_form_hides_none_of_its_own_copies(tmp_path: Path):
    texts = pl.Series([STORY.format(number) for number in (7, 9, 9)])
    found = Near(phrases(texts), tmp_path / "sets")
    found.add(texts, answers=pl.Series(["3", "5", "5"]))
    assert found.clusters(0.7).representative.tolist() == [0, 1, 1]
