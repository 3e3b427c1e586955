"""Marking in a real browser, by keyboard alone; hostile texts stay texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, grave_faults, open_at, out_of_reach, quietly, watching
from labelling import hostile_subject

from factory.audit.label.questions import questions
from factory.audit.label.session import Session, session
from factory.audit.label.site import Pages
from factory.audit.subject import Subject

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; without one, tests are skipped."""
    with chromium() as found:
        yield found


@pytest.fixture
def begun(subject: Subject, tmp_path: Path) -> Iterator[Session]:
    asked, _ = questions(subject)
    made, _ = session(subject, asked, 80, tmp_path, "ann")
    yield made
    made.writer.close()


@pytest.fixture
def address(begun: Session) -> Iterator[str]:
    """Where the pages of the session are, while the test runs."""
    with open_at(Pages(begun, "trial").site()) as found:
        yield f"{found}/"


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page at the first card; at the end nothing was said in its console."""
    with quietly(browser, address) as page:
        page.goto(address)
        yield page


def at(page: Any, address: str, where: str) -> None:
    page.wait_for_url(address + where)


def test_marks_by_keyboard_alone(page: Any, address: str, begun: Session):
    at(page, address, "card/0")
    for key, number in (("y", 1), ("n", 2), ("?", 3)):
        page.keyboard.press(key)
        at(page, address, f"card/{number}")
    assert [said.mark if (said := begun.said(n)) else None for n in range(4)] == [
        "yes", "no", "cannot say", None,
    ]  # fmt: skip
    assert "you said cannot say" in page.inner_text("#state")
    page.keyboard.press("u")
    at(page, address, "card/2")
    page.keyboard.press("ArrowLeft")
    at(page, address, "card/1")
    assert page.get_attribute('button[data-mark="no"]', "aria-pressed") == "true"
    page.keyboard.press("ArrowRight")
    at(page, address, "card/2")
    page.keyboard.press("/")
    page.keyboard.type("why, y or n?")
    page.keyboard.press("Enter")
    page.keyboard.press("y")
    at(page, address, "card/3")
    said = begun.said(2)
    assert said
    assert (said.mark, said.note) == ("yes", "why, y or n?")
    assert page.locator("progress").get_attribute("value") == "3"


def test_hostile_texts_stay_texts_and_formulas_are_drawn(page: Any, address: str, begun: Session):
    numbers = [
        n for n, card in enumerate(begun.cards)
        if any("onerror" in part.text for part in card.parts)
    ]  # fmt: skip
    assert numbers
    for number in numbers:
        page.goto(f"{address}card/{number}")
        shown = page.inner_text("main")
        assert "<img src=x onerror=alert(1)>" in shown or "<script>" in shown
        assert r"\u202e" in shown
        assert page.locator("img, main script, textarea").count() == 0
        assert "owned" not in page.title()
        assert page.locator("mfrac").count() == 1
        page.keyboard.press("m")
        at(page, address, f"card/{number}?formulas=plain")
        assert r"$\frac{1}{2}$" in page.inner_text("main")


def test_two_texts_stand_side_by_side_and_below_each_other_where_there_is_no_room(
    page: Any, address: str, begun: Session
):
    (number,) = (n for n, c in enumerate(begun.cards) if c.drawn.asked.key == "duplicates")
    page.goto(f"{address}card/{number}")
    for width, beside in ((1440, True), (360, False)):
        page.set_viewport_size({"width": width, "height": 800})
        one, two = (box.bounding_box() for box in page.locator(".text").all())
        assert (one["y"] == two["y"]) is beside
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_cards_are_marked_and_the_last_page_says_so(page: Any, address: str, begun: Session):
    for number in range(len(begun.cards) - 1):
        begun.say(number, "yes")
    page.goto(address)
    page.keyboard.press("n")
    at(page, address, "done")
    assert f"{len(begun.cards)} of {len(begun.cards)} cards are marked" in page.inner_text("h1")
    page.keyboard.press("u")
    at(page, address, f"card/{len(begun.cards) - 1}")
    page.keyboard.press("ArrowRight")
    at(page, address, "done")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_no_serious_fault(
    browser: Any, address: str, begun: Session, width: int, scheme: str
):
    """A card of each question, before and after its mark, and the last page."""
    kind = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    first = {card.drawn.asked.key: number for number, card in reversed([*enumerate(begun.cards)])}
    with quietly(browser, address, **kind) as page:
        for number in first.values():
            for _ in ("before", "after"):
                page.goto(f"{address}card/{number}")
                assert grave_faults(page) == [], number
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                begun.say(number, "yes")
        page.goto(f"{address}done")
        assert grave_faults(page) == []


def test_the_keyboard_alone_reaches_everything(page: Any, address: str):
    for way in ("card/0", "card/1", "done"):
        page.goto(address + way)
        assert out_of_reach(page) == set()


def test_no_hostile_row_does_anything(browser: Any, tmp_path: Path):
    subject = hostile_subject()
    asked, _ = questions(subject, ["right"])
    begun, _ = session(subject, asked, subject.samples.height, tmp_path, "ann")
    site = Pages(begun, subject.name).site()
    with open_at(site) as address, watching(browser, address) as seen:
        for number in range(len(begun.cards)):
            begun.say(number, "no", begun.cards[number].parts[0].text[:200])
            seen.page.goto(f"{address}/card/{number}")
            assert seen.hits() == 0, number
            assert seen.page.evaluate("document.scripts.length") == 1, number
            assert not seen.said, number
            assert not seen.asked, number
    begun.writer.close()
