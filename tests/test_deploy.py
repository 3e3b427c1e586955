"""What starts clusters: the files are valid, name what this project has, and the script runs."""

import contextlib
import importlib.util
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ruamel.yaml import YAML

from factory.cli import main
from factory.recipe.models import Weights
from factory.recipe.sampling import Sampling
from factory.store.draws import Draws

ROOT = Path(__file__).parents[1]
DEPLOY, DOCUMENT = ROOT / "deploy", ROOT / "deploy" / "README.md"
SCRIPT = DEPLOY / "slurm.sh"
FILES = sorted(DEPLOY.iterdir())


def loaded(text: str) -> Any:
    return YAML(typ="safe").load(text)


RAY_UP = loaded((DEPLOY / "ray-up.yaml").read_text())
JOB = loaded((DEPLOY / "kuberay.yaml").read_text())["spec"]


def locked() -> str:
    """The one version of Ray that the locks have."""
    locks = [(ROOT / "requirements" / name).read_text() for name in ("cpu.txt", "gpu.txt")]
    (version,) = {re.findall(r"^ray==(\S+)$", lock, re.MULTILINE)[0] for lock in locks}
    return version


def commands(text: str) -> list[str]:
    """The lines of this project's command in a text, as `run manifests/mine.yaml --cluster ray`."""
    return re.findall(r"\bfactory ((?:run|status|check|attest) [^'`\n&|]+)", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
class TestEachFile:
    def test_names_the_locked_ray_and_no_other(self, file: Path):
        pattern = r"\b[Rr]ay(?:Version|\[default\]|`)?[ :=]+\"?(\d+\.\d+\.\d+)"
        named = re.findall(pattern, file.read_text())
        assert set(named) == {locked()}

    def test_is_of_no_particular_machine(self, file: Path):
        assert not re.findall(r"https?://|/(?:home|root|Users|work|tmp)/", file.read_text())

    def test_types_commands_that_exist(self, file: Path):
        for line in commands(file.read_text()):
            name, *words = line.split()
            known = {option for each in main.commands[name].params for option in each.opts}
            assert {word for word in words if word.startswith("--")} <= known


def test_ray_up_fits_ray_s_schema():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema (pip install jsonschema)")
    ray = importlib.util.find_spec("ray")  # importing it takes seconds
    if not ray or not ray.origin:
        pytest.skip("ray (pip install -e .[cluster])")
    schema = json.loads((Path(ray.origin).parent / "autoscaler" / "ray-schema.json").read_text())
    faults = jsonschema.validators.validator_for(schema)(schema).iter_errors(RAY_UP)
    assert [fault.message for fault in faults] == []


def test_ray_up_mounts_all_that_is_installed():
    mounts = {
        remote.removeprefix("~/reasoning-factory/"): local
        for remote, local in RAY_UP["file_mounts"].items()
        if not local.startswith("~")
    }
    assert all(remote == local and (ROOT / local).exists() for remote, local in mounts.items())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    needed = {name.rstrip("*") for name in packages} | {"pyproject.toml", "requirements"}
    assert needed | {project["project"]["readme"], *project["project"]["license-files"]} <= set(
        mounts
    )


@pytest.mark.parametrize(
    "command", itertools.chain(*(RAY_UP[key] for key in RAY_UP if key.endswith("_commands")))
)
def test_commands_of_ray_up_are_shell(command: str):
    read = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    assert (read.returncode, read.stderr) == (0, "")


def test_nobody_joins_without_the_token():
    starts = RAY_UP["head_start_ray_commands"][-1], RAY_UP["worker_start_ray_commands"][-1]
    assert all("RAY_AUTH_MODE=token" in start and "ray start" in start for start in starts)
    assert "RAY_AUTH_MODE=token" in SCRIPT.read_text()
    assert JOB["rayClusterSpec"]["authOptions"] == {"mode": "token"}


def test_kuberay_begins_with_all_its_nodes():
    for group in JOB["rayClusterSpec"]["workerGroupSpecs"]:
        assert group["replicas"] == group["minReplicas"] == group["maxReplicas"]


def test_head_and_workers_of_kuberay_are_alike():
    cluster = JOB["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    pods = [group["template"]["spec"] for group in groups]
    for key in ("image", "env", "volumeMounts"):
        first, *others = [pod["containers"][0][key] for pod in pods]
        assert all(other == first for other in others)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert pods[0]["containers"][0]["image"] == f"{project['name']}:{project['version']}"
    for pod in pods:
        mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_the_recipe_in_the_document_is_one():
    fragments = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (fragment,) = [loaded(text) for text in fragments if "sampling:" in text]
    assert Sampling.model_validate(fragment["sampling"]).cluster == "ray"
    assert Weights.model_validate(fragment["teacher"]["base"])


def test_the_document_leads_to_each_file():
    links = re.findall(r"\]\(([^)/]+)\)", DOCUMENT.read_text())
    assert {DEPLOY / link for link in links} == set(DEPLOY.iterdir()) - {DOCUMENT}


def test_the_script_is_good_shell():
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    assert os.access(SCRIPT, os.X_OK)
    if shellcheck := shutil.which("shellcheck"):
        subprocess.run([shellcheck, SCRIPT], check=True)


def test_the_script_says_what_it_wants():
    done = subprocess.run([SCRIPT], capture_output=True, text=True)
    assert (done.returncode, "RECIPE" in done.stderr) == (2, True)


SRUN = """#!/usr/bin/env bash
# Slurm's srun on one machine: each task of the step is a process group here.
while [[ $1 == --* ]]; do
    [[ $1 != --ntasks=* ]] || tasks=${1#*=}
    shift
done
for ((task = 0; task < tasks; task++)); do
    SLURM_PROCID=$task setsid "$@" &
    groups+=($!)
    echo $! >>"$GROUPS_FILE"
done
end() {
    kill -TERM "${groups[@]/#/-}"
    sleep 3
    kill -KILL "${groups[@]/#/-}"
    exit 143
}
trap end TERM
wait
"""
RECIPE = """
name: on-a-cluster
seed: 3
prompts:
  - source: reasoning_gym
    task: chain_sum
    options: {min_terms: 2, max_terms: 2, min_digits: 1, max_digits: 1}
    rows: 40
teacher:
  base:
    tiny: qwen2
    rows: 2000
    training: {epochs: 1, learning_rate: 3e-3, max_length: 128}
sampling:
  policy: {fixed: {draws: 4}}
  max_tokens: 48
  concurrency: 8
  replicas: 2
filters: {correctness: {}}
"""


@pytest.fixture
def one_machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a Slurm job of two nodes, both of them this machine."""
    srun, pids = tmp_path / "bin" / "srun", tmp_path / "groups"
    srun.parent.mkdir()
    srun.write_text(SRUN)
    srun.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short:  # names of sockets are short
        yield os.environ | {
            "PATH": f"{srun.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": short,
            "GROUPS_FILE": str(pids),
            "HEAD_ADDRESS": "127.0.0.1",
            "SLURM_JOB_ID": str(os.getpid()),
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_CPUS_PER_TASK": "1",
        }
        for pid in pids.read_text().split() if pids.exists() else ():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(pid), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="a machine without a GPU (two nodes)")
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("cluster")
def test_the_script_begins_a_cluster_runs_a_recipe_and_ends_it(
    one_machine: dict[str, str], tmp_path: Path
):
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)
    done = subprocess.run(
        [SCRIPT, recipe, "--into", run],
        env=one_machine,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "2 of 2 nodes are there" in done.stdout
    assert Draws(run / "samples" / "draws").read().height == 40 * 4
    assert (run / "dataset" / "v1").is_dir()
    left = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if one_machine["RAY_TMPDIR"] in " ".join(process.info["cmdline"] or ())
    ]
    assert not left
