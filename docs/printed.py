"""Prints into the pages what the code says of itself: `make docs`. A test finds a stale page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import labelled
import tree
from recipe_keys import recipe

from factory.cli.filters import reasons_of
from factory.recipe.mappings import MAPPINGS, Ready
from filters import FILTERS
from filters.filter import Filter
from filters.measures import measures_of
from filters.verifiers import VERIFIERS, Verifier
from filters.verifiers.code import programs
from filters.verifiers.instructions import CHECKS

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(<!-- printed by `make docs` -->\n).*?(<!-- /printed -->)", re.DOTALL)


def main() -> None:
    """Write what is printed into its pages."""
    for name in PRINTED:
        (ROOT / name).write_text(page(name))
    (ROOT / "filters" / "precision.json").write_text(labelled.figures())


def page(name: str) -> str:
    """A page, with its printed part as the code has it now."""
    old, text = (ROOT / name).read_text(), PRINTED[name]().strip()
    return BLOCK.sub(lambda marks: f"{marks[1]}\n{text}\n\n{marks[2]}", old)


def filters() -> str:
    """How often filters are right; a section a filter: what `factory filters NAME` prints."""
    sections = (_filter(name, filter) for name, filter in FILTERS.items())
    return "\n\n".join([labelled.table(), *sections])


def _filter(name: str, filter: type[Filter]) -> str:
    before, _, after = (inspect.getdoc(filter) or "").partition("\nMeasures:\n")
    settings = [
        f"| `{key}` | `{field.default}` | {cell(field.description or '')} |"
        for key, field in filter.model_fields.items()
        if key != "domains"  # of every filter: the page tells of it once
    ]
    parts = [
        f"## {name}",
        prose(before),
        "\n".join(["| measure | type | what it says |", "|---|---|---|", *_measures(filter)]),
        f"Reasons: {', '.join(f'`{reason}`' for reason in reasons_of(filter))}.",
        "\n".join(["| setting | default | what it is |", "|---|---|---|", *settings])
        if settings
        else "It has no settings of its own: `{}`.",
        prose(after.partition("\n\n")[2]),
    ]
    return "\n\n".join(part for part in parts if part)


def _measures(filter: type[Filter]) -> list[str]:
    told = measures_of(filter)
    return [f"| `{name}` | {type} | {cell(told[name])} |" for name, type in filter.columns.items()]


def measures() -> str:
    """Every column that a filter measures."""
    rows = [
        f"| [{name}](filters.md#{name}) {row}"
        for name, filter in FILTERS.items()
        for row in _measures(filter)
    ]
    return "\n".join(["| filter | column | type | meaning |", "|---|---|---|---|", *rows])


def verifiers() -> str:
    """A section a verifier: what it judges, what its references look like, an example."""
    return "\n\n".join(_verifier(name, verifier) for name, verifier in VERIFIERS.items())


def _verifier(name: str, verifier: Verifier) -> str:
    shapes = inspect.getdoc(programs) or ""
    module = inspect.getdoc(inspect.getmodule(verifier.judge)) or ""  # pyrefly: ignore
    reference = (inspect.getdoc(verifier.shape) or "").partition("\n\n")[2]
    parts = [
        f"### {name}",
        prose(module),
        "**A reference:** " + prose(reference.partition(">>>")[0]),
        f"```text\n{shapes[shapes.index('====') :]}\n```" if name == "code" else "",
        _instructions() if name == "instructions" else "",
        "**Judging:** " + prose(inspect.getdoc(verifier.judge) or ""),
    ]
    return "\n\n".join(part for part in parts if part)


def _instructions() -> str:
    rows = [
        f"| `{id}` | {', '.join(f'`{name}`' for name in check.arguments)} "
        f"| {cell((inspect.getdoc(check.follows) or '').splitlines()[0])} |"
        for id, check in CHECKS.items()
    ]
    return "\n".join(["| id | arguments | followed when |", "|---|---|---|", *rows])


def mappings() -> str:
    """A row for each ready mapping: what it reads."""
    rows = [f"| `{name}` {_mapping(known)}" for name, known in MAPPINGS.items()]
    head = "| dataset | judged by | question | key | rows | licence |\n|---|---|---|---|---|---|"
    return "\n".join([head, *rows])


def _mapping(known: Ready) -> str:
    asked = known.question or known.messages or known.compose or ""
    key = ", ".join(f"`{column}`" for column in known.references)
    how = known.reference_form or (known.reference_pattern and "by a pattern")
    only = ", ".join(f"`{column}: {value}`" for column, value in known.where.items())
    cells = [known.verifier, f"`{cell(asked)}`", f"{key}{f' ({how})' if how else ''}"]
    return f"| {' | '.join([*cells, only or 'all', known.license or 'not stated'])} |"


def prose(text: str) -> str:
    """A docstring's paragraphs, a line each; examples in fences."""
    parts = (part.strip() for part in text.split("\n\n") if part.strip())
    return "\n\n".join(
        f"```python\n{part}\n```" if part.startswith(">>>") else " ".join(part.split())
        for part in parts
    )


def cell(text: str) -> str:
    """A sentence in a table."""
    return " ".join(text.split()).replace("|", r"\|")


PRINTED: dict[str, Callable[[], str]] = {
    "README.md": tree.rooms,
    "docs/recipe.md": recipe,
    "docs/prompts.md": mappings,
    "docs/filters.md": filters,
    "docs/verifiers.md": verifiers,
    "docs/data.md": measures,
    "docs/architecture.md": tree.files,
}
"""What stands between the marks of each page."""

if __name__ == "__main__":
    main()
