"""All rows over loopback: chosen by value, measure and text, each with an address."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from browsing import Written, page_of, pages_of, subject_of
from hostile_texts import ELEMENTS, WRITABLE, raw
from markup import assert_ours
from runs import NO, OPEN, RIGHT, WRONG, YES, made, run_of

from factory.audit.browse import search, site_of
from factory.audit.serve import Site
from factory.audit.subject.place import subject_at

ROWS = [
    {
        "sample_id": f"s{n:03}",
        "prompt_id": f"p{n // 2:03}",
        "draw": n % 2,
        "domain": "math" if n % 3 else "code",
        "source": "made",
        "teacher": "t",
        "verdict": "correct" if n % 2 else "incorrect",
        "fate": "chosen" if n % 2 else "dropped",
        "dropped_by": None if n % 2 else "length",
        "reasons": [] if n % 2 else ["too_long"],
        "tokens": n,
        "longest_paragraph": 7,
        "question": f"What is {n}?",
        "text": f"<think>so</think> it is {n}",
        "reasoning": "so",
        "response": f"it is {n}",
        "answer": str(n),
        "reference": "5",
    }
    for n in range(120)
]
RULES = {"length": {"max_tokens": 50}}


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of(subject_of(ROWS, RULES))


def shown(page: str) -> list[str]:
    """The samples of a list, in order."""
    return re.findall(r'class="row" href="/[^/]+/sample/([^"?]+)', page)


def test_all_rows_are_there_page_by_page(site: Site):
    first, second, last = (page_of(site, way) for way in ("/", "/?page=2", "/?page=99"))
    assert "120 rows" in first
    assert shown(first) == [f"s{n:03}" for n in range(50)]
    assert shown(second) == [f"s{n:03}" for n in range(50, 100)]
    assert shown(last) == [f"s{n:03}" for n in range(100, 120)]


@pytest.mark.parametrize(
    ("way", "rows"),
    [
        ("/?f.fate=dropped&f.domain=code", [n for n in range(120) if n % 6 == 0]),
        ("/?f.domain=code&f.domain=math", range(120)),
        ("/?f.reasons=too_long", range(0, 120, 2)),
        ("/?f.dropped_by=", range(1, 120, 2)),
        ("/?m.tokens=10..13", [10, 11, 12]),
        ("/?m.tokens=117..", [117, 118, 119]),
        ("/?low.tokens=3&high.tokens=5", [3, 4]),
        ("/?m.tokens=none", []),
        ("/?sort=-tokens&m.tokens=..3", [2, 1, 0]),
        ("/?sort=domain&m.tokens=..4", [0, 3, 1, 2]),
        ("/?f.nothing=x&m.other=1..2&sort=what&page=0", range(120)),
        ("/?q=is+7%3F", [7]),
        ("/?q=IS+7%3F&f.fate=dropped", []),
    ],
)
def test_an_address_says_which_rows(site: Site, way: str, rows: list[int]):
    assert shown(page_of(site, way)) == [f"s{n:03}" for n in rows][:50]


def test_values_are_counted_among_the_rows_of_the_other_choices(site: Site):
    page = page_of(site, "/?f.fate=dropped&m.tokens=..12")
    counts = dict(re.findall(r'<bdi>(\w+)</bdi> <span class="count">(\d+)', page))
    assert counts == {"dropped": "6", "chosen": "6", "length": "6", "too_long": "6"} | {
        "incorrect": "6", "code": "2", "math": "4", "made": "6", "t": "6",
    }  # fmt: skip


def test_a_bar_leads_to_its_rows_and_a_limit_is_drawn(site: Site):
    page = page_of(site, "/")
    assert "length.max_tokens drops &gt; 50" in page
    bars = re.findall(r'href="/[^/]+/(\?m\.tokens=[^"]+)"[^>]*aria-label="([^"]+)"', page)
    assert bars[0][1] == "0 to below 10: 10 of 10 rows"
    assert shown(page_of(site, f"/{bars[0][0]}")) == [f"s{n:03}" for n in range(10)]
    assert "longest_paragraph 7" in page  # the same in all rows: no histogram


def test_a_sample_has_its_texts_rules_and_other_draws(site: Site):
    page = page_of(site, "/sample/s060")
    for words in ("What is 60?", "it is 60", "tokens 60, drops &gt; max_tokens 50", "61 of 120"):
        assert words in page
    assert '<details class="rule faulty" open>' in page
    assert "/sample/s061?beside" not in page
    assert "/sample/s060?beside=s061" in page
    beside = page_of(site, "/sample/s060?beside=s061")
    assert "it is 61" in beside
    assert "it is 60" in beside


def test_neighbours_are_those_of_the_choice(site: Site):
    page = page_of(site, "/sample/s060?f.domain=code&sort=-tokens")
    assert re.search(r'rel="prev" href="[^"]*/sample/s063\?f.domain=code&amp;sort=-tokens"', page)
    assert re.search(r'rel="next" href="[^"]*/sample/s057\?f.domain=code&amp;sort=-tokens"', page)
    assert "20 of 40" in page


def test_what_is_not_there_is_said(site: Site):
    ways = ("/sample/none", "/text/what/s001", "/raw/question/none", "/other")
    assert [status for status, _ in pages_of(site, *ways)] == [404] * 4


def test_excerpts_come_after_the_list(site: Site):
    found = json.loads(page_of(site, "/excerpts?m.tokens=..3"))
    assert found == [f"What is {n}?" for n in range(3)]


def test_an_excerpt_says_where_it_was_cut():
    rows = [{"sample_id": name, "prompt_id": "p", "question": name * 500} for name in "ab"]
    assert json.loads(page_of(site_of(subject_of(rows)), "/excerpts")) == [
        f"{name * 240} …" for name in "ab"
    ]


def test_an_id_or_its_beginning_leads_to_its_sample(site: Site):
    assert "<h1>Sample <code>s064</code></h1>" in page_of(site, "/?q=s064")


def test_a_long_text_comes_in_pieces_and_whole():
    long = "".join(f"{n:07} " for n in range(650_000))  # 5.2 MB
    row = {"sample_id": "a", "prompt_id": "p", "question": "?", "text": long, "response": long}
    site = site_of(subject_of([row]))
    first = page_of(site, "/sample/a")
    assert len(first) < 100_000
    assert "20,000 of 5,200,000 characters are shown" in first
    assert "Nothing is marked in so long a reply." in first
    rest = page_of(site, "/text/reply/a?from=20000")
    assert "0002500 0002501" in rest
    assert 'rel="next" href="' in rest
    assert page_of(site, "/raw/reply/a") == long
    assert "0649999" in page_of(site, "/text/reply/a?from=5100000")


def test_a_run_and_its_version_are_browsed(tmp_path: Path):
    draws = {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)], "c": [(OPEN, NO)]}
    made(run_of(tmp_path / "run", draws))
    for place, texts in ((f"{tmp_path}/run", 4), (f"{tmp_path}/run@1", 2)):
        subject = subject_at(place)
        site = site_of(subject)
        page = page_of(site, "/")
        assert len(shown(page)) == 4
        pages = pages_of(site, *(f"/sample/{id}" for id in shown(page)))
        assert [status for status, _ in pages] == [200] * 4
        assert (
            sum("The texts of this sample are not here" in text for _, text in pages) == 4 - texts
        )
        if texts == 4:
            wrong = next(text for _, text in pages if "dropped by</dt><dd><bdi>correct" in text)
            assert '<mark title="incorrect: ' in wrong


NAMES = (
    "domain", "source", "language", "teacher", "strategy", "finish_reason", "verdict",
    "verdict_reason", "fate", "dropped_by", "prompt_id",
)  # fmt: skip
TEXTS = ("question", "text", "response", "reasoning", "answer", "reference")


@pytest.fixture(scope="module")
def hostile() -> Site:
    """Each kind in every place that a row can fill: its id and names as well, two draws of each."""
    rows = [
        dict.fromkeys(NAMES, text[:300])
        | dict.fromkeys(TEXTS, text)
        | {"sample_id": f"{text[:300]}{n}", "reasons": [text[:300]], "tokens": n}
        for text in WRITABLE.values()
        for n in range(2)
    ]
    told = subject_of(
        rows, RULES, name=ELEMENTS["script"], missing={"texts": ELEMENTS["end of script"]}
    )
    return site_of(told)


def test_hostile_rows_stay_text(hostile: Site):
    for text in WRITABLE.values():
        first, second = (quote(f"{text[:300]}{n}", safe="") for n in range(2))
        ways = (f"/sample/{first}", f"/sample/{first}?beside={second}", f"/text/reply/{first}")
        for status, page in pages_of(hostile, *ways):
            assert status == 200, (text, page)
            assert_ours(page)


def test_hostile_names_stay_text(hostile: Site):
    choices = [f"/?f.domain={quote(text[:300])}&sort=-tokens" for text in WRITABLE.values()]
    searches = [f"/?q={quote(text[:300])}" for text in list(WRITABLE.values())[::8]]
    for status, page in pages_of(hostile, "/", "/?page=2", *choices, *searches):
        assert status == 200, page
        assert_ours(page)
    assert not raw("".join(json.loads(page_of(hostile, "/excerpts?page=2"))))


def test_a_search_stops_in_time_and_goes_on_from_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "SECONDS", 0)  # a piece a page
    subject = subject_of(ROWS, at_once=30)
    assert isinstance(subject.texts, Written)
    site = site_of(subject)
    first = page_of(site, "/?q=it+is")
    assert "Looked through 30 of 120 samples so far: found in 30" in first
    assert "/?q=it%20is&amp;more=1" in first
    assert "Looked through 30 of" in page_of(site, "/?q=it+is")  # only when it is asked to
    for _ in range(3):
        assert "so far" in page_of(site, "/?q=it+is&more=1")
    last = page_of(site, "/?q=it+is&more=1")
    assert "Looked through all 120 samples that have texts: found in 120" in last
    assert subject.texts.read == [0, 1, 2, 3]
