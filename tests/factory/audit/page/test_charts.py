"""Charts: every kind, few kilobytes, text as text, a mark for each row."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import polars as pl
import pytest
from reports import bars, histogram, intervals, lines, matrix

from factory.audit.figures import Figure
from factory.audit.page import charts
from factory.audit.page.scale import Scale, between

KINDS = [bars(), histogram(), intervals(), lines(), matrix()]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(figure: Figure) -> str:
    assert figure.chart
    rows = [row | {"": place} for place, row in enumerate(figure.table.to_dicts())]
    return charts.svg(figure.title, rows, figure.chart, figure.columns)


@pytest.mark.parametrize("figure", KINDS, ids=lambda figure: figure.key)
def test_a_chart_is_small_and_knows_no_colour(figure: Figure):
    made = drawn(figure)
    root = ElementTree.fromstring(made)
    assert len(made) < 20_000
    assert root.get("aria-label") == figure.title
    assert not re.search(r"#[0-9a-f]{6}|style=|<script|<image|href=\"[^#]", made)
    assert drawn(figure) == made


@pytest.mark.parametrize("figure", [bars(), matrix(), intervals()], ids=lambda figure: figure.key)
def test_each_row_has_a_mark_that_tells_its_numbers(figure: Figure):
    root = ElementTree.fromstring(drawn(figure))
    marks = [node for node in root.iter(f"{SVG}g") if node.get("class") == "mark"]
    assert sorted(int(mark.get("data-row", "")) for mark in marks) == [*range(figure.table.height)]
    for mark in marks:
        title = mark.find(f"{SVG}title")
        assert title is not None
        assert title.text


def test_thresholds_are_named_with_their_values():
    assert "length.max_tokens 1,500" in drawn(histogram())


def test_numbers_stand_at_their_bars():
    made = drawn(bars())
    assert all(f">{told}</text>" in made for told in ("900", "500", "12,345"))


@pytest.mark.parametrize(
    "name", ["</title><script>hit()</script>", "$x_1$ & \\frac", "a\x00b\u202ec", "n" * 500, ""]
)
def test_names_are_nothing_but_text(name: str):
    figure = bars()
    table = figure.table.with_columns(step=pl.lit(name) + pl.col("step"))
    words = {"step": name, "left": name}
    made = drawn(replace(figure, table=table, columns=words, title=name))
    texts = " ".join(text.text or "" for text in ElementTree.fromstring(made).iter())
    assert "<script" not in made
    assert name[:20] in texts or "\\x00b\\u202e" in texts
    assert len(made) < 20_000


@pytest.mark.parametrize(
    ("table", "empty"),
    [
        (pl.DataFrame({"step": ["a"], "left": [0]}), False),
        (pl.DataFrame({"step": ["a"], "left": [-4.5]}), False),
        (pl.DataFrame({"step": ["a", "b"], "left": [None, 3]}), False),
        (pl.DataFrame({"step": [f"f{n}" for n in range(300)], "left": [1] * 300}), False),
        (pl.DataFrame({"step": ["a"], "left": [10**15]}), False),
        (pl.DataFrame({"step": ["a"], "left": [float("nan")]}), True),
        (pl.DataFrame({"step": [], "left": []}), True),
    ],
)
def test_odd_tables_are_drawn_or_left_out(table: pl.DataFrame, empty: bool):
    made = drawn(replace(bars(), table=table))
    assert (made == "") == empty


def test_a_histogram_of_one_value_on_a_logarithmic_scale_is_drawn():
    table = pl.DataFrame(
        {"from": [0.0, 1.0], "to": [1.0, 2.0], "fate": ["kept"] * 2, "samples": [5, 6]}
    )
    figure = histogram()
    assert figure.chart
    assert drawn(replace(figure, table=table, chart=replace(figure.chart, log=True)))


def test_points_without_an_interval_stand_where_their_numbers_are():
    figure = lines()
    assert figure.chart
    assert figure.chart.low is None
    told = [text.text for text in ElementTree.fromstring(drawn(figure)).iter(f"{SVG}text")]
    assert "0.5" in told
    assert "4" in told  # draws, to the right
    assert "5" not in told  # rows of the table


@pytest.mark.parametrize(
    ("low", "high", "log", "told"),
    [
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 12_345, False, [0, 2500, 5000, 7500, 10_000]),
        (0.1, 40_000, True, [0.1, 1, 10, 100, 1000, 10_000]),
        (1e-9, 1e9, True, [1e-9, 1e-5, 0.1, 1000, 1e7]),
        (3, 60, True, [5, 10, 20, 50]),
        (0.25, 0.35, True, [0.26, 0.28, 0.3, 0.32, 0.34]),
    ],
)
def test_a_scale_has_round_numbers(low: float, high: float, log: bool, told: list[float]):
    assert Scale(low, high, 0, 100, log).ticks() == pytest.approx(told)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [0.0], [5], [1, 1000], [-2, 0.5]])
def test_a_scale_holds_its_numbers(values: list[float], log: bool):
    low, high = between(values, 0.05, log)
    scale = Scale(low, high, 0, 100, log)
    assert low < high
    assert all(0 < scale.at(value) < 100 for value in values if value > 0 or not log)
    assert scale.ticks()


def test_large_numbers_beside_an_axis_are_whole():
    figure = histogram()
    table = figure.table.with_columns(pl.col("samples") * 1_000_000)
    root = ElementTree.fromstring(drawn(replace(figure, table=table)))
    texts = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert "30,000,000" in [text.text for text in texts]
    for text in texts:
        assert float(text.get("x", "")) > 5.5 * len(text.text or "")
