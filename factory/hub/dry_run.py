"""What publishing would do: files, bytes, what is new of them, what stands against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from factory.errors import StageError
from factory.hub.new_bytes import new_bytes
from factory.hub.plan import Plan
from factory.hub.publish import Staged, Wanted, stage
from factory.hub.refusals import of_the_head
from factory.hub.refusing import Refusal
from factory.hub.remote import Remote
from factory.hub.staging import room_of

LISTED = 5
"""Files of one folder that get a line each, where they all come or all stay."""


def dry_run(wanted: Wanted) -> Iterator[str]:
    """Lines that tell what `publish` would do; nothing is changed, here or there.

    Raises:
        StageError: at the end, where something is refused.
    """
    with room_of(wanted.version.parent) as room:
        ready = stage(wanted, room)
        yield f"{ready.name} of {wanted.repo}, {ready.manifest.rows:,} rows"
        plan, found = _against_the_hub(wanted, ready)
        yield from found.lines
        yield from _files(plan)
        yield _new(plan, ready, room)
        refused = [*ready.refused, *found.refused]
    for each in refused:
        allowed = "allowed, and the card says so: " if each.allowed(wanted.allow) else "refused: "
        yield f"{allowed}{each.rule}: {each.words}"
    if left := [each for each in refused if not each.allowed(wanted.allow)]:
        things = "one thing stands" if len(left) == 1 else f"{len(left)} things stand"
        raise StageError(f"it would not be published: {things} against it")


class _Found:
    """What the Hub said."""

    def __init__(self, *lines: str) -> None:
        self.lines, self.refused = list(lines), list[Refusal]()


def _against_the_hub(wanted: Wanted, ready: Staged) -> tuple[Plan, _Found]:
    """The commit that would be made, and what is said of the repository now."""
    remote = Remote(wanted.repo)
    remote.tries = 1
    try:
        private = remote.private()
        if private is None:
            kind = "a private" if wanted.private else "a public"
            return Plan(ready.files, None, {}), _Found(
                f"  {kind} repository would be made: there is none, or none for this token"
            )
        head, tags = remote.head(), remote.tags()
        plan = Plan(ready.files, head, remote.files(head))
        found = _Found(f"  on its head {head[:12]}")
        if stands := tags.get(ready.name):
            found.lines[0] = f"  the tag {ready.name} stands on {stands[:12]} already"
            if others := Plan(ready.files, stands, {}).others(remote.files(stands)):
                told = f"{', '.join(others[:5])} differ there: publish under another name (--as)"
                found.refused.append(Refusal("tag", told, final=True))
        else:
            found.refused += of_the_head(remote, plan)
        return plan, found
    except StageError as error:
        return Plan(ready.files, None, {}), _Found(f"  without a look at the Hub: {error}")


def _files(plan: Plan) -> Iterator[str]:
    """A line a file; of many files of one folder, which fare alike, one for all."""
    coming, alike = plan.coming, defaultdict[tuple[str, str], list[str]](list)
    for name in [*plan.files, *plan.going]:
        fate = "deleted" if name not in plan.files else "same"
        if name in coming:
            fate = "changed" if name in plan.there else "new"
        alike[fate, name.rpartition("/")[0]].append(name)
    for (fate, folder), names in sorted(alike.items(), key=lambda item: item[1][0]):
        size = sum(plan.files[name].size for name in names if name in plan.files)
        if folder and len(names) > LISTED:
            yield f"  {fate:<8}{size:>15,}  {folder}/ ({len(names)} files)"
            continue
        for name in names:
            size = f"{plan.files[name].size:,}" if name in plan.files else ""
            yield f"  {fate:<8}{size:>15}  {name}"
    yield f"  {'':<8}{plan.bytes:>15,}  bytes in {len(plan.files)} files, in one commit"


def _new(plan: Plan, ready: Staged, room: Path) -> str:
    """How many bytes would be sent, next to the version that was published before."""
    before = [file for file in ready.last.rglob("*") if file.is_file()] if ready.last else []
    found = new_bytes(before, [file.path for file in plan.coming.values()], room)
    if found is None:
        return "  how many of them are new is not known: hf_xet is not installed"
    share = f" ({found.new / plan.bytes:.1%})" if plan.bytes else ""
    against = f", beside those of {ready.last.name}" if ready.last else ""
    return f"  {'':<8}{found.new:>15,}  bytes of them are new{share}{against}, by Xet's chunks"
