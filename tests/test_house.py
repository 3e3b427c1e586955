"""The house: its rooms, what may import what, and how large things may be."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("filters", "factory", "sft", "teacher")

FLOORS = [
    ("filters",),
    ("factory.errors", "factory.records", "factory.metrics"),
    ("factory.recipe",),
    ("factory.ledger", "factory.progress"),
    ("factory.models", "factory.prompts", "factory.store"),
    ("factory.engines", "factory.run_folder"),
    ("factory.sampler", "factory.versions"),
    ("factory.line",),
    ("factory.audit",),
    ("factory.cli",),
]
"""From the ground up. The rooms `sft` and `teacher` stand beside these, on all below `line`."""
UPWARDS = {("factory.line.stages", "sft"), ("factory.line.stages", "teacher")}


@cache
def modules() -> dict[str, Path]:
    """Every module of the rooms, by its dotted name."""
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
    }


@cache
def imports(name: str) -> set[str]:
    """The modules of the house that a module imports, inside functions as well."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text())):
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


@pytest.mark.parametrize(("room", "most"), [("factory", 18), ("filters/verifiers", 12)])
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


def test_only_the_run_folder_spells_its_names():
    """Names of files that `run_folder.py` spells stand in no other module of the house."""
    names = {
        node.value
        for node in ast.walk(ast.parse(modules()["factory.run_folder"].read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.endswith((".json", ".parquet", ".png", ".jsonl")) or "-by" in node.value
        if " " not in node.value and "*" not in node.value
    }
    assert len(names) > 10
    elsewhere = {
        (name, node.value)
        for name, file in modules().items()
        if name.startswith(("factory", "sft", "teacher")) and name != "factory.run_folder"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert not elsewhere
