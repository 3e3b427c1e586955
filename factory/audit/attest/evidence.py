"""What a run's draws say of its teacher when they are read again: the checks and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from factory.audit.attest.likelihood import Claim, Counts, Read
from factory.recipe.strict import Strict

ALPHA = 1e-3
"""Share of the runs that are refuted although their teacher wrote them."""
EACH = ALPHA / 2
"""The same for each of the two checks that leave something to chance: `typical`, `frequent`."""
WATCHED = 64
"""Tokens that are counted: the most frequent of the run."""
RESOLUTION = 0.1
"""A run is attested by its tokens alone when a temperature so far off, as a share, would have been
found with 90 % probability."""
Z_REFUTES, POWER = 3.4808, 1.2816
"""Deviations of a normal variable that leave EACH beyond on both sides, and 10 % on one."""
GREEDY = 1000
"""Tokens at temperature 0 that attest a run, when each is the likeliest."""
NOTED = 10
"""Noted log-probabilities that attest a run: so many of a few nats do not agree by chance."""
SAME = 1e-3
"""Nats a token by which noted log-probabilities may differ in float32; seen: 1e-6."""
NOISY = 3
"""The same in half precision, in multiples of what rounding makes of this model's own numbers."""


class Finding(Strict):
    """What one check found."""

    check: str
    """Its name."""
    says: Literal["attests", "agrees", "refutes"]
    """`agrees`: nothing against the run, and too little to speak for it."""
    text: str
    """For people, with the figures."""


class Attestation(Strict):
    """What reading a share of a run's draws again found, as `attest.json` in the run has it."""

    verdict: Literal["attested", "refuted", "undecided"]
    """`undecided`: nothing speaks against the run, and too few tokens were read to speak for it."""
    run: str
    """Folder."""
    teacher: str
    """Folder of the weights that read the draws."""
    same_files: bool | None
    """Whether these are the very files that the run noted; None where it noted no files."""
    dtype: str
    """Arithmetic."""
    temperature: float
    """Claimed."""
    top_p: float
    """Claimed."""
    seed: int
    """Chose the draws."""
    kept: int
    """Draws that the run stands for."""
    left_out: dict[str, int]
    """Draws that cannot be read, by reason; the share is one of the others."""
    draws: int
    """Draws read."""
    tokens: int
    """Their sampled tokens."""
    z: float
    """Deviations by which all tokens together are likelier or less likely than sampled ones."""
    p: float
    """Probability of a z so far from 0 under the claim."""
    surplus: float
    """The same in nats a token."""
    resolution: float | None
    """Smallest misstatement of the temperature, as a share, that would have been found with 90 %
    probability; None at temperature 0."""
    difference: float | None
    """Nats a token between noted and computed log-probabilities; None where none are noted."""
    tolerance: float
    """What that difference may be."""
    findings: list[Finding]
    """Check by check."""

    def __str__(self) -> str:
        left_out = "".join(f"; left out: {n:,} {why}" for why, n in self.left_out.items())
        noted = {None: "", True: ", the files noted in the run", False: ", not the files noted"}
        lines = [
            f"{self.run}: {self.verdict}",
            f"  teacher  {self.teacher}, {self.dtype}{noted[self.same_files]}",
            f"  claim    temperature {self.temperature:g}, top-p {self.top_p:g}",
            f"  read     {self.draws:,} of {self.kept:,} draws (seed {self.seed}), "
            f"{self.tokens:,} tokens{left_out}",
            *(f"  {f.says:8} {f.check}: {f.text}" for f in self.findings),
        ]
        if self.verdict == "undecided":
            lines.append(
                "  nothing speaks against it, and too little for it: read more with --share"
            )
        return "\n".join(lines)


def verdict(findings: Sequence[Finding]) -> Literal["attested", "refuted", "undecided"]:
    """The verdict of all checks: one that refutes is enough, then one that attests."""
    says = {finding.says for finding in findings}
    return "refuted" if "refutes" in says else "attested" if "attests" in says else "undecided"


def added(reads: Sequence[Read]) -> Read:
    """The sums over all draws."""
    return Read(*(sum(column) for column in zip(*reads, strict=True)))


def prompts(lengths: Sequence[int], stored: Sequence[int | None]) -> Finding:
    """Prompts have as many tokens by this teacher's template as were counted when it was asked."""
    counted = [(now, then) for now, then in zip(lengths, stored, strict=True) if then]
    others = [pair for pair in counted if pair[0] != pair[1]]
    text = f"{len(counted):,} as long as they were"
    if others:
        now, then = others[0]
        text = (
            f"{len(others):,} of {len(counted):,} have another length, the first {now:,} tokens "
            f"where {then:,} were asked: another chat template or tokenizer"
        )
    return Finding(check="prompts", says="refutes" if others else "agrees", text=text)


def texts(spelt: Sequence[str], stored: Sequence[str]) -> Finding:
    """Texts, from which a student learns, are what their token ids spell."""
    # A draw cut inside a character ends in a replacement sign, or lacks it.
    pairs = [(a.rstrip("\ufffd"), b.rstrip("\ufffd")) for a, b in zip(spelt, stored, strict=True)]
    others = sum(a != b for a, b in pairs)
    text = f"{len(pairs):,} are what their token ids spell"
    if others:
        text = f"{others:,} of {len(pairs):,} are not what their token ids spell"
    return Finding(check="texts", says="refutes" if others else "agrees", text=text)


def possible(reads: Sequence[Read], claim: Claim) -> Finding:
    """No token lies where the claim gives it no probability at all."""
    total = added(reads)
    where = "below the likeliest" if claim.temperature == 0 else f"outside top-p {claim.top_p:g}"
    refuted = total.outside > total.tokens // 10_000
    attested = claim.temperature == 0 and total.tokens >= GREEDY and not refuted
    return Finding(
        check="possible",
        says="refutes" if refuted else "attests" if attested else "agrees",
        text=f"{total.outside:,} of {total.tokens:,} tokens {where}",
    )


def typical(reads: Sequence[Read]) -> Finding:
    """All tokens together are as likely as sampled ones: a martingale's end, over its spread."""
    total = added(reads)
    z = z_score(total.surplus, total.variance, total.third)
    p, finest = two_sided(z), resolution(total.variance)
    text = f"z {z:+.2f}, p {p:.2g}, {total.surplus / total.tokens:+.4f} nats a token"
    if finest is None:
        return Finding(check="typical", says="agrees", text="nothing is left to chance")
    text += f"; a temperature {finest:.1%} off would have been found"
    says = "refutes" if p < EACH else "attests" if finest <= RESOLUTION else "agrees"
    return Finding(check="typical", says=says, text=text)


def frequent(counts: Counts) -> Finding:
    """Each of the most frequent tokens was taken as often as its probabilities add up to."""
    statistic, freedom, p = chi_square(counts.surplus, counts.covariance)
    text = f"chi-square {statistic:,.1f} in {freedom} directions, p {p:.2g}"
    return Finding(check="frequent", says="refutes" if p < EACH else "agrees", text=text)


def numbers(stored: Sequence[float], reads: Sequence[Read], tolerance: float) -> Finding:
    """The log-probabilities noted when the draws were made are those computed now."""
    apart = difference(stored, reads)
    text = f"{apart:.2g} nats a token between {len(reads):,} noted and computed, {tolerance:.2g} "
    says = "refutes" if apart > tolerance else "attests" if len(reads) >= NOTED else "agrees"
    return Finding(check="numbers", says=says, text=text + "allowed")


def difference(stored: Sequence[float], reads: Sequence[Read]) -> float:
    """Nats a token between two sums of log-probabilities, as rounding adds up: by its square."""
    squares = [(a - b.logprob) ** 2 / b.tokens for a, b in zip(stored, reads, strict=True)]
    return math.sqrt(sum(squares) / len(squares))


def resolution(variance: float) -> float | None:
    """Smallest misstatement of the temperature, as a share, found with 90 % probability.

    The surplus of tokens sampled at temperature T (1 + e) moves by e times its variance.
    """
    return (Z_REFUTES + POWER) / math.sqrt(variance) if variance > 0 else None


def z_score(surplus: float, variance: float, third: float) -> float:
    """How many deviations a surplus is from 0, its skew taken out after Wilson and Hilferty (1931).

    Sampling seldom takes an unlikely token and then loses much, so sums over few tokens are skewed;
    a gamma variable with the same three moments is brought to a normal one by its cube root.

    >>> round(z_score(-30.0, 100.0, 0.0), 2)
    -3.0
    >>> round(z_score(-30.0, 100.0, -500.0), 2)  # a long tail on that side: less of a surprise
    -2.54
    """
    if variance <= 0:
        return 0.0
    z, skew = surplus / math.sqrt(variance), third / variance**1.5
    if abs(skew) < 1e-6:
        return z
    # 1 + skew z / 2 is the gamma variable over its mean; below 0 it has no probability at all.
    root = math.cbrt(max(1 + skew * z / 2, 0.0))
    return 6 / skew * (root - 1 + skew**2 / 36)


def two_sided(z: float) -> float:
    """Probability of a normal variable so far from 0, on either side.

    >>> round(two_sided(1.96), 3)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square(
    surplus: np.ndarray, covariance: np.ndarray, least: float = 10.0
) -> tuple[float, int, float]:
    """(statistic, degrees of freedom, probability) of counts that should be 0 with this covariance.

    Directions in which less than `least` squared counts are expected are left out: there the normal
    approximation is bad. Without any direction left the probability is 1.
    """
    import torch

    spread, directions = np.linalg.eigh(covariance)
    wide = spread >= least
    freedom = int(wide.sum())
    if not freedom:
        return 0.0, 0, 1.0
    along = directions[:, wide].T @ surplus
    statistic = float((along**2 / spread[wide]).sum())
    half = torch.tensor([freedom / 2, statistic / 2], dtype=torch.float64)
    return statistic, freedom, float(torch.special.gammaincc(half[0], half[1]))
