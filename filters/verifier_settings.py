"""A verifier's name as prompts carry it, with its settings: `math(extraction=last)`.

Settings stand in the name, so that whoever judges by it judges alike: the sampler, GRPO, an
examination, a later round of verdicts; and what they change is another name, which is judged again.
"""

from __future__ import annotations

from filters.text.nearest import nearest

SETTINGS: dict[str, tuple[str, ...]] = {
    "extraction": ("announced", "last"),
    "tolerance": ("rounded", "exact", "relative"),
}
"""What may be set, and its values, the default first."""
TAKE_THEM = ("math", "numeric")
"""The verifiers that have settings."""


def written(verifier: str, **settings: str | None) -> str:
    """A name with its settings; those that are left out, or as by default, are not in it.

    >>> written("math", extraction="last"), written("math", extraction="announced")
    ('math(extraction=last)', 'math')
    """
    told = (f"{key}={value}" for key, value in settings.items() if value not in (None, usual(key)))
    inside = ", ".join(told)
    return f"{verifier}({inside})" if inside else verifier


def bare(name: str) -> str:
    """A name without its settings.

    >>> bare("math(extraction=last)"), bare("math")
    ('math', 'math')
    """
    return name.partition("(")[0]


def settings(name: str) -> dict[str, str]:
    """The settings of a name, all of them.

    >>> settings("math(extraction=last)")["extraction"], settings("math")["extraction"]
    ('last', 'announced')
    """
    return {key: values[0] for key, values in SETTINGS.items()} | _told(name)


def usual(key: str) -> str:
    """What a setting is where nobody says it."""
    return SETTINGS[key][0]


def fault(name: str) -> str | None:
    """What is wrong with the settings of a name, or None.

    >>> fault("math(extraction=lost)")
    "math(extraction=lost): extraction is one of announced, last, not 'lost'; did you mean 'last'?"
    """
    if "(" not in name:
        return None
    if not name.endswith(")"):
        return f"{name}: settings were expected as in math(extraction=last)"
    if bare(name) not in TAKE_THEM:
        return f"{name}: {' and '.join(TAKE_THEM)} have settings, {bare(name)} has none"
    for key, value in _told(name).items():
        if key not in SETTINGS:
            hint = nearest(key, SETTINGS) or f"; there is {', '.join(SETTINGS)}"
            return f"{name}: there is no setting {key!r}{hint}"
        if value not in SETTINGS[key]:
            hint = nearest(value, SETTINGS[key])
            return f"{name}: {key} is one of {', '.join(SETTINGS[key])}, not {value!r}{hint}"
    return None


def _told(name: str) -> dict[str, str]:
    inside = name.partition("(")[2].removesuffix(")")
    pairs = (part.partition("=") for part in inside.split(",") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}
