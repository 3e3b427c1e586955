r"""The final answer of a response: in a box, announced in words, or after `####`."""

from __future__ import annotations

import re

# One or two backslashes: answers that went through JSON are often escaped twice. The pattern starts
# with a set of signs, so that the search runs over plain text at the speed of memory.
_TOKEN = re.compile(r"[{}\\](?:(?<=\\)(?:(?P<box>\\?(?:boxed|fbox)\s*\{)|.))?", re.DOTALL)
_COLON = "[:\N{FULLWIDTH COLON}]"
_TITLE = r"(?:(?<=# )|(?<=\*\*))"  # of a heading, whose line ends with it
_FINAL = re.compile(
    rf"final answer(?:\*\*)?(?: is|:)|{_TITLE}final answer(?:\*\*)?\s*\n"
    rf"|最终答案(?:\*\*)?(?:是|为|{_COLON})"
)
_ANSWER = re.compile(
    rf"(?<!\w)answer(?:\*\*)?(?: is|:)|{_TITLE}answer(?:\*\*)?\s*\n"
    rf"|答案(?:\*\*)?(?:是|为|{_COLON})|(?:故|应)选{_COLON}?"
)
_LABEL = re.compile(r"\((?:[a-d]|[1-9]|i{1,3})\)")
_BETWEEN = re.compile(r"\\(?:text|mathrm)\s?\{|\\q?quad\b|\\[()\[\];, ]|[$}.]|\b\w{1,3}\s?=|\s")
_JOINED = re.compile(r"[,;]*(?:and|or|和|或),?|[,;]+")
_BECAUSE = re.compile(r"(?:,| ) ?(?:because|since|as we|as was|which|so that|hence|therefore)\b")
_DOLLAR = re.compile(r"(?<!\\)\$")
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
    for token in _TOKEN.finditer(text, _first(text)):
        sign = token.group()
        if token["box"]:
            open_.append(token.span())
        elif sign == "{":
            open_.append(None)
        elif sign == "}" and open_:
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
    after = response[found[-1][0] :] if found else response
    lowered = _lowered(after)
    if announced := _last(_FINAL, lowered, ("final answer", "最终答案")):
        return _sentence(after[announced.end() :])
    if found:
        return _last_box(response, found)
    last = response.rstrip().rpartition("\n")[2].strip()
    if last.startswith("####"):
        return last.removeprefix("####").strip() or None
    answer = _last(_ANSWER, lowered, ("answer", "答案", "故选", "应选"))
    return _sentence(response[answer.end() :]) if answer else None


def _first(text: str) -> int:
    """Where the first box may start; braces before it change nothing."""
    places = [place for name in (r"\boxed", r"\fbox") if (place := text.find(name)) >= 0]
    return max(0, min(places) - 1) if places else len(text)


def _lowered(text: str) -> str:
    """Lower case, sign by sign: some letters outside ASCII would become two."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def _last(pattern: re.Pattern[str], text: str, words: tuple[str, ...]) -> re.Match[str] | None:
    """The last match of a pattern that starts with one of these words, looked for from the end."""
    last = None
    for word in words:
        place = text.rfind(word)
        while place >= 0 and not (match := pattern.match(text, place)):
            place = text.rfind(word, 0, place)
        if place >= 0 and match and (last is None or match.start() > last.start()):
            last = match
    return last


def _last_box(response: str, spans: list[tuple[int, int, int]]) -> str | None:
    _, start, end = spans[-1]
    content = response[start:end].strip()
    if inner := boxes(content):
        return inner[-1] or None
    joined = [content]
    for before, after in zip(spans[-2::-1], spans[:0:-1], strict=False):
        joint = response[before[2] + 1 : after[0]]
        if len(joint) > _LONGEST_JOINT or not _JOINED.fullmatch(
            _BETWEEN.sub("", _LABEL.sub(",", joint))
        ):
            break
        joined.insert(0, response[before[1] : before[2]].strip())
    return ", ".join(joined) or None


def _sentence(text: str) -> str | None:
    """What was announced: the rest of its sentence, without emphasis and dollar signs."""
    line = text.lstrip(" :\N{FULLWIDTH COLON}*\n").partition("\n")[0].partition(". ")[0]
    line = _BECAUSE.split(line.partition("。")[0], maxsplit=1)[0].rstrip(" .*")
    signs = _DOLLAR.findall(line)
    return (_DOLLAR.sub("", line) if len(signs) == 2 else line).strip() or None


def plain(answer: str) -> str:
    r"""An answer without the dress around all of it: dollar signs, `\text{}`, blanks.

    >>> plain(r"$\text{ yes}$"), plain(r"\text{a} + \text{b}")
    ('yes', '\\text{a} + \\text{b}')
    """
    bare = answer.strip().strip("$").strip()
    dressed = re.fullmatch(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", bare)
    return dressed[1].strip() if dressed else bare
