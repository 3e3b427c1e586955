"""The Hub, and local folders read as it is: by their names, and refused in words that help."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from sources import files, questions, references, write

from factory.errors import RecipeError, StageError
from factory.prompts.collect import collect
from factory.recipe import load
from factory.recipe.mapping import Mapping
from factory.recipe.sources import Hub

ROWS = [{"q": "x?", "a": "1"}, {"q": "y?", "a": "2"}]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def hub(dataset: str, **settings: Any) -> Hub:
    told = {"source": "hub", "dataset": dataset, "columns": {"question": "q", "reference": "a"}}
    return Hub.model_validate(told | settings)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_local_folder_is_found_from_the_recipe_on(tmp_path, monkeypatch, streaming):
    (tmp_path / "here" / "mine").mkdir(parents=True)
    write(tmp_path / "here" / "mine" / "train.jsonl", ROWS)
    monkeypatch.chdir(tmp_path)  # the command is typed elsewhere
    source = hub("mine", streaming=streaming)
    assert questions(collect([source], seed=1, base=tmp_path / "here")) == ["x?", "y?"]


def test_a_folder_that_is_not_there_is_found_before_anything_starts(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    (tmp_path / "data").mkdir()
    recipe.write_text(
        "name: x\nteacher: {base: {path: x/y}}\nprompts:\n"
        "  - {source: hub, dataset: ./dta, columns: {question: q, reference: a}}\n"
    )
    with pytest.raises(RecipeError, match=r"recipe\.yaml:4:.*no such folder .* mean 'data'"):
        load(recipe)
    with pytest.raises(RecipeError, match=r"\./dta: there is no such folder"):
        collect([hub("./dta")], seed=1, base=tmp_path)


def test_what_save_to_disk_writes_has_splits(tmp_path):
    from datasets import Dataset, DatasetDict

    rows = DatasetDict({"train": Dataset.from_list(ROWS), "test": Dataset.from_list(ROWS[:1])})
    rows.save_to_disk(tmp_path / "saved")
    assert questions(collect([hub("saved")], seed=1, base=tmp_path)) == ["x?", "y?"]
    assert questions(collect([hub("saved", split="test")], seed=1, base=tmp_path)) == ["x?"]
    with pytest.raises(RecipeError, match=r"no split 'tets'; did you mean 'test'.* test, train"):
        collect([hub("saved", split="tets")], seed=1, base=tmp_path)


@pytest.mark.parametrize("streaming", [False, True])
def test_columns_are_known_by_their_kinds(tmp_path, streaming):
    from datasets import ClassLabel, Dataset, Features, Image, Value

    kinds = {"q": Value("string"), "a": ClassLabel(names=["A", "B"]), "image": Image()}
    rows = {"q": ["x?", "y?"], "a": [1, 0], "image": [None, None]}
    (tmp_path / "mine").mkdir()
    Dataset.from_dict(rows, features=Features(kinds)).to_parquet(tmp_path / "mine/train.parquet")
    named = Mapping(question="q", reference="a", where={"a": ["B"]})
    source = hub("mine", columns=named, verifier="choice", streaming=streaming)
    assert references(collect([source], seed=1, base=tmp_path)) == ["B"]
    kept = hub("mine", columns=Mapping(question="q", reference="a", keep=["image"]))
    with pytest.raises(RecipeError, match="mine: keep: column 'image' has bytes"):
        collect([kept], seed=1, base=tmp_path)


@pytest.mark.parametrize("streaming", [False, True])
def test_files_whose_columns_differ_are_named(tmp_path, streaming):
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "train-0.jsonl", ROWS)
    write(tmp_path / "mine" / "train-1.jsonl", [{"q": "x", "key": "1"}])
    expected = r"mine: train-1\.jsonl has key besides, unlike the first file: make their columns"
    with pytest.raises(RecipeError, match=expected):
        collect([hub("mine", streaming=streaming)], seed=1, base=tmp_path)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"split": "tain"}, "mine: there is no split 'tain'; did you mean 'train'.* test, train"),
        ({"config": "tow"}, "mine: there is no configuration 'tow'; did you mean 'two'"),
        ({"config": None}, "mine: it has several configurations: name one as `config`: one, two"),
    ],
)
def test_a_part_that_is_not_there_is_named(tmp_path, settings, expected):
    (tmp_path / "mine").mkdir()
    for name in ("train", "test"):
        write(tmp_path / "mine" / f"{name}.jsonl", ROWS)
    parts = "".join(
        f"- config_name: {name}\n  data_files:\n  - {{split: train, path: train.jsonl}}\n"
        "  - {split: test, path: test.jsonl}\n"
        for name in ("one", "two")
    )
    (tmp_path / "mine" / "README.md").write_text(f"---\nconfigs:\n{parts}---\n")
    with pytest.raises(RecipeError, match=expected):
        collect([hub("mine", **{"config": "one"} | settings)], seed=1, base=tmp_path)


def test_a_dataset_that_is_made_by_a_program_is_not(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text("print('run')")
    expected = r"mine: it is made by a program, mine\.py, and strangers' programs are not run here"
    with pytest.raises(RecipeError, match=expected):
        collect([hub("mine")], seed=1, base=tmp_path)


class _Hub(BaseHTTPRequestHandler):
    """Answers as the Hub does, by the dataset's name."""

    ANSWERS: ClassVar = {
        "gated": (403, "GatedRepo"),
        "gone": (404, "RepoNotFound"),
        "ill": (500, ""),
    }

    def do_HEAD(self) -> None:
        name = next((name for name in self.ANSWERS if f"/me/{name}" in self.path), None)
        status, code = self.ANSWERS[name] if name else (404, "EntryNotFound")
        if self.path.endswith("/scripted.py"):
            status, code = 200, ""
        body = b""
        if self.path.startswith("/api/datasets/me/scripted"):
            status, code, body = (
                200,
                "",
                json.dumps({"id": "me/scripted", "sha": "a" * 40}).encode(),
            )
        self.send_response(status)
        for header, value in {
            "X-Error-Code": code,
            "ETag": '"1"',
            "X-Repo-Commit": "a" * 40,
        }.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_GET = do_HEAD

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def loopback_hub(tmp_path, monkeypatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    monkeypatch.setattr("datasets.config.HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (
            "me/gated",
            r"me/gated: .*accept their terms at https://huggingface\.co/datasets/me/gated",
        ),
        ("me/gone", "me/gone: the Hub has no such dataset, or does not show it: the name is missp"),
        ("me/scripted", r"scripted\.py, .*`revision: refs/convert/parquet` takes the tables"),
    ],
)
@pytest.mark.usefixtures("loopback_hub")
def test_what_the_hub_refuses_is_said_with_the_way_out(tmp_path, dataset, expected):
    with pytest.raises(RecipeError, match=expected) as said:
        collect([hub(dataset)], seed=1, base=tmp_path)
    assert "run again" not in str(said.value)


@pytest.mark.slow  # its client tries for 23 seconds
@pytest.mark.usefixtures("loopback_hub")
def test_a_hub_that_is_ill_is_asked_again_later(tmp_path):
    with pytest.raises(StageError, match="me/ill: the Hub does not answer; run again when it does"):
        collect([hub("me/ill")], seed=1, base=tmp_path)


def test_without_a_network_nobody_is_told_to_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    expected = "me/mine: not in the cache of this machine, and HF_HUB_OFFLINE is set: `hf download"
    with pytest.raises(StageError, match=expected) as said:
        collect([hub("me/mine")], seed=1, base=tmp_path)
    assert "run again" not in str(said.value)


def test_a_folder_is_as_well_read_as_files(tmp_path):
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "train.jsonl", ROWS)
    one, other = (collect([s], 1, tmp_path).prompts for s in (hub("mine"), files("mine")))
    assert one.drop("source").equals(other.drop("source"))
