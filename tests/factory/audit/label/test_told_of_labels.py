"""What marks say reaches the card of a version that is published, and no name of a person does."""

import re
from pathlib import Path

import pytest
from labelling import labelled_run, mark_all

from factory.audit.label.questions import questions
from factory.audit.label.session import session
from factory.audit.label.told import marked_in_run
from factory.audit.subject.place import subject_at
from factory.hub.publish import Wanted, stage
from factory.run_folder import RunFolder
from factory.versions.folder import card_of
from factory.versions.manifest import read

PERSON = "adalovelace"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose draws somebody has marked."""
    run = RunFolder(labelled_run(tmp_path_factory.mktemp("told") / "run"))
    subject = subject_at(str(run.path))
    asked, _ = questions(subject)
    begun, _ = session(subject, asked, 80, run.labels, PERSON)
    mark_all(begun)
    begun.writer.close()
    return run


def version_of(run: RunFolder) -> Path:
    version = run.current_version()
    assert version
    return version


def staged(run: RunFolder, room: Path) -> Path:
    room.mkdir(exist_ok=True)
    return stage(Wanted(version_of(run), "org/name"), room).folder


def test_the_card_has_what_was_measured(marked: RunFolder, tmp_path: Path):
    folder = staged(marked, tmp_path)
    card = card_of(folder).read_text()
    assert "as 1 person marked some that were drawn by lot" in card
    assert re.search(r"\| math \| Is this final answer right\? \| \d+ \| 100% \(", card)
    assert re.search(r"\| correctness \| Is this final answer wrong\? \| \d+ \| 100% \(", card)
    assert "| length | Is this text, or a paragraph of it, too long or too short" in card
    assert "not measured" in card
    manifest = read(folder)
    (math,) = (one for one in manifest.marked if one.judge == "math")
    assert math.precision
    assert math.precision[0] == 1
    assert PERSON not in card + manifest.model_dump_json()


def test_a_version_that_nobody_marked_says_so(marked: RunFolder, tmp_path: Path):
    away = marked.labels.rename(marked.path / "away")
    try:
        assert marked_in_run(version_of(marked)) == []
        card = card_of(staged(marked, tmp_path)).read_text()
        assert "On these draws it is **not measured**: nobody has marked any" in card
    finally:
        away.rename(marked.labels)


def test_a_copy_of_a_version_knows_no_run(marked: RunFolder, tmp_path: Path):
    (tmp_path / "elsewhere" / "v1").mkdir(parents=True)
    assert marked_in_run(tmp_path / "elsewhere" / "v1") == []
