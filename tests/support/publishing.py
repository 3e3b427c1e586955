"""Versions to publish, in milliseconds, and the command that publishes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result
from hub import Hub
from huggingface_hub import HfApi
from versions import described

from factory.cli import main
from factory.versions.choose import decisions
from factory.versions.manifest import Input, Manifest
from factory.versions.write import Draft, write

REPO = "alice/sums"
SOURCE = Input(what="prompts", name="sums", origin="sums", digest="0", license="mit", rows=9)


def rows_of(numbers: Sequence[int], thinking: int = 40, **columns: Any) -> pl.DataFrame:
    """Conversations, one a number, with as many words that no two of them have alike."""

    def words(number: int) -> str:
        seeds = (f"{number} {word}".encode() for word in range(thinking))
        return " ".join(hashlib.sha256(seed).hexdigest()[:9] for seed in seeds)

    asked = [f"What is {number} + 1?" for number in numbers]
    told = [f"<think>{words(number)}</think> {number + 1}" for number in numbers]
    messages = [
        [{"role": "user", "content": q}, {"role": "assistant", "content": a}]
        for q, a in zip(asked, told, strict=True)
    ]
    ids = [f"{number:06}" for number in numbers]
    return pl.DataFrame({"sample_id": ids, "prompt_id": ids, "messages": messages, **columns})


def version(
    home: Path, rows: pl.DataFrame | None = None, files: Sequence[str] = (), **told: Any
) -> Path:
    """The next version in a folder of versions, with these small files in it, too."""
    rows = rows_of(range(20)) if rows is None else rows
    drawn = rows.select("sample_id", "prompt_id").with_columns(
        draw=0, fate=pl.lit("chosen"), verdict=pl.lit("correct"),
        reasons=pl.lit([], pl.List(pl.String)),
        **dict.fromkeys(("spare_by", "dropped_by", "verdict_reason"), pl.lit(None, pl.String)),
    )  # fmt: skip
    describe = described(decisions(drawn), **{"inputs": [SOURCE]} | told)

    def describe_all(draft: Draft) -> Manifest:
        for name in files:
            file = draft.folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(name)
        return describe(draft)

    made_by = {"rows": rows.height, "told": str(sorted(told))}
    return write(home, lambda _: iter([rows]), made_by, describe_all)[0]


def publish(hub: Hub, *arguments: str | Path, token: str | None = None) -> Result:
    """Run the command in this process, as alice."""
    named = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": token or hub.token}
    asked = ["publish", "--repo", REPO, *map(str, arguments)]
    return CliRunner(env=named).invoke(main, asked, catch_exceptions=False)


def done(result: Result) -> str:
    """What it printed, if all went well."""
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result) -> str:
    """What it said in one line, if it stopped."""
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def head(api: HfApi, repo: str = REPO) -> str:
    """The commit that main is at."""
    return str(api.dataset_info(repo).sha)


def tags(api: HfApi, repo: str = REPO) -> dict[str, str]:
    """The commit that each tag stands on."""
    refs = api.list_repo_refs(repo, repo_type="dataset")
    return {tag.name: tag.target_commit for tag in refs.tags}


def commits(api: HfApi, repo: str = REPO) -> list[str]:
    """Titles of the commits on main, newest first."""
    return [c.title for c in api.list_repo_commits(repo, repo_type="dataset")]


def written(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
