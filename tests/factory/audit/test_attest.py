"""A run's teacher is told from others by its draws: small random models, real sampling."""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from click.testing import CliRunner

from factory import models
from factory.audit.attest import attest as attested
from factory.audit.attest import evidence, likelihood
from factory.audit.attest.likelihood import Claim, Draw
from factory.cli import main
from factory.errors import FactoryError, RecipeError
from factory.models.chat import load_tokenizer, prompt_ids
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.recipe.sampling import Sampling
from factory.records import SAMPLE
from factory.run_folder import RunFolder
from factory.sampler.teacher import Teacher

WARM = Claim(1.0, 1.0)
SHARP = Claim(0.9, 0.95)
DRAWS, LONGEST = 400, 18
QUESTIONS = [f"{n}+{n}?" for n in range(20)] * (DRAWS // 20)
Sample = Callable[[Claim], list[list[int]]]
Make = Callable[..., Path]


def attest(run: Path, *told: Any, **settings: Any) -> evidence.Attestation:
    return attested(RunFolder(run), *told, **settings)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _teacher(tmp_path_factory.mktemp("teacher") / "model", seed=1)


def _teacher(folder: Path, seed: int) -> Path:
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"<think>{n}+{n}={2 * n}</think>" for n in range(200)], 320)
    size: dict[str, Any] = {"hidden": 32, "layers": 2, "heads": 1, "max_length": 128}
    model = make_model("qwen2", tokenizer, **size, seed=seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # random weights say nothing definite; these prefer some tokens
    save(model, tokenizer, folder)
    return folder


def _model(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def ask(question: str) -> list[Any]:
    return [{"role": "user", "content": question}]


@pytest.fixture(scope="module")
def sample(teacher: Path) -> Sample:
    """Draws of the teacher for a claim, as transformers samples them."""
    tokenizer, model = load_tokenizer(teacher), _model(teacher)
    prompts = [prompt_ids(tokenizer, ask(question)) for question in QUESTIONS]
    batch = tokenizer.pad({"input_ids": prompts}, padding_side="left", return_tensors="pt")
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")

    @cache
    def draw(claim: Claim) -> list[list[int]]:
        torch.manual_seed(3)
        way = {"do_sample": True, "temperature": claim.temperature, "top_p": claim.top_p}
        way = way | {"top_k": 0} if claim.temperature else {"do_sample": False}
        drawn = model.generate(**batch, **way, max_new_tokens=LONGEST)
        answers = drawn[:, batch["input_ids"].shape[1] :].tolist()
        return [ids[: ids.index(end) + 1] if end in ids else ids for ids in answers]

    return draw


@pytest.fixture
def make(teacher: Path, sample: Sample, tmp_path: Path) -> Make:
    """A run folder as the line leaves it; `columns` replace those of its draws."""

    def made(claim: Claim = WARM, tokens: list[Any] | None = None, **columns: Any) -> Path:
        folder, tokens = tmp_path / "run", tokens or sample(claim)
        for stage in ("prompts", "samples/draws", "teacher"):
            (folder / stage).mkdir(parents=True)
        located = models.find(models.Weights(path=str(teacher)), folder)
        located.note(folder / "teacher")
        tokenizer = load_tokenizer(teacher)
        identity = Teacher(located).identity(Sampling())
        draws = {
            "sample_id": [f"s{n}" for n in range(len(tokens))],
            "prompt_id": QUESTIONS,
            "teacher": [identity] * len(tokens),
            "text": [tokenizer.decode(ids or [], skip_special_tokens=True) for ids in tokens],
            "token_ids": tokens,
            "has_token_ids": [bool(ids) for ids in tokens],
            "completion_tokens": [len(ids or ()) for ids in tokens],
            "prompt_tokens": [len(prompt_ids(tokenizer, ask(question))) for question in QUESTIONS],
        }
        nothing = {name: [None] * len(tokens) for name in SAMPLE}
        rows = pl.DataFrame(nothing | draws | columns, schema=SAMPLE)
        rows.write_parquet(folder / "samples" / "draws" / "part-00000.parquet")
        rows.select("sample_id").write_parquet(folder / "samples" / "current.parquet")
        prompts = [{"prompt_id": asked, "messages": ask(asked)} for asked in QUESTIONS[:20]]
        pl.DataFrame(prompts, schema=PROMPT).write_parquet(folder / "prompts" / "table.parquet")
        recipe: dict[str, Any] = {
            "name": "small",
            "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 20}],
            "teacher": {"base": {"path": str(teacher)}},
            "sampling": {"temperature": claim.temperature, "top_p": claim.top_p},
        }
        RunFolder(folder).note(Recipe.model_validate(recipe), folder)
        return folder

    return made


def says(found: evidence.Attestation) -> dict[str, str]:
    return {finding.check: finding.says for finding in found.findings}


@pytest.mark.parametrize("claim", [WARM, SHARP, Claim(0, 1)], ids=str)
def test_its_own_draws_attest_a_teacher(claim: Claim, sample: Sample, make: Make):
    run = make(claim)
    found = attest(run, 1.0, seed=1)
    assert found.verdict == "attested", str(found)
    assert (found.draws, found.kept, found.same_files) == (DRAWS, DRAWS, True)
    assert found.tokens == sum(map(len, sample(claim)))
    assert evidence.Attestation.model_validate_json((run / "attest.json").read_bytes()) == found
    assert "attested" in str(found)


@pytest.mark.parametrize(
    ("drawn", "claim", "check"),
    [
        (WARM, Claim(0.8, 1.0), "typical"),
        (WARM, Claim(1.25, 1.0), "typical"),
        (WARM, Claim(1.0, 0.9), "possible"),
        (WARM, Claim(0, 1.0), "possible"),
        (Claim(0, 1.0), WARM, "typical"),
    ],
)
def test_another_way_of_sampling_is_refuted(
    drawn: Claim, claim: Claim, check: str, sample: Sample, make: Make
):
    found = attest(make(claim, sample(drawn)), 1.0, seed=1)
    assert found.verdict == "refuted"
    assert says(found)[check] == "refutes"


def test_another_template_is_refuted(make: Make, tmp_path: Path):
    other = _teacher(tmp_path / "other", seed=1)
    template = other / "chat_template.jinja"
    template.write_text("<|im_start|>system\n7<|im_end|>\n" + template.read_text())
    found = attest(make(), 1.0, other, seed=1)
    assert (found.verdict, says(found)["prompts"]) == ("refuted", "refutes")


def test_texts_that_no_ids_spell_are_refuted(make: Make):
    found = attest(make(text=["corrected afterwards"] * DRAWS), 1.0, seed=1)
    assert says(found)["texts"] == "refutes"


@pytest.mark.parametrize(
    ("foreign", "check"),
    [
        ({3: [100_000, 5]}, "possible"),  # the teacher has no such token
        ({5: [17] * LONGEST, 80: [17] * LONGEST}, "typical"),
    ],
)
def test_few_foreign_draws_are_refuted(
    foreign: dict[int, list[int]], check: str, sample: Sample, make: Make
):
    tokens = [foreign.get(n, ids) for n, ids in enumerate(sample(WARM))]
    assert says(attest(make(WARM, tokens), 1.0, seed=1))[check] == "refutes"


def test_a_broken_teacher_attests_nothing(teacher: Path, make: Make, tmp_path: Path):
    model = _model(teacher)
    with torch.no_grad():
        next(iter(model.parameters())).fill_(math.nan)
    model.save_pretrained(tmp_path / "broken")
    load_tokenizer(teacher).save_pretrained(tmp_path / "broken")
    with pytest.raises(FactoryError, match="no finite numbers"):
        attest(make(), 1.0, tmp_path / "broken", seed=1)


def noted_by(teacher: Path, tokens: list[list[int]]) -> list[float]:
    """The log-probabilities that an exact engine notes."""
    prompts = [prompt_ids(load_tokenizer(teacher), ask(question)) for question in QUESTIONS]
    draws = [Draw(*pair) for pair in zip(prompts, tokens, strict=True)]
    return [read.logprob for read in likelihood.read(_model(teacher), draws, WARM)[0]]


@pytest.mark.parametrize(
    ("added", "verdict"),
    [(0.0, "attested"), (1e-4, "attested"), (0.05, "refuted")],  # nats a draw
)
def test_noted_log_probabilities_are_compared(
    added: float, verdict: str, teacher: Path, sample: Sample, make: Make
):
    noted: list[float | None] = [x + added for x in noted_by(teacher, sample(WARM))]
    noted[::3] = [None] * len(noted[::3])  # drawn before they were noted
    found = attest(make(logprob=noted), 0.1, seed=1)
    assert found.verdict == verdict, str(found)
    assert found.difference == pytest.approx(added / math.sqrt(LONGEST), rel=0.5, abs=1e-4)


def test_half_precision_is_allowed_what_it_does_to_this_model(
    teacher: Path, sample: Sample, make: Make
):
    noted = noted_by(teacher, sample(WARM))
    found = attest(make(logprob=noted), 1.0, seed=1, dtype="bfloat16")
    assert found.difference is not None
    assert evidence.SAME < found.difference < found.tolerance
    assert says(found)["numbers"] == "attests", str(found)


def test_the_draws_are_chosen_by_a_seed_that_is_noted(make: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("factory.audit.attest.LEAST", 5)
    monkeypatch.setattr("factory.audit.attest.LEAST_TOKENS", 5)
    run = make()
    first = attest(run, 0.05)
    again = attest(run, 0.05, seed=first.seed)
    other = attest(run, 0.05, seed=first.seed + 1)
    assert first == again
    assert first.draws == DRAWS // 20
    assert first.z != other.z
    assert first.verdict == "undecided"  # twenty draws of eighteen tokens


def test_what_cannot_be_read_is_left_out_and_counted(sample: Sample, make: Make):
    tokens = [None, [], *sample(WARM)[2:]]
    run = make(WARM, tokens, forced_tokens=[0] * (DRAWS - 1) + [3])
    found = attest(run, 1.0, seed=1)
    assert found.left_out == {"without token ids": 2, "with tokens that were put in": 1}
    assert found.draws == DRAWS - 3


def test_without_weights_or_ids_it_says_what_is_missing(make: Make, tmp_path: Path):
    with pytest.raises(RecipeError, match="no finished samples here"):
        attest(tmp_path)
    run = make(WARM, [None] * DRAWS)
    with pytest.raises(FactoryError, match=r"400 without token ids.*return_token_ids"):
        attest(run)
    noted = models.located(run / "teacher").model_copy(update={"path": ""})
    noted.note(run / "teacher")
    with pytest.raises(RecipeError, match=r"behind an endpoint.*--teacher"):
        attest(run)


def test_the_command_tells_a_teacher_from_another(make: Make, tmp_path: Path):
    run, other = make(), _teacher(tmp_path / "other", seed=2)
    own = CliRunner().invoke(main, ["attest", str(run), "--seed", "1"])
    assert (own.exit_code, f"{run}: attested" in own.output) == (0, True)
    theirs = CliRunner().invoke(main, ["attest", str(run), "--teacher", str(other)])
    assert (theirs.exit_code, f"{run}: refuted" in theirs.output) == (1, True)
    found = evidence.Attestation.model_validate_json((run / "attest.json").read_bytes())
    assert (found.same_files, says(found)["frequent"]) == (False, "refutes")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("engine")
def test_numbers_of_the_engine_tell_a_rounded_checkpoint(
    teacher: Path, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    from vllm import LLM, SamplingParams

    from factory.engines.machine import device_arguments

    tokenizer = load_tokenizer(teacher)
    llm = LLM(str(teacher), max_model_len=128, **device_arguments(str(teacher), 128, 64))
    prompts: list[Any] = [{"prompt_token_ids": prompt_ids(tokenizer, ask(q))} for q in QUESTIONS]
    way = SamplingParams(max_tokens=LONGEST, logprobs=0)
    answers = [answer.outputs[0] for answer in llm.generate(prompts, way, use_tqdm=False)]
    tokens = [list(answer.token_ids) for answer in answers]
    noted = [answer.cumulative_logprob for answer in answers]
    run = make(WARM, tokens, logprob=noted)
    found = attest(run, 1.0, seed=1, dtype="float32")
    assert found.verdict == "attested", str(found)
    assert found.difference is not None
    assert found.difference < 1e-4

    model = _model(teacher)
    with torch.no_grad():
        for matrix in (weight for weight in model.parameters() if weight.dim() == 2):
            step = matrix.abs().amax(1, keepdim=True).clamp(1e-9) / 127
            matrix.copy_((matrix / step).round() * step)
    model.save_pretrained(tmp_path / "int8")
    tokenizer.save_pretrained(tmp_path / "int8")
    rounded = attest(run, 1.0, tmp_path / "int8", seed=1, dtype="float32")
    assert (rounded.verdict, says(rounded)["numbers"]) == ("refuted", "refutes")
