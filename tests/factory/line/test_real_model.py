"""The line with a real language model: SmolLM2 asked, filtered, trained, and asked as a student."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from real import NAME, snapshot, without_network
from ruamel.yaml import YAML
from serving import KEY, serving

from factory.run_folder import RunFolder
from factory.store.draws import Draws

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("engine"),
]

RECIPE = Path(__file__).with_name("real.yaml")
TURNS = "<|im_start|>user\nhi<|im_end|>\n"
CAPITAL = [{"role": "user", "content": "What is the capital of France?"}]


def factory(hub: Path, *arguments: object, **environment: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "factory.cli", *map(str, arguments)]
    told = without_network(hub) | environment
    done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def loaded(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model by plain transformers, in float32."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    return AutoTokenizer.from_pretrained(folder), model


def greedy(tokenizer: Any, model: Any, messages: list[dict[str, str]]) -> tuple[list[int], str]:
    """The ids transformers asks with, and the likeliest answer, at most 24 tokens."""
    asked = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    written = model.generate(**asked, do_sample=False, max_new_tokens=24)[0]
    ids = asked["input_ids"][0].tolist()
    return ids, tokenizer.decode(written[len(ids) :], skip_special_tokens=True)


# --- unpacked -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (TURNS, [1, 4093, 198, 6004, 2, 198]),
        ("1234", [33, 34, 35, 36]),  # digits one by one
        ("a\n 5", [81, 3805, 37]),  # and split before blanks are: 3805 is a line's end and a blank
        ("▁ é 好", [11007, 219, 26411, 13223, 115, 138]),
    ],
)
def test_the_packaged_tokenizer_is_the_model_s(hub: Path, text: str, ids: list[int]) -> None:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(snapshot(hub))
    assert tokenizer.encode(text) == ids
    assert tokenizer.decode(ids) == text
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert tokenizer.pad_token == "<|im_end|>"


def test_the_packaged_weights_are_whole_and_know_their_capitals(hub: Path) -> None:
    tokenizer, model = loaded(snapshot(hub))
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.num_parameters() == 134_515_008
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert greedy(tokenizer, model, CAPITAL)[1] == "The capital of France is Paris."


# --- the line -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, with the model found by its name on the Hub."""
    folder = tmp_path_factory.mktemp("line") / "real"
    factory(hub, "run", RECIPE, "--into", folder)
    return folder


def test_its_draws_are_filtered_and_become_a_dataset(hub: Path, run: Path) -> None:
    assert "every sum closes" in factory(hub, "status", run)
    told = json.loads((run / "teacher" / "model.json").read_text())
    assert (told["name"], told["revision"]) == (NAME, snapshot(hub).name)
    draws = Draws(run / "samples" / "draws").read()
    assert set(draws["verdict"]) == {"correct", "incorrect"}
    assert "stop" in set(draws["finish_reason"])
    rows = RunFolder(run).rows()
    assert rows.height
    assert set(rows["sample_id"]) <= set(draws.filter(verdict="correct")["sample_id"])
    for messages in rows["messages"]:
        assert messages[-1]["role"] == "assistant"
        assert "<|im_end|>" not in messages[-1]["content"]


def test_the_student_says_the_same_in_transformers_and_in_vllm(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vllm import LLM, SamplingParams

    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    student, rows = run / "student" / "model", RunFolder(run).rows()
    trained = pl.read_parquet(run / "student" / "rows.parquet")
    ids = dict(trained.select("sample_id", "input_ids").iter_rows())
    tokenizer, model = loaded(student)
    vllm = LLM(str(student), max_model_len=256, dtype="float32", enforce_eager=True, **small())
    settings = SamplingParams(temperature=0, max_tokens=24)
    for sample, messages in rows.select("sample_id", "messages").head(4).iter_rows():
        question = messages[:-1]
        asked, answer = greedy(tokenizer, model, question)
        assert asked == ids[sample][: len(asked)]  # as it was trained
        (drawn,) = vllm.chat([question], settings, use_tqdm=False)
        assert drawn.prompt_token_ids == asked
        assert drawn.outputs[0].text == answer


def small() -> dict[str, Any]:
    """Engine arguments for few short requests."""
    return {"max_num_seqs": 4, "kv_cache_memory_bytes": 128 * 2**20}


# --- behind an endpoint -------------------------------------------------------------------------


def test_behind_an_endpoint_it_is_asked_the_same(hub: Path, run: Path, tmp_path: Path) -> None:
    """By `vllm serve`: a dataset of the same questions, each as many tokens long as here."""
    told = YAML(typ="safe").load(RECIPE.read_text())
    with serving(snapshot(hub), tmp_path / "log", name="smollm2", longest=256) as url:
        base = {"endpoint": url, "model": "smollm2", "api_key_env": "SMOLLM2_KEY"}
        told |= {"teacher": {"base": base}, "student": None}
        (tmp_path / "served.yaml").write_text(json.dumps(told))
        command = ("run", tmp_path / "served.yaml", "--into", tmp_path / "served")
        factory(hub, *command, SMOLLM2_KEY=KEY)
    served = RunFolder(tmp_path / "served")
    assert served.rows().height
    lengths = (
        dict(draws.read().select("prompt_id", "prompt_tokens").iter_rows())
        for draws in (Draws(run / "samples" / "draws"), Draws(served.shards("samples")))
    )
    assert next(lengths) == next(lengths)
