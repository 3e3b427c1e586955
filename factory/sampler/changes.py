"""What is not as it was in the last sitting, told in words; noted beside the draws."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

import polars as pl

from factory.records import file_digest
from factory.sampler.asker import Asker
from factory.sampler.earlier import CUT, LENGTH
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.shards import write_text
from filters.text.shorten import shorten

SETTINGS = {
    "policy",
    "target",
    "budget",
    "thinking",
    "stop",
    "temperature",
    "top_p",
    "max_tokens",
    "engine_arguments",
}
"""The parts of `sampling` that are compared."""
VIEWS = {"policy", "target", "budget", "max_tokens"}
"""Of these, what makes no draw another: how many there are to be, and where they are cut."""


def tell(teacher: Teacher, asker: Asker, folder: Path, say: Callable[[str], None]) -> None:
    """Say what differs from the last sitting with a teacher of this name.

    Args:
        teacher: who is asked.
        asker: and how.
        folder: of the draws; `asked/NAME.json` there says what was so in the last sitting.
        say: is told.
    """
    name = re.sub(r"[^A-Za-z0-9._-]", "_", teacher.model.name)
    file = folder / "asked" / f"{name}.json"
    before, now = _noted(file), json.loads(json.dumps(_told(teacher, asker)))
    _note(file, now)
    if before is None:
        return
    if moved := _moved(teacher, before.pop("endpoint", None), now.pop("endpoint", None)):
        say(moved)
    was, is_now = before.pop("identity", None), now.pop("identity")
    views = VIEWS - {"max_tokens"} if asker.keeps_thinking else VIEWS
    shaping = _differences(_without(views, before), _without(views, now))
    # Of another `max_tokens` more is to be said (`tell_of_length`).
    others = now.keys() - views | {"max_tokens"}
    bounding = _differences(_without(others, before), _without(others, now))
    if not shaping and not bounding:
        return
    serve = "The draws so far serve as they are"
    if shaping:
        another = "It is another teacher now: draws" if was != is_now else "Draws"
        serve = (
            f"{another} that were made otherwise stay in the store and are not counted, nor drawn "
            "again when it is changed back"
        )
    say(f"not as in the last sitting: {'; '.join([*shaping, *bounding])}. {serve}")


def _without(names: Set[str], told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


def tell_of_length(kept: Store, asker: Asker, say: Callable[[str], None]) -> None:
    """Say beforehand what becomes of draws that were made under another `max_tokens`."""
    told = ("settings", "teacher", "finish_reason", "max_tokens", "completion_tokens")
    most = asker.sampling.max_tokens
    own = kept.table(("sample_id", *told, "has_token_ids")).filter(
        pl.col("settings").is_in(list(asker.all_settings)), teacher=asker.teacher
    )
    other = own.filter(pl.col("max_tokens") != most)
    if other.is_empty() or own.filter(max_tokens=most).height:
        return
    was = other["max_tokens"].unique().sort().to_list()
    long = other.filter(most < LENGTH).height
    cut = other.filter(pl.col("finish_reason") == CUT, most > LENGTH).height
    ended = other.height - long - cut
    first = f"max_tokens was {', '.join(f'{n:,}' for n in was)}, is {most:,}: "
    if not cut and not long:
        say(f"{first}all {ended:,} draws had ended before, and serve as they are")
    elif asker.continues and other["has_token_ids"].all():
        say(
            f"{first}{ended:,} draws had ended before and serve as they are, {cut:,} go on from "
            f"where they were cut, {long:,} are cut"
        )
    elif not long:
        say(
            f"{first}{ended:,} draws had ended before and serve as they are, {cut:,} were cut and "
            "are drawn again, each by the seed that it had. A server that does not heed seeds "
            "writes short chains a little too often then"
        )
    else:
        tokens = int(other.select(LENGTH.clip(upper_bound=most)).sum().item())
        say(
            f"{first}this engine cannot cut a draw, and to draw anew only the {long:,} that are "
            f"too long would favour short chains. So all {other.height:,} are drawn again, at "
            f"a cost of about {tokens:,} tokens or more"
        )


def _told(teacher: Teacher, asker: Asker) -> dict[str, Any]:
    """JSON-able, by the names that people know these things by."""
    model = teacher.model
    return {
        "identity": asker.teacher,
        "model": f"{model.name}{f' at {model.revision}' if model.revision else ''}",
        "endpoint": teacher.served.endpoint if teacher.served else None,
        "files": _files(model.path),
        "chat template": teacher.template(),
        "strategies": {p.strategy.name: [p.system, p.question] for p in asker.strategies},
        "instructions": sorted(asker.instructions),
        **asker.sampling.model_dump(mode="json", include=SETTINGS),
        "seed": asker.seed,
    }


def _files(folder: str) -> dict[str, str]:
    """Digest of each file of a model's folder that is not the weights."""
    if not folder:
        return {}
    small = (f for f in sorted(Path(folder).iterdir()) if f.is_file() and f.stat().st_size < 2**26)
    return {file.name: file_digest(file) for file in small}


def _moved(teacher: Teacher, was: str | None, now: str | None) -> str | None:
    if was is None or now is None or was == now:
        return None
    from factory.engines.models_at import models_at

    assert teacher.served
    reported = models_at(teacher.served)
    says = f"reports {', '.join(reported)}" if reported else "does not say which models it has"
    return (
        f"the endpoint moved from {was} to {now}, and is taken for the same teacher, "
        f"{teacher.served.model}; it {says}"
    )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], within: str = "") -> list[str]:
    found = []
    for name in sorted(now.keys() | before.keys()):
        was, is_now = before.get(name), now.get(name)
        if was == is_now:
            continue
        if name == "files" and isinstance(was, dict) and isinstance(is_now, dict):
            other = sorted(f for f in was.keys() | is_now.keys() if was.get(f) != is_now.get(f))
            found.append(f"the teacher's {', '.join(other)} changed")
        elif isinstance(was, dict) and isinstance(is_now, dict):
            found += _differences(was, is_now, f"{within}{name}.")
        else:
            found.append(f"{within}{name} was {_said(was)}, is {_said(is_now)}")
    return found


def _said(value: Any) -> str:
    if value is None:
        return "not given"
    return shorten(value if isinstance(value, str) else json.dumps(value), 80)


def _noted(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text()) if file.exists() else None


def _note(file: Path, told: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(json.dumps(told, indent=1), file)
