"""The pictures in docs/img, taken anew in Chromium: `python tests/support/pictures.py RUN`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import chromium, open_at

from factory.audit.browse import site_of
from factory.audit.label.questions import questions
from factory.audit.label.session import session
from factory.audit.label.site import Pages
from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at

IMAGES = Path(__file__).parents[2] / "docs" / "img"
SIZES = {"wide": (1440, 900), "narrow": (360, 800)}
MOVED = """(value) => {
  const slider = document.querySelector('input[data-setting="length.max_tokens"]');
  slider.value = value;
  slider.dispatchEvent(new Event("input"));
}"""


def main(run: str) -> None:
    """Take all of them: of the audit's page, which must be written, of browse and of label."""
    subject = subject_at(run)
    with chromium() as browser:
        _of_page(browser, Path(run) / "audit" / "audit.html")
        _of_browse(browser, subject)
        _of_label(browser, subject)


@contextmanager
def window(browser: Any, scheme: str, size: str = "wide") -> Iterator[Any]:
    """A window of a browser, light or dark."""
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    yield page
    page.close()


def _of_page(browser: Any, file: Path) -> None:
    for name, scheme, size, where in (
        ("audit-light", "light", "wide", ""),
        ("audit-dark", "dark", "wide", ""),
        ("audit-narrow-light", "light", "narrow", ""),
        ("audit-samples-dark", "dark", "wide", "#filter=dropped_by:format"),
        ("audit-what-if-light", "light", "wide", "#what-if"),
    ):
        with window(browser, scheme, size) as page:
            page.goto(file.absolute().as_uri() + where)
            page.wait_for_selector("html[data-ready]")
            if where == "#what-if":
                page.evaluate(MOVED, 20)
                page.evaluate("document.getElementById('what-if').scrollIntoView()")
            page.screenshot(path=IMAGES / f"{name}.png")


def _of_browse(browser: Any, subject: Subject) -> None:
    dropped = subject.samples.filter(fate="dropped", draw=1)["sample_id"][0]
    with open_at(site_of(subject)) as address, window(browser, "light") as page:
        for name, way in (("browse-list", ""), ("browse-sample", f"sample/{dropped}")):
            page.goto(f"{address}/{way}", wait_until="networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")


def _of_label(browser: Any, subject: Subject) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        begun, _ = session(subject, questions(subject)[0], 50, Path(folder), "ann")
        for number in range(9):
            begun.say(number, "no")
        site = Pages(begun, subject.name).site()
        with open_at(site) as address, window(browser, "light") as page:
            page.goto(f"{address}/", wait_until="networkidle")
            page.screenshot(path=IMAGES / "label.png")
        begun.writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
