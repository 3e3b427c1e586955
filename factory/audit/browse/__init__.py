"""All rows of what is audited, in a browser on this machine: page by page, sample by sample."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from factory.audit.browse.asked import Asked
from factory.audit.browse.grounds import Grounds, number
from factory.audit.browse.listing import PAGE, listing, title
from factory.audit.browse.rows import Rows
from factory.audit.browse.sample import (
    FIRST,
    PIECE,
    Part,
    Piece,
    marked,
    others,
    parts_of,
    texts_of,
)
from factory.audit.browse.search import Search, Searches
from factory.audit.browse.shown import plain
from factory.audit.mathematics import Mathematics
from factory.audit.serve import Site, html, new_token, templates
from factory.audit.serve import plain as plain_text
from factory.audit.subject import Subject
from filters.text.visible import visible

HERE = Path(__file__).parent
EXCERPT = 240
"""Characters of a question in the list."""
DIGEST = re.compile(r"[0-9a-f]{16,}")
BESIDE = 64
"""Draws of a prompt that are listed beside one of them."""


def site_of(subject: Subject) -> Site:
    """What is audited, as a site."""
    token = new_token()
    browser = Browser(subject, f"/{token}")
    return Site(
        pages={
            "/": browser.listed,
            "/sample/{id:(?s:.+)}": browser.sample,
            "/text/{part}/{id:(?s:.+)}": browser.text,
            "/raw/{part}/{id:(?s:.+)}": browser.raw,
            "/excerpts": browser.excerpts,
        },
        files={"/style.css": HERE / "style.css", "/script.js": HERE / "script.js"},
        token=token,
    )


class Browser:
    """Answers what a person's browser asks."""

    def __init__(self, subject: Subject, root: str) -> None:
        """Make the rows ready.

        Args:
            root: where the addresses of all pages begin.
        """
        self.root = root
        self.subject = subject
        self.rows = Rows.of(subject)
        self.grounds = Grounds(subject)
        self.limits = self.grounds.limits()
        self.searches = Searches(subject.texts)
        self.pages = templates(HERE, subject=subject, root=root)
        self.pages.filters |= {
            "seen": plain,
            "number": number,
            "title": title,
            "id": _quoted,
            "short": short,
        }

    async def listed(self, request: web.Request) -> web.StreamResponse:
        """Fifty rows."""
        asked = self._asked(request)
        if asked.search and (ids := self.rows.begun_by(asked.search)) and len(ids) == 1:
            raise web.HTTPFound(f"{self.root}/sample/{_quoted(ids[0])}")
        return html(await asyncio.to_thread(self._list, asked, "more" in request.query))

    async def sample(self, request: web.Request) -> web.StreamResponse:
        """One sample."""
        number = self._number(request)
        beside = request.query.get("beside")
        return html(await asyncio.to_thread(self._sample, number, self._asked(request), beside))

    async def text(self, request: web.Request) -> web.StreamResponse:
        """One text of a sample, a large piece at a time."""
        told = request.query.get("from", "")
        start = int(told) if told.isdecimal() and len(told) < 12 else 0
        number, part = self._number(request), request.match_info["part"]
        return html(await asyncio.to_thread(self._text, number, part, start))

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """One text of a sample as it is."""
        number, name = self._number(request), request.match_info["part"]
        part = await asyncio.to_thread(self._part, self._told(number), name)
        return plain_text(part.text)

    async def excerpts(self, request: web.Request) -> web.StreamResponse:
        """The beginnings of the questions of a page of rows, in their order."""
        found = await asyncio.to_thread(self._excerpts, self._asked(request))
        return web.json_response(found)

    def _list(self, asked: Asked, more: bool) -> str:
        search = self._search(asked, more)
        found, sources = listing(self.rows, self.limits, asked, search), self._has_many("source")
        domains = sources or "domain" in self.rows.facets
        return self.pages.get_template("list.html").render(
            listing=found, search=search, sources=sources, domains=domains
        )

    def _sample(self, number: int, asked: Asked, beside: str | None) -> str:
        sample = self._told(number)
        own, draws = sample["sample_id"], self.rows.draws_of(number)
        there = {one["sample_id"]: one for one in others(draws, own)[:BESIDE]}
        second = there.get(beside or "")
        draw = Mathematics()
        order, place = self._place(number, asked)
        last = place is None or place + 1 == len(order)
        parts = self._pieces(sample, draw)
        return self.pages.get_template("sample.html").render(
            sample=sample,
            parts=parts,
            marked=parts is None or marked(parts),
            beside=second,
            beside_parts=self._pieces(second, draw) if second else None,
            judged=self.grounds.judged(sample),
            others=list(there.values()),
            draws=draws.height,
            asked=asked,
            formulas_left=draw.left_out,
            found=len(order),
            place=place,
            before=self._id(order[place - 1]) if place else None,
            after=None if last else self._id(order[place + 1]),
        )

    def _pieces(self, sample: dict[str, Any], draw: Mathematics) -> list[Piece] | None:
        """The beginnings of a sample's texts; none if they are not here."""
        parts = self._parts(sample)
        return None if parts is None else [part.piece(0, FIRST, draw) for part in parts]

    def _parts(self, sample: dict[str, Any]) -> list[Part] | None:
        texts = texts_of(self.subject, [sample["sample_id"]])
        told = texts.get(sample["sample_id"])
        return None if told is None else parts_of(sample, told, self.subject)

    def _text(self, number: int, name: str, start: int) -> str:
        sample = self._told(number)
        part = self._part(sample, name)
        piece = part.piece(min(start, len(part.text)), PIECE, Mathematics())
        return self.pages.get_template("text.html").render(
            sample=sample, piece=piece, before=max(0, piece.start - PIECE)
        )

    def _excerpts(self, asked: Asked) -> list[str]:
        search = self.searches.of(asked.search) if asked.search else None
        order = self.rows.chosen(asked, search.numbers if search else None)
        first = (asked.page - 1) * PAGE
        ids = [self._id(number) for number in order[first : first + PAGE]]
        texts = texts_of(self.subject, ids)
        questions = [(texts[id]["question"] if id in texts else None) or "" for id in ids]
        return [
            visible(question[:EXCERPT], newlines=True) + " …" * (len(question) > EXCERPT)
            for question in questions
        ]

    def _has_many(self, facet: str) -> bool:
        """Whether a column has several values."""
        return facet in self.rows.facets and len(self.rows.facets[facet].values) > 1

    def _search(self, asked: Asked, more: bool) -> Search | None:
        if not asked.search:
            return None
        search = self.searches.of(asked.search)
        if more or not search.looked:
            search.go_on(self.rows)
        return search

    def _asked(self, request: web.Request) -> Asked:
        return Asked.read(request.query.items(), self.rows.facets, self.rows.bins)

    def _place(self, number: int, asked: Asked) -> tuple[Any, int | None]:
        """The rows that are asked for, and where among them a row is."""
        search = self.searches.of(asked.search) if asked.search else None
        order = self.rows.chosen(asked, search.numbers if search else None)
        at = (order == number).nonzero()[0]
        return order, int(at[0]) if len(at) else None

    def _number(self, request: web.Request) -> int:
        id = request.match_info["id"]
        number = self.rows.number_of(id)
        if number is None:
            raise web.HTTPNotFound(text=f"{self.subject.place} has no sample {id[:100]}")
        return number

    def _told(self, number: int) -> dict[str, Any]:
        return self.rows.samples.row(number, named=True)

    def _id(self, number: Any) -> str:
        return self.rows.samples["sample_id"][int(number)]

    def _part(self, sample: dict[str, Any], name: str) -> Part:
        for part in self._parts(sample) or ():
            if part.key == name:
                return part
        raise web.HTTPNotFound(text=f"sample {sample['sample_id']} has no text {name[:100]}")


def short(id: str) -> str:
    """An id in few characters: the start of a digest, the end of a name.

    >>> short("0004197c61054f16b9ae2a6bb9e7a1f0"), short("traces-of-someone.jsonl row 41")
    ('0004197c6105', '…jsonl row 41')
    """
    if len(id) <= 14:
        return id
    return id[:12] if DIGEST.fullmatch(id) else f"…{id[-12:]}"


def _quoted(id: str) -> str:
    return quote(id, safe="")
