"""The sampler, with its store and its verifier, against vLLM's own `LLM.generate`.

    python benchmarks/sampler.py --model runs/quickstart/teacher/model --prompts 1000 --draws 3

On a real language model, a few minutes on two cores (`hub=$(python requirements/smollm2.py)`):

    HF_HUB_OFFLINE=1 HF_HUB_CACHE=$hub python benchmarks/sampler.py \
        --model HuggingFaceTB/SmolLM2-135M-Instruct --prompts 48 --draws 2 --concurrency 48

Both engines are in this process and draw the same requests with the same seeds in turns; the figure
is the ratio of tokens per second in the median round. The sampler's side includes the journal, its
syncs and the verdict on every draw. With `--stop` the sampler is measured against itself, with
every draw watched for loops and languages, in one engine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl


def main() -> None:
    """Run the rounds and print the ratio."""
    parser = argparse.ArgumentParser(description="sampler against LLM.generate")
    parser.add_argument("--model", required=True, help="a folder, or a name on the Hub")
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=256, help="draws at once")
    parser.add_argument("--stop", action="store_true", help="the cost of watching draws, instead")
    options = parser.parse_args()
    os.environ |= {"VLLM_CONFIGURE_LOGGING": "0", "DO_NOT_TRACK": "1"}
    from factory.models import find
    from factory.prompts.collect import collect
    from factory.recipe.models import Weights
    from factory.recipe.sampling import Fixed, Policy, Sampling
    from factory.recipe.sources import ReasoningGym
    from filters.watch import LanguageStop, LoopStop, Stops

    task = {"min_terms": 2, "max_terms": 6, "min_digits": 1, "max_digits": 1}
    source = ReasoningGym(
        source="reasoning_gym", task="chain_sum", options=task, rows=options.prompts
    )
    asked = collect([source], 1, Path()).prompts
    sampling = Sampling(
        policy=Policy(fixed=Fixed(draws=options.draws)),
        temperature=1.0,
        top_p=1.0,
        max_tokens=options.max_tokens,
        concurrency=options.concurrency,
    )
    model = Path(find(Weights(path=options.model), Path()).path)
    ours, names = Ours(model, sampling), ("LLM.generate", "sampler")
    if options.stop:
        bare, names = ours, ("sampler", "sampler with stops")
        stops = Stops(loop=LoopStop(), language=LanguageStop())
        ours = Ours(options.model, sampling.model_copy(update={"stop": stops}), bare.engine)
    else:
        bare = Bare(model, sampling)
    bare.round(asked, 0), ours.round(asked, 0)  # warm
    ratios = []
    for seed in range(1, options.rounds + 1):
        theirs, mine = bare.round(asked, seed), ours.round(asked, seed)
        ratios.append(mine / theirs)
        print(
            f"round {seed}: {names[0]} {theirs:,.0f} tokens/s, {names[1]} {mine:,.0f}", flush=True
        )
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    print(f"{names[1]} / {names[0]}: {statistics.median(ratios):.3f} (median; {spread})")


class Ours:
    """The sampler as the line uses it."""

    def __init__(self, model: Path, sampling: Any, engine: Any = None):
        from factory.engines.vllm_engine import VLLM

        self.sampling = sampling
        if engine is None:
            one = VLLM(model, max_length=256, concurrency=sampling.concurrency, arguments={})
            engine = asyncio.run(one.__aenter__())
        self.engine = engine

    def round(self, asked: pl.DataFrame, seed: int) -> float:
        """Tokens per second of one round."""
        from factory.sampler.asker import Asker
        from factory.sampler.fill import fill
        from factory.store import Store

        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            started = time.monotonic()
            outcome = asyncio.run(
                fill(
                    self.engine,
                    asked,
                    Asker("bench", self.sampling, seed),
                    store,
                    lambda *_, **__: None,
                )
            )
            seconds = time.monotonic() - started
            tokens = int(store.table(["completion_tokens"])["completion_tokens"].sum())
            assert outcome.samples.height == asked.height * self.sampling.policy.max_draws
            store.close()
        return tokens / seconds


class Bare:
    """vLLM's own loop on the same requests."""

    def __init__(self, model: Path, sampling: Any):
        from vllm import LLM

        from factory.engines.machine import device_arguments

        self.sampling = sampling
        arguments = device_arguments(str(model), 256, sampling.concurrency)
        self.engine = LLM(str(model), max_model_len=256, enable_prefix_caching=True, **arguments)

    def round(self, asked: pl.DataFrame, seed: int) -> float:
        """Tokens per second of one round."""
        from vllm import SamplingParams

        from factory.models.chat import load_tokenizer, prompt_ids
        from factory.records import sample_id, seed_of
        from factory.sampler.asker import Asker

        tokenizer = load_tokenizer(self.engine.llm_engine.model_config.tokenizer)
        settings = Asker("bench", self.sampling, seed).settings
        started = time.monotonic()
        prompts, parameters = [], []
        for prompt, messages in asked.select("prompt_id", "messages").iter_rows():
            for draw in range(self.sampling.policy.max_draws):
                own = seed_of(sample_id(prompt, "bench", settings, draw, 64), seed)
                prompts.append({"prompt_token_ids": prompt_ids(tokenizer, messages)})
                parameters.append(
                    SamplingParams(
                        temperature=1.0, top_p=1.0, max_tokens=self.sampling.max_tokens, seed=own
                    )
                )
        drawn = self.engine.generate(prompts, parameters, use_tqdm=False)
        seconds = time.monotonic() - started
        return sum(len(answer.outputs[0].token_ids) for answer in drawn) / seconds


if __name__ == "__main__":
    main()
