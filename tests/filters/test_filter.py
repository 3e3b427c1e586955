"""What all filters share: safe measuring, and rules that never stay silent."""

from typing import ClassVar

import polars as pl
import pytest
from pydantic import ValidationError

from filters import FILTERS
from filters.filter import SAMPLE, Filter
from filters.language import Language


class Ratio(Filter):
    """A filter for these tests: one over the number that the text holds."""

    name: ClassVar[str] = "ratio"
    reads: ClassVar[tuple[str, ...]] = ("text",)
    columns: ClassVar[dict[str, pl.DataType]] = {"ratio": pl.Float64()}

    least: float = 0.1

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        ratios = [float("nan") if text == "nan" else 1 / int(text) for text in rows["text"]]
        return pl.DataFrame({"ratio": ratios}, schema=Ratio.columns)

    def reasons(self) -> dict[str, pl.Expr]:
        return {"small": pl.col("ratio") < self.least}


def test_a_row_that_cannot_be_measured_costs_no_other_row_its_measures():
    rows = pl.DataFrame({"text": ["1", "2", "0", "x", "5", "nan"]})
    measured = Ratio.measured(rows)
    assert measured["ratio"].to_list() == [1.0, 0.5, None, None, 0.2, None]
    errors = measured["ratio_error"].to_list()
    assert errors[2] == "ZeroDivisionError: division by zero"
    assert errors[3] is not None
    assert errors[3].startswith("ValueError: invalid literal")
    assert [errors[row] for row in (0, 1, 4, 5)] == [None] * 4


def test_what_was_not_measured_is_a_reason():
    measured = Ratio.measured(pl.DataFrame({"text": ["1", "50", "0", "nan"]}))
    faults = measured.select(Ratio().faults().alias("faults"))["faults"].to_list()
    assert faults == [[], ["small"], ["ratio_not_measured"], ["ratio_not_measured"]]


def test_no_rows_are_no_problem():
    measured = Ratio.measured(pl.DataFrame({"text": []}, schema={"text": pl.String}))
    assert measured.columns == ["ratio", "ratio_error"]
    assert measured.height == 0


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="filter ratio reads text, which the table of samples lacks"):
        Ratio.measured(pl.DataFrame({"response": ["1"]}))


def test_a_measure_that_loses_rows_is_a_bug_and_not_an_answer(monkeypatch):
    monkeypatch.setattr(Ratio, "measure", staticmethod(lambda rows: rows[:1]))
    with pytest.raises(TypeError, match="filter ratio measured 1 rows"):
        Ratio.measured(pl.DataFrame({"text": ["1", "2"]}))


def test_thresholds_are_frozen_bounded_and_known():
    with pytest.raises(ValidationError, match="min_shares"):
        Language.model_validate({"min_shares": 0.5})
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Language(min_share=1.5)
    with pytest.raises(ValidationError, match="frozen"):
        Language().min_share = 0.5  # pyrefly: ignore


def test_of_knows_the_columns_of_a_sample():
    with pytest.raises(TypeError, match="no column of a sample: thinking"):
        Language.of(thinking="?")


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_complete(name):
    filter = FILTERS[name]
    assert filter.name == name
    assert set(filter.reads) <= SAMPLE.keys()
    assert (filter.__doc__ or "").startswith("Drops samples")
    fields = filter.model_fields.items()
    assert [field for field, info in fields if not info.description] == []


def test_measures_of_different_filters_do_not_share_columns():
    columns = [column for filter in FILTERS.values() for column in filter.columns]
    assert len(columns) == len(set(columns))


@pytest.mark.parametrize("name", FILTERS)
def test_measures_have_the_declared_columns_even_for_empty_samples(name):
    nothing = pl.DataFrame({column: [None, None] for column in SAMPLE}, schema=SAMPLE)
    samples = nothing.with_columns(text=pl.lit(""))
    measured = FILTERS[name].measured(samples)
    assert measured[f"{name}_error"].to_list() == [None, None]
    assert measured.height == 2
