"""Whatever stands in a row stays text: nothing acts, nothing is asked for, nothing breaks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, watched
from hostile_texts import BRIEF, HOSTILE, LARGE
from reports import bars, flow, intervals, report, row, shown

from factory.audit.findings import Finding
from factory.audit.page import LARGEST, page
from factory.audit.reading import Cut, Passage, Row, Why
from filters.text.visible import visible

READ_ALL = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const more = document.querySelector(".more"); !more.hidden;) more.click();
  return [...document.querySelectorAll(".list a")].map((link) => {
    history.replaceState(null, "", link.hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
    return document.querySelector(".reader").textContent;
  });
}"""
FOREIGN = "iframe, object, embed, form, base, video, img, style ~ style, link:not([rel=icon])"
HANDLERS = """() => [...document.querySelectorAll("*")].flatMap((node) =>
  [...node.attributes].map(({ name }) => name).filter((name) => /^on|^style$/.test(name)))"""


def planted(number: int, text: str) -> Row:
    """A row with the text in every place that takes one."""
    name = text[:300]
    return row(
        number,
        text,
        sample_id=f"{number} {name}",
        question=text,
        answer=text,
        reference=text,
        passages=(Passage(0, max(1, len(text) // 2), name, name), Passage(1, 3, "loop", text)),
        why=(Why("just outside", name, name, name, 1.0, name, name),),
        source=name, domain=name, language=name, teacher=name, strategy=name, verdict=name,
        verdict_reason=name, fate="dropped", dropped_by=name, reasons=(name, "too_long"),
        measures={name: name, "tokens": 5},
        cut=Cut(5, text[:500]),
    )  # fmt: skip


def of_all() -> Any:
    rows = [planted(number, text) for number, text in enumerate(HOSTILE.values())]
    names = [text[:300] for text in BRIEF.values()]
    figure = bars()
    table = figure.table.clear()
    for name in names:
        table = table.vstack(figure.table.head(1).with_columns(step=name_of(name)))
    hostile = [
        replace(bars(title=name, note=name), key=f"funnel{number}", section="measures", table=table)
        for number, name in enumerate(names[:6])
    ]
    mixed = flow()
    nodes = [replace(node, title=name) for node, name in zip(mixed.nodes, names, strict=False)]
    links = [replace(link, reason=name) for link, name in zip(mixed.links, names, strict=False)]
    everything = "".join(names)
    return report(
        name=everything, kind="run", place=everything, headline=everything, said=names,
        worth=[Finding("funnel0", name) for name in names],
        missing={name: name for name in names},
        figures=[*hostile, intervals(title=everything)],
        flow=replace(mixed, nodes=nodes, links=links),
        shown=shown(rows, note=everything, missing=everything),
    )  # fmt: skip


def name_of(name: str) -> Any:
    import polars as pl

    return pl.lit(name)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hostile_rows_stay_text(tmp_path: Path):
    file = tmp_path / "audit.html"
    file.write_text(page(of_all()), encoding="utf-8")
    assert file.stat().st_size <= LARGEST
    with chromium() as browser, watched(browser, file) as seen:
        told = seen.page.evaluate(READ_ALL)
        seen.page.wait_for_timeout(300)
        assert seen.hits() == 0
        assert seen.page.locator("script").count() == 3
        assert seen.page.locator(FOREIGN).count() == 0
        assert seen.page.evaluate(HANDLERS) == []
        assert seen.said == []
        assert seen.asked == []
    for reader, (name, text) in zip(told, HOSTILE.items(), strict=True):
        if name not in LARGE:
            assert visible(text[:100], newlines=True) in reader, name
        elif len(text) > 60_000:
            assert "characters left out" in reader, name


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_table_is_no_program_for_a_spreadsheet(tmp_path: Path):
    file = tmp_path / "audit.html"
    file.write_text(page(of_all()), encoding="utf-8")
    with chromium() as browser, watched(browser, file) as seen:
        with seen.page.expect_download() as download:
            seen.page.locator("[data-key=funnel0] [data-save=csv]").click()
        written = Path(download.value.path()).read_text(encoding="utf-8")
    import csv
    import io

    cells = [cell for line in csv.reader(io.StringIO(written)) for cell in line]
    assert len(cells) == 2 * (len(BRIEF) + 1)
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
