"""A run's teacher is told from others by its draws: small random models, real sampling."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from factory import models
from factory.audit.attest import attest, evidence, likelihood
from factory.audit.attest.likelihood import Claim, Counts, Draw, Read
from factory.audit.attest.significance import chi_square, two_sided, z_score
from factory.errors import FactoryError, RecipeError
from factory.models.chat import load_tokenizer, prompt_ids
from factory.prompts.collect import PROMPT
from factory.records import SAMPLE
from factory.run_folder import RunFolder

WARM = Claim(1.0, 1.0)
SHARP = Claim(0.9, 0.95)
DRAWS, LONGEST = 400, 18
Sample = Callable[[Claim], list[list[int]]]


# Moments of one position ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim", [WARM, Claim(0.5, 1.0), Claim(1.7, 1.0), SHARP, Claim(1.0, 0.3)], ids=str
)
def test_under_the_claim_each_sum_has_the_mean_and_spread_it_says(claim: Claim):
    logits = torch.randn(1, 30, generator=torch.Generator().manual_seed(1)) * 2
    every = torch.arange(30)
    found = likelihood.moments(logits.expand(30, -1), every, claim, torch.tensor([3, 7]))
    sums = found.sums.double().numpy()
    p = torch.softmax(logits[0].double() / claim.temperature, 0).numpy()
    order = np.argsort(-p)
    kept = order[np.cumsum(p[order]) - p[order] < claim.top_p]
    q = np.zeros(30)
    q[kept] = p[kept] / p[kept].sum()
    assert sums[:, 1] == pytest.approx(torch.log_softmax(logits[0], 0).numpy(), abs=1e-5)
    assert np.exp(sums[kept, 2]) == pytest.approx(q[kept], rel=1e-4)
    assert q @ sums[:, 3] == pytest.approx(0, abs=1e-5)
    assert q @ sums[:, 3] ** 2 == pytest.approx(sums[kept[0], 4], rel=1e-4)
    assert q @ sums[:, 3] ** 3 == pytest.approx(sums[kept[0], 5], rel=1e-3)
    assert q @ np.exp(sums[:, 6]) == pytest.approx(1, rel=1e-5)
    assert q @ sums[:, 7] == 0
    assert q @ found.taken.double().numpy() == pytest.approx([0, 0], abs=1e-6)
    assert found.probability[kept[0]].tolist() == pytest.approx(q[[3, 7]].tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("claim", "taken", "outside"),
    [
        (Claim(0, 1), 0, False),
        (Claim(0, 1), 1, False),  # so near the likeliest that rounding may have chosen it
        (Claim(0, 1), 2, True),
        (Claim(1, 0.5), 1, False),
        (Claim(1, 0.5), 2, True),
        (Claim(1, 1), 3, False),
    ],
)
def test_what_cannot_be_sampled_is_counted(claim: Claim, taken: int, outside: bool):
    logits = torch.tensor([[2.0, 1.9995, 1.0, -3.0]])
    found = likelihood.moments(logits, torch.tensor([taken]), claim, torch.tensor([0]))
    assert bool(found.sums[0, 7]) == outside


def test_figures_of_no_wrong_claim_are_uniform():
    random = np.random.default_rng(1)
    skewed = 5 - random.gamma(5, size=20_000)  # a mean of 0, a variance of 5, a third moment of -10
    p = np.array([two_sided(z_score(value, 5.0, -10.0)) for value in skewed])
    assert [np.mean(p < level) for level in (0.5, 0.1, 0.01)] == pytest.approx(
        [0.5, 0.1, 0.01], rel=0.12
    )
    mixing = random.normal(size=(6, 4)) * 30
    counts = random.normal(size=(5_000, 4)) @ mixing.T  # six counts, four directions
    results = [chi_square(row, mixing @ mixing.T) for row in counts]
    assert {freedom for _, freedom, _ in results} == {4}
    assert np.mean([p < 0.1 for _, _, p in results]) == pytest.approx(0.1, rel=0.15)
    assert chi_square(np.zeros(3), np.eye(3)) == (0.0, 0, 1.0)  # too few to say anything


# Reading -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("logits", [1, 2_000, 10**7])
def test_batches_and_pieces_change_no_sum(teacher: Path, logits: int):
    model, random = _model(teacher), np.random.default_rng(0)
    draws = [
        Draw(random.integers(250, size=n % 5 + 1).tolist(), random.integers(250, size=n).tolist())
        for n in (1, 9, 4, 30, 2)
    ]
    alone = [likelihood.read(model, [draw], SHARP, [5, 6]) for draw in draws]
    together, counts = likelihood.read(model, draws, SHARP, [5, 6], logits=logits)
    for (single, _), among in zip(alone, together, strict=True):
        assert among == pytest.approx(single[0], rel=1e-3, abs=1e-3)
    assert counts.surplus == pytest.approx(sum(c.surplus for _, c in alone), abs=1e-4)
    assert counts.covariance == pytest.approx(sum(c.covariance for _, c in alone), abs=1e-4)


# Checks ------------------------------------------------------------------------------------------


def reads(count: int = 100, **changes: Any) -> list[Read]:
    plain: dict[str, Any] = {
        "tokens": 50,
        "logprob": -20.0,
        "claimed": -20.0,
        "surplus": 0.0,
        "variance": 30.0,
    }
    return [Read(**plain | {"third": 0.0, "bet": -1.0, "outside": 0} | changes)] * count


LONG = [1, 2] * 50


def repeated(
    again: list[list[int]], count: int = 100, dtype: str = "float32", **changes: Any
) -> evidence.Finding:
    return evidence.repeated([LONG] * count, again, reads(count, **changes), dtype)


NONE = Counts(np.zeros(2), np.eye(2) * 100)


@pytest.mark.parametrize(
    ("finding", "says"),
    [
        (evidence.prompts([7, 9], [7, 9]), "agrees"),
        (evidence.prompts([7, 9], [7, None]), "agrees"),  # the engine did not count
        (evidence.prompts([7, 9], [7, 8]), "refutes"),
        (evidence.texts(["a", "b"], ["a", "b"]), "agrees"),
        (evidence.texts(["a", "b\ufffd"], ["a", "b"]), "agrees"),  # cut inside a character
        (evidence.texts(["a", "b"], ["a", "c"]), "refutes"),
        (evidence.possible(reads(), WARM), "agrees"),
        (evidence.possible(reads(outside=1), WARM), "refutes"),
        (evidence.possible(reads(variance=0.0), Claim(0, 1)), "attests"),
        (evidence.possible(reads(5, variance=0.0), Claim(0, 1)), "agrees"),
        (evidence.typical(reads(), WARM), "attests"),
        (evidence.typical(reads(10), WARM), "agrees"),  # too few to speak for the run
        (evidence.typical(reads(surplus=-3.0), WARM), "refutes"),
        (evidence.typical(reads(surplus=3.0), WARM), "refutes"),  # too likely is odd as well
        (evidence.typical(reads(variance=0.0), Claim(0, 1)), "agrees"),
        (evidence.frequent(NONE), "agrees"),
        (evidence.frequent(Counts(np.array([80.0, 0]), NONE.covariance)), "refutes"),
        (evidence.no_stranger(reads()), "agrees"),
        (evidence.no_stranger([*reads(99), *reads(1, bet=10.0)]), "agrees"),
        (evidence.no_stranger([*reads(99), *reads(1, bet=14.0)]), "refutes"),
        (evidence.same_numbers([-20.0] * 100, reads(), 1e-3), "attests"),
        (evidence.same_numbers([-20.0] * 3, reads(3), 1e-3), "agrees"),
        (repeated([LONG] * 100), "attests"),
        (repeated([[*LONG, 3]] * 100), "attests"),  # it was stopped there
        (repeated([LONG] * 95 + [[1, 3]] * 5), "refutes"),
        (repeated([LONG] * 95 + [[1, 3]] * 5, dtype="bfloat16"), "agrees"),
        (repeated([LONG] * 30 + [[2]] * 70), "refutes"),  # far more than by chance
        (repeated([[2]] * 100), "agrees"),  # another device: its seeds mean something else
        (repeated([LONG] * 90 + [[2]] * 10, claimed=-0.1), "agrees"),  # most by chance
        (repeated([LONG] * 60, count=60), "agrees"),  # too few tokens
        (evidence.same_numbers([-20.1] * 100, reads(), 1e-3), "refutes"),
    ],
    ids=lambda value: f"{value.check}: {value.text}" if hasattr(value, "check") else value,
)
def test_checks(finding: evidence.Finding, says: str):
    assert finding.says == says


# Runs --------------------------------------------------------------------------------------------

QUESTIONS = [f"{n}+{n}?" for n in range(20)] * (DRAWS // 20)


def ask(question: str) -> list[Any]:
    return [{"role": "user", "content": question}]


@pytest.fixture(scope="module")
def sample(teacher: Path) -> Sample:
    """Draws of the teacher for a claim: token by token, from what the claim says."""
    tokenizer, model = load_tokenizer(teacher), _model(teacher)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    prompts = [prompt_ids(tokenizer, ask(question)) for question in QUESTIONS]
    known: dict[Claim, list[list[int]]] = {}

    def draw(claim: Claim) -> list[list[int]]:
        chance = torch.Generator().manual_seed(3)
        taken: list[list[int]] = [[] for _ in prompts]
        for _ in range(LONGEST):
            rows = [[*prompt, *tokens] for prompt, tokens in zip(prompts, taken, strict=True)]
            width = max(map(len, rows))
            with torch.inference_mode():
                logits = model(
                    torch.tensor([row + [0] * (width - len(row)) for row in rows])
                ).logits
            for row, tokens, at in zip(rows, taken, logits, strict=True):
                if end not in tokens:
                    tokens.append(_taken(at[len(row) - 1], claim, chance))
        return taken

    return lambda claim: known[claim] if claim in known else known.setdefault(claim, draw(claim))


def _taken(logits: torch.Tensor, claim: Claim, chance: torch.Generator) -> int:
    if claim.temperature == 0:
        return int(logits.argmax())
    p, ids = torch.softmax(logits / claim.temperature, 0).sort(descending=True)
    p = torch.where(p.cumsum(0) - p < claim.top_p, p, 0)
    return int(ids[torch.multinomial(p, 1, generator=chance)])


def make_run(folder: Path, weights: Path, tokens: list[Any], claim: Claim, **columns: Any) -> Path:
    """A run folder as the line leaves it; `columns` replace those of its draws."""
    tokenizer = load_tokenizer(weights)
    for stage in ("prompts", "samples/draws", "teacher"):
        (folder / stage).mkdir(parents=True)
    located = models.find(models.Weights(path=str(weights)), folder)
    located.note(folder / "teacher")
    draws = {
        "sample_id": [f"s{n}" for n in range(len(tokens))],
        "prompt_id": QUESTIONS,
        "teacher": [located.digest] * len(tokens),
        "text": [tokenizer.decode(ids or [], skip_special_tokens=True) for ids in tokens],
        "token_ids": tokens,
        "prompt_tokens": [len(prompt_ids(tokenizer, ask(question))) for question in QUESTIONS],
    }
    rows = pl.DataFrame(draws | columns, schema_overrides=SAMPLE)
    absent = [pl.lit(None, kind).alias(name) for name, kind in SAMPLE.items()]
    rows = rows.with_columns(x for x in absent if x.meta.output_name() not in rows.columns)
    rows.select(*SAMPLE).write_parquet(folder / "samples" / "draws" / "part-00000.parquet")
    rows.select("sample_id").write_parquet(folder / "samples" / "current.parquet")
    prompts = [{"prompt_id": question, "messages": ask(question)} for question in QUESTIONS[:20]]
    pl.DataFrame(prompts, schema=PROMPT).write_parquet(folder / "prompts" / "table.parquet")
    recipe = {
        "name": "small",
        "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 20}],
        "teacher": {"base": {"path": str(weights)}},
        "sampling": {"temperature": claim.temperature, "top_p": claim.top_p},
    }
    (folder / "recipe.json").write_text(json.dumps({"recipe": recipe, "home": str(folder)}))
    return folder


def says(found: evidence.Attestation) -> dict[str, str]:
    return {finding.check: finding.says for finding in found.findings}


@pytest.mark.parametrize("claim", [WARM, SHARP, Claim(0, 1)], ids=str)
def test_its_own_draws_attest_a_teacher(
    claim: Claim, teacher: Path, sample: Sample, tmp_path: Path
):
    run = make_run(tmp_path / "run", teacher, sample(claim), claim)
    found = attest(RunFolder(run), 1.0, seed=1)
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
    drawn: Claim, claim: Claim, check: str, teacher: Path, sample: Sample, tmp_path: Path
):
    found = attest(
        RunFolder(make_run(tmp_path / "run", teacher, sample(drawn), claim)), 1.0, seed=1
    )
    assert found.verdict == "refuted"
    assert says(found)[check] == "refutes"


def test_another_teacher_is_refuted(teacher: Path, sample: Sample, tmp_path: Path):
    run = make_run(tmp_path / "run", teacher, sample(WARM), WARM)
    found = attest(RunFolder(run), 1.0, _teacher(tmp_path / "other", seed=2), seed=1)
    assert (found.verdict, found.same_files) == ("refuted", False)
    assert says(found)["frequent"] == "refutes"


def test_another_template_is_refuted(teacher: Path, sample: Sample, tmp_path: Path):
    run = make_run(tmp_path / "run", teacher, sample(WARM), WARM)
    other = _teacher(tmp_path / "other", seed=1)
    template = other / "chat_template.jinja"
    template.write_text("<|im_start|>system\n7<|im_end|>\n" + template.read_text())
    found = attest(RunFolder(run), 1.0, other, seed=1)
    assert (found.verdict, says(found)["prompts"]) == ("refuted", "refutes")


def test_token_ids_that_the_teacher_lacks_are_refuted(
    teacher: Path, sample: Sample, tmp_path: Path
):
    tokens = [*sample(WARM)[1:], [100_000, 5]]
    found = attest(RunFolder(make_run(tmp_path / "run", teacher, tokens, WARM)), 1.0, seed=1)
    assert says(found)["possible"] == "refutes"


def test_a_broken_teacher_attests_nothing(teacher: Path, sample: Sample, tmp_path: Path):
    run = make_run(tmp_path / "run", teacher, sample(WARM), WARM)
    model = _model(teacher)
    with torch.no_grad():
        next(iter(model.parameters())).fill_(math.nan)
    model.save_pretrained(tmp_path / "broken")
    load_tokenizer(teacher).save_pretrained(tmp_path / "broken")
    with pytest.raises(FactoryError, match="no finite numbers"):
        attest(RunFolder(run), 1.0, tmp_path / "broken", seed=1)


def test_texts_that_no_ids_spell_are_refuted(teacher: Path, sample: Sample, tmp_path: Path):
    texts = ["corrected afterwards"] * DRAWS
    run = make_run(tmp_path / "run", teacher, sample(WARM), WARM, text=texts)
    assert says(attest(RunFolder(run), 1.0, seed=1))["texts"] == "refutes"


def test_a_few_foreign_draws_are_found(teacher: Path, sample: Sample, tmp_path: Path):
    foreign = {n: [17] * LONGEST for n in (5, 80)}
    tokens = [foreign.get(n, ids) for n, ids in enumerate(sample(WARM))]
    found = attest(RunFolder(make_run(tmp_path / "run", teacher, tokens, WARM)), 1.0, seed=1)
    assert says(found)["strangers"] == "refutes"
    assert {single.sample_id for single in found.worst[:2]} == {"s5", "s80"}


@pytest.mark.parametrize(
    ("added", "verdict"),
    [(0.0, "attested"), (1e-4, "attested"), (0.05, "refuted")],  # nats a draw
)
def test_noted_log_probabilities_are_compared(
    added: float,
    verdict: str,
    teacher: Path,
    sample: Sample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(SAMPLE, "logprob", pl.Float64())
    tokens, tokenizer = sample(WARM), load_tokenizer(teacher)
    draws = [
        Draw(prompt_ids(tokenizer, ask(q)), ids) for q, ids in zip(QUESTIONS, tokens, strict=True)
    ]
    once, _ = likelihood.read(_model(teacher), draws, WARM)
    noted: list[float | None] = [read.logprob + added for read in once]
    noted[::3] = [None] * len(noted[::3])  # drawn before they were noted
    run = make_run(tmp_path / "run", teacher, tokens, WARM, logprob=noted)
    found = attest(RunFolder(run), 0.1, seed=1)
    assert found.verdict == verdict, str(found)
    assert found.difference == pytest.approx(added / math.sqrt(LONGEST), rel=0.5, abs=1e-4)


def test_the_draws_are_chosen_by_a_seed_that_is_noted(
    teacher: Path, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("factory.audit.attest.LEAST", 5)
    monkeypatch.setattr("factory.audit.attest.LEAST_TOKENS", 5)
    run = make_run(tmp_path / "run", teacher, sample(WARM), WARM)
    first = attest(RunFolder(run), 0.05)
    again = attest(RunFolder(run), 0.05, seed=first.seed)
    other = attest(RunFolder(run), 0.05, seed=first.seed + 1)
    assert first == again
    assert first.draws == DRAWS // 20
    assert first.worst != other.worst
    assert first.verdict == "undecided"  # twenty draws of eighteen tokens


def test_what_cannot_be_read_is_left_out_and_counted(
    teacher: Path, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(SAMPLE, "forced_tokens", pl.Int32())
    tokens: list[Any] = list(sample(WARM))
    tokens[0], tokens[1] = None, []
    forced = [0] * (DRAWS - 1) + [3]
    run = make_run(tmp_path / "run", teacher, tokens, WARM, forced_tokens=forced)
    found = attest(RunFolder(run), 1.0, seed=1)
    assert found.left_out == {"without token ids": 2, "with tokens that were put in": 1}
    assert found.draws == DRAWS - 3


def test_without_weights_or_ids_it_says_what_is_missing(
    teacher: Path, sample: Sample, tmp_path: Path
):
    with pytest.raises(RecipeError, match="no finished samples here"):
        attest(RunFolder(tmp_path))
    run = make_run(tmp_path / "run", teacher, [None] * DRAWS, WARM)
    with pytest.raises(FactoryError, match=r"400 without token ids.*return_token_ids"):
        attest(RunFolder(run))
    noted = models.located(run / "teacher").model_copy(update={"path": ""})
    noted.note(run / "teacher")
    with pytest.raises(RecipeError, match=r"behind an endpoint.*--teacher"):
        attest(RunFolder(run))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("engine")
def test_numbers_of_the_engine_tell_a_rounded_checkpoint(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    monkeypatch.setitem(SAMPLE, "logprob", pl.Float64())
    monkeypatch.setattr(evidence, "ENOUGH", 5_000)
    from vllm import LLM, SamplingParams

    from factory.engines.vllm_engine import device_arguments

    tokenizer = load_tokenizer(teacher)
    llm = LLM(str(teacher), max_model_len=128, **device_arguments(str(teacher), 128, 64))
    prompts: list[Any] = [{"prompt_token_ids": prompt_ids(tokenizer, ask(q))} for q in QUESTIONS]
    ways = [SamplingParams(max_tokens=LONGEST, seed=n, logprobs=0) for n in range(len(prompts))]
    answers = [answer.outputs[0] for answer in llm.generate(prompts, ways, use_tqdm=False)]
    tokens = [list(answer.token_ids) for answer in answers]
    noted = [answer.cumulative_logprob for answer in answers]
    columns = {"logprob": noted, "seed": list(range(DRAWS)), "draw": [0] * DRAWS}
    run = make_run(tmp_path / "run", teacher, tokens, WARM, **columns)
    found = attest(RunFolder(run), 1.0, seed=1, dtype="float32", redraw=True)
    assert found.verdict == "attested", str(found)
    assert found.difference is not None
    assert found.difference < 1e-4
    assert says(found)["repeated"] == "attests"

    model = _model(teacher)
    with torch.no_grad():
        for matrix in (weight for weight in model.parameters() if weight.dim() == 2):
            step = matrix.abs().amax(1, keepdim=True).clamp(1e-9) / 127
            matrix.copy_((matrix / step).round() * step)
    model.save_pretrained(tmp_path / "int8")
    tokenizer.save_pretrained(tmp_path / "int8")
    rounded = attest(RunFolder(run), 1.0, tmp_path / "int8", seed=1, dtype="float32")
    assert (rounded.verdict, says(rounded)["numbers"]) == ("refuted", "refutes")
