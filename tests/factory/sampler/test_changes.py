"""What is not as it was in the last sitting is told; what makes another teacher is in the ids."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from factory.models import Located, elsewhere
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.sampler import changes
from factory.sampler.asker import Asker
from factory.sampler.teacher import Teacher


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"{n}+{n}={2 * n}" for n in range(200)], 300)
    size: dict[str, Any] = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 64, "seed": 1}
    folder = tmp_path_factory.mktemp("tiny")
    save(make_model("qwen2", tokenizer, **size), tokenizer, folder)
    return folder


def teacher(folder: Path | None, digest: str = "d") -> Teacher:
    return Teacher(Located(path=str(folder or ""), name="ann", digest=digest))


def served(endpoint: str = "http://127.0.0.1:9/v1", **changes: Any) -> Teacher:
    asked = Served.model_validate({"endpoint": endpoint, "model": "r1"} | changes)
    return Teacher(elsewhere(asked), asked)


def told(folder: Path, who: Teacher, seed: int = 1, **settings: Any) -> list[str]:
    """What is said when this teacher is asked so."""
    sampling, said = Sampling.model_validate(settings), list[str]()
    changes.tell(who, Asker(who.identity(sampling), sampling, seed), folder, said.append)
    return said


# --- the same teacher ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"gpu_memory_utilization": 0.5},
        {"kv_cache_memory_bytes": 2**30},
        {"max_num_seqs": 8, "max_num_batched_tokens": 4096},
        {"tensor_parallel_size": 2, "data_parallel_size": 4},
        {"enforce_eager": True},
    ],
)
def test_memory_speed_and_place_make_no_other_teacher(arguments: dict[str, Any]):
    plain, other = Sampling(), Sampling(engine_arguments=arguments)
    assert teacher(None).identity(plain) == teacher(None).identity(other)


@pytest.mark.parametrize(
    "arguments",
    [
        {"dtype": "bfloat16"},
        {"quantization": "fp8"},
        {"kv_cache_dtype": "fp8"},
        {"hf_overrides": {"rope_parameters": {"rope_theta": 300000}}},
        {"override_generation_config": {"top_k": 20}},
        {"an_argument_that_nobody_knows": 1},
    ],
)
def test_what_changes_its_numbers_makes_another(arguments: dict[str, Any]):
    plain, other = Sampling(), Sampling(engine_arguments=arguments)
    assert teacher(None).identity(plain) != teacher(None).identity(other)


def test_a_template_s_text_makes_another(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    assert teacher(copy).identity(Sampling()) == teacher(model).identity(Sampling())
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + "!")
    assert teacher(copy).identity(Sampling()) != teacher(model).identity(Sampling())


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"endpoint": "http://127.0.0.1:10/v1"}, True),
        ({"extra": {"return_token_ids": True}}, True),
        ({"deadline": 5, "stream": True}, True),
        ({"model": "r2"}, False),
        ({"extra": {"top_k": 20}}, False),
        ({"opens_thinking": True}, False),
    ],
)
def test_a_served_teacher_is_its_name_and_not_its_address(changed: dict[str, Any], same: bool):
    one, other = served(), served(**changed)
    assert (one.identity(Sampling()) == other.identity(Sampling())) is same


def test_policy_target_and_budget_change_no_id():
    def settings(**changes: Any) -> str:
        return Asker("t", Sampling.model_validate(changes), 1).settings

    for changed in (
        {"policy": {"fixed": {"draws": 2}}},
        {"target": {"accepted": 5}},
        {"budget": {"draws": 9}},
        {"concurrency": 7},
        {"max_tokens": 99},  # a shorter or longer view of the same draws
    ):
        assert settings(**changed) == settings()
    for changed in ({"temperature": 0.1}, {"top_p": 0.5}, {"stop": {"loop": {}}}):
        assert settings(**changed) != settings()


# --- told in words ------------------------------------------------------------------------------


def test_the_first_sitting_and_the_same_again_say_nothing(tmp_path: Path):
    assert told(tmp_path, teacher(None)) == told(tmp_path, teacher(None)) == []
    noted = json.loads((tmp_path / "asked" / "ann.json").read_text())
    assert noted["temperature"] == 0.6


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"temperature": 0.5}, "temperature was 0.6, is 0.5"),
        ({"seed": 2}, "seed was 1, is 2"),
        ({"target": {"accepted": 5}}, 'target was not given, is {"accepted": 5}'),
        (
            {"engine_arguments": {"dtype": "bfloat16"}},
            "engine_arguments.dtype was not given, is bfloat16",
        ),
        ({"policy": {"fixed": {"draws": 2}}}, 'policy.fixed was not given, is {"draws": 2}'),
    ],
)
def test_what_differs_is_told_once_and_without_digests(
    tmp_path: Path, changed: dict[str, Any], words: str
):
    told(tmp_path, teacher(None))
    (said,) = told(tmp_path, teacher(None), **changed)
    assert said.startswith("not as in the last sitting: ")
    assert words in said
    assert teacher(None).identity(Sampling()) not in said
    assert told(tmp_path, teacher(None), **changed) == []


@pytest.mark.parametrize(
    ("changed", "fate"),
    [
        ({"temperature": 0.5}, "stay in the store and are not counted"),
        ({"policy": {"fixed": {"draws": 2}}}, "The draws so far serve as they are"),
        ({"budget": {"draws": 9}}, "The draws so far serve as they are"),
        ({"budget": {"draws": 9}, "top_p": 0.5}, "stay in the store and are not counted"),
    ],
)
def test_what_becomes_of_the_draws_so_far_is_told(
    tmp_path: Path, changed: dict[str, Any], fate: str
):
    told(tmp_path, teacher(None))
    (said,) = told(tmp_path, teacher(None), **changed)
    assert fate in said


def test_of_another_length_only_what_becomes_of_the_draws_is_told(tmp_path: Path):
    told(tmp_path, teacher(None))
    assert told(tmp_path, teacher(None), max_tokens=99) == []  # see `tell_of_length`


def test_a_model_that_changed_is_told_by_its_files(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    told(tmp_path, teacher(copy))
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + "!")
    (copy / "model.safetensors").write_bytes(b"other weights")
    (said,) = told(tmp_path, teacher(copy, "other"))
    assert "the teacher's chat_template.jinja, model.safetensors changed" in said
    assert "It is another teacher now" in said


def test_a_server_that_moved_is_told_with_the_models_it_reports(tmp_path: Path):
    from misbehaving import Misbehaving, serving

    told(tmp_path, served())
    with serving(Misbehaving(models=["r1", "other"])) as address:
        (said,) = told(tmp_path, served(address))
    assert said == (
        f"the endpoint moved from http://127.0.0.1:9/v1 to {address}, and is taken for the same "
        "teacher, r1; it reports r1, other"
    )


def test_a_server_that_does_not_say_is_told_as_well(tmp_path: Path):
    told(tmp_path, served())
    (said,) = told(tmp_path, served("http://127.0.0.1:10/v1"))
    assert said.endswith("it does not say which models it has")
