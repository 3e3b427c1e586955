"""The ledger as a picture: bands from rows read to tokens trained on, as wide as their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from factory.audit.page.words import number, plainly

if TYPE_CHECKING:
    from factory.audit.figures.flow import Flow, Link, Node

STEP, BAR, TALL, HEAD = 150, 9, 300, 22
"""Points: between columns, of a node's width, of the height that the most of a unit has, and of the
headings."""
ROOM, LEAST = 25, 1.0
"""Points between the tops of two nodes at least, for their labels; of a band at least."""
LONGEST = 23
"""Characters of a label."""


@dataclass
class _Place:
    """Where a node is drawn, and how much of its sides is taken by bands."""

    node: Node
    column: int
    tall: float
    top: float = 0
    left: float = 0
    right: float = 0

    @property
    def x(self) -> float:
        return 4 + self.column * STEP


@dataclass
class _Plan:
    places: dict[str, _Place]
    links: Sequence[Link]
    scale: dict[str, float] = field(default_factory=dict)
    """Points of one, by unit."""

    def thick(self, count: int, unit: str) -> float:
        return max(LEAST, count * self.scale[unit])


def svg(flow: Flow) -> str:
    """The picture; an empty text where nothing flows. The band of link N says `data-row="N"`."""
    if not flow.links:
        return ""
    plan = _planned(flow)
    bands = _bands(plan)
    nodes = "".join(_node(place) for place in plan.places.values())
    wide = max(place.column for place in plan.places.values()) * STEP + STEP - 30
    tall = max(place.top + max(place.tall, ROOM) for place in plan.places.values()) + 12
    return (
        f'<svg class="chart flow" viewBox="0 0 {wide:.0f} {tall:.0f}" role="img" '
        'aria-label="From prompts to trained tokens; the table below has the same numbers" '
        f'xmlns="http://www.w3.org/2000/svg">{_heads(plan)}{bands}{nodes}</svg>'
    )


def _heads(plan: _Plan) -> str:
    """The name of each column."""
    first: dict[int, str] = {}
    for place in plan.places.values():
        first.setdefault(place.column, place.node.stage)
    names = {column: stage for column, stage in first.items() if column < len(set(first.values()))}
    return "".join(
        f'<text class="stage" x="{4 + column * STEP}" y="11" font-size="11">{escape(name)}</text>'
        for column, name in names.items()
    )


def _planned(flow: Flow) -> _Plan:
    stages = [*dict.fromkeys(node.stage for node in flow.nodes)]
    most: dict[str, int] = {}
    for node in flow.nodes:
        most[node.unit] = max(most.get(node.unit, 1), node.count)
    plan = _Plan({}, flow.links, {unit: TALL / count for unit, count in most.items()})
    for node in flow.nodes:
        column = stages.index(node.stage)
        plan.places[node.name] = _Place(node, column, plan.thick(node.count, node.unit))
    for link in flow.links:  # tokens stand behind the rows that they are of
        start, end = plan.places[link.source], plan.places[link.target]
        end.column = max(end.column, start.column + 1)
    for column in sorted({place.column for place in plan.places.values()}):
        own = [place for place in plan.places.values() if place.column == column]
        top = float(HEAD)
        for place in sorted(own, key=_is_lost):  # what is lost stands below
            place.top = top
            top += max(place.tall + 8, ROOM)
    return plan


def _is_lost(place: _Place) -> bool:
    return place.node.end and place.node.stage != "training"


def _bands(plan: _Plan) -> str:
    """The bands, in order from top to bottom on both of their sides."""
    places, links = plan.places, list(enumerate(plan.links))
    leaves, comes = {}, {}
    for row, link in sorted(links, key=lambda one: places[one[1].target].top):
        start, thick = places[link.source], plan.thick(link.count, link.unit)
        leaves[row] = (start.top + min(start.right, max(0, start.tall - thick)), thick)
        start.right += thick
    for row, link in sorted(links, key=lambda one: places[one[1].source].top):
        end = places[link.target]
        thick = plan.thick(link.count, link.unit)
        if link.becomes is not None:
            thick = plan.thick(link.becomes, end.node.unit)
        comes[row] = (end.top + min(end.left, max(0, end.tall - thick)), thick)
        end.left += thick
    return "".join(_band(plan, row, link, leaves[row], comes[row]) for row, link in links)


def _band(
    plan: _Plan, row: int, link: Link, leaves: tuple[float, float], comes: tuple[float, float]
) -> str:
    start, end = plan.places[link.source], plan.places[link.target]
    x, to = start.x + BAR, end.x
    (y, here), (down, there) = leaves, comes
    middle = (x + to) / 2
    shape = (
        f"M{x:.0f} {y:.1f}C{middle:.0f} {y:.1f} {middle:.0f} {down:.1f} {to:.0f} {down:.1f}"
        f"V{down + there:.1f}C{middle:.0f} {down + there:.1f} {middle:.0f} {y + here:.1f} "
        f"{x:.0f} {y + here:.1f}z"
    )
    lost = " lost" if _is_lost(end) else ""
    return (
        f'<g class="mark band{lost}" data-row="{row}"><title>{escape(told(plan, link))}</title>'
        f'<path d="{shape}"/></g>'
    )


def told(plan: _Plan, link: Link) -> str:
    """A link in words."""
    ends = (plan.places[name].node for name in (link.source, link.target))
    names = " → ".join(plainly(node.title) for node in ends)
    became = "" if link.becomes is None else f" become {link.becomes:,}"
    why = f" ({plainly(link.reason)})" if link.reason else ""
    return f"{names}: {link.count:,} {plainly(link.unit)}{became}{why}"


def _node(place: _Place) -> str:
    node = place.node
    title = plainly(node.title)
    label = title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"
    x, y = place.x + BAR + 4, place.top + min(max(place.tall / 2 - 4, 9), 150)
    lost = " lost" if _is_lost(place) else ""
    whole = f"<title>{escape(title)}: {node.count:,} {escape(plainly(node.unit))}</title>"
    return (
        f'<g class="node{lost}">{whole}<rect x="{place.x:.0f}" y="{place.top:.1f}" width="{BAR}" '
        f'height="{place.tall:.1f}"/><text x="{x:.0f}" y="{y:.1f}" font-size="11">{escape(label)}'
        f'<tspan x="{x:.0f}" dy="11.5" class="count">{number(node.count)} '
        f"{escape(plainly(node.unit))}</tspan></text></g>"
    )
