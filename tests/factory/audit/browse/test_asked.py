"""What an address asks for, and back."""

import math

import pytest

from factory.audit.browse.asked import Asked, Range

VALUES, MEASURES = ("domain", "fate"), ("tokens", "share")


def read(*query: tuple[str, str]) -> Asked:
    return Asked.read(query, VALUES, MEASURES)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked({"domain": ("a b&c=d", ""), "fate": ("é",)}, {"tokens": Range(1, 2.5)}),
        Asked(ranges={"tokens": Range(unmeasured=True), "share": Range(None, 0.1)}),
        Asked(ranges={"share": Range(-1e20, None)}, search="a & b", sort="-tokens", page=7),
    ],
)
def test_an_address_says_all_of_it(asked: Asked):
    assert read(*asked.query()) == asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("f.tokens", "1"),
        ("f.nothing", "x"),
        ("m.domain", "1..2"),
        ("m.tokens", "1"),
        ("m.tokens", ".."),
        ("m.tokens", "a..b"),
        ("m.tokens", "nan..1"),
        ("low.tokens", "x"),
        ("sort", "nothing"),
        ("page", "-1"),
        ("page", "9" * 99),
        ("other", "x"),
    ],
)
def test_what_it_cannot_mean_is_left_out(name: str, value: str):
    assert read((name, value)) == Asked()


def test_a_value_is_chosen_and_left_out_again():
    one = Asked(page=3).turned("domain", "math")
    assert (one.facets, one.page) == ({"domain": ("math",)}, 1)
    both = one.turned("domain", "code")
    assert both.facets == {"domain": ("math", "code")}
    assert both.turned("domain", "math").turned("domain", "code") == Asked()


def test_the_same_column_again_turns_the_order_round():
    assert Asked().sorted_by("tokens").sort == "tokens"
    assert Asked(sort="tokens").sorted_by("tokens").sort == "-tokens"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Range(1, 2), "1 ≤ n < 2"),
        (Range(None, 0.5), "n < 0.5"),
        (Range(3, None), "3 ≤ n"),
        (Range(math.inf, None), "inf ≤ n"),
        (Range(unmeasured=True), "n not measured"),
    ],
)
def test_a_range_in_words(wanted: Range, words: str):
    assert wanted.words("n") == words
