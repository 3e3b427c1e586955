"""A student's folder: its dtype, where it ends, its positions, and that older tools read it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from factory.errors import RecipeError
from factory.models import at
from factory.models.chat import load_tokenizer
from factory.recipe.student import Student
from sft import folder
from sft.distil import distil
from teacher import tiny

pytestmark = pytest.mark.xdist_group("engine")

OLDER = os.environ.get("TRANSFORMERS_4", "")
"""A folder that `pip install --target` has put transformers 4.57 and its tokenizers into."""
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 64, "rope_theta": 5e5}
REPLY = "<think>1+1=2</think>2"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny.make_tokenizer([f"<think>{n}+{n}</think>" for n in range(300)], 320)


def bases(tokenizer: Any, place: Path) -> dict[str, Path]:
    """A tied Qwen2 in bfloat16 that was never trained to repeat itself; an untied Llama."""
    size: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    size |= {"num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": len(tokenizer)}
    size |= {"max_position_embeddings": 256, "initializer_range": 0.08}
    torch.manual_seed(0)
    plain = {"rope_type": "default", "rope_theta": 1e4}
    qwen = Qwen2ForCausalLM(Qwen2Config(**size, tie_word_embeddings=True, rope_parameters=plain))
    llama = LlamaForCausalLM(LlamaConfig(**size, rope_parameters=LLAMA3))
    qwen.generation_config.update(do_sample=True, repetition_penalty=1.1, top_p=0.8, top_k=20)
    for name, model, numbers in (("qwen2", qwen, "bfloat16"), ("llama", llama, "float32")):
        folder.write(model, tokenizer, place / name, dtype=getattr(torch, numbers))
    return {"qwen2": place / "qwen2", "llama": place / "llama"}


@pytest.fixture(scope="module")
def students(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each base, by an epoch on four rows."""
    place = tmp_path_factory.mktemp("students")
    made = {}
    for name, base in bases(tokenizer, place).items():
        changes = {"rope_theta": 3e5, "context": 1024} if name == "qwen2" else {}
        distilled(base, place / f"{name}-student", **changes)
        made[name] = place / f"{name}-student"
    return made


def distilled(base: Path, out: Path, **settings: Any) -> None:
    turns = [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": REPLY}]
    rows = pl.DataFrame({"sample_id": list("abcd"), "messages": [turns] * 4})
    usual = {"base": {"path": "it"}, "training": {"epochs": 1, "batch_size": 2}}
    distil(
        at(base),
        [rows],
        rows["sample_id"],
        Student.model_validate(usual | settings),
        seed=1,
        out=out,
        table=out.with_suffix(".parquet"),
        checkpoints=out.with_suffix(".checkpoints"),
        report=lambda *_, **__: None,
    )


def told(folder: Path, file: str) -> Any:
    return json.loads((folder / file).read_text())


@pytest.mark.slow
class TestAStudent:
    def test_is_saved_in_its_base_s_numbers(self, students: dict[str, Path]):
        for name, numbers in (("qwen2", torch.bfloat16), ("llama", torch.float32)):
            saved = load_file(students[name] / "model.safetensors")
            assert {tensor.dtype for tensor in saved.values()} == {numbers}
            assert AutoConfig.from_pretrained(students[name]).dtype == numbers

    def test_stays_tied(self, students: dict[str, Path]):
        assert "lm_head.weight" not in load_file(students["qwen2"] / "model.safetensors")
        assert "lm_head.weight" in load_file(students["llama"] / "model.safetensors")
        loaded: Any = AutoModelForCausalLM.from_pretrained(students["qwen2"])
        assert loaded.lm_head.weight is loaded.model.embed_tokens.weight

    def test_generates_as_it_was_trained(self, students: dict[str, Path], tokenizer: Any):
        """Its end, and nothing of how its base was to be sampled."""
        written = told(students["qwen2"], "generation_config.json")
        written.pop("transformers_version")
        end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        assert written == {"eos_token_id": end, "pad_token_id": tokenizer.pad_token_id}

    def test_has_the_positions_that_were_asked_for(self, students: dict[str, Path]):
        loaded: Any = AutoModelForCausalLM.from_pretrained(students["qwen2"])
        assert loaded.config.max_position_embeddings == 1024
        assert loaded.config.rope_parameters["rope_theta"] == 3e5
        assert loaded.model.rotary_emb.inv_freq[1] == pytest.approx(3e5 ** (-1 / 16))
        kept = AutoConfig.from_pretrained(students["llama"])
        assert kept.rope_parameters == LLAMA3
        assert kept.max_position_embeddings == 256

    def test_says_what_transformers_4_reads(self, students: dict[str, Path]):
        config = told(students["qwen2"], "config.json")
        assert (config["rope_theta"], config["rope_scaling"]) == (3e5, None)
        config = told(students["llama"], "config.json")
        assert config["rope_theta"] == 5e5
        assert config["rope_scaling"] == {k: v for k, v in LLAMA3.items() if k != "rope_theta"}
        for student in students.values():
            pieces = told(student, "tokenizer_config.json")
            assert "<|im_start|>" in pieces["additional_special_tokens"]
            assert not isinstance(pieces.get("extra_special_tokens"), list)
            assert pieces["tokenizer_class"] != "TokenizersBackend"

    @pytest.mark.skipif(not OLDER, reason="transformers 4.57 (a folder named by TRANSFORMERS_4)")
    def test_is_the_same_model_in_transformers_4(self, students: dict[str, Path], tmp_path: Path):
        text = f"<|im_start|>user\n1+1<|im_end|>\n{REPLY}"
        for student in students.values():
            ids: Any = load_tokenizer(student)(text)["input_ids"]
            model: Any = AutoModelForCausalLM.from_pretrained(student, dtype="float32")
            logits = model(torch.tensor([ids])).logits
            torch.save((text, ids, logits.detach()), tmp_path / "ours.pt")
            asked = [sys.executable, Path(__file__).parent / "older.py", OLDER, student, tmp_path]
            done = subprocess.run(list(map(str, asked)), capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-2000:]


def test_rows_longer_than_the_context_are_refused_unless_it_is_raised(
    tokenizer: Any, tmp_path: Path
):
    base = bases(tokenizer, tmp_path)["llama"]
    with pytest.raises(RecipeError, match=r"max_length: 300 tokens are more .* context of 256"):
        distilled(base, tmp_path / "student", training={"max_length": 300})
    with pytest.raises(RecipeError, match=r"max_length: 999 tokens are more .* context of 512"):
        distilled(base, tmp_path / "student", training={"max_length": 999}, context=512)


def test_a_folder_of_wrapped_and_nameless_kinds_is_left_alone(tmp_path: Path):
    """Positions by kind of layer have no one theta; a config without any has none."""
    by_layer = {"full_attention": {"rope_type": "default", "rope_theta": 1e6}}
    for rope in ({"rope_parameters": by_layer}, {}):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "m"} | rope))
        folder.make_readable(tmp_path)
        assert told(tmp_path, "config.json") == {"model_type": "m"} | rope
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "TokenizersBackend"}')
    folder.make_readable(tmp_path)
    assert told(tmp_path, "tokenizer_config.json")["tokenizer_class"] == "PreTrainedTokenizerFast"
