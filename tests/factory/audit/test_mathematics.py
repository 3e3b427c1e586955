"""Formulas become MathML of allowed elements alone, or stay text."""

import re

import pytest

from factory.audit.mathematics import LONGEST, Mathematics, formulas, mathml

TAG = re.compile(r"<(/?)([a-z]+)([^<>]*)>")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"$x$ and $$y$$", ["x", "y"]),
        (r"\(x\) and \[ y \]", ["x", "y"]),
        (r"\boxed{\frac{1}{2}} at last", [r"\boxed{\frac{1}{2}}"]),
        ("\\begin{align*}\nx &= 1\n\\end{align*}", ["\\begin{align*}\nx &= 1\n\\end{align*}"]),
        ("It costs $5 and $6.", []),
        ("$5 or $10", []),
        (r"\$x\$", []),
        ("$x", []),
        ("$$$$", []),
        ("$x\n$", []),
    ],
)
def test_formulas_are_found(text: str, found: list[str]):
    there = list(formulas(text))
    assert [formula.tex for formula in there] == found
    assert all(formula.tex in text[formula.start : formula.end] for formula in there)


@pytest.mark.parametrize(
    "text",
    ["$" * 50_000, r"\[" * 50_000, r"\(x" * 50_000, r"\boxed{{" * 20_000, "$a " * 50_000],
)
def test_formulas_that_never_end_are_none(text: str):
    assert list(formulas(text)) == []


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\text{&#60;script&#62;}",
        r"\mbox{</math><img src=x onerror=alert(1)>}",
        r"\operatorname{<svg/onload=alert(1)>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil.example)}{x}",
        r"\class{x}{y}",
        r'\color{red" onload="alert(1)}{x}',
        r"\hspace{99999em}x",
        r"\begin{array}{c|c} <b> & </math> \end{array}",
    ],
)
def test_nothing_but_mathematics_is_drawn(tex: str):
    drawn = mathml(tex)
    for _, name, attributes in TAG.findall(str(drawn)):
        assert name.startswith("m") or name == "none"
        assert not re.search(r"(?i)href|\bstyle=|\bon\w+=|class=|url|9999", attributes)
    rest = TAG.sub("", str(drawn))
    assert "<" not in rest
    assert ">" not in rest


@pytest.mark.parametrize(
    "tex",
    [
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}{\a\a}\a",
        "x" * (LONGEST + 1),
        "{" * 900 + "}" * 900,
        r"\sqrt{" * 200 + "x" + "}" * 200,
        r"\left(",
        "x^2^3",
        "",
    ],
)
def test_what_cannot_be_drawn_stays_text(tex: str):
    assert mathml(tex) in (None, '<math display="inline"><mrow></mrow></math>')


def test_a_page_has_so_much_time_for_formulas():
    ticks = iter(range(99))
    draw = Mathematics(seconds=2, clock=lambda: next(ticks))
    drawn = [draw(formula) for formula in formulas("$a$ $b$ $c$ $d$")]
    assert [bool(one) for one in drawn] == [True, True, False, False]
    assert draw.left_out == 2
