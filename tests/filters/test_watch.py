"""Watch: doomed draws are stopped soon, sound ones never, whatever the pieces they come in."""

# ruff: noqa: RUF001 (other scripts are what this is about)

import functools
import itertools
import pickle
import random

import polars as pl
import pytest
from pydantic import ValidationError

from filters.language import Language
from filters.repetition import Repetition
from filters.text.loops import Tail
from filters.watch import EVERY, LanguageStop, LoopStop, Stops, Watch

BOTH = Stops(loop=LoopStop(), language=LanguageStop())
ENGLISH = "First we add both numbers, then we divide the {n}th result by two and write it down. "
GERMAN = "Zuerst addieren wir beide Zahlen, dann teilen wir das {n}. Ergebnis durch zwei. "
FRENCH = "Ensuite nous divisons le {n}e résultat par deux, comme cela a été demandé. "
CHINESE = "首先我们把两个数字相加，然后把第{n}个结果除以二得到答案。"


def say(form: str, chars: int, seed: int = 0) -> str:
    """One sentence again and again with numbers that jump about, so many characters."""
    draw = random.Random(seed)
    text = ""
    while len(text) < chars:
        text += form.format(n=draw.randrange(10**6))
    return text[:chars]


def stopped(text: str, language: str | None = "en", stops: Stops = BOTH, chunk: int = 100):
    """Reason and place at which a draw is stopped; None and its length where it is not."""
    watch = Watch(stops, language)
    for end in range(chunk, len(text) + chunk, chunk):
        if reason := watch.feed(text[end - chunk : end]):
            return reason, end
    return None, len(text)


LETTERS = random.Random(1)
BLOCK = "".join(LETTERS.choice("abcdefghij ") for _ in range(3000))
COUNT = range(1, 400)


@pytest.mark.parametrize(
    "loop",
    [
        *(BLOCK[:period] * (15_000 // period) for period in (1, 2, 7, 100, 333, 1000, 3000)),
        "".join(f"Wait, let me check {n} again. " for n in COUNT),
        "".join(f"Step {n}: we repeat step {n - 1}, which is {3 * n + 5}.\n" for n in COUNT),
        "".join(f"第{n}步：我们继续检查下一个数。" for n in COUNT),
        "".join(f"{n}. {BLOCK[:300]}\n" for n in range(98, 150)),  # over a change of length
        "".join(f"{BLOCK[:400]}{random.Random(n).choice('xyz')}" for n in COUNT),  # varied
        "0 " * 4000,
        "=" * 8000,
        "\n" * 8000,
        "142857" * 1500,
        " ".join(map(str, range(3000))),  # counts without a word
    ],
)
def test_a_loop_is_stopped_soon(loop):
    begin = say(ENGLISH, 7777)
    reason, at = stopped(begin + loop, stops=Stops(loop=LoopStop()))
    assert reason == "loop"
    assert len(begin) < at < len(begin) + 14_000


def lines(form: str, number: int = 300) -> str:
    draw = random.Random(form)
    return "\n".join(form.format(*(draw.randrange(1, 99) for _ in range(4))) for _ in range(number))


@pytest.mark.parametrize(
    "text",
    [
        lines("{} + {} = {}"),
        lines("Try {} and {}: the product is {}, which is too much."),
        lines("| {} | {} | {} | {} |"),
        lines(r"{} & {} & {} & {} \\"),
        lines("    assert add({}, {}) == {}"),
        "\n".join(f"{a} x {b} = {a * b}" for a in range(1, 13) for b in range(1, 13)),
        "\n".join(f"The square of {n} is {n * n}." for n in range(200)),
        " ".join("".join(bits) for bits in itertools.product("01", repeat=8)),
        "\n".join(f"On day {day} she has {3 * day} apples." for day in range(40)),
        "\n".join(" ".join("0" * 30) for _ in range(60)),  # a puzzle's empty grid, twice
        "[" + "False, " * 14 + "]\n" + "-" * 120 + "\n" + " " * 1000 + "x",
        say(ENGLISH, 3000) * 3,  # verified twice, word for word
    ],
    ids=lambda text: text[:20],
)
def test_sound_work_goes_on(text):
    assert stopped(say(ENGLISH, 2000) + text + say(ENGLISH, 2000, seed=1)) == (
        None,
        len(text) + 4000,
    )


@pytest.mark.parametrize("chunk", [1, 7, 1000, 5000, 10**6])
@pytest.mark.parametrize(
    "text",
    [
        say(ENGLISH, 5000) + "Wait, let me think. " * 200,
        say(ENGLISH, 5000) + "".join(f"Wait, is it {n}? " for n in range(5, 400)),
        say(ENGLISH, 5000) + say(CHINESE, 5000),
    ],
)
def test_pieces_do_not_matter(text, chunk):
    reason, at = stopped(text, chunk=EVERY)
    assert reason
    assert stopped(text, chunk=chunk)[0] == reason
    assert stopped(text[:at], chunk=chunk)[0] == reason
    assert stopped(text[: at - EVERY], chunk=chunk)[0] is None


@pytest.mark.parametrize(
    ("own", "text", "reason"),
    [
        ("en", say(ENGLISH, 9000), None),
        ("zh", say(CHINESE, 9000), None),
        ("de", say(GERMAN, 9000), None),
        ("en", say(ENGLISH, 4000) + say(GERMAN, 5000), "language"),
        ("en", say(ENGLISH, 4000) + say(CHINESE, 4000), "language"),
        ("de-AT", say(GERMAN, 4000) + say(ENGLISH, 5000), "language"),
        ("zh", say(CHINESE, 4000) + say(ENGLISH, 5000), "language"),
        ("zh", "<think>\n" + say(ENGLISH, 5000), "language"),  # from the start
        ("en", say(ENGLISH, 4000) + say(FRENCH, 400) + say(ENGLISH, 4000), None),  # a quotation
        ("en", say(ENGLISH, 90_000) + say(FRENCH, 3000), None),  # the filter would keep it
        ("en", say(ENGLISH, 2000) + "```\n" + say(FRENCH + "\n", 30_000), None),  # code, no end
        ("en", say(ENGLISH, 2000) + "\n```\n" + say(FRENCH + "\n", 9000) + "```\nAnd so on.", None),
        ("en", "```\n" + "x = 1\n" * 2000 + "``` " + say(FRENCH, 9000), "language"),  # after code
        ("en", "```\n" + "x = 1\n" * 2000 + "```\n" + say(FRENCH, 9000), "language"),
        ("en", "```\n" + "x = 1\n" * 1870 + "``` " + say(FRENCH, 9000), "language"),
        ("en", say(ENGLISH, 2000) + "\n\\[\n" + say(FRENCH, 3000) + "\n\\]\nSo it is.\n", None),
        ("en", say(ENGLISH, 2000) + "\n\\[\n" + say(FRENCH, 30_000), "language"),  # never closed
        (None, say(ENGLISH, 4000) + say(CHINESE, 4000), None),  # no language to leave
        ("xx", say(ENGLISH, 4000) + say(CHINESE, 4000), None),
        ("en", lines("{} + {} = {}", 2000), None),  # no letters to judge
        ("en", say(ENGLISH, 4000) + "\ud800" + say(CHINESE, 5000), "language"),  # not valid text
    ],
)
def test_language(own, text, reason):
    assert stopped(text, own, Stops(language=LanguageStop()))[0] == reason


def test_what_is_stopped_the_filters_drop():
    for loop in ("I see. " * 900, "".join(f"Is it {n}? " for n in range(900)), BLOCK * 5):
        text = say(ENGLISH, 3000) + loop
        reason, at = stopped(text)
        assert reason == "loop"
        assert _faults(Repetition(), text[:at], "en")
    text = say(ENGLISH, 30_000) + say(CHINESE, 30_000)
    reason, at = stopped(text)
    assert reason == "language"
    assert _faults(Language(), text[:at], "en") == ["mixed_language"]


SAY = "So we check the sum again. "
NESTED = {
    "four in each of three groups": ("This is the first group of sums. " + SAY * 12) * 3,
    "a stutter in a block": ("Once more from the very start. " + "ha " * 120 + "so. ") * 5,
    "a loop in a loop in a loop": (("Again: " + "no, " * 9 + "yes. ") * 6 + "Or is it? ") * 5,
    "groups that count": "".join(f"Group {n}. " + SAY * 12 for n in range(9)),
    "counts in groups": "".join(
        f"Case {n}. " + "".join(f"Is it {m}? It is not {m}. " for m in range(40)) for n in range(5)
    ),
    "counts that jump between groups": "".join(f"Try {n * n}. " + SAY * 12 for n in range(9)),
    "two counts at once": "".join(f"From {n} to {900 - 3 * n} it goes. " for n in range(60)),
    "a count that starts anew": "".join(f"Item {n} is fine. " for n in [*range(80), *range(80)]),
    "too few": ("This is one of the groups. " + SAY * 3) * 3,
    "too few counts": "".join(f"Row {n} of the table has {n} entries. " for n in range(9)),
    "nothing": ENGLISH.format(n=7) + GERMAN.format(n=8),
}


@pytest.mark.parametrize("chars", [100, 300, 1000])
@pytest.mark.parametrize("name", NESTED)
def test_watch_and_filter_call_the_same_a_loop(name, chars):
    """With the same figures, and what is looked at being the whole text."""
    begin, loop = say(ENGLISH, 3000), NESTED[name].strip()
    text = begin[: EVERY * 9 - len(loop)] if len(loop) > EVERY * 6 else begin
    text += loop
    text = text[-(len(text) // EVERY) * EVERY :]  # a whole number of pieces, loop and all
    stop = LoopStop(min_chars=chars, min_bare_chars=chars, max_period=len(text))
    rules = Repetition(max_share=1, min_loop_chars=chars, min_counting_chars=chars)
    by_filter = bool(_faults(rules, text, "en"))
    assert stop.is_doomed(Tail(text)) == by_filter
    assert not by_filter or Watch(Stops(loop=stop)).feed(text) == "loop"


@pytest.mark.parametrize("seed", range(120))
def test_watch_and_filter_agree_on_whatever_is_repeated(seed):
    draw = random.Random(seed)
    block = "".join(draw.choices("abc. 0123", k=draw.randrange(2, 60)))
    for _ in range(draw.randrange(1, 4)):
        start, more = draw.randrange(50), "".join(draw.choices("xyz ", k=draw.randrange(9)))
        parts = (f"{more}{start + n if draw.random() < 0.9 else n}{block}" for n in range(20))
        block = draw.choice([block * draw.randrange(1, 6) + more, "".join(parts)])[:3000]
    text = say(ENGLISH, 500, seed) + block * draw.randrange(1, 8) + draw.choice(["", "!"])
    rules = Repetition(max_share=1, min_loop_chars=200, min_counting_chars=200)
    stop = LoopStop(min_chars=200, min_bare_chars=200, max_period=len(text))
    assert stop.is_doomed(Tail(text)) == bool(_faults(rules, text, "en"))


def _faults(filter: Repetition | Language, text: str, language: str) -> list[str]:
    row = {"reasoning": [text], "response": [None], "language": [language]}
    table = pl.DataFrame(row, schema=dict.fromkeys(row, pl.String))
    return filter.measured(table).select(filter.faults()).item().to_list()


def test_a_reason_stays_and_nothing_more_is_kept():
    watch = Watch(BOTH, "en")
    assert watch.feed("no " * 4000) == "loop"
    before = len(pickle.dumps(watch))
    assert watch.feed(say(ENGLISH, 10**6)) == "loop"
    assert len(pickle.dumps(watch)) == before


def test_memory_is_bounded():
    watch = Watch(BOTH, "en")
    text = say(ENGLISH, 500_000)
    for start in range(0, len(text), 100):
        watch.feed(text[start : start + 100])
    assert len(pickle.dumps(watch)) < 50_000


def test_each_attempt_gets_a_fresh_one():
    make = pickle.loads(pickle.dumps(functools.partial(Watch, BOTH, "en")))
    assert make().feed("no " * 4000) == "loop"
    assert make().feed("no " * 40) is None


def test_nothing_asked_for_nothing_stopped():
    assert stopped("no " * 9000, stops=Stops()) == (None, 27_000)


def test_thresholds_move_the_stop():
    loop = say(ENGLISH, 2000) + "Wait, what? " * 2000
    early, late = (
        stopped(loop, stops=Stops(loop=LoopStop(min_chars=chars, max_echo=1)))[1]
        for chars in (300, 9000)
    )
    assert early < 4000 < 9000 < late


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError, match="max_perid"):
        Stops.model_validate({"loop": {"max_perid": 10}})
