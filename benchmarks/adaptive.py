"""Tokens per accepted sample: `adaptive` and `until` against `fixed`, at the same coverage.

    python benchmarks/adaptive.py                                   # simulated distributions
    python benchmarks/adaptive.py --target                          # aiming at a number of rows
    python benchmarks/adaptive.py --run runs/quickstart --draws 8   # a real teacher, with its vLLM

Prompts have pass rates of a distribution; a draw's length is log-normal, longer where it is wrong,
as chains of thought are. `fixed` draws 8 of each prompt and counts up to k accepted ones.
`adaptive` is the run's own code (`factory.sampler.loop.fill`) with the least generous settings at
which it has as many prompts with an accepted sample and as many accepted samples; so the figures
compare tokens at equal yield and equal coverage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory.engines import Completion, Engine, Request
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Adaptive, Fixed, Policy, Sampling, Target, Until
from factory.sampler.loop import fill
from factory.sampler.prompt_state import Asker
from factory.store import Store

RIGHT, WRONG = r"<think></think>\boxed{1}", r"<think></think>\boxed{0}"

DISTRIBUTIONS: dict[str, list[tuple[float, float, float]]] = {
    # shares of prompts with (share, a, b) of a Beta; a = 0 stands for pass rate 0, b = 0 for 1
    "many 0s and 1s, few between": [(0.25, 0, 1), (0.35, 1, 0), (0.40, 0.8, 0.8)],
    "U-shaped": [(1.0, 0.25, 0.25)],
    "hard: most are never solved": [(0.55, 0, 1), (0.45, 0.4, 1.2)],
    "easy: most are always solved": [(0.60, 1, 0), (0.40, 1.2, 0.4)],
    "an easy and a hopeless source": [(0.5, 6, 0.7), (0.5, 0.1, 2.5)],
    "flat": [(1.0, 1, 1)],
}


class Simulated:
    """A teacher with a pass rate for each prompt; the same request has the same answer."""

    opened = False

    def __init__(self, rates: dict[str, float]):
        self.rates = rates

    async def draw(self, request: Request) -> Completion:
        rng = random.Random(request.seed)
        right = rng.random() < self.rates[request.prompt_id]
        tokens = round(rng.lognormvariate(7.0 if right else 7.7, 0.6))
        return Completion(RIGHT if right else WRONG, None, "stop", 0, min(tokens, 32768))


@dataclass
class Yield:
    """What a policy came to."""

    draws: int
    tokens: int
    accepted: int
    covered: int

    def each(self) -> float:
        return self.tokens / max(self.accepted, 1)


def sampled(engine: Engine, asked: pl.DataFrame, policy: Policy, most: int, **told: Any) -> Yield:
    """Draw under a policy; accepted samples are counted up to `most` of a prompt."""
    with tempfile.TemporaryDirectory() as folder:
        store, asker = Store(Path(folder)), Asker("t", Sampling(policy=policy, **told), seed=1)
        outcome = asyncio.run(fill(engine, asked, asker, store, lambda *_, **__: None))
        kept = store.table(("sample_id", "completion_tokens"))
        kept = kept.join(outcome.samples, on="sample_id", how="semi")
        store.close()
    rows = outcome.prompts.select(pl.col("correct").clip(upper_bound=most))["correct"]
    return Yield(
        kept.height, int(kept["completion_tokens"].sum()), int(rows.sum()), int((rows > 0).sum())
    )


def compared(
    engine: Engine, asked: pl.DataFrame, draws: int, most: int, **told: Any
) -> dict[str, Any]:
    """The three policies; `adaptive` with the least generosity that yields and covers as much."""
    fixed = sampled(engine, asked, Policy(fixed=Fixed(draws=draws)), most, **told)
    until = sampled(
        engine, asked, Policy(until=Until(accepted=most, max_draws=draws)), most, **told
    )
    enough: list[tuple[Yield, Adaptive]] = []
    for chance in (0.05, 0.02, 0.01, 0.0):
        for max_draws in (draws, draws * 3 // 2, draws * 2):
            rule = Adaptive(accepted=most, max_draws=max_draws, min_chance=chance)
            found = sampled(engine, asked, Policy(adaptive=rule), most, **told)
            # A prompt or two in a thousand more or less are luck.
            if found.covered >= 0.998 * fixed.covered and found.accepted >= 0.998 * fixed.accepted:
                enough.append((found, rule))
    adaptive, rule = min(enough, key=lambda pair: pair[0].each())
    return {"fixed": fixed, "until": until, "adaptive": adaptive, "rule": rule}


def aimed(engine: Engine, asked: pl.DataFrame, draws: int, most: int, **told: Any) -> str:
    """Tokens of each policy up to half of the accepted rows that `fixed` comes to in all."""
    fixed = Policy(fixed=Fixed(draws=draws))
    whole = sampled(engine, asked, fixed, draws, **told)
    want = whole.accepted // 2
    policies = {
        "fixed": fixed,
        "until": Policy(until=Until(accepted=most, max_draws=draws)),
        "adaptive": Policy(adaptive=Adaptive(accepted=most, max_draws=draws)),
    }
    found = {
        name: sampled(engine, asked, policy, draws, target=Target(accepted=want), **told)
        for name, policy in policies.items()
    }
    each = [f"{found[name].each():,.0f}" for name in policies]
    covered = [f"{found[name].covered:,}" for name in policies]
    ratio = found["adaptive"].each() / found["fixed"].each()
    got = [f"{found[name].accepted:,}" for name in policies]
    cells = [f"{want:,}", "/".join(got), "/".join(covered), *each, f"**{ratio:.2f}**"]
    return " | ".join(cells)


def line(name: str, k: int, found: dict[str, Any]) -> str:
    """A row of the table."""
    fixed, until, adaptive, rule = (found[n] for n in ("fixed", "until", "adaptive", "rule"))
    return (
        f"| {name} | {k} | {fixed.covered:,} | {adaptive.covered:,} | {fixed.accepted:,} | "
        f"{adaptive.accepted:,} | {fixed.each():,.0f} | {until.each():,.0f} | "
        f"{adaptive.each():,.0f} | **{adaptive.each() / fixed.each():.2f}** | "
        f"{until.each() / fixed.each():.2f} | {rule.max_draws}, {rule.min_chance:g} |"
    )


HEAD = (
    "| pass rates | k | covered by fixed | by adaptive | accepted by fixed | by adaptive | tokens "
    "an accepted one: fixed | until | adaptive | adaptive / fixed | until / fixed | max_draws, "
    "min_chance |\n|---|" + "---:|" * 10 + "---|"
)


AIMED = (
    "| pass rates | rows wanted | rows: fixed/until/adaptive | covered | tokens a row: fixed "
    "| until | adaptive | adaptive / fixed |\n|---|" + "---:|" * 7
)


def simulated(prompts: int, draws: int, target: bool) -> None:
    """All distributions, with one and with four accepted samples wanted."""
    for name, parts in DISTRIBUTIONS.items():
        rng = random.Random(17)
        rates: dict[str, float] = {}
        sources: dict[str, str] = {}
        for _ in range(prompts):
            kind = rng.choices(range(len(parts)), [share for share, _, _ in parts])[0]
            _, a, b = parts[kind]
            id = f"{rng.getrandbits(64):016x}"
            rates[id] = 0.0 if not a else 1.0 if not b else rng.betavariate(a, b)
            # Only where the name says so does the run know which kind a prompt is of.
            sources[id] = f"source {kind}" if "source" in name else "all"
        rows = [
            {"prompt_id": id, "messages": [], "source": sources[id]}
            | {"reference": '"1"', "verifier": "exact"}
            for id in rates
        ]
        asked = pl.DataFrame(rows, schema=PROMPT)
        if target:
            print(f"| {name} | {aimed(Simulated(rates), asked, draws, 8)} |", flush=True)
            continue
        for k in (1, 4):
            print(line(name, k, compared(Simulated(rates), asked, draws, k)), flush=True)


def real(run: Path, draws: int, count: int) -> None:
    """The teacher of a run on its train prompts."""
    os.environ |= {"VLLM_CONFIGURE_LOGGING": "0", "DO_NOT_TRACK": "1"}
    from factory import models
    from factory.engines.vllm_engine import VLLM
    from factory.recipe import Recipe
    from factory.sampler.longest import longest_prompt

    recipe = Recipe.model_validate(json.loads((run / "recipe.json").read_text())["recipe"])
    asked = pl.read_parquet(run / "prompts" / "table.parquet").filter(split="train").head(count)
    sampling, path = recipe.sampling, models.located(run / "teacher").path
    longest = longest_prompt(path, asked, Asker("t", sampling, 1)) + sampling.max_tokens
    engine = VLLM(path, max_length=longest, concurrency=sampling.concurrency, arguments={})
    told = sampling.model_dump(include={"temperature", "top_p", "max_tokens", "concurrency"})
    for k in (1, 4):
        name = f"quickstart teacher, {asked.height:,} prompts"
        print(line(name, k, compared(engine, asked, draws, k, **told)), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="tokens per accepted sample by policy")
    parser.add_argument("--run", type=Path, help="a run whose teacher is asked, instead")
    parser.add_argument("--prompts", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--target", action="store_true", help="aim at a number of rows, instead")
    options = parser.parse_args()
    print(AIMED if options.target else HEAD)
    if options.run:
        real(options.run, options.draws, options.prompts)
    else:
        simulated(options.prompts, options.draws, options.target)


if __name__ == "__main__":
    main()
