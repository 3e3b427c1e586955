"""The house: its rooms, what may import what, and how large things may be."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("filters", "factory", "sft", "teacher")
FILE = re.compile(r"[\w-]+(\.json|\.parquet|\.png|\.md|-by)")
"""How the names of files look that a run folder has."""

FLOORS = [
    ("filters",),
    ("factory.errors", "factory.records", "factory.metrics"),
    ("factory.recipe",),
    ("factory.ledger", "factory.progress"),
    (
        "factory.models",
        "factory.prompts",
        "factory.store",
        "factory.versions.folder",
        "factory.versions.manifest",
    ),
    ("factory.engines", "factory.run_folder"),
    ("factory.sampler", "factory.versions"),
    ("factory.line",),
    ("factory.audit", "factory.generations", "factory.hub", "factory.versions.mix"),
    ("factory.cli",),
]
"""From the ground up. The rooms `sft` and `teacher` stand beside these, on all below `line`."""
UPWARDS = {
    ("factory.line.stages", "sft"),
    ("factory.line.stages", "teacher"),
    ("factory.line.raising", "sft"),
    ("factory.line.raising", "factory"),  # a teacher's stages mix versions
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the rooms, by its dotted name."""
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
    }


@cache
def tree(name: str) -> ast.Module:
    """A module, parsed."""
    return ast.parse(modules()[name].read_text())


@cache
def imports(name: str) -> set[str]:
    """The modules of the house that a module imports, inside functions as well."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                part = f"{node.module}.{alias.name}"
                found.add(part if part in modules() else node.module)
    return found & modules().keys()


def floor(name: str) -> int:
    """How high a module stands; rooms of their own stand just below the line."""
    if name.startswith(("sft", "teacher")):
        return len(FLOORS) - 3 if name.startswith("teacher") else len(FLOORS) - 4
    best = max(
        (prefix for level in FLOORS for prefix in level if f"{name}.".startswith(f"{prefix}.")),
        key=len,
        default="factory",
    )
    return next((n for n, level in enumerate(FLOORS) if best in level), 0)


def test_no_imports_run_in_a_circle():
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        assert name not in way, " imports ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(imports(name)):
                visit(other, [*way, name])
            done.add(name)

    for name in sorted(modules()):
        visit(name, [])


def test_no_import_goes_upwards():
    upwards = {
        (name, other)
        for name in modules()
        for other in imports(name)
        if floor(other) > floor(name) and (name, other.split(".")[0]) not in UPWARDS
    }
    assert not upwards


def test_filters_know_nothing_of_the_rest_of_the_house():
    strangers = {
        (name, other)
        for name in modules()
        if name.startswith("filters")
        for other in imports(name)
        if not other.startswith("filters")
    }
    assert not strangers


@pytest.mark.parametrize(("room", "most"), [("factory", 19), ("filters/verifiers", 12)])
def test_a_room_can_be_taken_in_at_a_glance(room: str, most: int):
    there = {p.relative_to(ROOT / room).parts[0] for p in (ROOT / room).rglob("*.py")}
    assert len(there) <= most, sorted(there)


def python_files() -> list[Path]:
    folders = (*ROOMS, "tests", "benchmarks", "requirements")
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_is_long():
    long = {str(f.relative_to(ROOT)): f.read_text().count("\n") for f in python_files()}
    assert not {name: lines for name, lines in long.items() if lines > 400}


def test_no_function_is_long():
    long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1}"
        for file in python_files()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno and node.end_lineno - node.lineno + 1 > 50
    ]
    assert not long


SPELLERS = ("factory.run_folder", "factory.versions.folder", "factory.generations.folder")
"""Who spells the names of a run folder: the second those of a version, which is also published, the
third those of the folder that `factory filter` leaves."""


@cache
def constants(name: str) -> set[str]:
    """The texts in a module, those inside f-strings included."""
    values = (node.value for node in ast.walk(tree(name)) if isinstance(node, ast.Constant))
    return {value for value in values if isinstance(value, str)}


@cache
def joined(name: str) -> set[str]:
    """What a module joins to paths by `/`, each `{…}` of an f-string as a star, none in front."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            parts = node.right.values if isinstance(node.right, ast.JoinedStr) else [node.right]
            said = (part.value if isinstance(part, ast.Constant) else "*" for part in parts)
            found.add("".join(map(str, said)))
    return {text for text in found if not text.startswith("*")}


def test_only_the_run_folder_spells_its_names():
    """No other module joins these names to a path, and none has the name of one of its files."""
    spelt = set().union(*(joined(name) for name in SPELLERS))
    files = {text for name in SPELLERS for text in constants(name) if FILE.fullmatch(text)}
    assert {"draws", "verdicts", "model", "checkpoints", "v*", "stage.json"} <= spelt
    assert {"stage.json", "manifest.json", "held-by", "scores.png"} <= files
    elsewhere = {
        (name, text)
        for name in modules()
        if name.startswith(("factory", "sft", "teacher")) and name not in SPELLERS
        for text in joined(name) | constants(name)
        if text in spelt & joined(name) or set(text.split("/")) & files
    }
    assert not elsewhere
