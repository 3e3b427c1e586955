"""A story for a terminal: a line for each fact, then the texts with their passages marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from factory.audit.reading import Gap, Passage, pieces
from factory.audit.why import Story, Told
from factory.versions.diff.words import value
from filters.text.visible import visible

STYLES = {"faulty": "bold red", "well": "green", "not measured": "yellow", "not judged": "dim"}
WANTED = {"<": "at least", ">": "at most", ">=": "below", "<=": "above", "==": "not", "!=": "only"}
"""What a comparison that drops leaves to be wanted."""
LISTED = 3
"""Passages of one kind whose numbers are written out."""
MARKED = "bold reverse"
_RARE = ("forced_tokens", "begun_tokens")
"""Counts that say something only where there are some."""
WIDTH = 18
"""Characters of a line's first word."""


def shown(story: Story) -> Iterator[Text]:
    """The lines of a story, but for its texts."""
    told = story.told
    yield Text(head(story), "bold")
    yield from _section("prompt", _flat(told["prompt"]))
    yield from _section(
        "drawn", _flat(told["draw"] | {"seed": str(told["draw"].get("seed") or "")})
    )
    yield Text("\njudged", "bold")
    for one in told["verdicts"]:
        yield _line(one["round"], _verdict(one, story.row.reference))
    yield Text("\nrules", "bold")
    for one in told["rules"]:
        yield _rule(one)
    yield Text("\nfate", "bold")
    yield from _fate(told)
    for one in told["beside"]:
        tokens = (
            "" if one["completion_tokens"] is None else f", {one['completion_tokens']:,} tokens"
        )
        words = f"draw {one['draw']}: {one['verdict'] or 'no verdict'}, {one['fate']}{tokens}"
        yield _line("beside", f"{one['sample_id']}  {words}")
    yield Text("\nversions", "bold")
    for one in told.get("versions", ()):
        yield _line(one["version"], _version(one))
    for one in told.get("training", ()):
        yield _line(one["model"], _training(one))
    for what, why in story.missing.items():
        yield _line(what, f"not known: {why}", "yellow")


def head(story: Story) -> str:
    """The story in one line."""
    told, row = story.told, story.row
    place = f"sample {told['sample_id'][:12]}, draw {told['draw']['draw']} of prompt "
    place += f"{told['prompt']['prompt_id'][:12]} ({row.source})"
    place += f", teacher {row.teacher}" if row.teacher else ""
    answer = "" if row.answer is None else f" (found {value(row.answer)})"
    reasons = len(row.reasons)
    ends = {
        "dropped": f"dropped for {reasons} reason{'s' * (reasons != 1)}",
        "spare": f"accepted, and spare by {told['fate']['spare_by']}",
        "chosen": "chosen: a row of the dataset",
    }
    fate = ends.get(row.fate or "", row.fate or "without a fate")
    return visible(f"{place}: {row.verdict or 'not judged'}{answer}, {fate}")


def _section(name: str, facts: Sequence[tuple[str, Any]]) -> Iterator[Text]:
    yield Text(f"\n{name}", "bold")
    for key, told in facts:
        if told is not None and told != "":
            yield _line(key, told if isinstance(told, str) else value(told))


def _flat(told: Told) -> list[tuple[str, Any]]:
    """Facts in lines; what is in another mapping stands under its own name."""
    found: list[tuple[str, Any]] = []
    for key, one in told.items():
        if key == "reference" or (key in _RARE and not one):
            continue
        found += one.items() if isinstance(one, dict) else [(key, one)]
    return [(key.replace("_", " "), one) for key, one in found]


def _line(name: str, words: str, style: str = "") -> Text:
    return Text.assemble(f"  {visible(name):{WIDTH}} ", (visible(words), style))


def _verdict(one: Told, key: str | None) -> str:
    words = one["verdict"] or "no verdict"
    words += f": {one['reason']}" if one["reason"] else ""
    words += f"; found {value(one['answer'])}" if one.get("answer") is not None else ""
    words += f", the key is {value(key)}" if key is not None else ""
    words += f", by {one['verifier']}" if one.get("verifier") else ""
    return words + ("" if one["counts"] else "; counts no more")


def _rule(one: Told) -> Text:
    name, state = one["reason"] or one["filter"], one["state"]
    compared = [f for f in one.get("compared", ()) if f["setting"]]
    told = [_compared(fact, len(compared) > 1) for fact in compared]
    named = {f["measure"] for f in compared}
    others = {k: v for k, v in one["measures"].items() if k not in named}
    told += [f"{measure} {_measured(found)}" for measure, found in others.items()]
    words = "; ".join(told) or "no entry of the recipe judges this domain"
    return Text.assemble(
        f"  {visible(name):24} ", (f"{state:12}", STYLES[state]), " ", visible(words)
    )


def _compared(fact: Told, one_of_several: bool) -> str:
    """A measure and its limit; where a rule has several, each says when it counts."""
    measured, limit = f"{fact['measure']} {_measured(fact['value'])}", value(fact["limit"])
    if one_of_several:
        return f"{measured} (counts where {fact['sign']} {limit})"
    return f"{measured}, {WANTED[fact['sign']]} {limit} wanted"


def _measured(found: Any) -> str:
    if found is None:
        return "not measured"
    return value(found) or "none"


def _fate(told: Told) -> Iterator[Text]:
    fate = told["fate"]
    if fate["reasons"]:
        first = f"dropped first by {fate['dropped_by']}; all reasons: {', '.join(fate['reasons'])}"
        yield _line(fate["fate"], first, "bold red")
    elif fate["fate"] == "spare":
        instead = ", ".join(fate["instead"]) or "none of this prompt"
        yield _line("spare", f"left out by {fate['spare_by']}; chosen were {instead}")
    else:
        yield _line(fate["fate"] or "none", "no rule has a reason to drop it")


def _version(one: Told) -> str:
    words = one["fate"] or "not among its draws"
    words += f", in {one['split']}" if one.get("split") else ""
    words += f", shard {one['shard']}" if one.get("shard") is not None else ""
    words += f" by {one['spare_by']}" if one.get("spare_by") else ""
    words += f" by {one['dropped_by']}: {', '.join(one['reasons'])}" if one.get("reasons") else ""
    words += f"; published as {one['published']}" if one.get("published") else ""
    return words + ("; the recipe stands for this one" if one.get("current") else "")


def _training(one: Told) -> str:
    if not one["trained"]:
        return "not trained"
    if one["fate"] is None:
        return "not among its rows"
    count = f"{one['trained_tokens']:,} of {one['tokens']:,} tokens are learned"
    return f"{one['fate']}; {count}" if one["fate"] == "trained" else f"left out: {one['fate']}"


def text_of(
    text: str, passages: Sequence[Passage], gaps: Sequence[Gap], first: int = 1
) -> tuple[Text, list[Text]]:
    """A text with its passages between ⟦ and ⟧, numbered, and a line for each of them.

    Args:
        text: question or reply, as it is shown.
        passages: those of this text.
        gaps: those of this text.
        first: the number of the first passage.
    """
    numbers = {id(one): first + at for at, one in enumerate(passages)}
    found, open_ = Text(), ()
    for piece in pieces(text, passages, gaps):
        if piece.left_out:
            found.append(
                f"\n[{piece.left_out:,} characters are left out; --all shows them]\n", "yellow"
            )
            continue
        found.append("⟧" * sum(one not in piece.passages for one in open_), MARKED)
        begun = [numbers[id(one)] for one in piece.passages if one not in open_]
        found.append("".join(f"⟦{number} " for number in begun), MARKED)
        open_ = piece.passages
        found.append(visible(piece.text, newlines=True), "reverse" if open_ else "")
    found.append("⟧" * len(open_), MARKED)
    return found, _notes(passages, numbers)


def _notes(passages: Sequence[Passage], numbers: dict[int, int]) -> list[Text]:
    """What is to be seen in passages, a line for all that say the same."""
    same: dict[str, list[str]] = {}
    for one in passages:
        same.setdefault(f"{one.reason}: {one.words}", []).append(f"⟦{numbers[id(one)]}⟧")
    return [
        _line(" ".join(own[:LISTED]) + (f" … {own[-1]}" if len(own) > LISTED else ""), words, "red")
        for words, own in same.items()
    ]
