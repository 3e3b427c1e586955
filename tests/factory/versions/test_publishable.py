"""A recipe that is published still loads, and names no folder, host or key of its machine."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from factory.recipe import Recipe
from factory.recipe.sources import Hub
from factory.versions.publishable import LEFT_OUT, NOWHERE, publishable

HOME = Path.home()
SERVED: dict[str, Any] = {"endpoint": "http://gpu17.lab.example:8000/v1", "model": "org/teacher"}
WEIGHTS: dict[str, Any] = {"path": "/data/weights/r1"}
RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9}],
    "teacher": {"base": SERVED},
}


def files(path: str | list[str]) -> dict[str, Any]:
    columns = {"question": "q", "reference": "a"}
    return {"prompts": [{"source": "files", "path": path, "columns": columns}]}


def hub(dataset: str) -> dict[str, Any]:
    columns = {"question": "q", "reference": "a"}
    return {"prompts": [{"source": "hub", "dataset": dataset, "columns": columns}]}


def teacher(**told: Any) -> dict[str, Any]:
    return {"teacher": {"base": SERVED | told}}


def at(recipe: dict[str, Any], way: str) -> Any:
    found: Any = recipe
    for key in way.split("."):
        found = found[int(key) if key.isdigit() else key]
    return found


@pytest.mark.parametrize(
    ("change", "way", "told"),
    [
        (files("/data/secret-project/q.jsonl"), "prompts.0.path", "q.jsonl"),
        (files("~/q.jsonl"), "prompts.0.path", "q.jsonl"),
        (files(["../x/a.jsonl", "C:\\Users\\me\\b.csv"]), "prompts.0.path", ["a.jsonl", "b.csv"]),
        (files("shards/of/*.jsonl.gz"), "prompts.0.path", "*.jsonl.gz"),
        (hub("/data/saved"), "prompts.0.dataset", "saved"),
        (hub("openai/gsm8k"), "prompts.0.dataset", "openai/gsm8k"),
        (teacher(), "teacher.base.endpoint", NOWHERE),
        (teacher(tokenizer="/data/tok/qwen"), "teacher.base.tokenizer", "qwen"),
        (teacher(api_key_env="LAB_KEY"), "teacher.base.api_key_env", "LAB_KEY"),
        (teacher(headers={"Referer": "http://me.lab"}), "teacher.base.headers.Referer", LEFT_OUT),
        (
            teacher(headers={"api-key": {"env": "AZURE_KEY"}}),
            "teacher.base.headers.api-key.env",
            "AZURE_KEY",
        ),
        (teacher(extra={"session": "of me"}), "teacher.base.extra.session", LEFT_OUT),
        (teacher(extra={"hook": "http://me.lab/x"}), "teacher.base.extra.hook",
         "http://endpoint.invalid"),
        (teacher(extra={"user": "sk-0123456789abcdef0123"}), "teacher.base.extra.user", LEFT_OUT),
        ({"teacher": {"base": WEIGHTS}}, "teacher.base.path", "r1"),
        ({"teacher": {"base": {"path": "Qwen/Qwen3-8B"}}}, "teacher.base.path", "Qwen/Qwen3-8B"),
        (
            {"teacher": {"base": WEIGHTS | {"template": "/data/t/own.jinja"}}},
            "teacher.base.template",
            "own.jinja",
        ),
        ({"sampling": {"shards": "s3://my-bucket/runs/7"}}, "sampling.shards", "7"),
        ({"sampling": {"engine_arguments": {"download_dir": "/scratch/me/hub"}}},
         "sampling.engine_arguments.download_dir", "hub"),
        ({"sampling": {"engine_arguments": {"hf_token": "abc"}}},
         "sampling.engine_arguments.hf_token", LEFT_OUT),
        ({"sampling": {"stop_words": ["/no_think", "//", "</a>"]}}, "sampling.stop_words",
         ["/no_think", "//", "</a>"]),
        (
            {"prompts": [RECIPE["prompts"][0] | {"instruction": f"Look into {HOME}/notes first."}]},
            "prompts.0.instruction",
            "Look into ~/notes first.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_of_one_machine_is_not_told(change: dict[str, Any], way: str, told: Any):
    recipe = Recipe.model_validate(RECIPE | change).model_dump(mode="json")
    published = publishable(recipe)
    assert at(published, way) == told
    Recipe.model_validate(published)


def test_a_relative_folder_of_two_parts_is_one_where_it_is_there(tmp_path: Path):
    (tmp_path / "models" / "r1").mkdir(parents=True)
    recipe = {"teacher": {"base": {"path": "models/r1"}}}
    assert publishable(recipe, tmp_path)["teacher"]["base"]["path"] == "r1"
    assert publishable(recipe)["teacher"]["base"]["path"] == "models/r1"


def test_rows_name_no_folder_as_their_source():
    told: dict[str, Any] = {"source": "hub", "columns": {"question": "q", "reference": "a"}}
    for dataset in ("/data/sets/gsm8k", "~/gsm8k", "./a/gsm8k", "one/two/gsm8k"):
        assert Hub.model_validate(told | {"dataset": dataset}).label == "gsm8k"
    assert Hub.model_validate(told | {"dataset": "openai/gsm8k"}).label == "openai/gsm8k"


def test_the_repository_s_own_recipes_stay_as_they_are():
    """But for the folders of files: what is everyone's is told."""
    from factory.recipe import load

    files = sorted((Path(__file__).parents[3] / "manifests").glob("*.yaml"))
    for file in (file for file in files if "teacher:" in file.read_text()):  # a mix has none
        recipe = load(file).model_dump(mode="json")
        published = json.dumps(publishable(recipe, file.parent))
        assert len(published) > 0.9 * len(json.dumps(recipe))
        for word in (str(HOME), os.getcwd(), socket.gethostname()):
            assert word not in published
