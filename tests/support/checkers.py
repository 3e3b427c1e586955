"""Others' programs that check ours, each in an environment of its own, made once on a machine.

Their pins are in requirements/checkers/: NAME.txt for pip, NAME/package.json and its lock for npm.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PINS = Path(__file__).parents[2] / "requirements" / "checkers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
HOME = CACHE / "reasoning-factory" / "checkers"


def checker(name: str) -> Path:
    """The Python of an environment with the packages of `requirements/checkers/NAME.txt`; the test
    is skipped where it cannot be made."""
    pins = PINS / f"{name}.txt"
    folder = HOME / f"{name}-{_digest(pins)}-{sys.version_info.major}.{sys.version_info.minor}"
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _made(folder, ([sys.executable, "-m", "venv", folder], [*pip, "--no-deps", "-r", pins]))
    return folder / "bin" / "python"


def node_checker(name: str) -> Path:
    """A folder with the `node_modules` of `requirements/checkers/NAME/`; the test is skipped where
    there is no npm, or it cannot be made."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js (a checker of another language: `apt-get install nodejs npm`)")
    pins = [PINS / name / "package.json", PINS / name / "package-lock.json"]
    folder = HOME / f"{name}-{_digest(*pins)}"
    copied = [["mkdir", folder], ["cp", *pins, folder]]
    _made(folder, (*copied, [npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit"]))
    return folder


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _made(folder: Path, commands: Sequence[Sequence[str | Path]]) -> None:
    """Run the commands that make a folder, unless it is made; nobody else makes it meanwhile."""
    HOME.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready"
    with (HOME / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(done.stdout, done.stderr)
                pytest.skip(f"a checker (`{folder.name}` could not be made: give pip its index)")
        ready.touch()
