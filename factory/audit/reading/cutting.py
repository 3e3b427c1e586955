"""Long texts cut for a page: their beginning, what is around their passages, and their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from factory.audit.reading import Gap, Passage

AROUND = 200
"""Characters kept on each side of a passage."""
LONG = 600
"""Characters kept at each end of a passage that is longer than both."""
SMALL = 80
"""Characters that are not left out: to say so would take as many."""


def cut(
    text: str, passages: Sequence[Passage], most: int
) -> tuple[str, tuple[Passage, ...], tuple[Gap, ...]]:
    """A text of about so many characters, with its passages where they are now, and the gaps.

    A passage of which nothing is kept is gone; the beginning and the end are kept always.

    >>> text, _, gaps = cut("a" * 500 + "b" * 500, [], 200)
    >>> len(text), gaps
    (200, (Gap(at=100, chars=800),))
    """
    if len(text) <= most:
        return text, tuple(passages), ()
    kept = _kept(len(text), passages, most)
    ends = [0, *(end for _, end in kept)]
    shown, gaps, size = [], [], 0
    moved: list[tuple[int, int, int]] = []
    for (start, end), before in zip(kept, ends, strict=False):
        if start > before:
            gaps.append(Gap(size, start - before))
        moved.append((start, end, size - start))
        shown.append(text[start:end])
        size += end - start
    if ends[-1] < len(text):
        gaps.append(Gap(size, len(text) - ends[-1]))
    told = (_moved(one, moved) for one in passages)
    return "".join(shown), tuple(one for one in told if one), tuple(gaps)


def _kept(size: int, passages: Sequence[Passage], most: int) -> list[tuple[int, int]]:
    """The stretches that are kept, in order: some of both ends, what is around passages as long as
    there is room, and the rest of the room at both ends."""
    ends = most // 8 if passages else most // 2
    taken = _joined([(0, ends), (size - ends, size)])
    for start, end in _around(passages):
        joined = _joined([*taken, (max(0, start), min(size, end))])
        if _length(joined) > most:
            break
        taken = joined
    ends += (most - _length(taken)) // 2
    wider = _joined([*taken, (0, ends), (size - ends, size)])
    return wider if _length(wider) <= most else taken


def _around(passages: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """The stretches around passages; of a long one around both of its ends."""
    for one in passages:
        if one.end - one.start <= 2 * LONG:
            yield one.start - AROUND, one.end + AROUND
        else:
            yield one.start - AROUND, one.start + LONG
            yield one.end - LONG, one.end + AROUND


def _length(stretches: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in stretches)


def _joined(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, those that touch or nearly touch in one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1] + SMALL:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _moved(one: Passage, kept: list[tuple[int, int, int]]) -> Passage | None:
    """A passage where it stands in the cut text; a part of it may be in a gap."""
    inside = [(max(one.start, a) + by, min(one.end, b) + by) for a, b, by in kept]
    inside = [(start, end) for start, end in inside if start < end]
    return replace(one, start=inside[0][0], end=inside[-1][1]) if inside else None
