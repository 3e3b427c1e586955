"""What tests of labels share: a run, made once."""

from pathlib import Path

import pytest
from labelling import labelled_run

from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to mark."""
    return labelled_run(tmp_path_factory.mktemp("labels") / "run")


@pytest.fixture(scope="session")
def subject(run: Path) -> Subject:
    """The same as a subject."""
    return subject_at(str(run))
