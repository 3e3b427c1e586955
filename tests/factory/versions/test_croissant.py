"""croissant.json: mlcroissant finds nothing wrong in it, and loads the rows by it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from checkers import checker
from versions import described

from factory.versions.croissant import croissant
from factory.versions.folder import croissant_of
from factory.versions.manifest import Input, Manifest, Parent, Teacher
from factory.versions.write import write

BY_MLCROISSANT = Path(__file__).parents[2] / "support" / "by_mlcroissant.py"
REVISION = "e53f048856ff4f594e959d75785d2c2d37b678ee"
ROWS = pl.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "messages": [
            [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": 'ü "|" \n {x}'}]
        ]
        * 3,
        "tokens": [1, None, 3],
        "share": [0.5, None, 0.25],
        "right": [True, False, None],
        "tags": [["a", "b"], [], ["c"]],
    }
)
TOLD: dict[str, Any] = {
    "inputs": [
        Input(
            what="prompts", name="g", origin="openai/gsm8k", revision=REVISION, digest="", rows=9
        ),
        Input(what="prompts", name="own", origin="q.jsonl", digest="d", rows=9, files={"q": "d"}),
    ],
    "teachers": [
        Teacher(name="org/r1", revision=REVISION, digest="d", draws=9, rows=2),
        Teacher(name="tiny", digest="e" * 32, draws=9, rows=1),
    ],
}


def version(home: Path) -> tuple[Path, Manifest]:
    def split(table: pl.DataFrame) -> pl.Series:
        return table.select(pl.when(sample_id="c").then(pl.lit("test")).otherwise(pl.lit("train")))[
            "literal"
        ]

    describe = described(ROWS.select("sample_id"), **TOLD)
    return write(home, lambda _: [ROWS], {}, describe, split=split)


def test_it_tells_where_all_came_from(tmp_path: Path):
    folder, manifest = version(tmp_path)
    told = json.loads(croissant_of(folder).read_bytes())
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    hub, own = told["prov:wasDerivedFrom"]
    assert (hub["@id"], hub["version"]) == (
        "https://huggingface.co/datasets/openai/gsm8k",
        REVISION,
    )
    assert own["@id"] == "urn:reasoning-factory:rows:d"
    assert [agent["name"] for agent in told["prov:wasAttributedTo"]] == ["org/r1", "tiny"]
    assert told["prov:wasGeneratedBy"]["@type"] == "prov:Activity"
    digests = {part["@id"]: part["sha256"] for part in told["distribution"] if "sha256" in part}
    tables = {name: file.sha256 for name, file in manifest.files.items() if "data/" in name}
    assert digests == tables


def test_a_published_one_names_its_place(tmp_path: Path):
    folder, manifest = version(tmp_path)
    named = {"version": "1.2.0", "repo": "org/traces", "parent": Parent(digest="d")}
    told = json.loads(croissant(folder, manifest.model_copy(update=named)))
    assert told["url"] == "https://huggingface.co/datasets/org/traces"
    assert (told["version"], told["creator"]["name"]) == ("1.2.0", "org")


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first time its packages are fetched
def test_mlcroissant_takes_it_and_loads_the_rows(tmp_path: Path):
    python = checker("mlcroissant")
    folder, _ = version(tmp_path)
    done = subprocess.run(
        [python, BY_MLCROISSANT, croissant_of(folder)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["faults"], told["warnings"]) == ([], [])
    rows = {row["sample_id"]: row for row in told["rows"]}
    assert {id: row.pop("split") for id, row in rows.items()} == {
        "a": "train",
        "b": "train",
        "c": "test",
    }
    assert [rows[id] for id in "abc"] == ROWS.to_dicts()
