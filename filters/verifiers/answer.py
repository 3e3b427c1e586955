r"""The final answer of a response: in a box, announced in words, or after `####`."""

from __future__ import annotations

import re

# One or two backslashes: answers that went through JSON are often escaped twice.
_TOKEN = re.compile(r"(?P<box>\\{1,2}(?:boxed|fbox)\s*\{)|(?P<escaped>\\.)|[{}]", re.DOTALL)
_FINAL = re.compile(r"final answer(?:\*\*)?(?: is|:)", re.IGNORECASE)
_ANSWER = re.compile(r"\banswer(?:\*\*)?(?: is|:)|答案(?:是|为|[::])", re.IGNORECASE)
_BETWEEN = re.compile(r"\\(?:text|mathrm)\s?\{|\\q?quad\b|\\[()\[\];, ]|[$}.]|\b\w{1,3}\s?=|\s")
_JOINED = re.compile(r"[,;]?(?:and|or|和|或)|[,;]")
_LONGEST_JOINT = 60


def boxes(text: str) -> list[str]:
    r"""The contents of all complete `\boxed{...}`, outermost ones only, in order of their ends.

    Braces are matched as TeX does: nested ones count, escaped ones do not. One pass, so that
    thousands of boxes that never close take no longer than plain text.

    >>> boxes(r"\boxed{\frac{1}{2}} or \boxed{\{1, 2\}} or \boxed{3")
    ['\\frac{1}{2}', '\\{1, 2\\}']
    """
    return [text[start:end].strip() for _, start, end in _spans(text)]


def _spans(text: str) -> list[tuple[int, int, int]]:
    """(start, start of contents, end of contents) of the boxes that `boxes` names."""
    found: list[tuple[int, int, int]] = []
    open_: list[tuple[int, int] | None] = []  # the box that is open here; None for a plain brace
    for token in _TOKEN.finditer(text):
        if token["box"]:
            open_.append(token.span())
        elif token.group() == "{":
            open_.append(None)
        elif token.group() == "}" and open_:
            box = open_.pop()
            if box is not None:
                while found and found[-1][0] > box[0]:  # boxes inside this one
                    found.pop()
                found.append((*box, token.start()))
    return found


def extract(response: str) -> str | None:
    r"""The final answer of a response, or None where it gives none.

    The last box wins, together with those that "and", "or" or a comma joins to it, unless "final
    answer is" comes after it; without either, a last line that starts with `####`, as GSM8K's
    solutions do; and at last what follows "answer is". An empty box is no answer.

    >>> extract(r"First \boxed{3}, no: \boxed{\text{about } 4}"), extract("The final answer is 12.")
    ('\\text{about } 4', '12')
    >>> extract(r"So \boxed{6}. The final answer is 7.")  # the last announcement counts
    '7'
    >>> extract("6*7=42\n#### 42"), extract(r"\boxed{1} or \boxed{2}"), extract("I do not know.")
    ('42', '1, 2', None)
    """
    found = _spans(response)
    # A search for words is quick, one that ignores case in 18 KB of text is not.
    announced = list(_FINAL.finditer(response)) if "final answer" in response.lower() else []
    if announced and not (found and found[-1][0] > announced[-1].start()):
        return _sentence(response[announced[-1].end() :])
    if found:
        return _last_box(response, found)
    last = response.rstrip().rpartition("\n")[2].strip()
    if last.startswith("####"):
        return last.removeprefix("####").strip() or None
    answers = list(_ANSWER.finditer(response))
    return _sentence(response[answers[-1].end() :]) if answers else None


def _last_box(response: str, spans: list[tuple[int, int, int]]) -> str | None:
    _, start, end = spans[-1]
    content = response[start:end].strip()
    if inner := boxes(content):
        return inner[-1] or None
    joined = [content]
    for before, after in zip(spans[-2::-1], spans[:0:-1], strict=False):
        joint = response[before[2] + 1 : after[0]]
        if len(joint) > _LONGEST_JOINT or not _JOINED.fullmatch(_BETWEEN.sub("", joint)):
            break
        joined.insert(0, response[before[1] : before[2]].strip())
    return ", ".join(joined) or None


def _sentence(text: str) -> str | None:
    """What was announced: the rest of its sentence, without emphasis and dollar signs."""
    line = text.lstrip(" :*\n").partition("\n")[0].partition(". ")[0].rstrip(" .*。")
    return line.strip("$ ") if line.count("$") == 2 else line or None


def plain(answer: str) -> str:
    r"""An answer without the dress around all of it: dollar signs, `\text{}`, blanks.

    >>> plain(r"$\text{ yes}$"), plain(r"\text{a} + \text{b}")
    ('yes', '\\text{a} + \\text{b}')
    """
    bare = answer.strip().strip("$").strip()
    dressed = re.fullmatch(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", bare)
    return dressed[1].strip() if dressed else bare
