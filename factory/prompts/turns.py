"""Conversations as datasets write them: turns of role and content, or of from and value."""

from __future__ import annotations

from typing import Any

from factory.prompts.rows import BadRow, literal, short

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
}
"""What the roles are called, and what they are."""
TOOLS = (
    "tool",
    "function",
    "function_call",
    "observation",
    "tool_call",
    "tool_response",
    "ipython",
)
TEXT_PARTS = ("text", "input_text", "output_text", None)
CONTENT = ("content", "value", "parts", "text")
"""Where a turn has its text, or the parts of it."""


def question(value: Any, column: str) -> list[dict[str, str]]:
    """The conversation up to the last user turn: what comes after it is an answer.

    Raises:
        BadRow: it is no conversation, or one that a model cannot be asked.

    >>> question([{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "2"}], "turns")
    [{'role': 'user', 'content': '1+1?'}]
    """
    turns = _turns(value, column)
    roles = [_role(turn, column) for turn in turns]
    if "user" not in roles:
        found = f", only {', '.join(dict.fromkeys(roles))}" if roles else ""
        raise BadRow("no_question", f"{column} has no user turn{found}")
    last = len(roles) - 1 - roles[::-1].index("user")
    asked = list(zip(turns[: last + 1], roles, strict=False))
    said = [{"role": role, "content": _content(turn, role, column)} for turn, role in asked]
    if not said[-1]["content"].strip():
        raise BadRow("no_question", f"the last user turn of {column} has no text")
    return said


def last_reply(value: Any, column: str) -> str | None:
    """The text of the assistant's turn that ends a conversation, or None."""
    turns = _turns(value, column)
    if not turns or _role(turns[-1], column) != "assistant":
        return None
    return _content(turns[-1], "assistant", column)


def reply(value: Any, column: str) -> dict[str, Any]:
    """The assistant's turn that ends a conversation, with whatever it has.

    Raises:
        BadRow: none does; it says what ends it.
    """
    turns = _turns(value, column)
    if not turns:
        raise BadRow("no_text", f"{column} has no turn")
    if (role := _role(turns[-1], column)) != "assistant":
        raise BadRow("no_text", f"{column} ends in a turn of {role}, not of the assistant")
    if turns[-1].get("tool_calls") and not any(turns[-1].get(key) for key in CONTENT):
        raise BadRow("tool_turn", f"{column} ends in a call of a tool, and no text")
    return turns[-1]


def with_system(turns: list[dict[str, str]], prompt: Any, column: str) -> list[dict[str, str]]:
    """The conversation behind a system prompt that has a column of its own, where there is one."""
    if prompt is None or prompt == "":
        return turns
    if not isinstance(prompt, str):
        raise BadRow("wrong_type", f"{column} is {short(prompt)}, expected text")
    if not prompt.strip():
        return turns
    if turns[0]["role"] != "system":
        return [{"role": "system", "content": prompt}, *turns]
    if turns[0]["content"].strip() != prompt.strip():
        raise BadRow("wrong_type", f"it has two system prompts, one in {column} and one in a turn")
    return turns


def _turns(value: Any, column: str) -> list[dict[str, Any]]:
    value = literal(value)
    turns = value if isinstance(value, list) else [value]
    for turn in turns:
        if not isinstance(turn, dict) or not ({"role", "from"} & turn.keys()):
            expected = "expected turns with role and content, or from and value"
            named = "; a column of plain text is named as `question`"
            plain = named if isinstance(value, str) else ""
            raise BadRow("wrong_type", f"{column} is {short(value)}, {expected}{plain}")
    return turns


def _role(turn: dict[str, Any], column: str) -> str:
    name = turn.get("role", turn.get("from"))
    name = name.lower() if isinstance(name, str) else name
    if name in TOOLS:
        return "tool"
    if name not in ROLES:
        known = "system, developer, user, human, assistant and gpt"
        raise BadRow("wrong_type", f"{column} has a turn of {short(name)}; known are {known}")
    return ROLES[name]


def _content(turn: dict[str, Any], role: str, column: str) -> str:
    if role == "tool" or turn.get("tool_calls"):
        raise BadRow("tool_turn", f"{column} has a turn of a tool, and tools are not played here")
    value = next((turn[key] for key in CONTENT if key in turn), None)
    parts = value if isinstance(value, list) else [value]
    return "\n".join(_part(part, role, column) for part in parts)


def _part(part: Any, role: str, column: str) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind in TEXT_PARTS and isinstance(part.get("text"), str):
        return part["text"]
    if kind not in TEXT_PARTS:
        raise BadRow("not_text", f"{column} has a part of type {short(kind)}: only text is asked")
    raise BadRow("wrong_type", f"the content of a turn of {role} in {column} is {short(part)}")
