r"""The final answer of a response: in a box, announced in words, or after `####`."""

from __future__ import annotations

import re

# One or two backslashes: answers that went through JSON are often escaped twice.
_TOKEN = re.compile(r"(?P<box>\\{1,2}(?:boxed|fbox)\s*\{)|(?P<escaped>\\.)|[{}]", re.DOTALL)
_ANNOUNCED = re.compile(r"final answer(?: is|:)", re.IGNORECASE)


def boxes(text: str) -> list[str]:
    r"""The contents of all complete `\boxed{...}`, outermost ones only, in order of their ends.

    Braces are matched as TeX does: nested ones count, escaped ones do not. One pass, so that
    thousands of boxes that never close take no longer than plain text.

    >>> boxes(r"\boxed{\frac{1}{2}} or \boxed{\{1, 2\}} or \boxed{3")
    ['\\frac{1}{2}', '\\{1, 2\\}']
    """
    found: list[tuple[int, int]] = []  # (start, end) of contents
    open_: list[int | None] = []  # where the content of an open box starts; None for a plain brace
    for token in _TOKEN.finditer(text):
        if token["box"]:
            open_.append(token.end())
        elif token.group() == "{":
            open_.append(None)
        elif token.group() == "}" and open_:
            start = open_.pop()
            if start is not None:
                while found and found[-1][0] > start:  # boxes inside this one
                    found.pop()
                found.append((start, token.start()))
    return [text[start:end].strip() for start, end in found]


def extract(response: str) -> str | None:
    r"""The final answer of a response, or None where it gives none.

    The last box wins; without a box, what follows the last "final answer is"; without that, a last
    line that starts with `####`, as GSM8K's solutions do. An empty box is no answer.

    >>> extract(r"First \boxed{3}, no: \boxed{\text{about } 4}"), extract("The final answer is 12.")
    ('\\text{about } 4', '12')
    >>> extract("6*7=42\n#### 42"), extract("I do not know.")
    ('42', None)
    """
    if found := boxes(response):
        inner = boxes(found[-1])
        return (inner or found)[-1] or None
    if announced := list(_ANNOUNCED.finditer(response)):
        line = response[announced[-1].end() :].lstrip(" :*$\n").partition("\n")[0]
        return line.partition(". ")[0].rstrip(" .*$") or None
    last = response.rstrip().rpartition("\n")[2].strip()
    return last.removeprefix("####").strip() or None if last.startswith("####") else None


def plain(answer: str) -> str:
    r"""An answer without the dress around all of it: dollar signs, `\text{}`, blanks.

    >>> plain(r"$\text{ yes}$"), plain(r"\text{a} + \text{b}")
    ('yes', '\\text{a} + \\text{b}')
    """
    bare = answer.strip().strip("$").strip()
    dressed = re.fullmatch(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", bare)
    return dressed[1].strip() if dressed else bare
