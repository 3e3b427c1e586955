"""All figures of an audit, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from factory.audit.figures import Figure
from factory.audit.figures.copies import copies
from factory.audit.figures.cost import cost
from factory.audit.figures.counted import Counted
from factory.audit.figures.funnel import funnel
from factory.audit.figures.languages import languages
from factory.audit.figures.lengths import lengths
from factory.audit.figures.lost import lost
from factory.audit.figures.measures import measures
from factory.audit.figures.pass_rates import pass_rates
from factory.audit.figures.rejections import rejections
from factory.audit.figures.suspects import suspects
from factory.audit.figures.thinking import thinking
from factory.audit.figures.verdicts import verdicts
from factory.audit.label.report import figures as by_people
from factory.audit.subject import Subject

QUESTIONS: tuple[Callable[[Counted], list[Figure]], ...] = (
    funnel,
    rejections,
    verdicts,
    pass_rates,
    lost,
    lengths,
    thinking,
    languages,
    copies,
    suspects,
    cost,
    measures,
    lambda counted: by_people(counted.subject),
)
"""A file each; each answers with the figures of one section."""
SECTIONS = {
    "funnel": "The funnel",
    "filters": "What each filter drops",
    "verdicts": "Verdicts",
    "difficulty": "How hard the prompts are",
    "lost": "Lost draws",
    "lengths": "Lengths of right and wrong",
    "thinking": "Over- and underthinking",
    "language": "Language confusion",
    "copies": "Duplicates and contamination",
    "keys": "Suspect keys",
    "cost": "Cost",
    "measures": "Every measure",
    "trust": "How far to trust it",
}
"""Section -> its heading, in the order of `QUESTIONS`."""

NONE = "there are no samples"


def figures(subject: Subject) -> list[Figure]:
    """Every figure of a subject; one that has no numbers says why in `missing`."""
    counted = Counted(subject)
    found = [figure for question in QUESTIONS for figure in question(counted)]
    if subject.samples.is_empty():
        return [
            replace(figure, missing=NONE)
            if figure.table.is_empty() and not figure.missing
            else figure
            for figure in found
        ]
    return found
