"""Whether a run's teacher wrote its draws: some are read again by it, and its numbers compared."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory import models
from factory.audit.attest import evidence, likelihood
from factory.audit.attest.evidence import Attestation
from factory.audit.attest.likelihood import Claim, Counts, Draw, Read
from factory.engines.machine import cpu_dtype, on_gpu
from factory.errors import FactoryError, RecipeError
from factory.models.chat import prompt_ids
from factory.models.thinking_tags import Speech, speech_of
from factory.recipe import Recipe
from factory.recipe.models import Weights
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.records import digest, file_digest
from factory.run_folder import RunFolder
from factory.sampler.strategies import ask_by, prepare
from factory.sampler.teacher import Teacher
from factory.store.draws import Draws
from factory.store.shards import write_text

LEAST_TOKENS = 30_000
"""Tokens that are read at least, where there are so many: fewer leave too much to chance."""
LEAST = 400
"""Draws that are read however small the share is, where there are so many."""
LIGHT = (
    "sample_id",
    "teacher",
    "has_token_ids",
    "forced_tokens",
    "completion_tokens",
    "logprob",
)
"""What tells which draws can be read."""
READ = ("prompt_id", "opening", "text", "token_ids", "prompt_tokens", "logprob", "strategy")
"""What is read of those that are chosen."""
ASKED = ("prompt_id", "messages", "source", "domain", "language")
"""What of a prompt shapes how it is asked."""
PROBE = 64
"""Draws over which the noise of rounding is measured."""


def attest(
    run: RunFolder,
    share: float = 0.02,
    teacher: Path | None = None,
    *,
    seed: int | None = None,
    dtype: str | None = None,
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

    Raises:
        RecipeError: no finished samples here, or no weights.
        FactoryError: no draw that can be read: none has token ids.
    """
    recipe, home, who = _noted(run)
    weights = _weights(who.model, teacher)
    reads = who.model.model_copy(update={"path": weights})
    sampling = _sampling(recipe)
    dtype = _dtype(sampling, weights, dtype)
    seed = secrets.randbits(31) if seed is None else seed
    kept, readable, left_out = _draws(run, recipe, who.identity(sampling))
    draws = run.draws("samples", recipe.sampling.shards)
    chosen = draws.in_order(_chosen(readable, share, seed), READ)
    chosen = chosen.join(run.prompts().select(ASKED), on="prompt_id", maintain_order="left")
    attestation = Attestation(
        run=str(run.path),
        teacher=weights,
        same_files=_same_files(weights, who.model),
        dtype=dtype,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=seed,
        kept=kept,
        left_out=left_out,
        **_judged(chosen, _watched(draws, readable), sampling, home, reads, dtype),
    )
    write_text(attestation.model_dump_json(indent=1), run.attestation)
    return attestation


def _noted(run: RunFolder) -> tuple[Recipe, Path, Teacher]:
    """The run's recipe, the folder that the recipe was in, and the teacher."""
    if not run.current_draws.exists():
        raise RecipeError(
            f"{run.path}: no finished samples here; `factory run` makes them, "
            "`factory status` tells"
        )
    recipe, home = run.recipe()
    base = recipe.teacher.base
    return recipe, home, Teacher(run.model("teacher"), base if isinstance(base, Served) else None)


def _sampling(recipe: Recipe) -> Sampling:
    """How the teacher was asked.

    Raises:
        RecipeError: by settings that the numbers read here do not follow.
    """
    sampling = recipe.sampling.asking(recipe.teacher.asked)
    if sampling.options:
        names = ", ".join(sampling.options)
        raise RecipeError(
            f"this run's draws were made with {names}; whether a teacher wrote a draw can be told "
            "by temperature and top_p only"
        )
    return sampling


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


def _same_files(weights: str, noted: models.Located) -> bool | None:
    if noted.revision or not noted.path:
        return None
    return file_digest(Path(weights)) == noted.digest


def _dtype(sampling: Sampling, weights: str, asked: str | None) -> str:
    """The arithmetic of the engine, by the rules of `factory.engines.machine`."""
    from transformers import AutoConfig

    named = asked or sampling.engine_arguments.get("dtype")
    if named and named != "auto":
        return str(named).removeprefix("torch.")
    if not on_gpu():
        return cpu_dtype(weights)
    own = str(AutoConfig.from_pretrained(weights).get_text_config().dtype).removeprefix("torch.")
    return "bfloat16" if own in ("float32", "None") else own  # as vLLM's "auto" does


def _draws(
    run: RunFolder, recipe: Recipe, teacher: str
) -> tuple[int, pl.DataFrame, dict[str, int]]:
    """How many draws the run stands for, those that can be read, and why others cannot.

    All draws, right or wrong, finished or not: what the filters left is a selection, and no longer
    typical of anybody. Only what tells them apart is read here: `LIGHT`.
    """
    rows = run.draws("samples", recipe.sampling.shards).in_order(run.current(), LIGHT)
    why = (
        pl.when(pl.col("teacher") != teacher)
        .then(pl.lit("of other teachers"))
        .when(~pl.col("has_token_ids").fill_null(False))
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


def _chosen(readable: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """A share of the draws, by lot, and `LEAST` of those whose log-probability was noted."""
    tokens = readable["completion_tokens"].mean()
    assert isinstance(tokens, float)  # a draw without ids cannot be read
    wanted = max(math.ceil(share * readable.height), LEAST, math.ceil(LEAST_TOKENS / tokens))
    lots = pl.Series([digest("attest", seed, sample) for sample in readable["sample_id"]])
    ranked = readable.with_columns(lots.alias("lot")).sort("lot")
    with_number = ranked.filter(pl.col("logprob").is_not_null())
    chosen = pl.concat([ranked.head(wanted), with_number.head(LEAST)])
    return chosen.unique("sample_id", keep="first", maintain_order=True)


def _judged(
    chosen: pl.DataFrame,
    watched: Sequence[int],
    sampling: Sampling,
    home: Path,
    model: models.Located,
    dtype: str,
) -> dict[str, Any]:
    """The fields of an attestation that say what the teacher makes of the chosen draws."""
    speech = speech_of(model)
    claim = Claim(sampling.temperature, sampling.top_p)
    draws = _asked(chosen, sampling, home, speech)
    spelt = [speech.decode(ids, skip_special_tokens=True) for ids in chosen["token_ids"].to_list()]
    reads, counts, tolerance = _read(model.path, dtype, draws, claim, watched)
    # What was noted when the draws were made, where it was.
    pairs = zip(chosen["logprob"], reads, strict=True)
    noted = [(logprob, read) for logprob, read in pairs if logprob is not None]
    stored, again = [logprob for logprob, _ in noted], [read for _, read in noted]
    findings = [
        evidence.prompts([len(draw.prompt) for draw in draws], chosen["prompt_tokens"].to_list()),
        evidence.texts(spelt, chosen["text"].to_list()),
        evidence.possible(reads, claim),
        evidence.typical(reads),
        evidence.frequent(counts),
        *([evidence.numbers(stored, again, tolerance)] if noted else []),
    ]
    total = evidence.added(reads)
    z = evidence.z_score(total.surplus, total.variance, total.third)
    return {
        "verdict": evidence.verdict(findings),
        "draws": len(reads),
        "tokens": total.tokens,
        "z": z,
        "p": evidence.two_sided(z),
        "surplus": total.surplus / total.tokens,
        "resolution": evidence.resolution(total.variance),
        "difference": evidence.difference(stored, again) if noted else None,
        "tolerance": tolerance,
        "findings": findings,
    }


def _asked(rows: pl.DataFrame, sampling: Sampling, home: Path, speech: Speech) -> list[Draw]:
    """The draws, each behind the tokens that the teacher was given."""
    strategies = prepare(sampling.strategies, home)
    draws = []
    for row in rows.iter_rows(named=True):
        asked = ask_by(strategies, row)
        told = {**sampling.chat_template_kwargs, **asked.template_arguments}
        prompt = prompt_ids(speech.tokenizer, asked.messages, told)
        written = "<think>\n" if speech.opens(told) else ""  # by the template
        prompt += speech.encode((row["opening"] or "").removeprefix(written))
        draws.append(Draw(prompt, row["token_ids"]))
    return draws


def _watched(draws: Draws, readable: pl.DataFrame) -> list[int]:
    """The most frequent tokens of all draws, read or not; a shard at a time."""
    counts: Counter[int] = Counter()
    for rows in draws.each(("token_ids",), readable):
        counts.update(dict(rows["token_ids"].explode().drop_nulls().value_counts().iter_rows()))
    ranked = sorted(counts.items(), key=lambda told: (-told[1], -told[0]))
    return [token for token, _ in ranked[: evidence.WATCHED]]


def _read(
    weights: str, dtype: str, draws: Sequence[Draw], claim: Claim, watched: Sequence[int]
) -> tuple[list[Read], Counts, float]:
    """What the teacher says of the draws, and how far apart rounding may put two such readings."""
    exact, tolerance = [], evidence.SAME
    if dtype != "float32":
        exact, _ = likelihood.read(likelihood.load(weights, "float32"), draws[:PROBE], claim)
    model = likelihood.load(weights, dtype)  # the exact one has left the memory
    if exact:
        rounded, _ = likelihood.read(model, draws[:PROBE], claim)
        noise = evidence.difference([read.logprob for read in exact], rounded)
        tolerance = max(tolerance, evidence.NOISY * noise)
    tie = max(likelihood.TIE, tolerance)
    reads, counts = likelihood.read(model, draws, claim, watched, tie=tie)
    return reads, counts, tolerance
