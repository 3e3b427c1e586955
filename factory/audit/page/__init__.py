"""The page of an audit: one HTML file that opens from disk, asks no network and obeys no text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.audit.figures import Figure
from factory.audit.findings import Finding
from factory.audit.page.drawn import Drawn, drawn, groupings, ledger
from factory.audit.page.rows import rows
from factory.audit.page.words import plainly

if TYPE_CHECKING:
    from factory.audit.figures.flow import Flow
    from factory.audit.reading import Shown
    from factory.audit.stops import Stops

HERE = Path(__file__).parent
SCRIPTS = ("base", "figures", "samples", "what_if", "start")
"""The parts of the one script, in order."""
LARGEST = 2_900_000
"""Bytes of the page; texts are cut shorter and shorter, with a word, until it is no larger."""
CUTS = (60_000, 30_000, 16_000, 8_000, 4_000, 2_000, 1_000, 400)
"""Characters of a shown text at most."""
HATCHES = (
    (1, "M0 6L6 0"), (2, "M0 3H6"), (3, "M3 0V6"), (4, "M0 0L6 6"),
)  # fmt: skip
"""Patterns of a series' bars beside their colours, by its place."""


@dataclass(frozen=True)
class Report:
    """What the page tells."""

    name: str
    """Of what was audited."""
    kind: str
    """A run, a version or data."""
    place: str
    """As a person named it."""
    command: str
    """The same in a command, with what was said of it."""
    headline: str
    """All of it in a sentence."""
    said: Sequence[str] = ()
    """What else is said before all figures, a sentence each."""
    worth: Sequence[Finding] = ()
    """What a person should look at, the gravest first."""
    figures: Sequence[Figure] = ()
    """In order; those of one section stand together."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """What is not measured -> why."""
    flow: Flow | None = None
    stops: Stops | None = None
    shown: Shown | None = None
    against: Sequence[Figure] = ()
    """Compared with another subject; these stand first."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Section -> its heading, where its name is none."""


@dataclass(frozen=True)
class Part:
    """A part of the page, in the list of parts."""

    id: str
    title: str
    figures: Sequence[Drawn] = ()


def page(report: Report) -> str:
    """The page.

    It has a policy that allows its own script and style alone, by their hashes; data stand in it
    packed, and become text when they are shown, never markup.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    parts, data = _parts(report), {}
    told: list[Drawn] = [figure for part in parts for figure in part.figures]
    data["figures"] = {figure.key: figure.data for figure in told if figure.rows}
    data["place"] = plainly(report.command)
    script = "\n".join(["(() => {", '"use strict";', *map(_script, SCRIPTS), "})();"])
    style = (HERE / "page.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    from markupsafe import Markup  # what was made here, and is no text of anybody

    frame = {
        "name": plainly(report.name),
        "kind": plainly(report.kind),
        "place": plainly(report.place),
        "headline": plainly(report.headline),
        "said": list(map(plainly, report.said)),
        "worth": [(plainly(one.figure), plainly(one.text)) for one in report.worth],
        "missing": {plainly(what): plainly(why) for what, why in report.missing.items()},
        "parts": parts,
        "groupings": groupings([*report.against, *report.figures]),
        "shown_note": _shown_note(report.shown),
        "patterns": [(turn, shape) for turn, shape in HATCHES],
        "what_if": f"factory audit {plainly(report.command)} --what-if SETTING=VALUE",
        "stops": Markup(_stops(report.stops)),
        "policy": Markup(policy),
        "style": Markup(style),
        "script": Markup(script),
    }
    environment.filters["coded"] = _coded
    template = environment.get_template("page.html")
    for longest in CUTS:
        data |= _samples(report, longest)
        written = template.render(**frame, data=Markup(_packed(data)))
        if len(written.encode()) <= LARGEST:
            break
    return written


def _parts(report: Report) -> list[Part]:
    """In the order of the page: what got worse, the ledger, figures, sliders, samples."""
    against, figures = drawn(report.against), drawn(report.figures)
    flow = ledger(report.flow)
    found = []
    if against:
        found.append(Part("against", "Against the other", against))
    if flow:
        found.append(Part("ledger", "From prompts to trained tokens", [flow]))
    for section in dict.fromkeys(figure.section for figure in figures):
        own = [figure for figure in figures if figure.section == section]
        own.sort(key=lambda figure: (figure.missing is not None, not figure.chart))  # gaps last
        title = report.titles.get(section) or section.replace("_", " ").capitalize()
        found.append(Part(f"part-{section}", title, own))
    if report.stops is not None and report.stops.settings:
        found.append(Part("what-if", "What if"))
    if report.shown is not None:
        found.append(Part("samples", "Samples to read"))
    return found


def _samples(report: Report, longest: int) -> dict[str, Any]:
    shown = report.shown
    if shown is None:
        return {"rows": [], "of": 0, "shown_missing": None}
    made = rows(shown, report.command, longest)
    return {"rows": made, "of": shown.of, "shown_missing": shown.missing and plainly(shown.missing)}


def _shown_note(shown: Shown | None) -> str:
    if shown is None:
        return ""
    return " ".join(plainly(part) for part in (shown.note, shown.missing) if part)


def _stops(stops: Stops | None) -> str:
    """As a JSON text of letters and digits; null where there are no sliders."""
    return json.dumps(None if stops is None or not stops.settings else stops.packed())


def _coded(text: str) -> Any:
    """A text with what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = [escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )


def _script(name: str) -> str:
    return (HERE / "script" / f"{name}.js").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(data: Mapping[str, Any]) -> str:
    """Data as a JSON text of letters and digits; numbers that JSON lacks are null."""
    text = json.dumps(_finite(data), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return json.dumps(base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode())


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if abs(value) < float("inf") else None
        case dict():
            return {key: _finite(one) for key, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
        case _:
            return value
