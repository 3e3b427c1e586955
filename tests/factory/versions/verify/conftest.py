"""A version that tests may spoil: of a run with dropped, spare and chosen draws in two shards."""

import shutil
from pathlib import Path

import pytest
from runs import NO, WRONG, YES, made, run_of

from factory.versions.verify import verify

RULES = {
    "format": {},
    "correctness": {},
    "length": {"max_tokens": 50},
    "repetition": {},
    "duplicates": {"over": "everything"},
}


@pytest.fixture(scope="session")
def whole_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten rows; of three prompts a further draw, and one draw that is wrong."""
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    draws = {
        f"p{number}": [(f"<think>{words[number]} " + " ".join(words[number:]) * 2 + turn, YES)
                       for turn in (r"</think> \boxed{5}", r"</think> It is \boxed{5}.")]
        for number in range(10)
    }  # fmt: skip
    draws["p0"].append((WRONG, NO))
    context = run_of(tmp_path_factory.mktemp("made") / "run", draws, filters=RULES)
    made(context)
    version = context.run.current_version()
    assert version
    found = verify(version)
    assert found.good, found.faults
    assert found.rows >= 5
    return version


@pytest.fixture
def version(whole_version: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole_version, tmp_path / "v1"))
