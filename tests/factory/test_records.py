"""Identity of rows: ids that are the same next year, seeds that no two draws share."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from factory import records
from factory.records import canonical, digest, file_digest, rows_digest, sample_id, seed_of


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # Golden values: were they to change, every draw on every disk would be drawn again.
        ((), "7ebb3c7c2a87b1a2f8a7ed729ecb040d"),
        (("prompt", "teacher", "settings", 0), "4b93bddaa73bb26951d2908de75c3214"),
        (({"b": 1, "a": [1.5, None, "é"]},), "683fce9df9b5682e29a39e7920624824"),
        (
            ({"a": [1.5, None, "é"], "b": 1},),
            "683fce9df9b5682e29a39e7920624824",
        ),  # order of keys does not matter
    ],
)
def test_a_digest_is_the_same_on_every_machine(parts: tuple[Any, ...], expected: str):
    assert digest(*parts) == expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), (["a", "b"],)),
        ((1,), ("1",)),
        (([1, 2],), ([2, 1],)),
        ((None,), ()),
    ],
)
def test_parts_that_differ_have_other_digests(one: tuple[Any, ...], two: tuple[Any, ...]):
    assert digest(*one) != digest(*two)


def test_a_sample_is_named_by_all_that_shaped_it():
    one: dict[str, Any] = {
        "prompt_id": "p",
        "teacher": "t",
        "settings": "s",
        "draw": 0,
        "max_tokens": 64,
    }
    others = ({"prompt_id": "q"}, {"teacher": "u"}, {"settings": "r"}, {"draw": 1})
    shapes: list[dict[str, Any]] = [
        one,
        *(one | other for other in others),
        one | {"max_tokens": 65},
    ]
    assert len({sample_id(**shape) for shape in shapes}) == 6
    assert sample_id(**one) == digest("p", "t", "s", 0, 64)


def test_seeds_differ_by_prompt_and_draw_and_run():
    samples = [
        sample_id(f"prompt {n}", "t", "s", draw, 64) for n in range(100) for draw in range(4)
    ]
    seeds = [seed_of(sample, run_seed) for sample in samples for run_seed in (0, 1)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_folder_s_digest_sees_names_and_contents(tmp_path: Path):
    def folder(name: str, **contents: str) -> Path:
        (tmp_path / name).mkdir()
        for file, content in contents.items():
            (tmp_path / name / file).write_text(content)
        return tmp_path / name

    one = file_digest(folder("one", a="x", b="y"))
    assert file_digest(folder("copy", b="y", a="x")) == one
    others = [
        folder("swapped", a="y", b="x"),
        folder("renamed", a="x", c="y"),
        folder("less", a="x"),
    ]
    assert len({one, *map(file_digest, others)}) == 4


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.text())
@example([1e-05, 9.99e-05, 0.0001, 1e-09, -1e-10, 5e-324, 1e16, 1e22, 1.5e300, -0.0], "1e-7]")
def test_canonical_json_is_python_s_own(numbers: list[float], text: str):
    assume(text.isprintable() or text.encode(errors="ignore").decode() == text)
    rows = [{"b": number, "a": [{"d": text, "c": [number]}, None], "ü": None} for number in numbers]
    told = [
        json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for row in rows
    ]
    assert canonical(pl.DataFrame(rows)).to_list() == told


def test_a_digest_over_rows_is_the_same_however_they_lie(monkeypatch: pytest.MonkeyPatch):
    table = pl.DataFrame({"id": list("abcdefg"), "m": [{"y": n, "x": None} for n in range(7)]})
    whole = rows_digest([table])
    assert rows_digest([table[5:], table[:5].reverse()]) == whole
    assert rows_digest([table.select("m", "id")]) == whole
    assert rows_digest([table[:6]]) != whole
    turned = table.with_columns(m=pl.struct(pl.col("m").struct.field("x"), pl.col("m").struct[0]))
    assert rows_digest([turned]) == whole
    monkeypatch.setattr(records, "ROWS_AT_ONCE", 2)
    assert rows_digest([table]) == whole
