"""What a teacher says of one token, of a draw, and what the checks make of it."""

from typing import Any

import numpy as np
import pytest
import torch

from factory.audit.attest import evidence, likelihood
from factory.audit.attest.evidence import chi_square, two_sided, z_score
from factory.audit.attest.likelihood import Claim, Counts, Draw, Read
from teacher.tiny import make_model, make_tokenizer

WARM = Claim(1.0, 1.0)


# Moments of one position ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim", [WARM, Claim(0.5, 1.0), Claim(1.7, 1.0), Claim(0.9, 0.95), Claim(1.0, 0.3)], ids=str
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
    entropy = -(q[kept] @ np.log(q[kept]))
    assert sums[kept, 2] == pytest.approx(np.log(q[kept]) + entropy, abs=1e-4)
    assert q @ sums[:, 2] == pytest.approx(0, abs=1e-5)
    assert q @ sums[:, 2] ** 2 == pytest.approx(sums[kept[0], 3], rel=1e-4)
    assert q @ sums[:, 2] ** 3 == pytest.approx(sums[kept[0], 4], rel=1e-3)
    assert q @ sums[:, 5] == 0
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
    assert bool(found.sums[0, 5]) == outside


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


@pytest.mark.parametrize("logits", [1, 2_000, 10**7])
def test_batches_and_pieces_change_no_sum(logits: int):
    tokenizer = make_tokenizer([f"{n}+{n}={2 * n}" for n in range(200)], 320)
    model = make_model("qwen2", tokenizer, hidden=32, layers=2, heads=1, max_length=128, seed=1)
    random = np.random.default_rng(0)
    draws = [
        Draw(random.integers(250, size=n % 5 + 1).tolist(), random.integers(250, size=n).tolist())
        for n in (1, 9, 4, 30, 2)
    ]
    alone = [likelihood.read(model, [draw], Claim(0.9, 0.95), [5, 6]) for draw in draws]
    together, counts = likelihood.read(model, draws, Claim(0.9, 0.95), [5, 6], logits=logits)
    for (single, _), among in zip(alone, together, strict=True):
        assert among == pytest.approx(single[0], rel=1e-3, abs=1e-3)
    assert counts.surplus == pytest.approx(sum(c.surplus for _, c in alone), abs=1e-4)
    assert counts.covariance == pytest.approx(sum(c.covariance for _, c in alone), abs=1e-4)


# Checks ------------------------------------------------------------------------------------------


def reads(count: int = 100, **changes: Any) -> list[Read]:
    plain: dict[str, Any] = {"tokens": 50, "logprob": -20.0, "surplus": 0.0, "variance": 30.0}
    return [Read(**plain | {"third": 0.0, "outside": 0} | changes)] * count


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
        (evidence.typical(reads()), "attests"),
        (evidence.typical(reads(10)), "agrees"),  # too few to speak for the run
        (evidence.typical(reads(surplus=-3.0)), "refutes"),
        (evidence.typical(reads(surplus=3.0)), "refutes"),  # too likely is odd as well
        (evidence.typical(reads(variance=0.0)), "agrees"),
        (evidence.frequent(NONE), "agrees"),
        (evidence.frequent(Counts(np.array([80.0, 0]), NONE.covariance)), "refutes"),
        (evidence.numbers([-20.0] * 100, reads(), 1e-3), "attests"),
        (evidence.numbers([-20.0] * 3, reads(3), 1e-3), "agrees"),
        (evidence.numbers([-20.1] * 100, reads(), 1e-3), "refutes"),
    ],
    ids=lambda value: f"{value.check}: {value.text}" if hasattr(value, "check") else value,
)
def test_checks(finding: evidence.Finding, says: str):
    assert finding.says == says
