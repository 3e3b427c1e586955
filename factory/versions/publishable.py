"""A recipe as it may be published: it still loads, and tells nothing of the machine it ran on.

Folders and files become their names, addresses a placeholder, headers and keys nothing. The names
of environment variables stay, since a recipe never holds what is in them.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.recipe.served import SECRET_NAMES

NOWHERE = "http://endpoint.invalid/v1"
"""In place of an endpoint's address: who ran it is not told, and `.invalid` is nobody's."""
LEFT_OUT = "left-out"
"""In place of what may be a key, or a header's text."""
PLACES = {"path", "dataset", "template", "tokenizer", "shards"}
"""Keys of recipes whose value may be a file or a folder, without looking like one."""
SETTINGS = {"extra", "headers", "engine_arguments", "chat_template_kwargs", "options"}
"""Keys below which names and values are other programs', keys and passwords perhaps."""
KEYS = re.compile(
    r"\b(?:hf_\w{16,}|sk-[\w-]{16,}|gh[pousr]_\w{16,}|AKIA[0-9A-Z]{12,}|xox[abp]-[\w-]{10,})"
    r"|\b(?:Bearer|Basic) [\w.~+/=-]{8,}"
)
"""What keys of well-known givers look like, wherever they stand."""
ADDRESS = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://[^\s\"'<>]+", re.IGNORECASE)
PUBLIC = ("hf://", "https://huggingface.co/")
"""Addresses that are everyone's."""
FOLDER = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]")
"""How a path begins that is of one machine, where a path is expected."""
ELSEWHERE = re.compile(r"(?:/[^\s/]+/|~/|\.{1,2}/|[A-Za-z]:[/\\])\S*")
"""What a path looks like where none is: `/no_think` is none."""


def publishable(recipe: Mapping[str, Any], home: Path | None = None) -> dict[str, Any]:
    """The recipe without what is only this machine's business; it is as valid as before.

    Args:
        recipe: as JSON values.
        home: the folder that its relative paths start from.
    """
    told = _value("", recipe, home or Path(), False)
    assert isinstance(told, dict)
    return told


def _value(key: str, value: Any, home: Path, inside: bool) -> Any:
    """`inside`: below one of `SETTINGS`."""
    if isinstance(value, Mapping):
        below = inside or key in SETTINGS
        return {
            name: LEFT_OUT
            if isinstance(part, str) and (key == "headers" or (below and SECRET_NAMES.search(name)))
            else _value(name, part, home, below)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_value(key, part, home, inside) for part in value]
    return _text(key, value, home) if isinstance(value, str) else value


def _text(key: str, text: str, home: Path) -> str:
    if key == "endpoint":
        return NOWHERE
    if "://" not in text and _is_place(key, text, home):
        return base_name(text)
    if key == "shards":
        return base_name(text)
    return without_machine(KEYS.sub(LEFT_OUT, ADDRESS.sub(_address, text)))


def _is_place(key: str, text: str, home: Path) -> bool:
    """Whether a text is a path of this machine. `org/name` may be both a folder and on the Hub."""
    if "\n" in text:
        return False
    if key in PLACES:
        deep = text.count("/") > 1 or key == "shards"
        return bool(FOLDER.match(text)) or deep or ("/" in text and (home / text).exists())
    return bool(ELSEWHERE.fullmatch(text))


def base_name(path: str) -> str:
    """The last part of a path or address, whatever system it is of.

    >>> base_name("~/data/gsm8k.jsonl"), base_name("C:\\\\data\\\\x.csv"), base_name("s3://bucket/runs/7")
    ('gsm8k.jsonl', 'x.csv', '7')
    """
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1].lstrip("~") or "folder"


def _address(found: re.Match[str]) -> str:
    address = found[0]
    return address if address.startswith(PUBLIC) else f"{found['scheme']}://endpoint.invalid"


def without_machine(text: str) -> str:
    """A text without this machine's name and the folders of whoever runs it."""
    for word in machine_words():
        text = re.sub(rf"{re.escape(word)}(?![\w-])", "~", text)
    return text.replace(name, "machine") if len(name := socket.gethostname()) > 7 else text


def machine_words() -> list[str]:
    """The folders that must not be told: of the person, and of this process; the longest first."""
    found = {str(Path.home()), os.getcwd(), str(Path.home().resolve())} - {"/"}
    return sorted(found, key=len, reverse=True)
