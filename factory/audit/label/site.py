"""The pages on which a person marks: a card a page, on loopback, by keyboard alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from markupsafe import Markup

from factory.audit.browse.shown import plain as without_formulas
from factory.audit.browse.shown import shown
from factory.audit.label.cards import Card
from factory.audit.label.marks import Word
from factory.audit.label.session import NOTE, Session
from factory.audit.mathematics import Mathematics
from factory.audit.serve import Site, html, plain, templates
from filters.text.visible import visible

FOLDER = Path(__file__).parent
SHOWN = 20_000
"""Characters of a text that a page shows; the rest is a link away."""
WORDS: dict[str, Word] = {"yes": "yes", "no": "no", "cannot say": "cannot say"}
KEYS = (
    ("y", "yes"),
    ("n", "no"),
    ("?", "cannot say"),
    ("← →", "the card before, the next"),
    ("u", "undo: take the last mark back"),
    ("/", "a note; Enter keeps it, Esc leaves it"),
    ("m", "formulas drawn, or as they were written"),
)
"""What keys do."""


@dataclass(frozen=True)
class Shown:
    """A part of a card as the page has it."""

    title: str
    text: Markup
    beside: bool
    rest: str | None
    """How much of it is shown, where that is not all."""


class Pages:
    """What answers a browser."""

    def __init__(self, session: Session, name: str):
        self.session, self.name = session, name
        self.templates = templates(FOLDER)

    def site(self) -> Site:
        """All pages, behind a new token."""
        return Site(
            pages={
                "/": self.start,
                "/card/{number}": self.card,
                "/rest/{number}/{part}": self.rest,
                "/done": self.done,
            },
            files={f"/{name}": FOLDER / name for name in ("label.css", "label.js")},
            posts={"/mark": self.mark},
        )

    async def start(self, _: web.Request) -> web.StreamResponse:
        """To the first card that has no mark."""
        raise web.HTTPSeeOther(self._to(self.session.next()))

    async def card(self, request: web.Request) -> web.StreamResponse:
        """One card."""
        number, card = self._asked(request)
        said, done = self.session.said(number), self.session.done()
        drawn = request.query.get("formulas") != "plain"
        page = self.templates.get_template("card.html").render(
            name=visible(self.name),
            who=self.session.who,
            keys=KEYS,
            note_most=NOTE,
            number=number,
            count=len(self.session.cards),
            done=done,
            question=visible(card.question, newlines=True),
            parts=[_shown(part.title, part.text, part.beside, drawn) for part in card.parts],
            said=said.mark if said else None,
            note=said.note if said else "",
            decided=visible(card.decided) if said or self.session.show else None,
            last=self._last(number),
            drawn=drawn,
        )
        return html(page)

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """A text of a card, all of it."""
        _, card = self._asked(request)
        part = request.match_info["part"]
        if not part.isdecimal() or int(part) >= len(card.parts):
            raise web.HTTPNotFound(text="this card has no such text")
        return plain(visible(card.parts[int(part)].text, newlines=True))

    async def done(self, _: web.Request) -> web.StreamResponse:
        """What is shown when all cards are marked."""
        count = len(self.session.cards)
        page = self.templates.get_template("done.html")
        return html(
            page.render(count=count, done=self.session.done(), file=self.session.writer.file)
        )

    async def mark(self, request: web.Request) -> web.StreamResponse:
        """Keep a mark, or take one back; answers where to go on."""
        try:
            told: Any = await request.json()
            number, word, note = int(told["number"]), told["mark"], str(told.get("note", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise web.HTTPBadRequest(text="a number and a mark were expected") from None
        behind = len(self.session.cards) + (word == "undo")  # from the last page, too
        if not 0 <= number < behind or word not in (*WORDS, "undo", "note"):
            raise web.HTTPBadRequest(text="there is no such card, or no such mark")
        if word == "undo":
            return web.json_response({"to": self._to(self.session.undo(number))})
        if word == "note":
            said = self.session.said(number)
            if said and said.mark:
                self.session.say(number, said.mark, note)
            return web.json_response({"to": self._to(number) if said else None})
        self.session.say(number, WORDS[word], note)
        return web.json_response({"to": self._to(self.session.next(number))})

    def _to(self, number: int | None) -> str:
        """The way to a card, from the folder of all pages; None: to the end."""
        return "done" if number is None else f"card/{number}"

    def _last(self, number: int) -> str | None:
        """What was said of the card before, and what the program says of it."""
        before = [one for one in self.session.history if one != number]
        if not before:
            return None
        said = self.session.said(before[-1])
        card = self.session.cards[before[-1]]
        word = said.mark if said else None
        return visible(f"Card {before[-1] + 1}: you said {word}. {card.decided}")

    def _asked(self, request: web.Request) -> tuple[int, Card]:
        number = request.match_info["number"]
        if not number.isdecimal() or int(number) >= len(self.session.cards):
            raise web.HTTPNotFound(text="there is no such card")
        return int(number), self.session.cards[int(number)]


def _shown(title: str, text: str, beside: bool, drawn: bool) -> Shown:
    cut = text[:SHOWN]
    rest = f"{len(cut):,} of {len(text):,} characters" if len(cut) < len(text) else None
    told = shown(cut, draw=Mathematics()) if drawn else without_formulas(cut)
    return Shown(visible(title), told, beside, rest)
