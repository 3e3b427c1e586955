"""Repetition: long runs said again, and loops at the end; arithmetic is neither."""

# ruff: noqa: RUF001 (other scripts are what this is about)

import random
import string

import polars as pl
import pytest

from benchmarks.plain_measures import plain_repetition
from filters.repetition import Repetition
from filters.text.compiled import classes, codes_of
from filters.text.loop_kernels import KEY, repeated_words
from filters.text.loops import NO_LOOP, Tail

SUMS = "\n".join(f"{a}+{b}={a + b}" for a in range(30) for b in range(3))
SENTENCE = "Now let me look at the number of apples Alice has left once Bob took his share, "
COUNTING = " ".join(f"{SENTENCE}in step {step}." for step in range(30))
PROSE = " ".join(f"{SENTENCE}in step {step * step}." for step in range(30))


def faults(text: str, **options: float) -> list[str]:
    table = pl.DataFrame({"reasoning": [text], "response": ["42"]})
    rules = Repetition.model_validate(options).faults()
    return Repetition.measured(table).select(rules).item().to_list()


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("1+2=3\n3+4=7\n7+5=12", []),
        (SUMS, []),  # ninety different lines of one form
        ("5+0=5\n" * 4, []),  # adding nothing four times is dull, not a loop
        ("", []),
        (PROSE, []),  # a phrase of 19 words thirty times over: no run of 20 is the same
        ("Wait, let me check that again. " * 40, ["repetitive", "loop"]),
        (SUMS + "\n" + "0+0=0\n" * 40, ["repetitive", "loop"]),  # 39 words of 130
        ("好的我再想一想。" * 20, ["repetitive", "loop"]),  # a letter is a word here
        ("=" * 500, ["loop"]),  # one word, one letter
        (SUMS + " " + SUMS, ["repetitive"]),  # the whole again, yet no loop
        (COUNTING, ["counting_loop"]),
        ("Hmm. " * 30 + PROSE, []),  # a stutter at the start that was overcome
    ],
)
def test_faults(text, reasons):
    assert faults(text) == reasons


SAY = "So we check the sum again. "


@pytest.mark.parametrize(
    "text",
    [
        ("This is the first group. " + SAY * 4) * 3,  # four times in each of three groups
        ("Once more from the start. " + SAY * 5) * 2,
        "".join(f"Group {n}. " + SAY * 4 for n in range(3)),  # groups that count
    ],
)
def test_a_longer_loop_does_not_hide_a_plain_one(text):
    assert "loop" in faults(SUMS + " " + text, max_share=1)


def test_a_loop_of_one_part_does_not_hide_that_of_the_other():
    block = " The quick brown fox jumps over the lazy dog while the farmer counts his sheep."
    table = pl.DataFrame(
        {"reasoning": [SUMS + block * 3], "response": ["So" + " We check it again." * 6]}
    )
    measured = Repetition.measured(table)
    assert measured.row(0, named=True)["loop_chars"] == 3 * len(block)
    assert measured["loop_others"].to_list() == [[{"repeats": 6, "chars": 6 * 19}]]
    assert "loop" in measured.select(Repetition().faults()).item().to_list()


def test_compression_is_a_rule_only_where_it_is_asked_for():
    text = "".join(random.Random(1).choices("abcdefgh ", k=200)) * 60
    assert "compressible" not in faults(text)
    assert "compressible" in faults(text, max_compression=20)
    assert "compressible" not in faults(PROSE, max_compression=20)
    assert faults("", max_compression=20) == []


@pytest.mark.parametrize(
    "text",
    [
        "\u200b\u200d\ufeff" * 50,
        "🙂👩‍👩‍👧‍👦" * 40,
        "ولا يوجد خطأ هنا. " * 9,
        "\x00" * 500,
        "٣٤٥ " * 300,  # other digits
        "a" * 100_000,
        "12345678901234567890123 " * 200,  # numbers of more than 64 bits
    ],
)
def test_odd_texts_are_measured_as_plain_python_does(text):
    row = pl.DataFrame(
        {"reasoning": [text], "response": [None]}, schema_overrides={"response": pl.String}
    )
    assert Repetition.measured(row)["repetition_error"].to_list() == [None]
    assert same(text)


def same(text: str) -> bool:
    """Whether the compiled functions say of a text what the plain definitions say."""
    ours, plain = Repetition.of(reasoning=text), plain_repetition(text)
    return {name: ours[name] for name in plain} == plain


@pytest.mark.parametrize("seed", range(300))
def test_the_plain_definitions_say_the_same(seed):
    draw = random.Random(seed)
    letters = draw.choice(["ab ", "abcdefgh  ", "好的。 ab", "01 23,", "é🙂 x\n"])
    block = "".join(draw.choices(letters, k=draw.randrange(1, 200)))
    text = "".join(draw.choices(letters, k=draw.randrange(300))) + block * draw.randrange(1, 40)
    text += "".join(
        f"{n}{block[:20]}" for n in range(draw.randrange(1, 30), 60, draw.choice([1, 7]))
    )
    assert same(text + block * draw.randrange(6))


def test_thresholds():
    loop = "Let me check. " * 10
    assert faults(loop, max_share=1, min_loop_repeats=11) == []
    assert faults(loop, max_share=1, min_loop_chars=141) == []
    assert faults(loop, max_share=1) == ["loop"]


@pytest.mark.parametrize(
    ("words", "repeated"),
    [
        ("a b c d e f", 0),
        ("a b c a b c", 3),  # the first time is not counted
        ("a b c x a b c a b c", 6),
        ("a a a a a", 4),  # windows that overlap count each word once
        ("a b", 0),  # shorter than the window
        ("", 0),
    ],
)
def test_words_in_runs_that_occurred_before(words, repeated):
    assert repeated_words(codes_of(words), classes(), 3) == (len(words.split()), repeated)


@pytest.mark.parametrize("period", [1, 2, 7, 31, 32, 33, 200, 1000])
@pytest.mark.parametrize("repeats", [2, 3, 10])
def test_a_loop_of_any_period_is_found(period, repeats):
    draw = random.Random(period)
    block = "".join(draw.choice("abcdefghij") for _ in range(period))
    found, chars, _ = Tail("Start: " + block * repeats).loop()
    if period * repeats > KEY + period:
        assert chars >= period * repeats - period
        assert found >= repeats - 1 or chars == found * period
    else:
        assert chars <= period * repeats  # too short a text to be called a loop


def test_no_loop_in_random_text():
    draw = random.Random(0)
    tail = Tail("".join(draw.choice("abcdefghij ") for _ in range(5000)))
    assert tail.loop() == tail.counting_loop() == NO_LOOP
    assert tail.echo() == 0


def test_the_larger_loop_wins_over_a_stutter_inside_it():
    block = " So we try once more from the very start. " + "ha" * 30 + "."
    assert Tail(block * 5).loop() == (5, 5 * len(block), block)


@pytest.mark.parametrize(
    ("line", "repeats"),
    [
        ("Wait, let me check {0} again. ", 60),
        ("Step {0}: we take step {1} again and get {2}.\n", 60),  # steps of 1, 1 and 3
        ("{0}. The answer stays 42 for all 7 of them.\n", 60),  # numbers that stand still
        ("第{0}步，我们再检查一遍，结果还是一样的。", 60),
        ("Is {3} right? Let me see, I think it is. ", 0),  # squares go on by steps that change
        ("The answer is 42, and it stays 42. ", 0),  # a loop, and it does not count
        ("So we check it again and again. ", 0),
    ],
)
def test_loops_that_count(line, repeats):
    lines = [line.format(n, n - 1, 3 * n + 95, n * n) for n in range(5, 65)]
    found = Tail("".join(["So here we go, ", *lines])).counting_loop()
    assert found.repeats == repeats
    assert found.chars == (sum(map(len, lines)) if repeats else 0)


def test_a_count_that_starts_anew_is_another_loop():
    lines = [f"Now we look at number {n} once more. " for n in [*range(90, 120), *range(7, 30)]]
    assert Tail("".join(lines)).counting_loop().repeats == 23


@pytest.mark.parametrize("size", [1, 3, 10, 999])
def test_a_tail_may_grow_piece_by_piece(size):
    text = PROSE + "".join(f"Is it {n * 1000}? Let me look at it. " for n in range(90, 190))
    tail = Tail()
    for start in range(0, len(text), size):
        tail.add(text[start : start + size])
    whole = Tail(text)
    assert whole.counting_loop().repeats == 100
    assert tail.counting_loop() == whole.counting_loop()
    assert tail.echo() == whole.echo()


def test_a_tail_forgets_what_is_further_back():
    tail = Tail("x" * 1000, keep=500)
    tail.add("yes and no " * 10)
    assert len(tail.text) == 500
    assert tail.loop().repeats == 10


@pytest.mark.parametrize(
    ("every", "is_near"),
    [(10**9, True), (200, True), (10, False)],  # words to one that differs
)
def test_varied_loops(every, is_near):
    draw = random.Random(every)
    block = [f"{string.ascii_letters[draw.randrange(26)]}{n}th" for n in range(120)]
    words = (f"other{draw.random()}" if draw.random() * every < 1 else w for w in block * 20)
    text = PROSE + " ".join(words)
    assert ("near_loop" in faults(text)) == is_near


def test_rows_without_words_are_no_echo():
    assert Tail("0 1 0 0 1 0\n" * 1000).echo() == 0
