"""The flow: every sum closes, and each link leads to its samples."""

from dataclasses import replace

import polars as pl
import pytest
from runs import NO, OPEN, RIGHT, TIMEOUT, WRONG, YES, made, run_of

from factory.audit.figures.flow import Flow, flow, selected
from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at
from factory.ledger import Account

PROMPTS = Account(what="prompts", entered=5, left=4, dropped={"too_long": 1})
DRAWS = Account(what="draws", entered=8, left=6, failed={"refused": 2})
READ = Account(what="rows read", entered=9, left=7, dropped={"no question": 2})
ROWS = Account(what="rows", entered=2, left=1, dropped={"too_long": 1})
TOKENS = Account(what="trained tokens", entered=30, left=20, dropped={"too_long": 10})


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A run of six draws: two are rows, one is spare, one was cut off."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {
        "a": [(WRONG, NO), (RIGHT, YES), (RIGHT, YES)],
        "b": [(RIGHT, YES)],
        "c": [(OPEN, NO), (WRONG, TIMEOUT)],
    }
    made(run_of(folder, draws))
    return subject_at(str(folder))


@pytest.fixture(scope="module")
def whole(subject: Subject) -> Flow:
    accounts = {"prompts": [READ], "samples": [PROMPTS, DRAWS], "student": [ROWS, TOKENS]}
    assert subject.manifest
    held_out = [one.model_copy(update={"held_out": 2}) for one in subject.manifest.inputs]
    manifest = subject.manifest.model_copy(update={"inputs": held_out})
    return flow(replace(subject, accounts=accounts, manifest=manifest))


def told(found: Flow) -> list[tuple[object, ...]]:
    return found.table().select("from", "to", "reason", "count", "becomes").rows()


def test_from_rows_read_to_trained_tokens(whole: Flow):
    assert told(whole) == [
        ("rows read", "no question", "no question", 2, None),
        ("rows read", "held out", "held_out", 2, None),
        ("rows read", "prompts", "", 5, None),
        ("prompts", "too long", "too_long", 1, None),
        ("prompts", "draws", "", 4, 8),
        ("draws", "refused", "refused", 2, None),
        ("draws", "ended by itself", "stop", 5, None),
        ("draws", "cut off at max_tokens", "length", 1, None),
        ("ended by itself", "correct", "", 3, None),
        ("cut off at max_tokens", "incorrect", "wrong_answer", 1, None),
        ("ended by itself", "incorrect", "wrong_answer", 1, None),
        ("ended by itself", "unverifiable", "timeout", 1, None),
        ("correct", "accepted", "", 3, None),
        ("incorrect", "dropped by correctness", "incorrect", 2, None),
        ("unverifiable", "dropped by correctness", "unverifiable", 1, None),
        ("accepted", "spare: per_prompt", "per_prompt", 1, None),
        ("accepted", "rows of the version", "", 2, None),
        ("rows of the version", "rows of the student", "", 2, None),
        ("rows of the student", "too long", "too_long", 1, 10),
        ("rows of the student", "trained tokens", "", 1, 20),
    ]
    assert whole.open() == []


def test_each_link_leads_to_its_samples(subject: Subject, whole: Flow):
    counted = [link for link in whole.links if link.key is not None]
    assert len(counted) == 11
    for link in counted:
        assert subject.samples.filter(selected(link.key or {})).height == link.count, link


def test_samples_alone_tell_a_part(subject: Subject):
    found = flow(replace(subject, accounts={}, manifest=None))
    assert found.nodes[0].title == "samples"
    assert told(found)[-1] == ("accepted", "kept", "", 2, None)
    assert found.open() == []


def test_what_nobody_knows_is_no_stage(subject: Subject):
    unknown = pl.lit(None, pl.String)
    samples = subject.samples.with_columns(finish_reason=unknown, verdict=unknown)
    found = flow(replace(subject, accounts={}, manifest=None, samples=samples))
    assert {link.source for link in found.links} == {"draws", "dropped_by: None"}
    assert found.open() == []


def test_a_sum_that_does_not_close_is_said(subject: Subject):
    lost = DRAWS.model_copy(update={"entered": 9})
    found = flow(replace(subject, accounts={"samples": [PROMPTS, lost]}))
    assert found.open() == ["draws: 9 draws are counted here, and 8 go on or are lost"]


def test_of_a_real_run_every_sum_closes(subject: Subject):
    assert flow(subject).open() == []
