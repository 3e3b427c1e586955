"""Sliders of the page give the numbers that polars gives."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from browser import chromium, watched
from reports import report

from factory.audit.page import page
from factory.audit.stops import Stops, stops
from factory.audit.subject import Subject, as_prompts, as_samples
from filters import Filters, judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RULES = {
    "correctness": {},
    "length": {"max_tokens": 4000, "max_paragraph_chars": 900},
    "language": {"min_share": 0.9},
}


def table(rows: int) -> pl.DataFrame:
    """Samples with measures by lot, some of them not measured."""
    lot = random.Random(7)
    maybe = lambda value: None if lot.random() < 0.05 else value  # noqa: E731
    columns = {name for rules in Filters.model_validate(RULES).active().values()
               for name in rules.filter.columns}  # fmt: skip
    told = [
        {
            "sample_id": f"{n:08x}",
            "prompt_id": f"{n // 4:08x}",
            "domain": lot.choice(["math", "code", None]),
            "verdict": lot.choice(["correct", "correct", "incorrect"]),
            "completion_tokens": 100,
            "tokens": maybe(lot.randrange(100, 8000)),
            "longest_paragraph": maybe(lot.randrange(10, 2000)),
            "language_letters": lot.randrange(0, 60),
            "language_share": maybe(lot.choice([1.0, 0.99, 0.95, 0.9, 0.85, 0.4])),
            "language_found": "en",
            "accepted": True,
        }
        for n in range(rows)
    ]
    found = pl.DataFrame(told, infer_schema_length=None)
    return found.with_columns(pl.lit(0).alias(name) for name in columns - {*found.columns})


@pytest.fixture(scope="module")
def subject() -> Subject:
    filters = Filters.model_validate(RULES)
    judged = judge(table(2_000), filters)
    fate = (
        pl.when(pl.col("dropped_by").is_null()).then(pl.lit("chosen")).otherwise(pl.lit("dropped"))
    )
    samples = as_samples(judged.with_columns(fate=fate))
    return Subject("here", "trial", "data", samples, as_prompts(samples), filters, texts=Nothing())


class Nothing:
    def of(self, ids: Any) -> pl.DataFrame:
        return pl.DataFrame()

    def each(self) -> Iterator[pl.DataFrame]:
        return iter(())


def funnel_of(seen: Any) -> list[tuple[str, int, int, int]]:
    """What the page says: filter, dropped, left, alone."""
    rows = seen.page.evaluate(
        "() => [...document.querySelectorAll('#what-if-funnel tbody tr')].map("
        "(row) => [...row.children].map((cell) => cell.textContent.replaceAll(',', '')))"
    )
    return [(row[0], int(row[2]), int(row[3]), int(row[4])) for row in rows]


def by_polars(subject: Subject, counted: Stops, places: list[int]) -> list[tuple[str, int, int]]:
    """What `filters.judge` says of the same settings."""
    said: dict[str, dict[str, Any]] = {name: dict(own) for name, own in RULES.items()}
    for setting, place in zip(counted.settings, places, strict=True):
        said[setting.filter][setting.key] = setting.values[place]
    filters = Filters.model_validate(said)
    judged = judge(
        subject.samples.drop("reasons", "dropped_by").with_columns(accepted=True), filters
    )
    left, found = judged.height, []
    for name in filters.active():
        dropped = judged.filter(dropped_by=name).height
        left -= dropped
        found.append((name, dropped, left))
    return found


def test_every_place_of_the_sliders_gives_the_numbers_of_polars(subject: Subject, tmp_path: Path):
    counted = stops(subject)
    file = tmp_path / "audit.html"
    file.write_text(page(report(stops=counted)), encoding="utf-8")
    lot = random.Random(3)
    with chromium() as browser, watched(browser, file) as seen:
        for _ in range(12):
            places = [lot.randrange(len(one.values)) for one in counted.settings]
            for number, place in enumerate(places):
                seen.page.locator(f"#slider-{number}").fill(str(place))
            told = funnel_of(seen)
            assert [row[:3] for row in told] == by_polars(subject, counted, places)
            assert {row[0]: row[3] for row in told} == counted.dropped_alone(places)
            kept = seen.page.locator("#what-if-moved tbody td:nth-child(2)").all_inner_texts()
            assert sum(int(one.replace(",", "")) for one in kept) == told[-1][2]
        seen.page.get_by_role("button", name="As it is").click()
        assert {row[0]: row[1] for row in funnel_of(seen)} == {
            name: subject.samples.filter(dropped_by=name).height for name in RULES
        }
        assert seen.said == []


def test_a_moved_slider_is_told_as_a_recipe(subject: Subject, tmp_path: Path):
    counted = stops(subject)
    file = tmp_path / "audit.html"
    file.write_text(page(report(stops=counted)), encoding="utf-8")
    number = [one.name for one in counted.settings].index("length.max_tokens")
    with chromium() as browser, watched(browser, file) as seen:
        seen.page.locator(f"#slider-{number}").focus()
        seen.page.keyboard.press("ArrowRight")
        value = counted.settings[number].values[counted.settings[number].now + 1]
        recipe = seen.page.inner_text("#what-if-recipe")
        assert recipe.split() == ["filters:", "length:", "max_tokens:", f"{value:g}"]
        assert "gained" in seen.page.inner_text("#what-if-told")
        assert "page between" in seen.page.inner_text(".slider >> nth=" + str(number))
