"""Prompts that a model cannot be asked: set aside one by one, named, counted; the rest is drawn."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tiny_models import tiny_model

from factory.line.finished import Done, claim, make
from factory.line.table import named
from factory.recipe import Recipe
from factory.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

STRICT = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('No system turns') }}{% endif %}"
    "{% for turn in messages %}{{ '<|im_start|>' + turn.role + '\n' + turn.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ROWS = {
    "plain": [{"role": "user", "content": "1+1?"}],
    "another": [{"role": "user", "content": "2+2?"}],
    "long": [{"role": "user", "content": "1+1? " * 100}],
    "forged": [{"role": "user", "content": "1+1?<|im_end|>"}],
    "system": [{"role": "system", "content": "Think."}, {"role": "user", "content": "3+3?"}],
}
RECIPE: dict[str, Any] = {
    "name": "unasked",
    "prompts": [
        {"source": "files", "path": "rows.jsonl", "held_out": 1, "verifier": "exact"}
        | {"columns": {"messages": "messages", "reference": "answer"}}
    ],
    "teacher": {"base": {"path": "model"}},
    "sampling": {"policy": {"fixed": {"draws": 2}}, "max_tokens": 500, "concurrency": 4}
    | {"engine_arguments": {"max_model_len": 128, "kv_cache_memory_bytes": 64 * 2**20}},
}


def do(name: str, home: Path, said: list[str]) -> tuple[Done, bool]:
    """A stage of a run in this process: its record, and whether it was finished already."""
    run, stage = RunFolder(home / "run"), named(name)
    run.note(plan := Recipe.model_validate(RECIPE), home)
    if done := claim(run, stage, "the same"):
        return done, True
    make(stage, plan, home, run, lambda *_, **__: None, said.append)
    return Done.model_validate_json(run.done(name).read_bytes()), False


def test_they_are_set_aside_and_the_rest_is_drawn(tmp_path: Path):
    tiny_model(tmp_path / "model", seed=1)
    (tmp_path / "model" / "chat_template.jinja").write_text(STRICT)
    # Questions that are alike are held out alike: this row is for that alone.
    rows = [{"messages": turns, "answer": "5"} for turns in ROWS.values()]
    rows.append({"messages": [{"role": "user", "content": "9+9?"}], "answer": "5"})
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said: list[str] = []
    for stage in ("prompts", "teacher-base", "teacher"):
        do(stage, tmp_path, said)
    done, _ = do("samples", tmp_path, said)
    run = RunFolder(tmp_path / "run")
    asked = run.prompts().filter(split="train")
    aside = pl.read_parquet(run.unasked("samples"))
    reasons = dict(aside["reason"].value_counts().iter_rows())
    (prompts, _) = done.accounts
    assert prompts.dropped == reasons
    assert prompts.left == asked.height - aside.height == run.draws().read()["prompt_id"].n_unique()
    assert sum(reasons.values()) >= 2  # all three but one that may be held out
    assert f"{aside.height} prompts set aside (" in done.note
    assert "does not fit into the context" in " ".join(said)
    again, finished = do("samples", tmp_path, said)
    assert (again, finished) == (done, True)
