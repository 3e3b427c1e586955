"""The card of a trained teacher: what it was made of, by which rewards and which code."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.models import Located
from factory.recipe.teacher import Grpo
from factory.store.shards import write_text
from teacher.options import weights

HEAD = """---
library_name: transformers
pipeline_tag: text-generation
tags: [grpo, trl, reasoning]
---
"""


def write(card: Path, base: Located, grpo: Grpo, prompts: pl.DataFrame) -> None:
    """Write the card; no path of this machine is in it."""
    rewards = "\n".join(f"| {name} | {weight:g} |" for name, weight in weights(grpo).items())
    given = prompts.group_by("source", "verifier").len("rows").sort("source", "verifier")
    sources = "\n".join(
        f"| {source} | {verifier} | {rows:,} |" for source, verifier, rows in given.iter_rows()
    )
    told = grpo.model_dump(mode="json", exclude={"rewards"}, exclude_defaults=True)
    settings = "\n".join(f"| {name} | {value} |" for name, value in told.items())
    write_text(
        f"""{HEAD}
# A model after {grpo.steps:,} steps of GRPO

Base: {base.name}{f", revision {base.revision}" if base.revision else ""}.

| prompts of | judged by | number |
|---|---|---|
{sources}

| reward | weight |
|---|---|
{rewards}

| setting that is not the default | value |
|---|---|
{settings}

Made by {_code()}. No code of the base's repository was run (`trust_remote_code` is off).
""",
        card,
    )


def _code() -> str:
    """What made it."""
    from factory.versions.software import software

    return ", ".join(f"{name} {version}" for name, version in software().items())
