"""Which code block of a response is its program: the last one that is a program by itself."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

NO_PROGRAM = {
    "text", "txt", "plaintext", "output", "input", "stdin", "stdout", "console", "pycon", "json",
    "yaml", "csv", "diff", "markdown", "md", "math", "latex", "tex", "mermaid",
}  # fmt: skip
"""Labels of code blocks that show something else than a program."""
SHELL = {"bash", "sh", "shell", "zsh", "shell-session", "terminal", "cmd", "powershell"}
"""Labels of blocks that are commands to run a program, unless there is no other block."""
PYTHON = {"python", "python3", "py", ""}
"""Labels of blocks that may be read as Python."""

_FENCE = re.compile(r"(?P<indent> {0,8})(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^\s`]{0,40})[^`]*")
_ACTS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign,
    ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.With, ast.If, ast.Call,
)  # fmt: skip
_READS = re.compile(r"\b(?:input|stdin)\b")
MOST_BLOCKS = 8
"""Blocks at the end of a response that are compared with each other."""
LONGEST = 100_000
"""Characters of a block that is looked into; longer ones are taken for programs."""


class Block(NamedTuple):
    """A fenced code block."""

    label: str
    text: str


def extract(response: str) -> str | None:
    r"""The program of a response, or None where it has none.

    The last fenced block that holds a program. Passed over are, where another is left: blocks whose
    label says that they show something else (`NO_PROGRAM`), commands of a shell, blocks without a
    label behind one with a label that do nothing (an example of the output), and blocks that only
    use what an earlier one defines. A fence that is never closed goes on to the end, as in
    CommonMark.

    >>> extract("So:\n```python\nprint(1)\n```\nRun it.\n```bash\npython a\n```\n```\n1\n```")
    'print(1)'
    """
    found = [block for block in blocks(response) if block.label not in NO_PROGRAM]
    named = any(block.label and block.label not in SHELL for block in found)
    programs = [
        block
        for block in found
        if block.label not in SHELL and (block.label or not named or _acts(block.text))
    ]
    programs = (programs or found)[-MOST_BLOCKS:]
    while len(programs) > 1 and _leans_on(programs[-1], programs[:-1]):
        use = programs.pop()
        if _READS.search(use.text) and not _READS.search(programs[-1].text):
            return f"{programs[-1].text}\n{use.text}"  # one program in two blocks
    return programs[-1].text if programs else None


def blocks(response: str) -> Iterator[Block]:
    """All fenced blocks with something in them, less the indentation of their fences."""
    opened: re.Match[str] | None = None
    inside: list[str] = []
    for line in response.replace("\r\n", "\n").split("\n"):
        match = _FENCE.fullmatch(line)
        if opened is None:
            opened, inside = match, []
        elif match and match["fence"].startswith(opened["fence"]) and not match["label"]:
            yield from _block(inside, opened)
            opened = None
        else:
            inside.append(line)
    if opened:
        yield from _block(inside, opened)


def _block(lines: list[str], opened: re.Match[str]) -> Iterator[Block]:
    indent = len(opened["indent"])
    text = "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines)
    inner = _FENCE.fullmatch(lines[0]) if lines else None
    if inner and inner["label"] and not opened["label"]:  # a fence around a fence
        yield from _block(lines[1:], inner)
    elif text.strip():
        yield Block(opened["label"].lower().strip("{}."), text)


def _acts(text: str) -> bool:
    """Whether a text is Python that does something: `3`, `Yes` and `[1, 2]` do nothing."""
    if len(text) > LONGEST:
        return True
    tree = _parsed(text)
    return tree is not None and any(isinstance(node, _ACTS) for node in ast.walk(tree))


def _leans_on(last: Block, earlier: list[Block]) -> bool:
    """Whether a block in Python only uses what an earlier one defines: an example of its use."""
    if last.label not in PYTHON or not (tree := _short(last)):
        return False
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(tree)):
        return False
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {name.id for name in names if not isinstance(name.ctx, ast.Load)}
    used = {name.id for name in names} - bound
    return any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in used
        for block in earlier
        if block.label in PYTHON
        for node in getattr(_short(block), "body", [])
    )


def _short(block: Block) -> ast.Module | None:
    return _parsed(block.text) if len(block.text) <= LONGEST else None


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strings like "\d"
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
