"""How often attesting is wrong about the right teacher, and how soon it finds another.

    python benchmarks/attest.py RUN OTHER [--fresh 4] [--cost]

RUN and OTHER are runs of one recipe with different seeds, whose teacher went through GRPO. RUN's
draws are read by its teacher, by others, under wrong claims and with foreign draws among them, in
sets of different size: the table says which share of the sets was refuted. `--fresh N` draws each
prompt N more times with new seeds, for the false alarms. `--cost` measures what it costs vLLM to
give log-probabilities, in CPU seconds and in turns, and how far apart the models' are.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from factory.audit import attest
from factory.audit.attest import evidence, likelihood
from factory.audit.attest.likelihood import Claim, Counts, Draw, Read
from factory.run_folder import RunFolder

GROUP = 10
"""Draws whose token counts are kept together."""
SIZES = (50, 100, 200, 500, 1000, 2000)
REPEATS = 200
AS_IT_WAS = Claim(1.0, 1.0)

Groups = list[tuple[list[Read], Counts]]


class Run:
    """A run's draws, by lot, as its own template asks for them."""

    def __init__(self, folder: Path):
        run = RunFolder(folder)
        recipe, _, who = attest._noted(run)
        kept = run.draws("samples", recipe.sampling.shards)
        _, light, _ = attest._draws(run, recipe, who.identity(recipe.sampling))
        rows = kept.in_order(light, attest.READ)
        rows = rows.join(run.prompts().select(attest.ASKED), on="prompt_id", maintain_order="left")
        self.rows = rows.sample(fraction=1, shuffle=True, seed=0)
        self.teacher, self.base = folder / "teacher" / "model", folder / "teacher-base" / "model"
        self.watched = attest._watched(kept, light)
        self.draws = self.asked()

    def asked(self, before: str = "") -> list[Draw]:
        """The draws as their teacher's tokenizer asks; with a system turn `before`, if given."""
        from factory.models.chat import load_tokenizer, prompt_ids

        tokenizer = load_tokenizer(self.teacher)
        system: list[Any] = [{"role": "system", "content": before}] if before else []
        return [
            Draw(prompt_ids(tokenizer, [*system, *messages]), tokens)
            for messages, tokens in self.rows.select("messages", "token_ids").iter_rows()
        ]


def groups(
    weights: Path, draws: Sequence[Draw], watched: Sequence[int], claim: Claim = AS_IT_WAS
) -> Groups:
    """The draws as the weights read them, `GROUP` by `GROUP`."""
    model = likelihood.load(weights, "float32")
    parts = (draws[n : n + GROUP] for n in range(0, len(draws) - GROUP + 1, GROUP))
    return [likelihood.read(model, part, claim, watched) for part in parts]


def judged(some: Groups, claim: Claim) -> tuple[list[str], float, float]:
    """The checks that refute a set of draws; p of the total and of the counts."""
    reads = [read for group, _ in some for read in group]
    counts = Counts(sum(c.surplus for _, c in some), sum(c.covariance for _, c in some))  # pyrefly: ignore
    findings = [
        evidence.possible(reads, claim),
        evidence.typical(reads),
        evidence.frequent(counts),
    ]
    total = evidence.added(reads)
    z = evidence.z_score(total.surplus, total.variance, total.third)
    chi = evidence.chi_square(counts.surplus, counts.covariance)[2]
    refuting = [finding.check for finding in findings if finding.says == "refutes"]
    return refuting, evidence.two_sided(z), chi


def power(name: str, read: Groups, claim: Claim = AS_IT_WAS) -> None:
    """Print the share of sets that are refuted, by their size."""
    random, cells, why = np.random.default_rng(0), [], {}
    for size in SIZES:
        count = size // GROUP
        if count > len(read):
            cells.append("    -")
            continue
        sets = [random.choice(len(read), count, replace=False) for _ in range(REPEATS)]
        found = [judged([read[n] for n in one], claim)[0] for one in sets]
        cells.append(f"{sum(bool(one) for one in found) / REPEATS:5.0%}")
        why = {
            check: why.get(check, 0) + sum(check in one for one in found)
            for check in ("possible", "typical", "frequent")
        }
    mostly = ", ".join(check for check, n in sorted(why.items(), key=lambda c: -c[1]) if n)
    print(f"| {name} | {' | '.join(cells)} | {mostly} |", flush=True)


def false_alarms(read: Groups) -> None:
    """Print how often p lies below a level, over sets that share no draw."""
    for size in (50, 200):
        count = size // GROUP
        sets = [read[n : n + count] for n in range(0, len(read) - count + 1, count)]
        results = [judged(one, AS_IT_WAS) for one in sets]
        refuted = sum(bool(result[0]) for result in results)
        print(f"{len(sets):,} sets of {size} draws: {refuted} refuted", flush=True)
        for number, check in enumerate(("typical", "frequent"), start=1):
            p = np.array([result[number] for result in results])
            shares = ", ".join(f"p < {a:g}: {np.mean(p < a):.2%}" for a in (0.1, 0.05, 0.01, 0.001))
            print(f"  {check:9} {shares}")


def rounded(weights: Path, bits: int, into: Path) -> Path:
    """A checkpoint whose matrices were rounded to so many bits, symmetric, a scale for each row."""
    import torch

    from factory.models.chat import load_tokenizer

    model = likelihood.load(weights, "float32")
    with torch.no_grad():
        for matrix in (weight for weight in model.parameters() if weight.dim() == 2):
            step = matrix.abs().amax(1, keepdim=True).clamp(1e-9) / (2 ** (bits - 1) - 1)
            matrix.copy_((matrix / step).round() * step)
    folder = into / f"int{bits}"
    model.save_pretrained(folder)
    load_tokenizer(weights).save_pretrained(folder)
    return folder


def engine(weights: Path) -> Any:
    """vLLM as the line starts it on this machine."""
    from vllm import LLM

    from factory.engines.machine import device_arguments

    arguments = device_arguments(str(weights), 256, 256)
    return LLM(str(weights), max_model_len=256, enable_prefix_caching=True, **arguments)


def drawn(
    llm: Any, draws: Sequence[Draw], seeds: Sequence[int], every: int = 0, **more: Any
) -> Any:
    """Each prompt's answer under its seed; log-probabilities for each draw in `every`, if not 0."""
    from vllm import SamplingParams

    parameters = []
    for n, seed in enumerate(seeds):
        wanted: dict[str, Any] = {"logprobs": 0, **more} if every and n % every == 0 else {}
        parameters.append(SamplingParams(temperature=1.0, max_tokens=96, seed=seed, **wanted))
    prompts = [{"prompt_token_ids": list(draw.prompt)} for draw in draws]
    return [answer.outputs[0] for answer in llm.generate(prompts, parameters, use_tqdm=False)]


def noted(
    llm: Any, draws: Sequence[Draw], seeds: Sequence[int], afterwards: bool = False, **more: Any
) -> Any:
    """The same; `afterwards`: the log-probabilities by reading prompt and answer once more."""
    if not afterwards:
        return drawn(llm, draws, seeds, **more)
    from vllm import SamplingParams

    answers = drawn(llm, draws, seeds)
    again = [
        {"prompt_token_ids": [*draw.prompt, *answer.token_ids]}
        for draw, answer in list(zip(draws, answers, strict=True))[:: more["every"]]
    ]
    llm.generate(again, SamplingParams(max_tokens=1, prompt_logprobs=0), use_tqdm=False)
    return answers


def fresh(llm: Any, draws: Sequence[Draw], times: int) -> Iterator[Draw]:
    """New draws of the same prompts, with new seeds."""
    random = np.random.default_rng(1)
    for _ in range(times):
        seeds = random.integers(2**31, size=len(draws)).tolist()
        for draw, answer in zip(draws, drawn(llm, draws, seeds), strict=True):
            yield Draw(draw.prompt, list(answer.token_ids))


def cost(llm: Any, run: Run, rounds: int = 5) -> None:
    """Print tokens a CPU second with log-probabilities over those without, in turns."""
    draws, seeds = run.draws[:1500], run.rows["seed"].to_list()[:1500]
    ways: dict[str, dict[str, Any]] = {
        "without": {},
        "of all draws": {"every": 1},
        "of all draws, flat": {"every": 1, "flat_logprobs": True},
        "of one draw in 16": {"every": 16},
        "of one draw in 16, read afterwards": {"every": 16, "afterwards": True},
    }
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        names = list(ways)[turn % len(ways) :] + list(ways)[: turn % len(ways)]
        for way in names:
            started = time.process_time()
            answers = noted(llm, draws, seeds, **ways[way])
            tokens = sum(len(answer.token_ids) for answer in answers)
            speeds[way].append(tokens / (time.process_time() - started))
    for way in ways:
        ratios = [a / b for a, b in zip(speeds[way], speeds["without"], strict=True)][1:]
        print(
            f"log-probabilities {way}: {statistics.median(ratios):.3f} of the speed "
            f"({min(ratios):.3f} to {max(ratios):.3f})",
            flush=True,
        )


def numbers(llm: Any, run: Run, others: dict[str, Path]) -> None:
    """Print how far from the engine's log-probabilities each model's are."""
    draws, seeds = run.draws[:1500], run.rows["seed"].to_list()[:1500]
    answers = drawn(llm, draws, seeds, every=1)
    stored = [answer.cumulative_logprob for answer in answers]
    again = [Draw(d.prompt, list(a.token_ids)) for a, d in zip(answers, draws, strict=True)]
    for name, weights in {"the teacher": run.teacher, **others}.items():
        for dtype in ("float32", "bfloat16"):
            reads, _ = likelihood.read(likelihood.load(weights, dtype), again, AS_IT_WAS)
            each = [abs(a - b.logprob) / b.tokens**0.5 for a, b in zip(stored, reads, strict=True)]
            print(
                f"{name}, {dtype}: {evidence.difference(stored, reads):.2g} nats a token, "
                f"5 % of draws below {np.quantile(each, 0.05):.2g}",
                flush=True,
            )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="attesting: false alarms and power")
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--fresh", type=int, default=0)
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    os.environ |= {"VLLM_CONFIGURE_LOGGING": "0", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    run, other = Run(options.run), Run(options.other)
    print(f"{len(run.draws):,} draws, {sum(len(d.tokens) for d in run.draws):,} tokens", flush=True)
    own = groups(run.teacher, run.draws, run.watched)
    with tempfile.TemporaryDirectory() as folder:
        others = {
            f"rounded to {bits} bits": rounded(run.teacher, bits, Path(folder))
            for bits in (8, 6, 4)
        }
        others |= {"its base, before GRPO": run.base, "another seed's": other.teacher}
        print(f"| | {' | '.join(f'{size:,}' for size in SIZES)} | found by |")
        power("the teacher itself", own)
        for name, weights in others.items():
            power(name, groups(weights, run.draws, run.watched))
        power("a system turn before", groups(run.teacher, run.asked("Think."), run.watched))
        for temperature in (0.7, 0.9, 0.95, 1.05, 1.1):
            claim = Claim(temperature, 1.0)
            power(
                f"temperature {temperature} claimed",
                groups(run.teacher, run.draws, run.watched, claim),
                claim,
            )
        claim = Claim(1.0, 0.95)
        power("top-p 0.95 claimed", groups(run.teacher, run.draws, run.watched, claim), claim)
        theirs = groups(run.teacher, other.draws, run.watched)
        power("draws of another run", theirs)
        for part in (20, 5):
            mixed = [
                Draw(*(other if n % part == 0 else run).draws[n]) for n in range(len(run.draws))
            ]
            power(f"one draw in {part} of another run", groups(run.teacher, mixed, run.watched))
        if options.fresh or options.cost:
            llm = engine(run.teacher)
            if options.fresh:
                more = list(fresh(llm, run.draws, options.fresh))
                false_alarms(own + groups(run.teacher, more, run.watched))
            if options.cost:
                cost(llm, run)
                numbers(llm, run, others)


if __name__ == "__main__":
    main()
