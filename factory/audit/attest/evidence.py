"""What reading a run's draws again shows: each check, its figures, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from factory.audit.attest.likelihood import Claim, Counts, Read
from factory.audit.attest.significance import at_least, chi_square, two_sided, z_score
from factory.recipe.strict import Strict

ALPHA = 1e-3
"""Share of the runs that are refuted although their teacher wrote them."""
EACH = ALPHA / 3
"""The same for each of the three tests that leave something to chance."""
WATCHED = 64
"""Tokens that are counted: the most frequent of the run."""
RESOLUTION = 0.1
"""A run is attested by its tokens alone when a temperature so far off, as a share, would have been
found with 90 % probability."""
Z_REFUTES, POWER = 3.5879, 1.2816
"""Deviations of a normal variable that leave EACH beyond on both sides, and 10 % on one."""
GREEDY = 1000
"""Tokens at temperature 0 that attest a run, when each is the likeliest."""
SAME = 1e-3
"""Nats a token by which stored log-probabilities may differ in float32; seen: 1e-6."""
NOISY = 3
"""The same in half precision, in multiples of what rounding makes of this model's own numbers."""
DIFFERING = 2e-5
"""Tokens drawn again with their seed in float32 that may differ, as a share; seen: 0 of 50,000."""
ENOUGH = 10_000
"""Tokens drawn again that attest a run: one in a thousand that differs would have been found, and
rounding to 8 bits makes about so many differ."""
PROBED = 50
"""Draws that must not be repeated by chance, before their repetition says anything."""


class Finding(Strict):
    """What one check came to."""

    check: str
    """Its name."""
    says: Literal["attests", "agrees", "refutes"]
    """`agrees`: nothing against the run, and too little to speak for it."""
    text: str
    """For people, with the figures."""


class Single(Strict):
    """A draw that stands out."""

    sample_id: str
    z: float
    """Deviations by which its tokens are likelier (above 0) or less likely than sampled ones."""
    p: float
    """Upper bound of the probability that the teacher writes a draw so odd; 1: it is not odd."""
    tokens: int
    """Sampled tokens."""


class Attestation(Strict):
    """What reading a share of a run's draws again came to, as `attest.json` in the run has it."""

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
    """Nats a token between stored and recomputed log-probabilities; None where none are stored."""
    tolerance: float
    """What that difference may be."""
    findings: list[Finding]
    """Check by check."""
    worst: list[Single]
    """The oddest draws."""

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
        lines += [
            f"  odd      {w.sample_id}: z {w.z:+.1f}, p at most {w.p:.1g}, {w.tokens:,} tokens"
            for w in self.worst
            if w.p < 0.01
        ]
        if self.verdict == "undecided":
            lines.append(
                "  nothing speaks against it, and too little for it: read more with --share"
            )
        return "\n".join(lines)


def verdict(findings: Sequence[Finding]) -> Literal["attested", "refuted", "undecided"]:
    """What the checks come to together: one that refutes is enough, then one that attests."""
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


def typical(reads: Sequence[Read], claim: Claim) -> Finding:
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


def no_stranger(reads: Sequence[Read]) -> Finding:
    """No draws among the others are too unlikely: the mean of bets against each, which is 1."""
    bets = np.array([read.bet for read in reads])
    mean = float(np.logaddexp.reduce(bets)) - math.log(len(bets))
    odd = int((bets >= math.log(len(bets) / EACH)).sum())
    p = math.exp(-max(mean, 0.0))
    text = f"p at most {p:.2g}"
    if odd:
        text += f"; {odd:,} draws that the teacher does not write"
    says = "refutes" if p < EACH else "agrees"
    return Finding(check="strangers", says=says, text=text)


def same_numbers(stored: Sequence[float], reads: Sequence[Read], tolerance: float) -> Finding:
    """The log-probabilities noted when the draws were made are those computed now."""
    apart = difference(stored, reads)
    text = f"{apart:.2g} nats a token between {len(reads):,} stored and computed, {tolerance:.2g} "
    # Numbers of a few nats that agree to a thousandth, ten times over: not by chance.
    says = "refutes" if apart > tolerance else "attests" if len(reads) >= 10 else "agrees"
    return Finding(check="numbers", says=says, text=text + "allowed")


def repeated(
    stored: Sequence[Sequence[int]],
    again: Sequence[Sequence[int]],
    reads: Sequence[Read],
    dtype: str,
) -> Finding:
    """The stored seeds give the stored draws again, by the engine that is here.

    Another engine, version or device makes other numbers of a seed; then no more is repeated than
    by chance, and nothing follows. Where the seeds do work, every token that differs is one whose
    probabilities differ, however little: in float32 that is another checkpoint.
    """
    pairs = list(zip(stored, again, strict=True))
    others = [(a, b) for a, b in pairs if list(b[: len(a)]) != list(a)]
    count, same = len(pairs), len(pairs) - len(others)
    chances = np.exp([read.claimed for read in reads])
    by_chance, spread = chances.sum(), math.sqrt((chances * (1 - chances)).sum())
    text = f"{same:,} of {count:,} draws given again by their seeds, {by_chance:,.0f} by chance"
    if count - by_chance < PROBED or same - by_chance < 5 + 5 * spread:
        return Finding(check="repeated", says="agrees", text=text + ": seeds tell nothing here")
    if dtype != "float32":
        return Finding(check="repeated", says="agrees", text=text + f"; {dtype} is not exact")
    tokens = sum(len(a) for a, _ in pairs)
    refuted = at_least(len(others), DIFFERING * tokens) < EACH
    says = "refutes" if refuted else "attests" if tokens >= ENOUGH else "agrees"
    return Finding(check="repeated", says=says, text=text)


def difference(stored: Sequence[float], reads: Sequence[Read]) -> float:
    """Nats a token between two sums of log-probabilities, as rounding adds up: by its square."""
    squares = [(a - b.logprob) ** 2 / b.tokens for a, b in zip(stored, reads, strict=True)]
    return math.sqrt(sum(squares) / len(squares))


def resolution(variance: float) -> float | None:
    """Smallest misstatement of the temperature, as a share, found with 90 % probability.

    The surplus of tokens sampled at temperature T (1 + e) moves by e times its variance.
    """
    return (Z_REFUTES + POWER) / math.sqrt(variance) if variance > 0 else None


def worst(samples: Sequence[str], reads: Sequence[Read], count: int = 5) -> list[Single]:
    """The oddest draws, the oddest first."""
    ranked = sorted(zip(samples, reads, strict=True), key=lambda pair: -pair[1].bet)
    return [
        Single(
            sample_id=sample,
            z=z_score(read.surplus, read.variance, read.third),
            p=math.exp(-max(read.bet, 0.0)),
            tokens=read.tokens,
        )
        for sample, read in ranked[:count]
    ]
