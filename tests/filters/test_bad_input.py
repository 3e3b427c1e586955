"""Bad input: a value or a named error for that row, never a crash, and never a silent drop."""

# ruff: noqa: RUF001 (odd signs are what this is about)

import polars as pl
import pytest

from filters import FILTERS, Filters, funnel, judge, measure
from filters.filter import SAMPLE
from filters.text.thinking import split

SOUND = r"<think>Six times seven is 42, and half of 84 is 42 as well.</think>So it is \boxed{42}."
TEXTS = {
    "empty": "",
    "null": None,
    "blanks": " \t\n\r\u00a0\u2003\u3000" * 5,
    "line ends of all kinds": "a\nb\r\nc\rd\x0be\x0cf\x85g\u2028h\u2029i",
    "nul": "\x00" * 40,
    "controls": "".join(map(chr, range(32))) + "\x7f\x9b",
    "zero-width": "\u200b\u200c\u200d\u2060\ufeff\u00ad" * 20,
    "zero-width in words": "I\u200b am\u200d Chat\u2060GPT \\bo\u200bxed{4\ufeff2}",
    "right to left": "الجواب هو ٤٢، ثم נבדוק שוב את התשובה \u202e24\u202c",
    "marks of direction alone": "\u202a\u202b\u202d\u202e\u2066\u2067\u2068" * 9,
    "emoji": "🙂👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽" * 12,
    "combining marks": "Z" + "\u0300\u0301\u0302" * 200,
    "private use and unassigned": "\ue000\uf8ff\U000f0000\U0010ffff\u0378\ufffe\ufdd0",
    "replacement characters": "\ufffd" * 50,
    "letters in bold": "𝐓𝐡𝐞 𝐚𝐧𝐬𝐰𝐞𝐫 𝐢𝐬 𝟒𝟐",
    "digits of other scripts": "٤٢ ४२ ๔๒ 四十二 ４２ ⅘ Ⅻ ②",
    "a turned box": "}24{dexob\\ >kniht/<",
    "open tags": "<think>" * 50,
    "closed tags": "</think>" * 50,
    "tags inside tags": "<think><think>a</think>b</think>c<think>",
    "open boxes": r"\boxed{" * 300,
    "empty boxes": r"\boxed{}\boxed{ }\boxed{\boxed{}}",
    "open braces and brackets": "{[(" * 300 + r"\left(" * 99,
    "fences": "```" * 33 + "\n~~~\n`",
    "one long word": "x" * 20_000,
    "a number of 20,000 digits": "7" * 20_000,
    "one sign": "=",
    "half a token": "<|im_end",
    "an address without an end": "a@" * 500 + "b." * 500,
    "dollars": "$" * 999,
}
"""What a text may be. Polars takes no lone surrogates; readers set such a row aside (`not_utf8`,
tests/factory/prompts/test_set_aside.py)."""


def sample(text: str | None, **others: object) -> dict[str, object]:
    """A row of samples as the line makes it."""
    thought = split(text or "")
    parts = {"reasoning": thought.reasoning, "response": thought.response} if text else {}
    facts = {"finish_reason": "stop", "language": "en", "domain": "math", "completion_tokens": 9}
    return (
        {"prompt_id": "p", "text": text, "verdict": "correct", "answer": "42"}
        | facts
        | parts
        | others
    )


ROWS = {
    **{name: sample(text) for name, text in TEXTS.items()},
    **{f"{name}, thought": sample(f"<think>{text}</think>42") for name, text in TEXTS.items()},
    "no language": sample(SOUND, language=None),
    "no such language": sample(SOUND, language="tlh"),
    "a language that is none": sample(SOUND, language="\u200b🙂" * 50),
    "no answer": sample(SOUND, answer=None),
    "an odd answer": sample(SOUND, answer="\x00\u202e" * 99),
    "an answer of brackets": sample(SOUND, answer="(" * 150),
    "no verdict": sample(SOUND, verdict=None),
    "no such verdict": sample(SOUND, verdict="\ufffd"),
    "no reason to end": sample(SOUND, finish_reason=None),
    "no such reason to end": sample(SOUND, finish_reason="🙂"),
    "no tokens": sample(SOUND, completion_tokens=None),
    "fewer tokens than none": sample(SOUND, completion_tokens=-1),
    "no domain": sample(SOUND, domain=None),
    "thinking without a text": sample(None, reasoning="Hm.", response="42"),
    "nothing at all": dict.fromkeys(SAMPLE),
}
TABLE = pl.DataFrame(list(ROWS.values()), schema=SAMPLE)
EVERY = {name: {} for name in FILTERS} | {
    "length": {"min_tokens": 1, "max_tokens": 99, "max_paragraph_chars": 5000},
    "thinking": {"max_reflections": 9, "min_efficiency": 0.1, "max_after_answer": 999},
    "repetition": {"max_compression": 20},
    "language": {"max_switches": 3, "not_judged": "drop"},
    "chain": {"min_chars": 1, "min_verifies": 1},
}
"""All filters, with every rule that may be off."""


@pytest.mark.parametrize("name", FILTERS)
def test_every_row_is_measured_and_its_neighbours_make_no_difference(name: str):
    together = FILTERS[name].measured(TABLE)
    assert together.height == TABLE.height
    assert together[f"{name}_error"].drop_nulls().to_list() == []
    assert FILTERS[name].measured(TABLE.reverse()).reverse().equals(together)
    apart = [FILTERS[name].measured(TABLE[at : at + 13]) for at in range(0, TABLE.height, 13)]
    assert pl.concat(apart).equals(together)


def test_the_funnel_closes_and_no_row_is_lost():
    filters = Filters.model_validate(EVERY)
    judged = judge(measure(TABLE, filters), filters)
    assert judged.height == TABLE.height
    assert judged.filter(
        pl.col("dropped_by").is_null() != (pl.col("reasons").list.len() == 0)
    ).is_empty()
    steps = funnel(judged, filters)
    assert steps["entering"].to_list() == [TABLE.height, *steps["left"].to_list()[:-1]]
    assert (steps["entering"] - steps["dropped"] == steps["left"]).all()
    assert steps["left"][-1] == judged["dropped_by"].null_count()
    assert judged["reasons"].explode().drop_nulls().is_in(sorted(reasons(filters))).all()


def test_a_sound_row_among_bad_ones_is_kept():
    filters = Filters.model_validate({name: {} for name in FILTERS})
    rows = pl.concat([TABLE, pl.DataFrame([sample(SOUND)], schema=SAMPLE), TABLE])
    judged = judge(measure(rows, filters), filters)
    assert judged["reasons"][TABLE.height].to_list() == []


def reasons(filters: Filters) -> set[str]:
    """All that these rules can say."""
    return {reason for rules in filters.active().values() for reason in rules.reasons()}


@pytest.mark.parametrize("name", FILTERS)
def test_a_measure_that_fails_is_a_reason_of_its_row_alone(name: str, monkeypatch):
    filter, poison = FILTERS[name], TEXTS["emoji"]
    column = next(
        c for c in ("text", "reasoning", "response", "prompt_id", "verdict") if c in filter.reads
    )
    rows = TABLE.head(20).with_columns(pl.lit("correct").alias(column))
    bad = rows.with_row_index().with_columns(
        pl.when(pl.col("index") == 7).then(pl.lit(poison)).otherwise(column).alias(column)
    )
    before, measuring = filter.measured(rows), filter.measure

    def failing(some: pl.DataFrame) -> pl.DataFrame:
        if poison in some[column]:
            raise RuntimeError("out of luck")
        return measuring(some)

    monkeypatch.setattr(filter, "measure", staticmethod(failing))
    measured = filter.measured(bad.drop("index"))
    assert measured[f"{name}_error"][7] == "RuntimeError: out of luck"
    others = pl.int_range(20, eager=True) != 7
    assert measured.filter(others).equals(before.filter(others))
    filters = Filters.model_validate({name: EVERY[name]})
    judged = judge(bad.drop("index").with_columns(measured.get_columns()), filters)
    assert f"{name}_not_measured" in judged["reasons"][7]
    assert not judged.filter(others)["reasons"].list.contains(f"{name}_not_measured").any()


def test_half_characters_never_get_in():
    with pytest.raises(UnicodeEncodeError):
        pl.DataFrame([sample("half a character: \ud800")], schema=SAMPLE)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FILTERS)
def test_a_row_of_fifty_megabytes_is_measured_and_harms_no_other(name: str):
    said = "Let x be 1. So it is, wait. Und $x^2$ ist 1; 那么答案是 1. " * (50_000_000 // 64)
    rows = [sample(SOUND), sample(f"<think>{said}</think>1", answer="1"), sample(SOUND)]
    table = pl.DataFrame(rows, schema=SAMPLE)
    measured = FILTERS[name].measured(table)
    assert measured[f"{name}_error"].to_list() == [None] * 3
    assert measured[0].equals(FILTERS[name].measured(table[0]))
    assert measured[2].equals(measured[0])
