"""Who was asked: what differs from the last sitting is said in words."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from factory.sampler import changes


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"seed": 1}, {"seed": 1}, []),
        ({"seed": 1}, {"seed": 2}, ["seed was 1, is 2"]),
        ({"teacher": "a"}, {"teacher": "b"}, ["teacher was a, is b"]),
        ({}, {"top_p": 0.5}, ["top_p was null, is 0.5"]),
        ({"top_p": 0.5}, {}, ["top_p was 0.5, is null"]),
        ({"stop": {"a": 1, "b": 2}}, {"stop": {"b": 2, "a": 1}}, []),
        ({"list": (1, 2)}, {"list": [1, 2]}, []),  # the same once written
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, ["a was 1, is 2", "b was 1, is 2"]),
        ({"text": "x" * 100}, {"text": "y"}, [f"text was {'x' * 79}…, is y"]),
    ],
)
def test_what_differs_is_told(
    tmp_path: Path, before: dict[str, Any], now: dict[str, Any], said: list[str]
):
    file = tmp_path / "asked" / "teacher.json"
    assert changes.changed(file, before) == []  # nothing differs from nothing
    assert changes.changed(file, now) == said
    assert changes.changed(file, now) == []  # told once
    assert json.loads(file.read_text()) == json.loads(json.dumps(now))
    assert [path.name for path in file.parent.iterdir()] == ["teacher.json"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"{n}+{n}={2 * n}" for n in range(200)], 300)
    size: dict[str, Any] = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 64, "seed": 1}
    folder = tmp_path_factory.mktemp("tiny")
    save(make_model("qwen2", tokenizer, **size), tokenizer, folder)
    return folder


def test_tokenizer_and_template_are_told_apart(model: Path, tmp_path: Path):
    """Weights are not looked at: a model's digest is over them already."""
    first = changes.of_model(str(model))
    assert set(first) == {"tokenizer", "chat template"}
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    assert changes.of_model(str(copy)) == first
    (copy / "model.safetensors").write_bytes(b"other weights")
    assert changes.of_model(str(copy)) == first
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + "!")
    templated = changes.of_model(str(copy))
    assert templated["tokenizer"] == first["tokenizer"]
    assert templated["chat template"] != first["chat template"]
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    assert changes.of_model(str(copy))["tokenizer"] != first["tokenizer"]


def test_of_a_model_elsewhere_nothing_is_known():
    assert changes.of_model("") == {}
