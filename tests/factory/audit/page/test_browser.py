"""The page in Chromium: read, searched, switched, saved and printed, by mouse and by keyboard."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import Watched, chromium, grave_faults, out_of_reach, watched
from reports import report

from factory.audit.page import page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("page") / "audit.html"
    written.write_text(page(report()), encoding="utf-8")
    return written


@pytest.fixture
def seen(browser: Any, file: Path) -> Iterator[Watched]:
    """The page, at 1440 pixels; at the end it has complained of nothing and asked for nothing."""
    with watched(browser, file, viewport={"width": 1440, "height": 900}) as found:
        yield found
    assert found.said == []
    assert found.asked == []


def listed(seen: Watched) -> list[str]:
    links = seen.page.locator(".list a")
    return [str(int(link.get_attribute("data-id"), 16)) for link in links.all()]


def test_it_opens_at_its_top(seen: Watched):
    """Though a sample is open from the beginning, far below."""
    assert seen.page.evaluate("window.scrollY") == 0


def expect_rows(seen: Watched, count: int) -> None:
    from playwright.sync_api import expect

    expect(seen.page.locator(".list li")).to_have_count(count)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wider_than_the_window(browser: Any, file: Path, scheme: str, width: int):
    kind = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with watched(browser, file, **kind) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        assert seen.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_no_serious_fault(browser: Any, file: Path, scheme: str, width: int):
    kind = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with watched(browser, file, **kind) as seen:
        assert grave_faults(seen.page) == []


def test_the_keyboard_alone_reaches_everything(seen: Watched):
    assert out_of_reach(seen.page) == set()


def test_words_are_found_in_all_texts(seen: Watched):
    seen.page.keyboard.press("/")
    seen.page.keyboard.type('"number 7"')
    expect_rows(seen, 1)
    assert listed(seen) == ["7"]
    assert "1 of the 12 samples in this page, drawn from 1,000" in seen.page.inner_text(".status")
    assert seen.page.evaluate("location.hash") == "#filter=q:%22number%207%22"


def test_facets_choose_samples(seen: Watched):
    seen.page.select_option("#facet-domain", "algebra")
    seen.page.select_option("#facet-fate", "kept")
    expect_rows(seen, 2)
    assert listed(seen) == ["0", "6"]
    assert seen.page.evaluate("location.hash") == "#filter=domain:algebra,fate:kept"
    seen.page.click(".chip >> nth=0")
    expect_rows(seen, 4)
    assert listed(seen) == ["0", "3", "6", "9"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("#filter=domain:algebra,fate:kept", ["0", "6"]),
        ("#filter=measure%20tokens:1200%20to%201400", ["2", "3"]),
        ("#filter=reason:too_long,q:7", ["7"]),
    ],
)
def test_an_address_says_which_samples(browser: Any, file: Path, address: str, shown: list[str]):
    with watched(browser, file) as seen:
        seen.page.evaluate("address => { location.hash = address; }", address)
        expect_rows(seen, len(shown))
        assert listed(seen) == shown


def test_a_sample_has_an_address_and_arrow_keys_go_on(seen: Watched):
    seen.page.evaluate(f"location.hash = '#sample={5:032x}'")
    seen.page.wait_for_selector(".reader:focus")
    assert "reply number 5" in seen.page.inner_text(".reader")
    assert "length.max_tokens 1,500, just outside: tokens 1,500" in seen.page.inner_text(".reader")
    seen.page.keyboard.press("ArrowDown")
    assert "reply number 6" in seen.page.inner_text(".reader")
    assert seen.page.evaluate("location.hash") == f"#sample={6:032x}"
    seen.page.keyboard.press("k")
    seen.page.keyboard.press("k")
    assert "reply number 4" in seen.page.inner_text(".reader")


@pytest.mark.parametrize(
    "address", ["#sample=none", "#sample=%E0%A4%A", "#figure=x", "#filter=x:y"]
)
def test_an_address_that_leads_nowhere_breaks_nothing(browser: Any, file: Path, address: str):
    with watched(browser, file) as seen:
        seen.page.evaluate("address => { location.hash = address; }", address)
        seen.page.wait_for_timeout(100)
        assert seen.page.locator(".status").inner_text() != ""
        assert seen.said == []


def test_passages_and_formulas_are_shown(seen: Watched):
    assert seen.page.locator(".reader mark").inner_text() == "12 12 12"
    assert seen.page.locator(".reader math").count() == 2
    seen.page.locator(".passages button").click()
    assert seen.page.locator("mark.now").count() == 1
    seen.page.get_by_role("button", name="Show LaTeX").click()
    assert "$x^2 = 4$" in seen.page.inner_text(".reader")
    assert seen.page.locator(".reader math").count() == 0


def test_a_click_on_a_picture_leads_to_its_samples(seen: Watched):
    seen.page.locator("[data-key=ledger] .band").nth(1).dispatch_event("click")
    assert "verdict: incorrect" in seen.page.inner_text(".chosen")
    seen.page.locator("[data-key=funnel] .mark").nth(2).dispatch_event("click")
    assert seen.page.inner_text(".chosen") == "dropped by: length \u00d7"
    assert listed(seen) == ["1", "2", "4", "5", "7", "8", "10", "11"]


def test_a_table_says_the_numbers_and_leads_to_samples(seen: Watched):
    figure = seen.page.locator("[data-key=funnel]")
    figure.locator("summary").click()
    figure.locator("tbody tr").first.wait_for()
    assert figure.locator("td").all_inner_texts()[:2] == ["truncation", "900"]
    figure.get_by_role("button", name="Samples of row 3").click()
    assert seen.page.inner_text(".chosen") == "dropped by: length \u00d7"


def test_another_grouping_has_another_picture_and_table(seen: Watched):
    figure = seen.page.locator("[data-key=kept]")
    assert "algebra" not in figure.inner_text()
    seen.page.select_option("#by", "domain")
    assert "algebra" in figure.locator("svg").text_content()
    assert "each domain: 1 figure;" in seen.page.inner_text("#by-told")
    figure.locator("summary").click()
    figure.locator("tbody tr").first.wait_for()
    assert figure.locator("tbody tr").count() == 2
    figure.locator(".mark").first.dispatch_event("click")
    assert seen.page.inner_text(".chosen") == "domain: algebra \u00d7"


def test_a_grouping_without_a_picture_says_so_and_has_its_table(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        sys.modules["factory.audit.page.drawn"], "MOST", 0
    )  # a function has its name
    file = tmp_path / "audit.html"
    file.write_text(page(report()), encoding="utf-8")
    with watched(browser, file) as seen:
        figure = seen.page.locator("[data-key=kept]")
        assert "no room" not in figure.inner_text()
        seen.page.select_option("#by", "domain")
        assert "The picture is of all samples: this page has no room" in figure.inner_text()
        figure.locator("summary").click()
        figure.locator("tbody tr").first.wait_for()
        assert "algebra" in figure.locator("tbody").inner_text()
        seen.page.select_option("#by", "overall")
        assert "no room" not in figure.inner_text()
        assert seen.said == []


def test_pictures_and_tables_are_saved(seen: Watched):
    with seen.page.expect_download() as picture:
        seen.page.click("[data-key='measure.length.tokens'] [data-save=svg]")
    assert picture.value.suggested_filename == "measure.length.tokens.svg"
    root = ElementTree.parse(picture.value.path()).getroot()
    assert not [node for node in root.iter() if "var(" in str(node.attrib)]
    assert {"rgb(42, 111, 151)", "rgb(179, 38, 30)"} <= {node.get("fill") for node in root.iter()}
    with seen.page.expect_download() as table:
        seen.page.click("[data-key=funnel] [data-save=csv]")
    written = Path(table.value.path()).read_text(encoding="utf-8")
    assert written.splitlines()[:2] == ["step,left", "truncation,900"]


def test_print_has_figures_and_no_tools(seen: Watched):
    seen.page.emulate_media(media="print", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert seen.page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not seen.page.locator("nav").is_visible()
    assert not seen.page.locator("#samples").is_visible()
    assert seen.page.locator("[data-key=funnel] svg").is_visible()
    assert seen.page.pdf().startswith(b"%PDF")


def test_a_screen_reader_is_told_parts_and_pictures(seen: Watched):
    told = seen.page.locator("body").aria_snapshot()
    for line in ('heading "trial" [level=1]', 'heading "Samples to read" [level=2]',
                 'img "The figure funnel"', 'navigation "Parts of this page"', "main",
                 'article "The sample"', 'list "Samples"'):  # fmt: skip
        assert line in told
