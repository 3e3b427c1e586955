"""Safety: what is found beyond the labelled texts, and that no hint passes over what is there."""

import re

import polars as pl
import pytest
from labelled import labelled

from filters.filter import SAMPLE
from filters.safety import _KEYS, _LEAKED, Safety
from filters.text import personal, secrets
from filters.text.assistants import BRANDS, CUTOFF, NAMES, REFUSAL, identities
from filters.text.patterns import hint, kinds, kinds_in

TEXTS = [row["text"] for row in labelled("safety")]


def reasons(text: str, **settings: object) -> list[str]:
    row = Safety.of(text=text)
    rules = Safety.model_validate(settings).faults().alias("faults")
    return pl.DataFrame([row], schema=Safety.columns).select(rules).item().to_list()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"drop_refusals": False}, "<think>Hm.</think>I'm sorry, but I can't help with that."),
        ({"own_names": ["DeepSeek"]}, "<think>Who?</think>I am DeepSeek-R1, made by DeepSeek."),
        ({"drop_cutoffs": False}, "<think>Hm.</think>My knowledge cutoff is in 2024."),
        ({"drop_leaked": False}, "<think>Hm.</think>Turns end with <|im_end|>."),
        ({"drop_personal": False}, "<think>Hm.</think>Write to o.lind@post.se."),
        ({"drop_secrets": False}, "<think>Hm.</think>postgres://a:Zx9kQ2vB@db.post.se/x"),
    ],
)
def test_each_rule_can_be_off_for_a_domain_that_wants_it(settings: dict, text: str):
    assert len(reasons(text)) == 1
    assert reasons(text, **settings) == []


def test_one_s_own_name_allows_no_other():
    both = "<think>Who?</think>I am DeepSeek. No, I'm ChatGPT."
    assert Safety.of(text=both)["identities"] == "DeepSeek,ChatGPT"
    assert reasons(both, own_names=["DeepSeek"]) == ["identity"]


def test_hints_pass_over_nothing():
    """Only texts with a hint are looked at closely, for speed; each find must have one."""
    column = pl.Series([*TEXTS, "3.5.4539 1487 7262 5181, +49 30 901827364.", ""])
    named = column.str.contains_any(NAMES, ascii_case_insensitive=True)
    keys, numbers = column.str.contains(_KEYS), column.str.contains(personal.HINT)
    for text, has_name, has_key, has_number in zip(column, named, keys, numbers, strict=True):
        assert has_name or not identities(text)
        assert has_key or not kinds(text, secrets.SECRETS)
        assert has_number or not kinds(text, personal.PERSONAL)
    for pattern in (CUTOFF, _LEAKED, re.compile(REFUSAL)):
        found = [pattern.search(text) is not None for text in column]
        assert not (pl.Series(found) & ~column.str.contains(hint(pattern))).any()
    for known in (secrets.SECRETS, personal.PERSONAL):
        told = [",".join(kinds(text, known)) for text in column]
        assert kinds_in(column, known).to_list() == told


def test_every_brand_has_a_hint():
    for names in BRANDS.values():
        first = names.replace(r"(?:Chat)?", "").partition("|")[0]
        plain = first.partition("[")[0].partition("(")[0].lower()
        assert any(name in plain or plain in name for name in NAMES), names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4539 1487 7262 5181", ["card"]),
        ("4539-1487-7262-5181", ["card"]),
        ("4539148772625181", []),  # no groups, no word: one number in ten has Luhn's sum
        ("4111 1111 1111 1111", []),  # a card for tests
        ("PL61 1090 1014 0000 0712 1981 2874", ["iban"]),
        ("PL61 1090 1014 0000 0712 1981 287", []),  # too short for Poland
        ("+49 30 901827364", ["phone"]),
        ("x +49 30 901827364", []),  # a sum
        ("+1 (800) 867-3296", []),  # a helpline
        ("f(2) = 345-678-9012", ["phone"]),  # known: a difference of this form is taken for one
        ("$1,234,567,890", []),
        ("3.14159265358979323846", []),
        ("mailto:o.lind@post.se", ["email"]),
        ("A@B.T and x@y", []),
    ],
)
def test_numbers_and_addresses(text: str, found: list[str]):
    assert kinds(f"It is {text} here.", personal.PERSONAL) == found


def test_a_text_of_many_numbers_takes_no_time_to_speak_of():
    """No pattern goes back and forth over what it cannot match."""
    for piece in ("1234 5678 ", "+1 234 567 ", "0 1 2 3 ", "a.b@c.", "<|a", "I am ", "eyJ", "sk-"):
        rows = pl.DataFrame([{"text": piece * 20_000, "response": piece * 20_000}], schema=SAMPLE)
        assert Safety.measured(rows)["safety_error"].to_list() == [None]
