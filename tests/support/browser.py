"""Chromium for tests of pages, and what a page does in it that it should not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from checkers import node_checker

from factory.audit.serve import Site, served

CHROMIUM = Path("/usr/bin/chromium")
ATTACKED = "window.hits = 0; window.hit = () => { window.hits += 1; };"
"""What hostile texts call, were they obeyed."""
NAME = """((node) => node.tagName
  + (node.id || node.getAttribute("href") || node.dataset.save || "")
  + (node.getAttribute("aria-label") || node.textContent).trim().slice(0, 60))"""
REACHABLE = f"""() => [...document.querySelectorAll(
  'a[href]:not([tabindex="-1"]), button:enabled, select, input:not([type="hidden"]), summary,' +
  '[tabindex="0"]')].filter((node) => node.checkVisibility()).map({NAME})"""

LAID_OUT = """async () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("figure { content-visibility: visible !important; }");
  const frame = () => new Promise(requestAnimationFrame);
  document.adoptedStyleSheets.push(sheet);
  await frame();
  await frame();
  document.adoptedStyleSheets.pop();
}"""
"""Figures far away have a guessed height until they were laid out; then the browser knows it."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright (`pip install playwright`; it needs no browser of its own)")
    if not CHROMIUM.exists():
        pytest.skip("Chromium (`apt-get install chromium`)")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def open_at(site: Site) -> Iterator[str]:
    """The site's address without its last slash, as long as the block runs."""
    ready, done, told = threading.Event(), threading.Event(), []

    async def serve() -> None:
        async with served(site) as address:
            told.append(address.removesuffix("/"))
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield told[0]
    finally:
        done.set()
        thread.join()


@dataclass
class Watched:
    """A page in a browser, and all that it did beside showing itself."""

    page: Any
    said: list[str] = field(default_factory=list)
    """Messages of its console, errors, dialogs and windows that it opened."""
    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, but for its own."""

    def hits(self) -> int:
        """How often a hostile text was obeyed since the page was loaded."""
        return self.page.evaluate("window.hits")


@contextmanager
def watching(browser: Any, own: str, **kind: Any) -> Iterator[Watched]:
    """A page that has not gone anywhere yet.

    Args:
        own: what its own addresses begin with.
        kind: of the browser's window, as `color_scheme`.
    """
    page = browser.new_page(**kind)
    seen = Watched(page)
    page.add_init_script(ATTACKED)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("dialog", lambda dialog: (seen.said.append("a dialog opens"), dialog.dismiss()))
    page.on("popup", lambda _: seen.said.append("a window opens"))
    page.on(
        "request",
        lambda request: request.url.startswith((own, "data:,")) or seen.asked.append(request.url),
    )
    yield seen
    page.close()


@contextmanager
def quietly(browser: Any, own: str, **kind: Any) -> Iterator[Any]:
    """The same page, which at the end has complained of nothing and asked nobody else."""
    with watching(browser, own, **kind) as seen:
        yield seen.page
    assert seen.said == []
    assert seen.asked == []


@contextmanager
def watched(browser: Any, file: Path, **kind: Any) -> Iterator[Watched]:
    """A page of an audit from disk, open and ready; nothing moves between a click's two halves."""
    with watching(browser, file.as_uri(), **kind) as seen:
        seen.page.goto(file.as_uri())
        seen.page.wait_for_selector("html[data-ready]", timeout=20_000)
        seen.page.evaluate(LAID_OUT)
        yield seen


def grave_faults(page: Any) -> list[str]:
    """What axe-core finds in a page that is serious or worse; details are open to it.

    The test is skipped where axe-core cannot be had.
    """
    axe = node_checker("axe") / "node_modules" / "axe-core" / "axe.min.js"
    for details in page.locator("details").all():
        details.evaluate("node => { node.open = true; }")
    page.evaluate(f"() => {{ {axe.read_text(encoding='utf-8')} }}")
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"][:3]
    ]


def out_of_reach(page: Any) -> set[str]:
    """What of a page can be used by mouse, and Tab does not come to."""
    wanted = page.evaluate(REACHABLE)
    reached = set()
    for _ in range(2 * len(wanted) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"() => ({NAME})(document.activeElement)"))
    return set(wanted) - reached
