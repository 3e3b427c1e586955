"""Every mistake in a recipe is shown with its place, what was expected and the nearest name."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from factory.errors import FactoryError, RecipeError
from factory.recipe import places
from factory.recipe.strict import Strict


class Apples(Strict):
    fruit: Literal["apples"]
    weight: float = Field(1.0, gt=0, le=9)
    """Weight in kg. Bags are not counted."""


class Pears(Strict):
    fruit: Literal["pears"]
    path: str | list[str]
    options: dict[str, Any] = Field({})


class Cash(Strict):
    coins: int
    notes: int = 0

    @model_validator(mode="after")
    def _not_too_heavy(self) -> "Cash":
        if self.coins > 99:
            raise ValueError("nobody carries 100 coins")
        return self


class Card(Strict):
    number: str


class Order(Strict):
    name: str
    """What the order is called."""
    items: list[Annotated[Apples | Pears, Field(discriminator="fruit")]] = Field([])
    paid: Cash | Card | str | None = None
    mode: Literal["quick", "careful"] = "quick"
    """How it is packed."""
    gift: bool = False
    counts: dict[str, int] = Field({})
    ages: list[int] = Field([], max_length=2)

    @field_validator("name")
    @classmethod
    def _no_slash(cls, name: str) -> str:
        if "/" in name:
            raise ValueError("a name may not contain '/'")
        return name

    @model_validator(mode="after")
    def _gifts_are_careful(self) -> "Order":
        if self.gift and self.mode == "quick":
            raise ValueError("gifts are packed with care: set mode to careful")
        return self


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    """The lines of the error, without the folder."""
    path = tmp_path / "order.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(RecipeError) as caught:
        places.load(path, Order)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_a_good_file_becomes_a_model(tmp_path):
    path = tmp_path / "order.yaml"
    path.write_text("name: a\nitems:\n  - {fruit: apples, weight: 1e-3}\npaid: {number: no}\n")
    order = places.load(path, Order)
    assert order.items == [Apples(fruit="apples", weight=0.001)]  # YAML 1.2 reads 1e-3 as a number
    assert order.paid == Card(number="no")  # and `no`, the language, as text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (  # the column is that of the key
            "name: a\nmoed: quick\n",
            "2:1: moed: unknown key; did you mean 'mode'? "
            "Known keys: name, items, paid, mode, gift, counts, ages",
        ),
        (  # nothing is near; known keys are those of the union's member
            "name: a\nitems:\n  - fruit: apples\n    zzz: 1\n",
            "4:5: items[0].zzz: unknown key. Known keys: fruit, weight",
        ),
        (  # the column is that of the mapping around it
            "mode: quick\n",
            "1:1: name: this key is missing (What the order is called)",
        ),
        (
            "name: a\nitems:\n  - fruit: pears\n",
            "3:5: items[0].path: this key is missing",
        ),
        (  # the column is that of the value, and the field's first sentence helps
            "name: a\nitems: [{fruit: apples, weight: heavy}]\n",
            "2:33: items[0].weight: found 'heavy', expected a number (Weight in kg)",
        ),
        (
            "name: a\nitems: [{fruit: apples, weight: 10}]\n",
            "2:33: items[0].weight: found 10, expected at most 9.0 (Weight in kg)",
        ),
        (
            "name: 1.10\n",
            "1:7: name: found 1.1, expected text; put it in quotes: '1.10' "
            "(What the order is called)",
        ),
        ("name:\n", "1:1: name: found nothing, expected text (What the order is called)"),
        ("name: a\ngift: perhaps\n", "2:7: gift: found 'perhaps', expected true or false"),
        (
            "name: a\nitems: {a: 1}\n",
            "2:8: items: found a mapping with the keys a, expected a list",
        ),
        ("name: a\nitems: [3]\n", "2:9: items[0]: found 3, expected a mapping (key: value)"),
        (
            "name: a\ncounts: [1, 2]\n",
            "2:9: counts: found a list of 2, expected a mapping (key: value)",
        ),
        ("name: a\ncounts: {one: 1.5}\n", "2:15: counts.one: found 1.5, expected a whole number"),
        (
            "name: a\ncounts: {1: 1}\n",
            "2:10: counts.1: found 1, expected text; put it in quotes: '1'",
        ),
        ("name: a\nages: [1, x]\n", "2:11: ages[1]: found 'x', expected a whole number"),
        ("name: a\nages: [1, 2, 3]\n", "2:7: ages: found a list of 3, expected at most 2 in it"),
        (  # two types would do: one line
            "name: a\nitems: [{fruit: pears, path: 3}]\n",
            "2:30: items[0].path: found 3, expected text or a list; put it in quotes: '3'",
        ),
        (
            "name: a\nmode: carefull\n",
            "2:7: mode: found 'carefull', expected 'quick' or 'careful'; did you mean 'careful'? "
            "(How it is packed)",
        ),
        (  # the tag of a union
            "name: a\nitems:\n  - fruit: aples\n",
            "3:12: items[0].fruit: found 'aples', expected one of apples, pears; "
            "did you mean 'apples'?",
        ),
        (
            "name: a\nitems:\n  - weight: 3\n",
            "3:5: items[0].fruit: this key is missing, expected one of apples, pears",
        ),
        (  # a union without a tag: only the member that was nearest is reported
            "name: a\npaid: {coins: 3, nots: 1}\n",
            "2:18: paid.nots: unknown key; did you mean 'notes'? Known keys: coins, notes",
        ),
        (
            "name: a\npaid: {coins: 100}\n",
            "2:7: paid: nobody carries 100 coins",
        ),
        ("name: a/b\n", "1:7: name: a name may not contain '/'"),
        ("name: a\ngift: true\n", "1:1: gifts are packed with care: set mode to careful"),
    ],
)
def test_one_mistake(tmp_path, text, expected):
    assert problems(tmp_path, text) == [f"order.yaml:{expected}"]


def test_all_mistakes_are_told_in_the_order_of_the_file(tmp_path):
    text = "gift: perhaps\nitems:\n  - {fruit: apples, wieght: 2}\nages: [old]\n"
    assert problems(tmp_path, text) == [
        "order.yaml:1:1: name: this key is missing (What the order is called)",
        "order.yaml:1:7: gift: found 'perhaps', expected true or false",
        "order.yaml:3:21: items[0].wieght: unknown key; did you mean 'weight'? "
        "Known keys: fruit, weight",
        "order.yaml:4:8: ages[0]: found 'old', expected a whole number",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: the file is empty; its keys may be: name, items, paid, mode, gift, "
         "counts, ages"),
        ("# only a remark\n", "1:1: the file is empty; its keys may be: name, items, paid, mode, "
         "gift, counts, ages"),
        ("- 1\n", "1:1: found a list of 1, expected a mapping (key: value)"),
        ("name: a\nname: b\n", "2:1: name: this key stands twice, first at 1:1; keep one"),
        ("name: a: b\n", "1:8: not valid YAML: mapping values are not allowed here"),
        ("ages: [1\nname: b\n", "2:5: not valid YAML: while parsing a flow sequence, "
         "expected ',' or ']', but got ':'"),
        ("name: !!python/none x\n", "1:7: not valid YAML: could not determine a constructor for "
         "the tag 'tag:yaml.org,2002:python/none'"),
        ("name: a\n---\nname: b\n", "2:1: not valid YAML: expected a single document in the "
         "stream, but found another document"),
        ("name: *nobody\n", "1:7: not valid YAML: found undefined alias 'nobody'"),
        (b"name: a\nmode: caf\xe9\n", "2:10: not UTF-8; save the file as UTF-8"),
        ("name: a\nmode: \x01\n", "2:7: this character is not allowed in YAML"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_recipe(tmp_path, text, expected):
    assert problems(tmp_path, text) == [f"order.yaml:{expected}"]


def test_every_doubled_key_is_told(tmp_path):
    assert problems(tmp_path, "counts: {a: 1, a: 2}\nname: x\nname: y\n") == [
        "order.yaml:1:16: a: this key stands twice, first at 1:10; keep one",
        "order.yaml:3:1: name: this key stands twice, first at 2:1; keep one",
    ]


def test_a_giant_value_is_not_echoed(tmp_path):
    (line,) = problems(tmp_path, f"name: a\ngift: {'x' * 10_000}\n")
    assert line == f"order.yaml:2:7: gift: found '{'x' * 58}…, expected true or false"


def test_control_characters_do_not_reach_the_terminal(tmp_path):
    (line,) = problems(tmp_path, 'name: a\n"\\e[31mred\\n": 1\n')
    assert line.startswith("order.yaml:2:1: '\\x1b[31mred\\n': unknown key. Known keys: ")


def test_a_recursive_alias_ends(tmp_path):
    (line,) = problems(tmp_path, "name: a\ncounts: &c {again: *c}\n")
    assert line.startswith("order.yaml:2:9: counts.again: ")


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "order.yaml").touch()
    with pytest.raises(
        RecipeError, match=r"ordre\.yaml: there is no such file; did you mean 'order"
    ):
        places.load(tmp_path / "ordre.yaml", Order)


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match="this is a folder, expected a recipe"):
        places.load(tmp_path, Order)


def test_a_mistake_in_the_recipe_ends_with_2_and_any_other_with_1():
    assert (RecipeError.exit_code, FactoryError.exit_code) == (2, 1)
