"""`factory label`: marks of others, the report, and what it says where nothing can be done."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from labelling import labelled_run, mark_all
from runs import call

from factory.audit.label.questions import questions
from factory.audit.label.session import session
from factory.audit.subject.place import subject_at
from factory.cli import main


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled_run(tmp_path_factory.mktemp("labels") / "run")


@pytest.fixture(scope="module")
def of_ben(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that another person sends."""
    subject, folder = subject_at(str(run)), tmp_path_factory.mktemp("sent")
    asked, _ = questions(subject, ["right"])
    begun, _ = session(subject, asked, 20, folder, "ben")
    mark_all(begun, wrong=2)
    begun.writer.close()
    return folder / "ben.jsonl"


def test_marks_of_others_are_taken_in_and_reported(run: Path, of_ben: Path):
    assert "no marks by today's rules" in call("label", run, "--report")
    shown = call("label", run, "--import", of_ben, "--report")
    assert "ben.jsonl: 21 new lines of ben" in shown
    assert re.search(r"math +right +20 +\d+% \(\d+% to \d+%\)", shown), shown
    assert "0 new lines of ben" in call("label", run, "--import", of_ben)


def test_a_version_needs_a_folder_for_its_marks(run: Path, tmp_path: Path):
    result = CliRunner().invoke(main, ["label", f"{run}@1"])
    assert result.exit_code == 1
    assert "no run, and a version's folder stays as it is" in result.output
    shown = call("label", f"{run}@1", "--marks", tmp_path / "marks", "--report")
    assert "no marks by today's rules" in shown


def test_a_question_that_is_none_is_named(run: Path):
    result = CliRunner().invoke(main, ["label", str(run), "--questions", "rigth"])
    assert "no question 'rigth'; did you mean 'right'?" in result.output


def test_it_serves_until_ctrl_c_and_says_where_marks_go(run: Path):
    command = [sys.executable, "-m", "factory.cli", "label", str(run), "--who", "ann", "--n", "9"]
    told = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "http://127.0.0.1:" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert any("0 of 9 are marked, in" in line and "ann.jsonl" in line for line in lines), lines
    assert (run / "labels" / "ann.jsonl").read_text().count('"kind":"strata"') == 8
