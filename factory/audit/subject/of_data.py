"""Anybody's data: measured once, judged by a recipe's rules or by defaults, read where it is."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from factory.audit.subject import Subject
from factory.audit.subject.of_samples import of_samples
from factory.audit.subject.table_texts import TableTexts, places
from factory.generations import folder, inputs, work
from factory.generations.prepare import Options, prepared
from factory.progress import terminal
from factory.recipe.paths import KINDS, PACKED


@dataclass(frozen=True)
class Measuring:
    """How data that no run made is read, measured and judged."""

    options: Options = field(default_factory=lambda: Options(()))
    """As for `factory measure`; `data` is what is audited, wherever that is named."""
    recipe: Path | None = None
    """Rules; left out: all filters that measure a sample by their defaults, and `correctness` where
    there is a key."""
    folder: Path | None = None
    """Where measures are kept; left out: `home_of` the data."""
    console: Console = field(default_factory=lambda: terminal(stderr=True))
    """Is shown what was found, and how far it is."""

    def of(self, data: Sequence[str]) -> Measuring:
        """The same of this data."""
        return replace(self, options=replace(self.options, data=tuple(data)))

    def at_revision(self, revision: str | None) -> Measuring:
        """The same at a commit, tag or branch of the Hub, if one is named."""
        choice = self.options.choice
        choice = replace(choice, revision=revision or choice.revision)
        return replace(self, options=replace(self.options, choice=choice))

    @property
    def own(self) -> list[str]:
        """What was said that has a meaning for data alone, by the names of the options."""
        plain = Options(self.options.data)
        names = ("columns", "verifier", "domain", "language", "tokenizer", "opened", "rows")
        said = [name for name in names if getattr(self.options, name) != getattr(plain, name)]
        if self.options.instructions:
            said.append("instruction")
        for name in ("config", "split", "revision", "field", "encoding"):
            if getattr(self.options.choice, name) != getattr(plain.choice, name):
                said.append(name)
        return said

    def typed(self, place: str) -> str:
        """How this is named in a command: the place, and what was said of it."""
        data = self.options.data
        words = [place] if len(data) == 1 else list(data)
        for name in self.own:
            if name == "opened":
                words += ["--opened"]
            elif name == "instruction":
                words += [w for one in self.options.instructions for w in ("--instruction", one)]
            else:
                told = getattr(self.options, name, None) or getattr(self.options.choice, name, "")
                words += [f"--{name}", str(told)]
        return shlex.join([*words, *(["--recipe", str(self.recipe)] if self.recipe else [])])


def of_data(measuring: Measuring, place: str) -> Subject:
    """Files, a folder, or a dataset on the Hub; measured unless it was before.

    What is measured is kept in a folder, by a digest of all that it depends on: the same data is
    measured once, a killed audit goes on, and other rules begin beside it.

    Args:
        measuring: what was typed.
        place: as a person named it.

    Raises:
        RecipeError: rules, columns or a file are wrong.
        StageError: the Hub or a tokenizer cannot be reached.
    """
    options, console = measuring.options, measuring.console
    rules = work.rules_of(measuring.recipe) if measuring.recipe else None
    home = measuring.folder or home_of(options.data)
    kept = folder.measures(home)
    say = work.sayer(console)
    todo = prepared(options, rules.filters if rules else None, kept, say)
    todo = replace(todo, folder=kept / todo.identity[:16])
    items = work.items(rules, measuring.recipe)
    with work.measured(todo, items, console, at_once=True) as tables:
        (rows,) = tables
    where = TableTexts(todo.tables, todo.told, places(rows), todo.rows)
    subject = of_samples(rows, todo.filters, todo.told, place, name_of(options.data), where)
    return replace(subject, home=home, typed=measuring.typed(place))


def home_of(data: Sequence[str]) -> Path:
    """Where an audit of data is kept, measures and results: `NAME.audit`, beside a file or folder;
    of a pattern or a dataset on the Hub, and where nobody may write beside it, in the current one.

    >>> home_of(["hf://datasets/open-r1/OpenR1-Math-220k"])
    PosixPath('open-r1-OpenR1-Math-220k.audit')
    """
    first = Path(data[0]).expanduser()
    beside = first.absolute().parent if first.exists() else Path()
    if not os.access(beside, os.W_OK):
        beside = Path()
    return beside / f"{name_of(data)}.audit"


def name_of(data: Sequence[str]) -> str:
    """What data is called in a title and a file's name."""
    if (on_hub := inputs.ON_HUB.fullmatch(data[0])) and not Path(data[0]).exists():
        return on_hub[1].replace("/", "-")
    first = Path(data[0]).expanduser()
    name = first.name if not any(sign in first.name for sign in "*?[") else first.parent.name
    for known in (*PACKED, *KINDS):
        name = name.removesuffix(known)
    return f"{name or 'data'}{'-and-others' if len(data) > 1 else ''}"
