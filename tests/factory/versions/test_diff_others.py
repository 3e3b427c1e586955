"""Compared: what nothing explains, versions of other people's, remote ones, and mixes."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from diff_cases import BASE, CASES, FALSE, LONG, P, Q, R, limit, told
from worlds import Draw, Question

from factory.recipe.mix import Mix
from factory.versions.diff import Side, difference, summary, unexplained
from factory.versions.diff.shown import shown
from factory.versions.diff.side import FIRST
from factory.versions.diff.told import document
from factory.versions.folder import decisions_of, index_of, manifest_of
from factory.versions.layout import write_plain
from factory.versions.mix import mix

# --- what nothing explains ----------------------------------------------------------------------


def forged(version: Path, **columns: pl.Expr) -> None:
    """Write something else into a version's record of decisions."""
    rows = pl.read_parquet(decisions_of(version)).with_columns(**columns)
    write_plain(rows, decisions_of(version))


def test_a_row_that_went_while_its_record_says_that_it_was_chosen(tmp_path: Path):
    a, b = BASE.made(tmp_path / "a"), LONG.by(filters=limit(100)).made(tmp_path / "b")
    forged(b, fate=pl.lit("chosen"), dropped_by=pl.lit(None, pl.String))
    assert unexplained(a, b) == ["q0"]
    assert summary(a, b).recorded


def test_a_rule_that_says_otherwise_of_the_same_values(tmp_path: Path):
    a, b = BASE.made(tmp_path / "a"), BASE.of(P, Q, R.drawn(FALSE)).made(tmp_path / "b")
    drop = pl.col("sample_id") == "q0"
    forged(
        b,
        fate=pl.when(drop).then(pl.lit("dropped")).otherwise("fate"),
        dropped_by=pl.when(drop).then(pl.lit("length")).otherwise("dropped_by"),
        reasons=pl.when(drop).then(pl.lit(["too_long"])).otherwise("reasons"),
    )
    rows = pl.read_parquet(index_of(b)).filter(pl.col("sample_id") != "q0")
    write_plain(rows, index_of(b))
    assert unexplained(a, b) == ["q0"]


def test_a_measure_that_is_another_while_nothing_it_reads_is(tmp_path: Path):
    a, b = BASE.made(tmp_path / "a"), BASE.made(tmp_path / "b")
    rows = pl.read_parquet(index_of(b)).with_columns(
        digest=pl.when(sample_id="q0").then(pl.lit(b"other")).otherwise("digest")
    )
    write_plain(rows, index_of(b))
    assert unexplained(a, b) == ["q0"]


# --- versions of others -------------------------------------------------------------------------


def plain(folder: Path, rows: list[dict[str, Any]]) -> Side:
    (folder / "data").mkdir(parents=True)
    write_plain(pl.DataFrame(rows), folder / "data" / "train-00000-of-00001.parquet")
    return Side(folder, folder.name)


def test_anybodys_parquet_is_compared_by_rows(tmp_path: Path):
    """No manifest, no index, no decisions: counts and questions are told, reasons are not known."""
    a = plain(tmp_path / "a", [{"id": n, "problem": f"{n}?", "solution": "s"} for n in range(4)])
    rows = [{"id": n, "problem": f"{n}?", "solution": "s" if n else "t"} for n in range(3)]
    b = plain(tmp_path / "b", [*rows, {"id": 9, "problem": "3?", "solution": "u"}])
    found = difference(a, b)
    assert found.counts == {"added": 1, "removed": 1, "changed": 1, "same": 2}
    assert found.rows.prompts["other_answer"] == 1
    assert not found.recorded
    assert found.without_reason["sample_id"].to_list() == ["3", "9", "0"]


def test_rows_without_ids_are_known_by_what_they_say(tmp_path: Path):
    turns = [[{"role": "user", "content": "?"}, {"role": "assistant", "content": c}] for c in "abb"]
    a = plain(tmp_path / "a", [{"messages": one} for one in turns])
    b = plain(tmp_path / "b", [{"messages": one} for one in turns[1:2]])
    found = difference(a, b)
    assert found.counts == {"added": 0, "removed": 2, "changed": 0, "same": 1}


def test_a_version_against_the_bare_rows_of_it(tmp_path: Path):
    """As where somebody published the data alone."""
    version = BASE.made(tmp_path / "a")
    bare = plain(tmp_path / "b", pl.read_parquet(version / "data").to_dicts())
    assert difference(Side(version, "a"), bare).same


def test_a_source_that_one_dataset_lacks_is_a_reason_without_any_record(tmp_path: Path):
    a = plain(tmp_path / "a", [{"id": n, "source": "xy"[n % 2]} for n in range(4)])
    b = plain(tmp_path / "b", [{"id": n, "source": "x"} for n in (0, 2)])
    found = difference(a, b)
    assert {row[3] for row in told(found)} == {"source y was dropped"}
    assert found.without_reason.is_empty()


def test_an_index_without_digests_of_texts_is_made_up_for_by_the_rows(tmp_path: Path):
    was, now, expected = CASES["a text is another under the same id"]
    a, b = was.made(tmp_path / "a"), now.made(tmp_path / "b")
    for version in (a, b):
        write_plain(pl.read_parquet(index_of(version)).drop("text"), index_of(version))
    found = difference(Side(a, "v1"), Side(b, "v2"))
    assert {row[2] for row in told(found)} == {row[2] for row in expected}


def test_moved_to_another_split(tmp_path: Path):
    a, b = BASE.made(tmp_path / "a"), BASE.made(tmp_path / "b")
    split = pl.when(sample_id="q0").then(pl.lit("test")).otherwise("split")
    write_plain(pl.read_parquet(index_of(b)).with_columns(split=split), index_of(b))
    found = difference(Side(a, "v1"), Side(b, "v2"))
    assert told(found) == [("update", "q0", "split", "split train → test")]


def test_the_manifest_alone_tells_what_a_reason_goes_by(tmp_path: Path):
    manifest = json.loads(manifest_of(LONG.by(filters=limit(9999)).made(tmp_path)).read_bytes())
    length = next(rule for rule in manifest["rules"] if rule["filter"] == "length")
    assert length["grounds"]["too_long"] == {
        "measures": ["tokens"],
        "settings": ["max_tokens"],
        "compared": [{"measure": "tokens", "sign": ">", "setting": "max_tokens", "value": 9999}],
    }


def test_of_a_remote_version_no_more_is_fetched_than_is_needed(tmp_path: Path):
    """First manifest, index and decisions; the rows' file where a row is another in both."""
    asked: list[str] = []

    def remote(version: Path, name: str) -> Side:
        def fetch(patterns: Sequence[str]) -> None:
            for file in (file for pattern in patterns for file in version.glob(pattern)):
                asked.append(str(file.relative_to(version)))
                (tmp_path / name / asked[-1]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, tmp_path / name / asked[-1])

        fetch(FIRST)
        return Side(tmp_path / name, name, fetch)

    was, now, _ = CASES["a threshold was lowered"]
    a, b = was.made(tmp_path / "one"), now.made(tmp_path / "two")
    found = difference(remote(a, "a"), remote(b, "b"))
    assert found.counts["removed"] == 1
    assert asked == [*FIRST, *FIRST]
    list(shown(found, document(found, None, 1)))
    assert asked[6:] == ["data/train-00000-of-00001.parquet"]  # of the first alone: it has the row


# --- mixes --------------------------------------------------------------------------------------


def mixed(home: Path, *parts: dict[str, Any], **told: Any) -> Path:
    """A mix of what lies in a folder."""
    plan = Mix.model_validate({"name": "both", "parts": parts} | told, context={"home": home})
    return mix(plan, home, home / "mix", lambda _: None)[0]


def test_rows_of_mixes(tmp_path: Path):
    """A part is added, which has `p` too; then it comes first; then less of it is taken."""
    BASE.of(P, Q).made(tmp_path / "one")
    BASE.of(Question("p", [Draw(settings="z")]), Question("x")).made(tmp_path / "two")
    one, two = ({"name": name, "place": f"{name}/dataset/v1"} for name in ("one", "two"))
    alone, both = mixed(tmp_path, one), mixed(tmp_path, one, two)
    found = difference(Side(alone, "v1"), Side(both, "v2"))
    assert told(found) == [("insert", "x0", "source", "part two was added")]
    turned = mixed(tmp_path, two, one)
    found = difference(Side(both, "v2"), Side(turned, "v3"))
    assert [row[:3] for row in told(found)] == [
        ("delete", "p0", "duplicate"), ("insert", "p0tz", "duplicate")
    ]  # fmt: skip
    assert "same_prompt: of p" in told(found)[0][3]
    fewer = mixed(tmp_path, two | {"rows": 1}, one)
    found = difference(Side(turned, "v3"), Side(fewer, "v4"))
    (change,) = told(found)
    assert change[0] == "delete"
    assert change[2] == "selection"
    assert "parts.two.rows none → 1" in change[3]
    assert found.without_reason.is_empty()
