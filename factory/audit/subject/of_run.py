"""A run: all its draws with their texts, and their fates by the version of its recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from factory.audit.subject import TEXTS, Subject, as_prompts, as_samples, question_of
from factory.audit.subject.of_version import names_of_teachers, rules_of
from factory.errors import StageError
from factory.ledger import Account
from factory.line.finished import finished
from factory.line.table import wanted
from factory.recipe import Recipe
from factory.run_folder import RunFolder
from factory.store.draws import Draws
from factory.versions.folder import decisions_of
from factory.versions.manifest import read

OF_DRAWS = ("strategy", "finish_reason", "prompt_tokens")
"""What the store tells of draws beside the version's decisions."""


def of_run(run: RunFolder, place: str) -> Subject:
    """A run, as its current version has decided.

    Args:
        place: as a person named it.

    Raises:
        StageError: it has no version yet, or draws are not there any more.
    """
    version = run.current_version()
    if version is None:
        raise StageError(
            f"{run.path}: no version, so no draw has a fate yet. `factory run RECIPE --into "
            f"{run.path}` ends what is not done; `factory status {run.path}` says what that is"
        )
    recipe, home = run.recipe()
    manifest = read(version)
    decided = pl.read_parquet(decisions_of(version))
    draws = run.draws(elsewhere=recipe.sampling.shards)
    told = draws.in_order(decided.select("sample_id"), OF_DRAWS).select(OF_DRAWS)
    samples = names_of_teachers(decided.hstack(told), manifest)
    filters, missing = rules_of(manifest, home)
    return Subject(
        place=place,
        name=recipe.name,
        kind="run",
        samples=as_samples(samples),
        prompts=_prompts(run),
        filters=filters,
        texts=DrawnTexts(run, draws),
        accounts=accounts(recipe, run),
        manifest=manifest,
        run=run,
        missing=missing,
    )


def accounts(recipe: Recipe, run: RunFolder) -> dict[str, list[Account]]:
    """The sums of all finished stages, in the order of the line."""
    done = {stage.name: finished(run, stage) for stage in wanted(recipe)}
    return {name: record.accounts for name, record in done.items() if record}


def _prompts(run: RunFolder) -> pl.DataFrame:
    fates = pl.read_parquet(run.prompt_fates)
    asked = run.prompts().select("prompt_id", "domain", "language")
    return as_prompts(fates.join(asked, on="prompt_id", how="left", maintain_order="left"))


@dataclass(frozen=True)
class DrawnTexts:
    """Texts as the store has them."""

    run: RunFolder
    draws: Draws

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """The texts of these draws, as `TEXTS`, in their order."""
        wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
        found = [self._told(rows) for rows in self.draws.each(_COLUMNS, wanted)]
        rows = pl.concat([pl.DataFrame(schema=TEXTS), *found])
        return wanted.join(rows, on="sample_id", how="inner", maintain_order="left")

    def each(self) -> Iterator[pl.DataFrame]:
        """The texts of all draws that count, shard by shard."""
        yield from (self._told(rows) for rows in self.draws.each(_COLUMNS, self.run.current()))

    def _told(self, rows: pl.DataFrame) -> pl.DataFrame:
        asked = self.run.prompts().join(rows.select("prompt_id"), on="prompt_id", how="semi")
        asked = asked.select("prompt_id", "reference", question=question_of(pl.col("messages")))
        text = pl.col("opening").fill_null("") + pl.col("text")
        told = rows.with_columns(text=text).join(asked, on="prompt_id", how="left")
        return told.select(pl.col(name).cast(kind) for name, kind in TEXTS.items())


_COLUMNS = ("sample_id", "prompt_id", "opening", "text", "reasoning", "response", "answer")
