"""A mended key: what was judged by another one is judged again when samples run, and told."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sampled import RIGHT, WRONG, fixed, prompts, until

from factory.engines import Scripted
from factory.recipe.sampling import Policy, Sampling
from factory.records import key_digest
from factory.sampler import rejudge
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.outcome import Outcome
from factory.sampler.rejudge import Mended, by_mended_keys
from factory.store import Store
from filters.verdict import Verdict


def quiet(*_: Any, **__: Any) -> None:
    """A report that nobody reads."""


def keyed(reference: str, *names: str) -> pl.DataFrame:
    """Prompts with this reference, JSON text; `RIGHT` says 5, `WRONG` says 6."""
    return prompts(*names).with_columns(reference=pl.lit(reference))


def sitting(
    run: Path, asked: pl.DataFrame, answers: Mapping[str, Sequence[str]], policy: Policy
) -> tuple[Mended, Outcome]:
    """One start of the samples stage: verdicts first, then draws that are owed."""
    store = Store(run / "draws", rounds=run / "verdicts")
    asker = Asker("t", Sampling(policy=policy), seed=1)
    try:
        mended = by_mended_keys(store, asked, quiet)
        return mended, asyncio.run(fill(Scripted(answers), asked, asker, store, quiet))
    finally:
        store.close()


def test_only_what_the_mended_key_judges_is_judged_again(tmp_path: Path):
    answers = {"p": [RIGHT, WRONG], "q": [RIGHT, WRONG]}
    asked = prompts("p", "q")
    first, before = sitting(tmp_path, asked, answers, fixed(2))
    assert first == Mended()
    assert before.prompts["correct"].to_list() == [1, 1]
    mended = asked.with_columns(
        reference=pl.when(prompt_id="p").then(pl.lit('"6"')).otherwise("reference")
    )
    changed, after = sitting(tmp_path, mended, answers, fixed(2))
    assert changed == Mended(prompts=1, draws=2, turned=2)
    assert after.samples.equals(before.samples)  # the draws are the same
    unchanged, _ = sitting(tmp_path, mended, answers, fixed(2))
    assert unchanged == Mended()  # told once


def test_draws_that_turned_wrong_are_followed_by_others(tmp_path: Path):
    answers = {"p": [RIGHT, WRONG, WRONG]}
    _, before = sitting(tmp_path, prompts("p"), answers, until(1, 3))
    assert before.samples.height == 1
    _, after = sitting(tmp_path, keyed('"7"', "p"), answers, until(1, 3))
    assert after.samples.height == 3
    assert after.prompts["correct"].to_list() == [0]


def test_a_key_that_goes_back_is_judged_by_again(tmp_path: Path):
    answers, asked = {"p": [RIGHT]}, prompts("p")
    sitting(tmp_path, asked, answers, fixed(1))
    sitting(tmp_path, keyed('"7"', "p"), answers, fixed(1))
    back, after = sitting(tmp_path, asked, answers, fixed(1))
    assert (back.draws, back.turned) == (1, 1)
    assert after.prompts["correct"].to_list() == [1]


def test_an_old_verdict_does_not_stand_where_its_key_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    answers, asked = {"p": [RIGHT]}, prompts("p")
    sitting(tmp_path, asked, answers, fixed(1))
    monkeypatch.setattr(rejudge, "verify", lambda *_: Verdict("unverifiable", "timeout"))
    _, after = sitting(tmp_path, keyed('"7"', "p"), answers, fixed(1))
    assert after.prompts["correct"].to_list() == [0]
    store = Store(tmp_path / "draws", rounds=tmp_path / "verdicts")
    (row,) = store.table(("verdict", "verdict_reason", "key")).rows()
    assert row == ("unverifiable", "timeout", key_digest("exact", '"7"'))
    store.close()
