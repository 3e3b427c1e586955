"""Accepts of near misses that reading defends: the mutation left the meaning as it was."""

from __future__ import annotations

DEFENDED: list[tuple[str, str, str]] = [
    # 0.50 => 0.5
    (
        r"(numeric, )?a .*",
        r"^(\D*[\d,]+?(?:\.\d*?[1-9])?)\.?0*(\D.*|) => \1\.?0*\2$",
        "zeros at the end",
    ),
    # (-1, 0) => (-1, -0)
    (r"(numeric, )?a (minus more|sign)", r"-0(?!\.?\d)", "minus zero"),
    # (-\infty, 3) => [-\infty, 3)
    (
        r"(first|last) bracket",
        r"\[ ?-? ?(?:\\infty|∞)|(?:\\infty|∞) ?\]",
        "an infinite end is never closed",
    ),
    # 160 s => 160
    (r".*less", r"^(\$?[-\d.,/^ \xd7]*\d) ?[a-zA-Z] *\$?( =>| => ).*", "a unit left out"),
    (r".*less", r"^(\$?[-\d.,/^ \xd7]*\d)\$? => \1 ?[a-zA-Z]\$?$", "a unit left out"),
    # 115^\circ => 115, 8.4 \times 10^1 => 8.4 \times 10
    (r"no exponent", r"\^\{?\\circ|\^\{?1\b", "degrees left out, or a first power"),
    # 2,2,4 => 2,4
    (r"a part (?:less|more)", r"^\$?(?:\\?\{)?[^(\[]*\b(\w+)\$?, ?\1\b", "a value said twice"),
    (r"a part less", r" => \$?\\?\{[^(\[]*\b(\w+), ?\1\b", "a value said twice"),
    # 3:00 => 3
    (r"shape: times", r"^(\d+):00 => \1$|^(\d+) => \2:00$", "a bare hour"),
    # 72 - 9 = 63 => 27 - 9 = 63
    (
        r".*",
        r"^(?:Therefore, it takes )?(?:[^a-zA-Z]|\\[a-z]+|\be\b)*= ?([^=]+) =>"
        r" (?:Therefore, it takes )?(?:[^a-zA-Z]|\\[a-z]+|\be\b)*= ?\1$",
        "of a computation the end counts",
    ),
    # f(x)=x => F(x)=x
    (r"case of a letter", r"^[^=]*[A-Za-z]\(\w\) ?=", "the name of a function is free"),
    # 7:30 a.m. => 7:30 A.m.
    (
        r"case of a letter",
        r"\d (?i:[ap]\.m)|\d ?(?:°|\^\{?\\circ ?\}?) ?[fF]",
        "capitals of a half of the day",
    ),
    # (A) and (B) => (a) and (B)
    (
        r"(case of )?a letter",
        r"^(?i:(?:both )?\(?A\)?(?:,? (?:and )?\(?[B-E]\)?)+ =>)",
        "letters of options",
    ),
    # 1.00032 => 1.00032^1.00032
    (r"around: K\^K", r"^1\.000", "what a decimal was rounded from"),
    (r"case of a letter", r"^(?=.*[a-z]{4} )(?i:(.+)) => (?i:\1)$", "capitals of a text"),
    # 388147.4117647039 => 388147.4117647059
    (
        r"(numeric, )?(a .*digit.*|digits .*|a last place)",
        r"\d\.\d{7,}",
        "alike to six digits after the point",
    ),
    (r".*places", r"^\(?\[? ?(.+?), ?\1", "equal parts"),
    (r"\\equiv \| =", r"^(?!.*mod)", "an identity sign, and no modulus"),
    # 0 or 1 => 0 and 1
    (r"word: and \| or", r"^[^a-zA-Z]*(?:and|or)[^a-zA-Z]* =>", "values that are joined"),
    (r"(numeric, )?around: K:1", r"", "a ratio to one"),
    (r"(numeric, )?around: K_\{8\}", r"", "a base that one side leaves out"),
    (r"(numeric, )?around: K pairs", r"", "a noun behind a number counts as its unit"),
    (r"(numeric, )?around: 77( - 2)? = K", r"", "of a computation the end counts"),
    # 76258 => 76 258
    (
        r"shape: sequences",
        r"^(\d+) (\d+) => \1\2$|^(\d+)(\d{3}) => \3 \4$",
        "a thin thousands mark",
    ),
    (r"\\log \| \\lg", r"_\{10\}", "lg with its base"),
    # 4\pm 2 \sqrt{7}, 4-2 \sqrt{7} => 4+2 \sqrt{7}, 4-2 \sqrt{7}
    (r"\\pm \| [-+]", r"^[^,;]*[,;].*=>", "a value said twice"),
    (
        r"brackets less",
        r"^\$?(?:\\quad|\\left)? ?\([^=]*,[^=]*\)\$? => [^=]*$",
        "a tuple without brackets",
    ),
    # |-\sqrt{3}| => |\sqrt{3}|
    (r"a minus less", r"\|-?([^|-]+)\| => .*\|\1\|", "a minus between bars"),
    # y = \pm \frac14 x => y = \pm \frac1{-4} x
    (
        r"a minus more|plus to minus|a sign",
        r"^[^,;]*\\pm [^,;+]*=>[^,;]*$",
        "a minus behind plus and minus",
    ),
    # |BA|^2 => (BA)^2
    (r"no bars", r"\|([A-Z]) ?([A-Z])\|.*\(\1 ?\2\)", "the length of a segment"),
    (r"no bars", r"\\cos ?\|", "an even function"),
    # 10^1 => 10 \cdot 1
    (
        r"exponent to factor",
        r"(\w)(?:\^\{?1\}?| \\cdot 1)(?!\d).*=>.*\1(?: \\cdot 1|\^\{?1\}?)",
        "a first power",
    ),
    # 0 kN => 0 N, 0% => 0
    (
        r"(unit: .*|a letter.*|no percent|.*exponent.*)",
        r"^\$?0(?: ?[a-zA-Z\\].*| ?\\?%)?\$? => \$?0(?: ?[/a-zA-Z\\].*| ?\\?%)?\$?$",
        "nothing is nothing",
    ),
    # 1.57874e-05 => 1.578745e-05
    (
        r"a last place",
        r"\d\.\d{2,} ?(?:e-0[5-9]|(?:[x\xd7]|\\times) ?10 ?\^ ?\{?-)",
        "one more digit of a tiny number",
    ),
    (r"\\sin \| \\cos", r"\\frac ?\{ ?\\pi ?\} ?\{ ?4 ?\}|45\^", "sine and cosine of 45 degrees"),
    # {1, 2, 2, 3} => {1, 2, 3}
    # No. Consider 3. => No. Consider 2.
    (
        r".*",
        r"^(?i:(yes|no|true|false)(?:[.;:]|,? because).* => \1(?:[.;:]|,? because))",
        "reasons of a verdict are free",
    ),
    # 0 or 1 only => 0 and 1 only
    (
        r"word: and \| or",
        r"^(?!.*(?:[=<>]|[A-Za-z]{3,} (?:and|or) ).*(?:and|or).* =>)[^=<>]*=>",
        "values that are joined",
    ),
    # \ln x + C => \ln x + K
    # O(n) + 0(1) => O(n) - 0(1)
    (r".*", r"[+-] 0\(1+\).*=>.*[+-] 0\(1+\)$", "nothing is added"),
    (r"around: K!!", r"^\$?[12]\$? =>", "2!! is 2"),
    (r"a minus more", r"^\|-\\sqrt\{3\}\| =>", "the length of a number on the axis"),
    (
        r"case of a letter",
        r"\\begin\{array\}\{[lcr]+\}.*=>.*\{array\}\{[LCR]",
        "how columns are set",
    ),
    (r"unit: K \| C", r"\+ ?[CK]\$? => .*\+ ?[CK]\$?$", "the constant's name is free"),
]
"""Mutation, a pattern of `key => answer`, and why both are the same answer."""
