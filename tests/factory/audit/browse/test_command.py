"""`factory browse`: says where it serves, and ends cleanly when it is told to."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from click.testing import CliRunner
from runs import NO, RIGHT, WRONG, YES, made, run_of

from factory.cli import main


def test_it_serves_until_it_is_interrupted(tmp_path: Path):
    made(run_of(tmp_path / "run", {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)]}))
    with subprocess.Popen(
        [sys.executable, "-m", "factory.cli", "browse", "run"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        assert process.stdout
        said = list(iter(process.stdout.readline, "Ctrl-C ends it\n"))
        assert said[-2] == "test: 3 rows\n"
        with urllib.request.urlopen(said[-1].strip()) as answer:
            assert "3 rows" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
    assert process.returncode == 0


def test_a_place_that_is_nothing_is_refused(tmp_path: Path):
    result = CliRunner().invoke(main, ["browse", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "nothing to audit" in result.output
