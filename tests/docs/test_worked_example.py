"""The filter that docs/architecture.md adds works as the page says."""

import doctest
import re
import types
from pathlib import Path

import polars as pl
import pytest

from factory.cli.filters import reasons_of
from filters.filter import SAMPLE, Filter
from filters.measures import measures_of

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


@pytest.fixture(scope="module")
def module() -> types.ModuleType:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    made = types.ModuleType("giving_up")
    exec(compile(code, "filters/giving_up.py", "exec"), vars(made))
    return made


def test_its_example_is_true(module: types.ModuleType):
    done = doctest.testmod(module)
    assert (done.attempted, done.failed) == (1, 0)


def test_it_explains_its_measures_and_names_its_reasons(module: types.ModuleType):
    assert list(measures_of(module.GivingUp)) == list(module.GivingUp.columns)
    assert reasons_of(module.GivingUp) == ["gives_up", "giving_up_not_measured"]


@pytest.mark.parametrize(
    ("response", "settings", "faults"),
    [
        ("I can't determine that.", {}, ["gives_up"]),
        ("It is 12.", {}, []),
        ("I can't determine that.", {"max_phrases": 1}, []),  # a threshold, with the same measures
        (None, {}, []),  # thinking that never ended is the business of `truncation`
    ],
)
def test_it_drops_what_it_says(
    module: types.ModuleType, response: str | None, settings: dict[str, int], faults: list[str]
):
    chosen: Filter = module.GivingUp(**settings)
    rows = pl.DataFrame([{"response": response}], schema={"response": SAMPLE["response"]})
    assert chosen.measured(rows).select(chosen.faults().alias("faults"))["faults"].to_list() == [
        faults
    ]
