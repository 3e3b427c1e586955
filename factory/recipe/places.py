"""Recipes read with the place of every mistake: file, line, column, and what was meant."""

from __future__ import annotations

import re
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from factory.errors import RecipeError, nearest
from filters.text.shorten import shorten

Model = TypeVar("Model", bound=BaseModel)

LONGEST_ECHO = 60  # characters of a user's value that are repeated in an error

EXPECTED = {  # first word of pydantic's error type: what was wanted
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "path": "a path",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping (key: value)",
    "model": "a mapping (key: value)",
}

BOUNDS = {  # pydantic's error type: what was wanted, filled in from the error's context
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "at least {min_length} in it",
    "too_long": "at most {max_length} in it",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text like {pattern}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}


def load(path: Path, model: type[Model]) -> Model:
    """The YAML file at `path` as a `model`.

    Raises RecipeError, one problem a line, each as `file:line:column: key: what is wrong`. The
    column is that of the value; of the key where the key is unknown; of the mapping around it
    where a key is missing. Validators find the file's folder, which relative paths in it start
    from, as `context["home"]`.
    """
    text = _read(path)
    root, data = _parse(path, text)
    if root is None:
        keys = ", ".join(_keys(model))
        raise RecipeError(f"{path}:1:1: the file is empty; its keys may be: {keys}")
    try:
        return model.model_validate(data, context={"home": path.parent})
    except ValidationError as error:
        problems = _problems(error.errors(include_url=False), model, root)
        raise RecipeError("\n".join(f"{path}:{problem}" for problem in problems)) from None


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        hint = nearest(path.name, beside)
        raise RecipeError(f"{path}: there is no such file{hint}") from None
    except IsADirectoryError:
        raise RecipeError(f"{path}: this is a folder, expected a recipe (a YAML file)") from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_of_offset(content[: error.start].decode("utf-8"))
        raise RecipeError(f"{path}:{place}: not UTF-8; save the file as UTF-8") from None


def _parse(path: Path, text: str) -> tuple[Node | None, Any]:
    """The document's nodes, which know their places, and its values, which do not."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        twice = list(_doubled_keys(root))
        if twice:
            raise RecipeError("\n".join(f"{path}:{problem}" for problem in twice))
        return root, YAML(typ="safe", pure=True).load(text)
    except ReaderError as error:
        place = _place_of_offset(text[: error.position])
        raise RecipeError(f"{path}:{place}: this character is not allowed in YAML") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise RecipeError(f"{path}:{place}: not valid YAML: {what}") from None
    except RecursionError:
        raise RecipeError(f"{path}: nested too deeply for a recipe") from None


def _doubled_keys(node: Node | None, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    if id(node) in seen:  # an alias leads back to what it is part of
        return
    seen |= {id(node)}
    if isinstance(node, SequenceNode):
        for value in node.value:
            yield from _doubled_keys(value, seen)
    if isinstance(node, MappingNode):
        first: dict[str, Node] = {}
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value in first:
                what = f"this key stands twice, first at {_place(first[key.value])}; keep one"
                yield f"{_place(key)}: {_echo(key.value)}: {what}"
            if isinstance(key, ScalarNode):
                first.setdefault(key.value, key)
            yield from _doubled_keys(value, seen)


# --- from pydantic's location to a place in the file --------------------------------------------


@dataclass(frozen=True)
class _Spot:
    """Where an error's location leads, in the file and in the schema."""

    path: str
    node: Node  # the value, or the nearest thing around it that the file has
    key: Node | None
    kind: Any  # the type wanted there
    owner: type[BaseModel] | None  # the model that has, or lacks, the last key
    field: FieldInfo | None
    branches: tuple[tuple[str, str], ...]  # (path of a union, the member that was tried)

    @property
    def place(self) -> str:
        """Line and column of the value; of its key where nothing stands behind the colon."""
        nothing = self.node.start_mark.index == self.node.end_mark.index
        return _place(self.key if nothing and self.key else self.node)


def _find(loc: tuple[int | str, ...], model: type[BaseModel], root: Node) -> _Spot:
    """Walks the nodes and the types together, since a location also names union members."""
    path, node, key, kind, owner, field = "", root, None, model, None, None
    branches = []
    for part in loc:
        members = _members(kind)
        if len(members) > 1:  # pydantic names the member; the file does not
            branches.append((path, str(part)))
            kind = next((m for m in members if _is_called(m, str(part))), Any)
            continue
        kind = members[0]
        if part == "[key]":  # the key itself is wrong
            node = key or node
            break
        if isinstance(part, int) and isinstance(node, SequenceNode):
            path += f"[{part}]"
            kind = (*[a for a in get_args(kind) if a is not Ellipsis], Any)[0]
            node = node.value[part] if part < len(node.value) else node
            continue
        path += ("." if path else "") + _echo(part)
        owner = kind if _is_model(kind) else None
        field = _field(owner, str(part)) if owner else None
        kind = field.annotation if field else (*get_args(kind), Any, Any)[1]
        key, node = _entry(node, str(part)) or (None, node)
    return _Spot(path, node, key, kind, owner, field, tuple(branches))


def _members(kind: Any) -> list[Any]:
    """The types a value may have, without None; one unless `kind` is a union."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [m for m in get_args(kind) if m is not types.NoneType] or [Any]
    return [kind]


def _is_called(kind: Any, label: str) -> bool:
    """Whether a location's label is that of this member: its tag, its name, or both in brackets."""
    tags = {getattr(note, "tag", None) for note in getattr(kind, "__metadata__", ())}
    (member, *_) = _members(kind)
    if origin := get_origin(member):  # a list, say of entries
        return label.startswith(f"{origin.__name__}[")
    if not _is_model(member):
        return label in tags
    values = {str(v) for f in member.model_fields.values() for v in _literals(f.annotation)}
    return label in tags | values | {member.__name__} or label.endswith(f" {member.__name__}]")


def _literals(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return dict(zip(_keys(model), model.model_fields.values(), strict=True)).get(key)


def _entry(node: Node, key: str) -> tuple[Node, Node] | None:
    entries = node.value if isinstance(node, MappingNode) else []
    return next(((k, v) for k, v in entries if isinstance(k, ScalarNode) and k.value == key), None)


def _place(node: Node) -> str:
    return f"{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _place_of_offset(before: str) -> str:
    lines = before.split("\n")
    return f"{len(lines)}:{len(lines[-1]) + 1}"


# --- from an error to a sentence ----------------------------------------------------------------


@dataclass(frozen=True)
class _Problem:
    place: str
    path: str
    what: str
    wanted: str = ""  # what is left to say; joined by "or" where a value may be of several types
    help: str = ""


def _problems(errors: list[Any], model: type[BaseModel], root: Node) -> list[str]:
    """One line a problem, in the order of the file, without the file's name."""
    found = _likely([(error, _find(error["loc"], model, root)) for error in errors])
    lines: dict[tuple[str, str, str], list[_Problem]] = {}
    for problem in (_describe(error, spot) for error, spot in found):
        lines.setdefault((problem.place, problem.path, problem.what), []).append(problem)
    texts = []
    for (place, path, what), same in lines.items():
        wanted = " or ".join(dict.fromkeys(p.wanted for p in same))
        line, column = (int(number) for number in place.split(":"))
        where = f"{place}: {path}: " if path else f"{place}: "
        texts.append((line, column, f"{where}{what}{wanted}{same[0].help}"))
    return [text for _, _, text in sorted(texts)]


def _likely(found: list[tuple[Any, _Spot]]) -> list[tuple[Any, _Spot]]:
    """Of a union's members, the errors of the one the user came nearest to: fewest mistakes."""
    far: Counter[tuple[str, str]] = Counter()
    for error, spot in found:
        for path, member in spot.branches:
            other_kind = spot.path == path and error["type"].endswith("_type")
            far[path, member] += 1000 if other_kind else 1  # text where a mapping stands, say
    least = {path: min(n for (p, _), n in far.items() if p == path) for path, _ in far}
    return [
        (error, spot)
        for error, spot in found
        if all(far[branch] == least[branch[0]] for branch in spot.branches)
    ]


def _describe(error: Any, spot: _Spot) -> _Problem:
    kind, context = error["type"], error.get("ctx", {})
    help = _first_sentence(spot.field.description if spot.field else None)
    if kind == "extra_forbidden":
        known = _keys(spot.owner) if spot.owner else []
        hint = nearest(str(error["loc"][-1]), known)
        what = f"unknown key{hint or '.'} Known keys: {', '.join(known)}"
        return _Problem(_place(spot.key or spot.node), spot.path, what)
    if kind == "missing":
        return _Problem(spot.place, spot.path, "this key is missing", help=help)
    if kind == "union_tag_not_found":
        tag = context["discriminator"].strip("'")
        known = sorted(set().union(*(_values_of(m, tag) for m in _members(spot.kind))))
        what = f"this key is missing, expected one of {', '.join(known)}"
        return _Problem(spot.place, f"{spot.path}.{tag}", what)
    if kind == "union_tag_invalid":
        return _wrong_tag(context, spot)
    if kind in ("value_error", "assertion_error"):
        return _Problem(spot.place, spot.path, str(context.get("error", error["msg"])))
    what = f"found {_found(error['input'])}, expected "
    wanted = EXPECTED.get(kind.split("_")[0])
    if kind in BOUNDS:
        wanted = BOUNDS[kind].format(**context)
    if kind in ("literal_error", "enum"):
        help = nearest(str(error["input"]), _quoted(context["expected"])) + help
    if kind == "string_type" and isinstance(spot.node, ScalarNode) and spot.node.value:
        help = f"; put it in quotes: {_echo(repr(spot.node.value))}" + help
    if wanted is None:  # a type of error that no recipe has met yet: pydantic's own words
        return _Problem(spot.place, spot.path, error["msg"], help=help)
    return _Problem(spot.place, spot.path, what, wanted, help)


def _wrong_tag(context: dict[str, Any], spot: _Spot) -> _Problem:
    tag = context["discriminator"].strip("'")
    entry = _entry(spot.node, tag)
    known = _quoted(context["expected_tags"])
    hint = nearest(str(context["tag"]), known)
    what = f"found {_found(context['tag'])}, expected one of {', '.join(known)}{hint}"
    return _Problem(_place(entry[1] if entry else spot.node), f"{spot.path}.{tag}", what)


def _values_of(model: Any, field: str) -> set[str]:
    model = _members(model)[0]
    known = model.model_fields.get(field) if _is_model(model) else None
    return {str(value) for value in _literals(known.annotation)} if known else set()


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _first_sentence(text: str | None) -> str:
    words = " ".join((text or "").split())
    return f" ({re.split(r'(?<=[.]) ', words)[0].rstrip('.')})" if words else ""


def _found(value: Any) -> str:
    """A user's value in a few words; never all of a long one."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return (
            f"a mapping with the keys {_echo(', '.join(map(str, value)))}"
            if value
            else "an empty mapping"
        )
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _echo(str(value).lower() if isinstance(value, bool) else repr(value))


def _echo(value: Any) -> str:
    text = str(value) if str(value).isprintable() else repr(value)
    return shorten(text, LONGEST_ECHO)
