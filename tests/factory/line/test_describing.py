"""What a run tells of a version: where all came from, who wrote it, which sums close, and nothing
of the machine."""

import getpass
import json
import os
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import NO, RIGHT, TIMEOUT, WRONG, YES, made, run_of

from factory.ledger import Account
from factory.line.context import Context
from factory.line.describing.inputs import inputs
from factory.line.done import Done
from factory.models import Located
from factory.models.tokenizers import template_text, tokenizer_of
from factory.prompts.collect import collect
from factory.prompts.origins import origins
from factory.recipe import Recipe
from factory.versions.folder import funnel_of, statistics_of
from factory.versions.manifest import Manifest
from factory.versions.statistics import write_statistics

DRAWS = {
    "p": [(RIGHT, YES), (WRONG, NO)],
    "q": [(WRONG, NO), (RIGHT, YES)],
    "r": [(WRONG, TIMEOUT)],
}


def told(context: Context) -> tuple[Path, Manifest]:
    made(context)
    version, manifest = context.run.current_version(), context.run.manifest()
    assert version
    assert manifest
    return version, manifest


def test_every_draw_has_its_teacher_and_every_row(tmp_path: Path):
    version, manifest = told(run_of(tmp_path, DRAWS))
    [teacher] = manifest.teachers
    assert (teacher.draws, teacher.rows) == (5, 2)
    rows = pl.read_parquet(version / "data" / "*.parquet")
    assert set(rows["teacher_digest"]) == {teacher.digest}


def test_sums_close_from_stage_to_stage(tmp_path: Path):
    context = run_of(tmp_path, DRAWS)
    drawn = Account(what="draws", entered=6, left=5, failed={"refused": 1})
    record = Done(fingerprint="", output="", note="", accounts=[drawn], seconds=2.5, files={})
    context.run.done("samples").write_text(record.model_dump_json())
    _, manifest = told(context)
    assert list(manifest.ledger) == ["samples", "dataset"]
    assert not any(account.open for sums in manifest.ledger.values() for account in sums)
    assert manifest.ledger["dataset"][0].entered == manifest.ledger["samples"][0].left
    assert manifest.cost.seconds == {"samples": 2.5}
    assert (manifest.cost.completion_tokens, manifest.cost.row_tokens) == (50, 20)


def test_the_funnel_is_a_table_of_filters_domains_and_selection(tmp_path: Path):
    version, manifest = told(run_of(tmp_path, DRAWS))
    funnel = pl.read_parquet(funnel_of(version))
    filters = funnel.filter(what="filter").select("step", "entering", "dropped", "left").rows()
    assert filters == [(r.filter, r.entering, r.dropped, r.left) for r in manifest.rules]
    chosen = funnel.filter(what="selection").select("step", "entering", "dropped", "left").rows()
    assert chosen == [("per_prompt", 2, 0, 2)]


def test_statistics_are_of_the_rows(tmp_path: Path):
    version, _ = told(run_of(tmp_path, DRAWS))
    found = json.loads(statistics_of(version).read_bytes())
    assert (found["rows"], found["prompts"], found["draws"]) == (2, 2, 5)
    assert found["counts"]["source"] == [{"value": "sums", "rows": 2}]
    assert found["lengths"]["tokens"]["quantiles"]["0.5"] == 10
    assert found["lengths"]["thinking_characters"]["total"] == 2 * len("so")
    assert found["thinking_rows"] == 2
    assert {row["value"]: row["rows"] for row in found["verdicts"]} == {
        "correct": 2, "incorrect": 2, "unverifiable": 1,
    }  # fmt: skip


def test_statistics_are_the_same_when_rows_are_read_again(tmp_path: Path):
    context = run_of(tmp_path, DRAWS)
    version, _ = told(context)
    before = json.loads(statistics_of(version).read_bytes())
    write_statistics(version)
    after = json.loads(statistics_of(version).read_bytes())
    assert {key: before[key] for key in after} == after


def test_no_file_of_a_version_tells_of_the_machine(tmp_path: Path):
    """The recipe names a folder, a host, a key's place and a header; the run lies in a folder."""
    served = {"endpoint": "http://gpu17.lab.example/v1", "model": "t", "api_key_env": "LAB_KEY"}
    served |= {"headers": {"Referer": "http://me.lab.example"}, "tokenizer": str(tmp_path / "tok")}
    changes: dict[str, Any] = {
        "teacher": {"base": served},
        "sampling": {"max_tokens": 96, "engine_arguments": {"download_dir": str(tmp_path)}},
    }
    version, manifest = told(run_of(tmp_path / "run", DRAWS, **changes))
    assert manifest.recipe["teacher"]["base"]["api_key_env"] == "LAB_KEY"
    words: list[str | Path] = [tmp_path, Path.home(), os.getcwd(), "lab.example"]
    words += [f"/{getpass.getuser()}/", f'"{getpass.getuser()}"']
    if len(socket.gethostname()) > 7:  # a shorter one may be anything in a compressed file
        words.append(socket.gethostname())
    for file in version.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for word in map(str, words):
                assert word.encode() not in content, (file.name, word)


def test_inputs_name_files_by_digest_and_generators_by_version(tmp_path: Path):
    (tmp_path / "my data").mkdir()
    file = tmp_path / "my data" / "q.jsonl"
    file.write_text('{"q": "1+1?", "a": "2"}\n{"q": "1+2?", "a": "3"}\n')
    columns = {"question": "q", "reference": "a"}
    sources = [
        {"source": "files", "path": str(file), "columns": columns, "license": "MIT", "held_out": 1},
        {"source": "reasoning_gym", "task": "chain_sum", "rows": 5, "options": {"max_terms": 3}},
    ]
    context = run_of(tmp_path / "run", DRAWS, prompts=sources)
    told = origins(context.recipe.prompts, tmp_path)
    context.run.origins("prompts").write_text(told.model_dump_json())
    of_file, made_here = inputs(context, collect(context.recipe.prompts, 0, tmp_path).prompts)
    assert (of_file.origin, list(of_file.files), of_file.license) == ("q.jsonl", ["q.jsonl"], "MIT")
    assert (of_file.rows, of_file.held_out, len(of_file.digest)) == (2, 1, 32)
    assert made_here.origin == "reasoning-gym 0.1.25, chain_sum"
    assert (made_here.options, made_here.rows) == ({"max_terms": 3}, 5)


def test_a_recipe_in_a_manifest_still_loads(tmp_path: Path):
    context = run_of(tmp_path, DRAWS)
    _, manifest = told(context)
    assert Recipe.model_validate(manifest.recipe) == context.recipe


@pytest.mark.slow
def test_a_template_is_the_one_that_the_teacher_is_asked_by(tmp_path: Path):
    from tiny_models import tiny_model

    folder = tiny_model(tmp_path, 1)
    for name in (None, "chatml", "{{ strftime_now('%d') }}{% for m in messages %}{% endfor %}"):
        model = Located(path=str(folder), name="t", digest="", template=name)
        assert template_text(model) == tokenizer_of(model).chat_template
    assert template_text(Located(path="", name="t", digest="")) is None
