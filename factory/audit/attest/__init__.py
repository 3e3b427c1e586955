"""Whether a run's teacher wrote its draws: some are read again by it, and its numbers compared."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory import models, store
from factory.audit.attest import evidence, likelihood
from factory.audit.attest.evidence import WATCHED, Attestation
from factory.audit.attest.likelihood import Claim, Counts, Draw, Read
from factory.audit.attest.significance import two_sided, z_score
from factory.errors import FactoryError, RecipeError
from factory.models.chat import load_tokenizer, opens_thinking, prompt_ids
from factory.progress import Report
from factory.recipe import Recipe
from factory.recipe.models import Weights
from factory.records import digest, file_digest
from factory.run_folder import RunFolder
from factory.sampler.strategies import ask, prepare

LEAST_TOKENS = 30_000
"""Tokens that are read at least, where there are so many: fewer leave too much to chance."""
LEAST = 400
"""Draws that are read however small the share is, where there are so many."""
PROBE = 64
"""Draws over which that is measured."""


def _quiet(*_: Any, **__: Any) -> None:
    """Report progress to nobody."""


def attest(
    run: RunFolder,
    share: float = 0.02,
    teacher: Path | None = None,
    *,
    seed: int | None = None,
    dtype: str | None = None,
    claim: Claim | None = None,
    redraw: bool = False,
    report: Report = _quiet,
) -> Attestation:
    """Read a share of a run's draws with its teacher again; writes `RUN/attest.json`.

    Args:
        run: a run folder whose samples are finished.
        share: of its draws, 0 to 1; at least `LEAST` draws and
            `LEAST_TOKENS` tokens are read where there are so many.
        teacher: folder or Hub name of weights; left out: those noted in the run.
        seed: chooses the draws; left out: one nobody could foresee. It is noted either way.
        dtype: arithmetic that the engine had; left out: the recipe's, else float32 on a CPU and
            the model's own on a GPU.
        claim: left out: temperature and top-p of the recipe.
        redraw: also let vLLM, with these weights, draw the draws again with their seeds.
        report: is told of draws read.

    Raises:
        RecipeError: no finished samples here, or no weights.
        FactoryError: no draw that can be read: none has token ids.
    """
    recipe, home, noted = _noted(run)
    claim = claim or Claim(recipe.sampling.temperature, recipe.sampling.top_p)
    weights = _weights(noted, teacher)
    seed = secrets.randbits(31) if seed is None else seed
    kept, readable, left_out = _draws(run, recipe, noted)
    tokenizer = load_tokenizer(weights)
    chosen = _as_asked(_chosen(readable, share, seed), recipe, home, opens_thinking(tokenizer))
    asked = [
        prompt_ids(tokenizer, messages) + tokenizer.encode(prefill, add_special_tokens=False)
        for messages, prefill in chosen.select("messages", "prefill").iter_rows()
    ]
    dtype = _dtype(recipe, weights, dtype)
    draws = [Draw(*pair) for pair in zip(asked, chosen["token_ids"].to_list(), strict=True)]
    reads, counts, tolerance = _read(weights, dtype, draws, claim, _watched(readable), report)
    spelt = tokenizer.batch_decode(chosen["token_ids"].to_list(), skip_special_tokens=True)
    read, stored = _stored(chosen, reads)
    findings = [
        evidence.prompts([len(ids) for ids in asked], chosen["prompt_tokens"].to_list()),
        evidence.texts(spelt, chosen["text"].to_list()),
        evidence.possible(reads, claim),
        evidence.typical(reads, claim),
        evidence.frequent(counts),
        evidence.no_stranger(reads),
        *([evidence.same_numbers(stored, read, tolerance)] if read else []),
        *([_repeated(weights, recipe, chosen, claim, draws, reads, dtype)] if redraw else []),
    ]
    attestation = Attestation(
        verdict=evidence.verdict(findings),
        run=str(run.path),
        teacher=weights,
        same_files=None if noted.revision or not noted.path else _same_files(weights, noted),
        dtype=dtype,
        temperature=claim.temperature,
        top_p=claim.top_p,
        seed=seed,
        kept=kept,
        left_out=left_out,
        **_totals(reads),
        difference=evidence.difference(stored, read) if read else None,
        tolerance=tolerance,
        findings=findings,
        worst=evidence.worst(chosen["sample_id"].to_list(), reads),
    )
    temporary = run.attestation.with_name(f"{run.attestation.name}.tmp")
    temporary.write_text(attestation.model_dump_json(indent=1))
    store.write_through(temporary, run.attestation)
    return attestation


def _totals(reads: Sequence[Read]) -> dict[str, Any]:
    """The fields of an attestation that are sums over the draws."""
    total = evidence.added(reads)
    z = z_score(total.surplus, total.variance, total.third)
    return {
        "draws": len(reads),
        "tokens": total.tokens,
        "z": z,
        "p": two_sided(z),
        "surplus": total.surplus / total.tokens,
        "resolution": evidence.resolution(total.variance),
    }


def _noted(run: RunFolder) -> tuple[Recipe, Path, models.Located]:
    if not run.current_draws.exists():
        raise RecipeError(
            f"{run.path}: no finished samples here; `factory run` makes them, "
            "`factory status` tells"
        )
    return *run.recipe(), run.model("teacher")


def _weights(noted: models.Located, teacher: Path | None) -> str:
    """The folder of the weights that are to read the draws."""
    if teacher is not None:
        return models.find(Weights(path=str(teacher)), Path()).path
    if not noted.path:
        raise RecipeError(
            f"the teacher, {noted.name}, is behind an endpoint and its weights are not here; "
            "name them with --teacher, a folder or a name on the Hub"
        )
    if not (Path(noted.path) / "config.json").exists():
        raise RecipeError(f"{noted.path}: the teacher's weights are not there any more")
    return noted.path


def _same_files(weights: str, noted: models.Located) -> bool:
    return file_digest(Path(weights)) == noted.digest


def _draws(
    run: RunFolder, recipe: Recipe, noted: models.Located
) -> tuple[int, pl.DataFrame, dict[str, int]]:
    """How many draws the run stands for, those that can be read, and why others cannot.

    All draws, right or wrong, finished or not: what the filters left is a selection, and no longer
    typical of anybody.
    """
    rows = run.draws("samples", recipe.sampling.shards).in_order(run.current())
    prompts = run.prompts()
    prompts = prompts.select("prompt_id", "messages", "source", "domain", "language")
    rows = rows.join(prompts, on="prompt_id", how="inner")
    why = (
        pl.when(pl.col("teacher") != noted.digest)
        .then(pl.lit("of other teachers"))
        .when(pl.col("token_ids").list.len().fill_null(0) == 0)
        .then(pl.lit("without token ids"))
        .when(pl.col("forced_tokens").fill_null(0) > 0)
        .then(pl.lit("with tokens that were put in"))
    )
    rows = rows.with_columns(why.alias("why"))
    left_out = dict(Counter(rows["why"].drop_nulls()).most_common())
    readable = rows.filter(pl.col("why").is_null())
    if readable.is_empty():
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in left_out.items())
        raise FactoryError(
            f"{run.path}: none of its draws can be read again ({reasons or 'there is none'}). An "
            "endpoint gives token ids when asked: `extra: {return_token_ids: true}` for vLLM"
        )
    return rows.height, readable, left_out


def _as_asked(rows: pl.DataFrame, recipe: Recipe, home: Path, opened: bool) -> pl.DataFrame:
    """The rows with `messages` as the teacher saw them, and what its answer was begun with."""
    strategies = prepare(recipe.sampling.strategies, home)
    messages = [ask(strategies, row).messages for row in rows.iter_rows(named=True)]
    written = "<think>\n" if opened else ""  # by the template, which is rendered anyhow
    prefill = pl.col("opening").fill_null("").str.strip_prefix(written)
    return rows.with_columns(pl.Series("messages", messages), prefill.alias("prefill"))


def _chosen(readable: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """A share of the draws, by lot, and `LEAST` of those whose log-probability was noted."""
    tokens = readable["token_ids"].list.len().mean()
    assert isinstance(tokens, float)  # a draw without ids cannot be read
    wanted = max(math.ceil(share * readable.height), LEAST, math.ceil(LEAST_TOKENS / tokens))
    lots = pl.Series([digest("attest", seed, sample) for sample in readable["sample_id"]])
    ranked = readable.with_columns(lots.alias("lot")).sort("lot")
    chosen = [ranked.head(wanted)]
    if "logprob" in ranked.columns:
        chosen.append(ranked.filter(pl.col("logprob").is_not_null()).head(LEAST))
    return pl.concat(chosen).unique("sample_id", keep="first", maintain_order=True)


def _repeated(
    weights: str,
    recipe: Recipe,
    chosen: pl.DataFrame,
    claim: Claim,
    draws: Sequence[Draw],
    reads: Sequence[Read],
    dtype: str,
) -> evidence.Finding:
    from factory.audit.attest.redraw import redraw
    from factory.engines.vllm_engine import VLLM

    engine = VLLM(
        weights,
        max_length=max(len(draw.prompt) + len(draw.tokens) for draw in draws),
        concurrency=recipe.sampling.concurrency,
        arguments=recipe.sampling.engine_arguments,
    )
    again = redraw(engine, chosen, claim)
    return evidence.repeated([draw.tokens for draw in draws], again, reads, dtype)


def _dtype(recipe: Recipe, weights: str, asked: str | None) -> str:
    """The arithmetic of the engine, by the rules of `vllm_engine.device_arguments`."""
    import torch
    from transformers import AutoConfig

    named = asked or recipe.sampling.engine_arguments.get("dtype")
    if named and named != "auto":
        return str(named).removeprefix("torch.")
    if not torch.cuda.is_available():
        return "float32"
    own = str(AutoConfig.from_pretrained(weights).get_text_config().dtype).removeprefix("torch.")
    return "bfloat16" if own in ("float32", "None") else own  # as vLLM's "auto" does


def _watched(readable: pl.DataFrame) -> list[int]:
    """The most frequent tokens of all draws, read or not."""
    tokens = readable["token_ids"].explode().value_counts(sort=True)
    return tokens.sort("count", "token_ids", descending=True)["token_ids"].head(WATCHED).to_list()


def _read(
    weights: str,
    dtype: str,
    draws: Sequence[Draw],
    claim: Claim,
    watched: Sequence[int],
    report: Report,
) -> tuple[list[Read], Counts, float]:
    """What the teacher says of the draws, and how far apart rounding may put two such readings."""
    tolerance = evidence.SAME
    if dtype != "float32":
        exact, _ = likelihood.read(_model(weights, "float32"), draws[:PROBE], claim)
        rounded, _ = likelihood.read(_model(weights, dtype), draws[:PROBE], claim)
        noise = evidence.difference([read.logprob for read in exact], rounded)
        tolerance = max(tolerance, evidence.NOISY * noise)
    reads, counts = likelihood.read(
        _model(weights, dtype),
        draws,
        claim,
        watched,
        tie=max(likelihood.TIE, tolerance),
        report=report,
    )
    return reads, counts, tolerance


def _model(weights: str, dtype: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model: Any = AutoModelForCausalLM.from_pretrained(weights, dtype=getattr(torch, dtype))
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _stored(chosen: pl.DataFrame, reads: Sequence[Read]) -> tuple[list[Read], list[float]]:
    """The draws whose log-probability was noted when they were made, and that number, in nats."""
    if "logprob" not in chosen.columns:
        return [], []
    noted = zip(reads, chosen["logprob"], strict=True)
    both = [(read, logprob) for read, logprob in noted if logprob is not None]
    return [read for read, _ in both], [logprob for _, logprob in both]
