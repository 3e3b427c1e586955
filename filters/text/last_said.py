r"""The last formula or number of a response: for models that were never asked to announce one."""

from __future__ import annotations

from filters.text.answer import formula
from filters.text.quantities import last_of
from filters.text.statements import undollared

LONGEST = 2_000
"""Characters at the end of a response in which one is looked for."""


def last_said(response: str) -> str | None:
    r"""What a response announces, else its last formula or number.

    >>> last_said("There are 3 rows of 14, so she has 42 eggs."), last_said(r"So \boxed{6}, not 7.")
    ('42', '6')
    >>> last_said(r"Hence $x = \frac{1}{2}$ in the end."), last_said("I do not know.")
    ('x = \\frac{1}{2}', None)
    """
    if (announced := formula(response)) is not None:
        return announced
    found = last_of(response[-LONGEST:])
    return undollared(found) if found else None
