"""Whether a page holds nothing but our own elements, as a parser sees it."""

import re
from html.parser import HTMLParser

from hostile_texts import UNSAFE

ELEMENTS = """
html head meta title link script body a header footer span nav main h1 h2 h3 p form input button div
section details summary ul li figure figcaption svg rect line label select option table thead tbody
tr th td code small bdi dl dt dd article aside b br mark kbd progress math mrow mi mn mo mtext mfrac
msup msub msqrt mspace mstyle mtable mtr mtd mpadded
"""
OWN = re.compile(r"/(?!/)|#|data:,$|\.\./(label\.|rest/)|label\.|card/")
"""What an address of ours begins with."""


class _Reader(HTMLParser):
    """What a browser would make elements and attributes of."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS.split(), tag
        self.scripts += tag == "script"
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "srcdoc", "formaction", "xlink:href"), (tag, name)
            if name in ("href", "src", "action"):
                assert value is not None
                assert OWN.match(value), value


def assert_ours(page: str) -> None:
    """Nothing in a page is an element, an attribute or an address that is not ours, and nothing in
    it acts or hides; what somebody typed comes back to a field as it was."""
    reader = _Reader()
    reader.feed(page)
    assert reader.scripts == 1
    assert not set(re.sub(r'value="[^"]*"', "", page)) & UNSAFE
