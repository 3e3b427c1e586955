"""Browsing in a real browser: hostile rows do nothing, keys lead from row to row, it fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from browser import chromium, grave_faults, open_at, out_of_reach, quietly, watching
from browsing import subject_of
from hostile_texts import ELEMENTS, WRITABLE

from factory.audit.browse import site_of
from factory.audit.subject import Subject

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROWS = [
    {
        "sample_id": f"s{n:03}",
        "prompt_id": f"p{n // 3}",
        "draw": n % 3,
        "domain": "a domain of a name that is rather long" if n % 2 else "math",
        "verdict": "correct",
        "fate": "dropped" if n > 40 else "chosen",
        "reasons": ["too_long"] if n > 40 else [],
        "tokens": n,
        "question": "What is " + "1 + " * n + "1?",
        "text": f"<think>{'so ' * n}</think> $x = {n}$",
        "reasoning": "so " * n,
        "response": f"$x = {n}$",
    }
    for n in range(70)
]


RULES = {"length": {"max_tokens": 40}}
PAGES = ("/", "/sample/s069", "/sample/s069?beside=s068", "/text/thinking/s069", "/?q=nowhere")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; without one, tests are skipped."""
    with chromium() as found:
        yield found


@contextmanager
def browsed(browser: Any, subject: Subject, **kind: Any) -> Iterator[tuple[Any, str]]:
    """A page, and the address of the subject's rows; it must say nothing and ask nobody else."""
    with open_at(site_of(subject)) as address, quietly(browser, address, **kind) as page:
        yield page, address


def test_no_hostile_row_does_anything(browser: Any):
    texts = ("question", "text", "response", "reasoning", "answer", "reference")
    names = ("domain", "source", "teacher", "strategy", "verdict", "verdict_reason", "fate")
    rows = [
        dict.fromkeys(texts, text)
        | dict.fromkeys(names, text[:300])
        | {"sample_id": f"{n}", "prompt_id": text[:300], "reasons": [text[:300]], "draw": n % 2}
        for n, text in enumerate(text for text in WRITABLE.values() for _ in range(2))
    ]
    odd = {"name": ELEMENTS["script"], "missing": {"texts": ELEMENTS["end of script"]}}
    subject = subject_of(rows, RULES, **odd)
    with open_at(site_of(subject)) as address, watching(browser, address) as seen:
        for way in [
            *(f"/?page={n + 1}" for n in range(len(rows) // 50 + 1)),
            *(f"/?f.domain={quote(t[:300])}&q={quote(t[:100])}" for t in [*WRITABLE.values()][::9]),
            *(f"/sample/{n}?beside={n + 1}" for n in range(0, len(rows), 2)),
        ]:
            listed = way.startswith("/?")  # questions come after the page
            seen.page.goto(address + way, wait_until="networkidle" if listed else "load")
            assert seen.hits() == 0, way
            assert seen.page.evaluate("document.scripts.length") == 1, way
            assert seen.page.locator("main").is_visible()
            assert not seen.said, way
            assert not seen.asked, way


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_no_serious_fault(browser: Any, width: int, scheme: str):
    kind = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with browsed(browser, subject_of(ROWS, RULES), **kind) as (page, address):
        for way in PAGES:
            page.goto(address + way, wait_until="networkidle")
            assert grave_faults(page) == [], way


def test_the_keyboard_alone_reaches_everything(browser: Any):
    with browsed(browser, subject_of(ROWS, RULES)) as (page, address):
        for way in PAGES:
            page.goto(address + way, wait_until="networkidle")
            assert out_of_reach(page) == set(), way


def test_keys_lead_from_row_to_row(browser: Any):
    with browsed(browser, subject_of(ROWS)) as (page, address):
        page.goto(f"{address}/?sort=-tokens")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/sample/s068?sort=-tokens")
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"{address}/sample/s067?sort=-tokens")
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(f"{address}/sample/s068?sort=-tokens")
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(f"{address}/sample/s069?sort=-tokens")
        page.keyboard.press("u")
        page.wait_for_url(f"{address}/?sort=-tokens")
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"{address}/?sort=-tokens&page=2")
        page.keyboard.press("/")
        page.keyboard.type("x = 7$")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/?sort=-tokens&q=*")
        assert page.locator("a.row").count() == 1


def test_a_click_on_a_bar_or_a_value_shows_its_rows(browser: Any):
    with browsed(browser, subject_of(ROWS)) as (page, address):
        page.goto(address + "/?m.tokens=..20")
        page.locator('svg[aria-label="Histogram of tokens"] a').first.click()
        page.wait_for_url(f"{address}/?m.tokens=0..5")
        assert page.locator("a.row").count() == 5
        page.get_by_role("link", name="math").first.click()
        page.wait_for_url(f"{address}/?f.domain=math&m.tokens=0..5")
        assert page.locator("a.row").count() == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_pages_fit_any_width(browser: Any, width: int, scheme: str):
    kind: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with browsed(browser, subject_of(ROWS, RULES), **kind) as (page, address):
        for way in PAGES:
            page.goto(address + way, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, way
        page.goto(address + "/sample/s069")
        assert page.locator("math").first.is_visible()
