"""The page as a file: one of it, with a policy, small, and nothing of anybody's as markup."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import polars as pl
from reports import bars, histogram, intervals, reading, report, row, shown

from factory.audit.page import CUTS, LARGEST, page


def data_of(written: str) -> Any:
    """What the script of a page reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', written, re.S)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(json.loads(found[1]))))


def test_the_policy_allows_the_pages_own_script_and_style_alone():
    written = page(report())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', written)
    assert policy
    for name, tag in (("script-src", "<script>"), ("style-src", "<style>")):
        text = written.split(tag)[1].split(tag.replace("<", "</"))[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://(?!www\.w3\.org/)", written)
    assert not re.search(r"""\s(?:style|on\w+)=["']""", written.split("<script>")[0])


def test_the_same_report_is_the_same_page():
    assert page(report()) == page(report())


def test_every_figure_is_in_the_list_and_has_its_table():
    written = page(report())
    for figure in report().figures:
        assert f'href="#figure={figure.key}"' in written or figure.section in ("measures", "keys",
            "difficulty", "filters")  # fmt: skip
        assert f'id="figure={figure.key}"' in written
    tables = data_of(written)["figures"]
    assert tables["funnel"]["rows"] == [
        ["truncation", 900],
        ["correctness", 500],
        ["length", 12345],
    ]
    assert tables["funnel"]["columns"][1] == ["left", "samples that go on"]


def test_what_is_not_measured_is_said_and_is_no_bar():
    written = page(report(figures=[histogram()]))
    assert "Not in the picture: not measured 7." in written
    assert "<strong>No numbers:</strong> nobody looked" in page(report())


def test_groupings_have_pictures_of_their_own():
    written = page(report(figures=[intervals()]))
    assert '<option value="domain">each domain</option>' in written
    charts = data_of(written)["figures"]["kept"]["charts"]
    assert set(charts) == {"overall", "domain"}
    assert "algebra" in charts["domain"]
    assert "algebra" not in charts["overall"]


def test_a_page_stays_small_and_says_what_it_cut():
    noise = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(3_000)]
    texts = ["".join(noise[n : n + 900]) for n in range(0, 2_000, 10)]
    written = page(report(shown=shown([row(n, text) for n, text in enumerate(texts)])))
    assert len(written.encode()) <= LARGEST
    for one in data_of(written)["rows"]:
        gaps = [piece["g"] for piece in one["text"] if isinstance(piece, dict)]
        there = sum(len(piece) for piece in one["text"] if isinstance(piece, str))
        assert there in CUTS
        assert there + sum(gaps) == 900 * 64
        assert f"{sum(gaps):,} characters are left out" in one["cut"]
        assert "factory why" in one["more"]


def test_texts_come_in_pieces_with_passages_and_formulas():
    first = data_of(page(report()))["rows"][0]
    kinds = [sorted(piece) if isinstance(piece, dict) else piece for piece in first["text"]]
    assert kinds == ["Thus ", ["m", "s"], ", so ", ["p", "s"], " and ", ["m", "s"], "."]
    assert first["text"][1]["m"][0] == "math"
    assert first["text"][1]["s"] == "$x^2 = 4$"
    assert first["text"][3] == {"s": "12 12 12", "p": [0]}
    assert first["passages"] == [["loop", "a block that repeats"]]


def test_a_formula_that_a_passage_cuts_through_stays_text():
    from factory.audit.reading import Passage

    cut = row(0, "see $x^2$ now", passages=(Passage(6, 11, "loop", "here"),))
    first = data_of(page(report(shown=shown([cut]))))["rows"][0]
    assert [piece if isinstance(piece, str) else piece["s"] for piece in first["text"]] == [
        "see $x", "^2$ n", "ow"
    ]  # fmt: skip


def test_samples_without_texts_say_so():
    bare = replace(row(1), question=None, text=None)
    written = page(report(shown=shown([bare], missing="The draws are gone.")))
    assert "The draws are gone." in written
    assert data_of(written)["rows"][0]["text"] is None


def test_numbers_that_json_lacks_are_null():
    table = pl.DataFrame({"step": ["a", "b", "c"], "left": [1.0, float("nan"), float("inf")]})
    told = data_of(page(report(figures=[replace(bars(), table=table)])))
    assert told["figures"]["funnel"]["rows"] == [["a", 1.0], ["b", None], ["c", None]]


def test_a_report_may_lack_everything():
    written = page(report(figures=[], flow=None, shown=None, worth=[], said=[], missing={}))
    assert "334 are kept" in written
    assert 'id="samples"' not in written
    assert 'id="what-if"' not in written


def test_reading_a_page_needs_no_script_for_its_pictures():
    before = page(report(shown=reading(3))).split("<script")[0]
    assert before.count('<svg class="chart') == 6
    assert "<noscript>" in before
