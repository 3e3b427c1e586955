"""All figures: each has its columns explained and its chart's columns there, whatever the data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import NO, OPEN, RIGHT, TIMEOUT, WRONG, YES, made, run_of
from subjects import subject_of

from factory.audit.figures import Figure
from factory.audit.figures.all import QUESTIONS, SECTIONS, figures
from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at

EVERY: dict[str, Any] = {
    "truncation": {}, "format": {}, "correctness": {}, "language": {}, "code_blocks": {},
    "length": {"max_tokens": 50}, "repetition": {}, "thinking": {"max_switches": 9}, "chain": {},
    "safety": {}, "contamination": {}, "duplicates": {},
}  # fmt: skip

QUICK = ("truncation", "format", "correctness", "code_blocks", "length", "thinking", "safety")
"""Those whose measures need no machine code."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)], "c": [(OPEN, NO)] * 3}
    draws |= {"d": [(WRONG, TIMEOUT), (WRONG, NO), (WRONG, NO)]}
    made(run_of(folder, draws, filters={name: EVERY[name] for name in QUICK}))
    return folder


def subjects(run: Path) -> dict[str, Subject]:
    some = subject_of([{}], EVERY)
    return {
        "a run": subject_at(str(run)),
        "a version": subject_at(f"{run}@1"),
        "no samples": replace(some, samples=some.samples.clear()),
        "nothing measured": subject_of([{}, {}], EVERY),
        "no filters": subject_of([{"verdict": "correct"}]),
    }


@pytest.mark.parametrize(
    "kind", ["a run", "a version", "no samples", "nothing measured", "no filters"]
)
def test_every_figure_is_explained_and_can_be_drawn(run: Path, kind: str):
    found = figures(subjects(run)[kind])
    assert len({figure.key for figure in found}) == len(found)
    for figure in found:
        explained(figure)


def explained(figure: Figure) -> None:
    assert list(figure.columns) == figure.table.columns or (
        set(figure.columns) == set(figure.table.columns)
    ), figure.key
    assert all(figure.columns.values()), figure.key
    assert figure.missing or figure.table.height, f"{figure.key}: neither numbers nor why not"
    if figure.chart:
        own = vars(figure.chart)
        named = {own[name] for name in ("x", "y", "x_end", "low", "high", "series")} - {None}
        assert named <= set(figure.table.columns) or figure.table.is_empty(), figure.key


def test_figures_stand_in_the_order_of_their_sections(run: Path):
    found = figures(subject_at(str(run)))
    assert list(dict.fromkeys(figure.section for figure in found)) == list(SECTIONS)
    assert len(QUESTIONS) == len(SECTIONS)


def test_counts_of_a_run_and_of_its_version_are_the_same(run: Path):
    of_run, of_version = (
        {figure.key: figure for figure in figures(subject_at(place))}
        for place in (str(run), f"{run}@1")
    )
    for key in ("funnel", "rejections", "reasons", "overlap", "measures"):
        assert of_run[key].table.equals(of_version[key].table), key


def test_all_that_is_counted_is_all_samples(run: Path):
    """Of every figure that tells groups, each grouping has all samples."""
    found = figures(subject_at(str(run)))
    for figure in found:
        if {"by", "samples"} <= set(figure.table.columns) and figure.key.count(".") < 2:
            own = [name for name in ("verdict", "filter") if name in figure.table.columns]
            sums = figure.table.group_by("by", *own).agg(pl.sum("samples"))
            assert sums.group_by(own or pl.lit(0)).agg(pl.col("samples").n_unique())[
                "samples"
            ].to_list() == [1] * max(1, sums.select(own).unique().height), figure.key
