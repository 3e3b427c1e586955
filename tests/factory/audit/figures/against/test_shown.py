"""Two audits side by side in the terminal: what a person reads first, and nothing acts."""

import io

import pytest
from rich.console import Console
from sides import sample, side, wrong

from factory.audit.figures.against import compared
from factory.audit.figures.against.shown import shown
from factory.audit.subject import Subject


def told(now: Subject, was: Subject) -> str:
    """What is printed, without colours."""
    console = Console(file=io.StringIO(), width=150, markup=True)
    for part in shown(compared(now, was)):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


WAS = [sample(f"p{n}") for n in range(12)]
NOW = [wrong(f"p{n}") if n < 9 else sample(f"p{n}") for n in range(12)]


def test_the_sentence_then_regressions_then_differences():
    lines = told(side(NOW), side(WAS)).splitlines()
    assert lines[0] == (
        "12 common samples of 12 common prompts · 9 kept → dropped · 0 dropped → kept · net -9"
    )
    text = "\n".join(lines)
    order = ["Regressions: samples, kept → dropped", "after less before", "What each filter leaves"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    lost = next(line for line in lines if line.startswith("incorrect "))
    assert lost.split()[-6:] == ["9", "9", "9", "p00,", "p10,", "p20"]
    kept = next(line for line in lines if line.startswith("kept "))
    assert kept.split()[:7] == ["kept", "all", "100.0", "%", "25.0", "%", "-75.0"]


def test_what_did_not_turn_is_said_in_words():
    text = told(side(WAS), side(WAS))
    assert "The two are the same" in text
    assert "no pair turned" in text
    assert "Regressions" not in text


@pytest.mark.parametrize("mark", ["\x1b[2J", "[red]x[/red]", "\u202e"])
def test_names_of_strangers_are_words(mark: str):
    """Markup is no markup, and what would act is shown as an escape."""
    text = told(side([*NOW, sample("new", source=f"a{mark}")]), side(WAS))
    assert "\x1b[2J" not in text
    assert "\u202e" not in text
    assert "source a" in text
    assert "[red]x[/red]" in text or "[red]" not in mark
