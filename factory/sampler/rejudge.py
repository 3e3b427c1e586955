"""Judging stored draws again: by today's verifiers, or by keys that were mended."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

import filters.text
import filters.verifiers
from factory.errors import RecipeError
from factory.progress import Report
from factory.records import digest, file_digest, key_digest, now
from factory.sampler.judging import PENDING, Ask, Asked
from factory.store import Store, verdicts, write_table
from factory.store.shards import Shards, write_text
from filters import own
from filters.truncation import STOPPED
from filters.verdict import Verdict
from filters.verifiers import pool, unknown, verify
from filters.verifiers.judge.votes import FAILED

CHUNK = 1000
"""Draws in a file of verdicts: what an interruption costs at most."""
THREADS = 2 * pool.WORKERS + 2
"""Draws judged at once: two for each worker keep the pool busy, without a long queue before it;
the others are for what needs no worker."""
PACKAGES = ("python-flint", "math-verify", "latex2sympy2_extended", "sympy", "reasoning-gym")
"""Packages that verdicts depend on."""
HOW = ("verifier", "reference", "judge")
"""What the key of a prompt is the digest of."""
WAITING = (FAILED, PENDING)
"""Reasons of draws that are still to be judged."""
JUDGED = (
    "sample_id",
    "prompt_id",
    "finish_reason",
    "response",
    "key",
    "verdict",
    "verdict_reason",
)


@dataclass(frozen=True)
class Round:
    """One judging of stored draws, by verifiers as they are now."""

    folder: Path
    """Where its verdicts go."""
    judges: dict[str, Any]
    only: tuple[str, ...]
    """Outcomes or reasons whose draws alone are judged; none stands for all draws."""
    before: list[pl.DataFrame]
    """The later verdicts that count without it."""
    mended: bool = False
    """Only draws whose verdict is by another key than today's, or that wait for the judge."""

    def own(self) -> pl.DataFrame:
        """Its verdicts so far."""
        if self.folder.is_dir():
            return verdicts.of_round(self.folder.parent, self.folder.name)
        return pl.DataFrame(schema=verdicts.VERDICT)

    def after(self) -> list[pl.DataFrame]:
        """The later verdicts that would count with it."""
        return [*self.before, self.own()]


@dataclass(frozen=True)
class Mended:
    """What another key or judge has changed, and what the judge owed."""

    prompts: int = 0
    draws: int = 0
    """Draws judged again."""
    turned: int = 0
    """Those whose verdict is another now."""
    waited: int = 0
    """Draws of today's keys that had waited for the judge, and were judged."""


def judged_by(named: Iterable[str] = ()) -> dict[str, Any]:
    """What verdicts depend on: the source of verifiers and of what they read texts with, and
    versions of packages; the code of a person's own among the verifiers that prompts name."""
    rooms = (Path(room.__file__).parent for room in (filters.verifiers, filters.text))
    source = sorted(file for room in rooms for file in room.rglob("*.py"))
    source.append(Path(own.__file__))
    told = {"verifiers": file_digest(*source), "packages": dict(map(_version, PACKAGES))}
    known = {own.identity(name) for name in named if own.is_own(name) and not own.fault(name)}
    return told | ({"own": sorted(known)} if known else {})


def _version(package: str) -> tuple[str, str | None]:
    try:
        return package, importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return package, None


def judge(
    round_: Round,
    shards: Path | str,
    prompts: pl.DataFrame,
    report: Report,
    ask: Ask | None = None,
) -> int:
    """Judge what the round has not judged; returns how many draws that were.

    Args:
        round_: where verdicts go; each file of them is whole, or not there.
        shards: where the sealed draws are, of which one shard is in memory at a time.
        prompts: the table of prompts, with today's references. Draws of others are left alone.
        report: is told of draws judged.
        ask: judges where the prompts (`Judging.marked`) have a judge.

    Raises:
        RecipeError: a prompt names a verifier that is not there.
        StageError: the judge answers nothing any more; what it said is kept.
    """
    keys, have = _keys(prompts), _judged_already(round_)
    done, total = 0, _count(round_, shards, keys, have)
    report(done, total, "draws")
    for rows in _owed(round_, shards, keys, have):
        for chunk in rows.iter_slices(CHUNK):
            keep(round_, _judged(chunk, ask))
            done += chunk.height
            report(done, total, "draws")
    return done


def by_mended_keys(
    store: Store, prompts: pl.DataFrame, report: Report, ask: Ask | None = None
) -> Mended:
    """Judge again what was judged by another key or judge than today's, and what waits for the
    judge; these verdicts count at once.

    Args:
        store: of the draws and of later verdicts; what its journal holds is sealed before.
        prompts: the table of prompts, with today's references.
        report: is told of draws judged.
        ask: judges where the prompts have a judge.
    """
    rounds = store.draws.rounds
    if not isinstance(rounds, Path):  # nowhere to keep later verdicts
        return Mended()
    store.seal(wait=True)
    light = store.draws.read(("sample_id", "prompt_id", "key", "verdict_reason"))
    keys = _keys(prompts).rename({"key": "now"})
    changed = pl.col("key") != pl.col("now")
    other = light.join(keys, on="prompt_id").filter(changed | _waits())
    if other.is_empty():
        return Mended()
    judges = judged_by(prompts["verifier"].unique())
    name = digest(judges, "mended", sorted(other["now"].unique()), verdicts.applied(rounds))[:12]
    round_ = Round(rounds / name, judges, (), verdicts.current(rounds), mended=True)
    before = store.draws.read(("sample_id", "verdict"), other)
    judge(round_, store.draws.place, prompts, report, ask)
    verdicts.apply(rounds, name)
    both = before.join(store.draws.read(("sample_id", "verdict"), other), on="sample_id")
    turned = both.filter(pl.col("verdict") != pl.col("verdict_right"))
    mended = other.filter(changed)
    known = mended.join(turned, on="sample_id", how="semi").height
    waited = other.height - mended.height
    return Mended(mended["prompt_id"].n_unique(), mended.height, known, waited)


def _waits() -> pl.Expr:
    """Whether a draw waits for the judge: asked after the draws, or of no use when it was asked."""
    waits = pl.col("judge").is_not_null() & verdicts.word().is_in(WAITING)
    return waits.fill_null(False)


def _keys(prompts: pl.DataFrame) -> pl.DataFrame:
    """How each prompt is judged now, and a digest of that."""
    for name in prompts["verifier"].unique():
        if wrong := unknown(name):
            raise RecipeError(f"prompts name a verifier that is not there: {wrong}")
    # Of one draw alone a majority knows nothing: see `factory.sampler.votes`.
    prompts = prompts.filter(pl.col("verifier") != "majority")
    texts = pl.Schema(dict.fromkeys(("judge", "question"), pl.String()))
    lacks = (pl.lit(None, kind).alias(c) for c, kind in texts.items() if c not in prompts.columns)
    told = prompts.with_columns(lacks).select("prompt_id", *HOW, "question")
    digests = [key_digest(*row) for row in told.select(HOW).iter_rows()]
    return told.with_columns(key=pl.Series(digests, dtype=pl.String))


def _judged_already(round_: Round) -> pl.DataFrame:
    """The draws that the round has, or that the same verifiers judged just before it.

    What failed then is tried again.
    """
    have = [round_.own()]
    folder = round_.folder.parent
    for name in reversed([] if round_.only else verdicts.applied(folder)):
        noted = json.loads(_note(folder / name).read_text())
        if {part: noted.get(part) for part in round_.judges} != round_.judges:
            break
        failed = verdicts.word().is_in(verdicts.FAILURES).fill_null(False)
        have.append(verdicts.of_round(folder, name).filter(~failed))
    return pl.concat(have).select("sample_id", "key")


def _owed(
    round_: Round,
    shards: Path | str,
    keys: pl.DataFrame,
    have: pl.DataFrame,
    columns: Sequence[str] = JUDGED,
) -> Iterator[pl.DataFrame]:
    """The draws of each shard that are still to be judged, each with how."""
    for shard in Shards(shards).each(columns):
        rows = verdicts.over(shard, round_.before).rename({"key": "was_key"})
        rows = rows.join(keys, on="prompt_id", how="inner", maintain_order="left")
        rows = rows.join(have, on=["sample_id", "key"], how="anti", maintain_order="left")
        if round_.only:
            reason = verdicts.word().is_in(round_.only).fill_null(False)
            rows = rows.filter(pl.col("verdict").is_in(round_.only) | reason)
        if round_.mended:
            rows = rows.filter((pl.col("was_key") != pl.col("key")) | _waits())
        yield rows


def _count(round_: Round, shards: Path | str, keys: pl.DataFrame, have: pl.DataFrame) -> int:
    light = ("sample_id", "prompt_id", "key", "verdict", "verdict_reason")
    return sum(rows.height for rows in _owed(round_, shards, keys, have, light))


def _judged(rows: pl.DataFrame, ask: Ask | None) -> pl.DataFrame:
    # What was stopped in the middle of its answer has none, as when it was drawn.
    stopped = pl.col("finish_reason").is_in(STOPPED)
    told = rows.select(pl.when(~stopped).then("response"), "reference", "verifier", "question")
    asked = [
        (response, orjson.loads(reference or "null"), verifier, question)
        for response, reference, verifier, question in told.iter_rows()
    ]
    # Rules alone need no event loop.
    given = ask(asked) if ask and told["question"].count() else _by_rules(asked)
    found = [(one.outcome, one.reason, one.answer, one.seconds) for one in given]
    later = pl.DataFrame(found, schema=list(verdicts.GIVEN), orient="row")
    own = rows.select("sample_id", "verifier", "key")
    return own.hstack(later).cast(pl.Schema(verdicts.VERDICT))


def _by_rules(asked: Sequence[Asked]) -> list[Verdict]:
    threads = ThreadPoolExecutor(THREADS, "judge")
    try:
        return list(threads.map(lambda each: verify(*each[:3]), asked))
    finally:
        threads.shutdown(cancel_futures=True)


def noted(folder: Path, name: str) -> dict[str, Any]:
    """Who judged a round of this folder, and what of it; empty where nobody noted it."""
    file = _note(folder / name)
    return json.loads(file.read_bytes()) if file.exists() else {}


def _note(folder: Path) -> Path:
    """Who judged a round, and what of it."""
    return folder / "judged-by.json"


def keep(round_: Round, found: pl.DataFrame) -> None:
    """Write down verdicts of a round, whole or not at all, and at first who judges."""
    round_.folder.mkdir(parents=True, exist_ok=True)
    note = _note(round_.folder)
    if not note.exists():
        began = now()
        told = {**round_.judges, "only": round_.only, "mended": round_.mended, "began": began}
        write_text(json.dumps(told, indent=1), note)
    number = len(list(round_.folder.glob("part-*.parquet")))
    write_table(found, round_.folder / f"part-{number:05}.parquet")
