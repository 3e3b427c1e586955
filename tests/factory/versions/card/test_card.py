"""The card: its YAML is what the Hub takes, its numbers are of the files, others' text is text."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of
from versions import described

from factory.errors import StageError
from factory.versions import manifest as manifests
from factory.versions.card.changes import changes_text
from factory.versions.card.check import card_faults, check_card
from factory.versions.card.front_matter import fields_of
from factory.versions.card.licences import license_of
from factory.versions.card.markdown import table, text
from factory.versions.card.words import LICENSES
from factory.versions.diff import Summary
from factory.versions.folder import card_of, picture_of
from factory.versions.folder import license_of as license_file
from factory.versions.manifest import Input, Manifest, Parent, Rule, Teacher
from factory.versions.statistics import write_statistics
from factory.versions.write import Draft, finish, write

HOSTILE = (
    "---\nlicense: mit\n--- | `x` {y} <script>alert(1)</script> ![a](http://e.vil) ${1+1}$ @all"
)
STUDENT: dict[str, Any] = {
    "student": "s", "revision": None, "template": "chatml", "context": 4096, "rows": 3,
    "thinking": 2, "thinking_kept": 2, "round_trip": 3, "one_end": 3, "over_context": 0,
    "tokens": {"total": 90, "p50": 30, "p90": 30, "p99": 30, "max": 30},
    "loss_tokens": {"total": 60, "p50": 20, "p90": 20, "p99": 20, "max": 20},
    "over": {"4096": 0}, "left_out": {}, "nothing": 0, "examples": [],
}  # fmt: skip
ROWS = pl.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "prompt_id": ["p", "p", "q"],
        "messages": [
            [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": reply}]
            for reply in ("<think>so</think> 5", "<think></think> 6", HOSTILE)
        ],
        "source": [HOSTILE, HOSTILE, "sums"],
        "domain": ["math", "math", "code"],
        "language": ["en", "de", "en"],
        "license": ["MIT", "MIT", None],
        "completion_tokens": [10, 100, 1000],
    }
)


def version(home: Path, rows: pl.DataFrame = ROWS, **told: Any) -> tuple[Path, Manifest]:
    def describe(draft: Draft) -> Manifest:
        write_statistics(draft.folder)
        return described(rows.select("sample_id"), **told)(draft)

    return write(home, lambda _: [rows], {}, describe)


def card_in(folder: Path) -> str:
    return card_of(folder).read_text(encoding="utf-8")


def files_of(folder: Path) -> list[str]:
    return [str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()]


def test_the_yaml_is_of_the_files(tmp_path: Path):
    hub = Input(what="prompts", name="g", origin="openai/gsm8k", digest="", rows=9)
    bench = Input(what="benchmark", name="b", origin="org/bench", digest="", rows=9)
    folder, _ = version(tmp_path, inputs=[hub, bench])
    fields = fields_of(card_in(folder))
    assert fields["language"] == ["en", "de"]
    assert fields["size_categories"] == ["n<1K"]
    assert fields["source_datasets"] == ["openai/gsm8k"]
    assert fields["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
        }
    ]
    [info] = fields["dataset_info"]
    assert [feature["name"] for feature in info["features"]] == ROWS.columns
    assert info["splits"][0]["num_examples"] == 3
    assert info["download_size"] == sum(f.stat().st_size for f in (folder / "data").iterdir())


def test_datasets_loads_it_by_its_card(tmp_path: Path):
    from datasets import load_dataset

    folder, _ = version(tmp_path / "versions")
    loaded = load_dataset(str(folder), "default", cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].to_list() == ROWS.to_dicts()


@pytest.mark.parametrize(
    ("by_rows", "id", "name"),
    [
        ({"MIT": 9}, "mit", None),
        ({"Apache-2.0": 5, "CC-BY-SA-4.0": 1}, "cc-by-sa-4.0", None),
        ({"CC0-1.0": 5, "MIT": 1}, "mit", None),
        ({"MIT": 5, "Apache-2.0": 1}, "other", "several-licenses"),
        ({"CC-BY-SA-4.0": 5, "CC-BY-NC-4.0": 1}, "other", "several-licenses"),
        ({"MIT": 5, None: 1}, "other", "several-licenses"),
        ({"Terms of Our Lab": 5}, "other", "terms-of-our-lab"),
        ({None: 5}, "unknown", None),
        ({}, "unknown", None),
    ],
    ids=str,
)
def test_a_licence_is_that_of_the_rows(by_rows: dict[str | None, int], id: str, name: str | None):
    found = license_of(by_rows)
    assert (found.id, found.name) == (id, name)
    assert found.id in LICENSES


def test_several_licences_are_listed_in_a_file_of_their_own(tmp_path: Path):
    folder, manifest = version(tmp_path)
    fields = fields_of(card_in(folder))
    assert (fields["license"], fields["license_link"]) == ("other", "LICENSE.md")
    assert "| MIT | mit | 2 |" in license_file(folder).read_text()
    assert "LICENSE.md" in manifest.files
    alone, _ = version(tmp_path, ROWS[:2])
    assert fields_of(card_in(alone))["license"] == "mit"
    assert not license_file(alone).exists()


PART: dict[str, Any] = {
    "part": "p", "place": HOSTILE, "digest": "d", "rows": 9, "taken": 3, "license_overridden": True,
    "dropped": {HOSTILE: 5}, "spare": {HOSTILE: 1}, "licenses": {HOSTILE: 3},
}  # fmt: skip


@pytest.mark.parametrize("mix", [[], [PART]])
def test_what_others_wrote_is_text(tmp_path: Path, mix: list[dict[str, Any]]):
    """In names of sources, teachers, reasons, tests and whatever else comes from outside."""
    rule = Rule(filter="own", thresholds={}, entering=9, dropped=6, left=3, reasons={HOSTILE: 6})
    told: dict[str, Any] = {
        "inputs": [Input(what="prompts", name=HOSTILE, origin=HOSTILE, digest="", rows=9)],
        "teachers": [Teacher(name=HOSTILE, digest="d", license=HOSTILE, draws=9, rows=3)],
        "rules": [rule],
        "selection": {"steps": [], "short": [HOSTILE]},
        "tests": [manifests.Tested(test=HOSTILE, value=0.5, holds=False, rows=2)],
        "forced": [HOSTILE],
        "students": [STUDENT | {"student": HOSTILE}],
        "mix": mix,
    }
    folder, _ = version(tmp_path, **told)
    card = card_in(folder)
    assert fields_of(card)["license"] == "other"  # not what stands in a text
    page = re.sub(r"```.*?```", "", card.split("---\n", 2)[2], flags=re.DOTALL)
    for mark in ("<script", "](http://e.vil", "${", "`x`", "@all", "{y}"):
        assert mark not in page, mark
    for line in page.splitlines():
        if line.startswith("|"):  # all rows of a table have as many cells as its head
            assert line.count("|") > 2
    assert " ".join(HOSTILE.split()) in unescape(page)
    assert list(card_faults(card, files_of(folder))) == []


def test_rows_of_a_table_have_as_many_cells_as_its_head():
    shown = table(["a", "b"], [[HOSTILE, 1], ["x|y\nz", None]])
    assert [line.count("|") for line in shown.splitlines()] == [3, 3, 3, 3]
    assert unescape(text("a_b _c_ \\ #")) == "a_b _c_ \\ #"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("license: other", "license: apache", "is none of the Hub's ids"),
        ("license: other", "licence: other", "None is none of the Hub's ids"),
        ("license_link: LICENSE.md", "license_link: TERMS.md", "TERMS.md is no file"),
        ("- en\n", "- english\n", "'english' is no ISO code"),
        ("n<1K", "small", "'small' is none of the Hub's"),
        ("data/train-*", "data/test-*", "data/test-*.parquet matches no file"),
        ("dtype: int32", "dtype: number", "datasets cannot read it"),
        ("- config_name: default\n  features", "- config_name: other\n  features", "no configs"),
        ("configs:\n", "configs: [\n", "no YAML can be read"),
    ],
)
def test_a_card_that_nobody_could_load_by_is_refused(tmp_path: Path, old: str, new: str, told: str):
    folder, _ = version(tmp_path)
    card, files = card_in(folder), files_of(folder)
    check_card(card, files)
    assert old in card
    with pytest.raises(StageError, match=re.escape(told)):
        check_card(card.replace(old, new), files)


def test_a_published_version_says_its_name_and_how_to_load_it(tmp_path: Path):
    parent = Parent(number=1, version="1.1.0", digest="e" * 64)
    folder, manifest = version(tmp_path)
    assert 'load_dataset("FOLDER"' in card_in(folder)
    update = {"version": "1.2.0", "repo": "org/traces", "parent": parent, "changes": "- a row less"}
    again = finish(folder, manifest.model_copy(update=update))
    card = card_in(folder)
    assert 'load_dataset("org/traces", "default", split="train", revision="1.2.0")' in card
    assert "factory verify hf://org/traces@1.2.0" in card
    assert (
        f"takes the place of 1.1.0, whose content digest is `{'e' * 64}`.\n\n- a row less" in card
    )
    assert "version 1.2.0" in card
    assert finish(folder, again).files == again.files  # the same bytes, the picture's too


def test_what_has_changed_is_told_with_reasons():
    why = [{"change": "delete", "reason": HOSTILE, "stage": "filters", "rows": 7}]
    found = Summary(0, 7, 0, 1200, {"other_answer": 2}, why, True, [])
    shown = changes_text(found)
    assert shown.startswith("0 rows added, 7 removed, 0 changed, 1,200 the same. 2 questions with")
    assert "| filters | 7 |" in shown
    assert "<script" not in shown
    assert shown.endswith("Every changed row has a reason that the two versions tell.")
    assert "no reason of 1 row" in changes_text(replace(found, unexplained=["a"]))


def test_every_number_of_a_run_s_card_is_of_its_data(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(RIGHT, YES), (WRONG, NO)], "q": [(WRONG, NO)]})
    made(context)
    folder = context.run.current_version()
    assert folder
    card = card_in(folder)
    assert picture_of(folder).read_bytes().startswith(b"\x89PNG")
    for line in (
        "| correctness | 3 | 2 | 1 | 2 |",
        "| correct | 1 | 33.3% |",
        "| sums | sums | not stated | 2 | 0 | 1 | 10 |  |",
        "- Nobody has stated the licence of 1 of 1 rows.",
    ):
        assert line in card, line


def test_the_lines_of_python_in_a_card_verify_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder, manifest = version(tmp_path / "versions")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    blocks = re.findall(r"```python\n(.*?)```", card_in(folder), flags=re.DOTALL)
    program = next(block for block in blocks if "hashlib" in block)
    assert manifest.digest in program
    exec(program.replace("FOLDER", str(folder)), {})
    with pytest.raises(AssertionError):
        exec(program.replace("FOLDER", str(folder)).replace(manifest.digest, "0" * 64), {})
