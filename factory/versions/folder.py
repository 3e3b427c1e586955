"""A version's folder, as it is in a run and as it is published: its names stand here alone."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "manifest.json"
DEFAULT = "data"
"""The folder of the rows that are trained on: the config `default` of a published version."""
UNFINISHED = "unfinished"
"""Begins the name of a version's folder while it is written."""


def version_in(home: Path, number: int) -> Path:
    """The folder of a version, in the folder of all versions."""
    return home / f"v{number}"


def versions_in(home: Path) -> dict[int, Path]:
    """The folders of all finished versions by number, in order; what has no manifest is none."""
    there = {int(file.parent.name[1:]): file.parent for file in home.glob(f"v*/{MANIFEST}")}
    return dict(sorted(there.items()))


def manifest_of(version: Path) -> Path:
    """What made the version, and all its files with their digests; written last."""
    return version / MANIFEST


def card_of(version: Path) -> Path:
    """The dataset card."""
    return version / "README.md"


def license_of(version: Path) -> Path:
    """The licences of its rows, where one word does not say them."""
    return version / "LICENSE.md"


def picture_of(version: Path) -> Path:
    """The picture of the funnel, for the card."""
    return version / "funnel.png"


def recipe_of(version: Path) -> Path:
    """The recipe, for people and for another run."""
    return version / "recipe.yaml"


def provenance_of(version: Path) -> Path:
    """The statement of who made which files from what, in-toto's and SLSA's form."""
    return version / "provenance.intoto.json"


def croissant_of(version: Path) -> Path:
    """The version in Croissant's form."""
    return version / "croissant.json"


def index_of(version: Path) -> Path:
    """Of every row `sample_id`, `prompt_id`, `split`, `shard` and the digest of the row."""
    return version / "rows.parquet"


def decisions_of(version: Path) -> Path:
    """Every draw with its fate, all its reasons and measures."""
    return version / "decisions.parquet"


def funnel_of(version: Path) -> Path:
    """What each filter and each step of the selection did, overall and by domain."""
    return version / "funnel.parquet"


def statistics_of(version: Path) -> Path:
    """Distributions over the rows: counts, lengths, shares."""
    return version / "statistics.json"


def examples_of(version: Path) -> Path:
    """Some traces in the form that the Hub shows as a session, a file each."""
    return version / "examples"


def shard_of(version: Path, split: str, number: int, shards: int, form: str = DEFAULT) -> Path:
    """One of so many files of a split's rows, in the default form or another."""
    return version / form / f"{split}-{number:05}-of-{shards:05}.parquet"


def shards_of(version: Path, split: str | None = None, form: str = DEFAULT) -> list[Path]:
    """The files of rows of a split, or of all, in their order."""
    return sorted((version / form).glob(f"{split or '*'}-*-of-*.parquet"))


def published_of(home: Path) -> Path:
    """Which of the versions were published, where, under which names and commits."""
    return home / "published.json"


def publishing_in(home: Path) -> Path:
    """What publishing writes while it is at work: the version under its name, and read back."""
    return home / "publishing"


def raw_digests_in(place: Path) -> Path:
    """Digests of raw samples that lie there, as `sha256sum --check` reads them."""
    return place / "SHA256SUMS"
