"""The pages on which a person marks: what they show, keep and refuse."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hostile_texts import raw
from labelling import hostile_subject
from markup import assert_ours

from factory.audit.label.marks import read
from factory.audit.label.questions import questions
from factory.audit.label.session import Session, session
from factory.audit.label.site import SHOWN, Pages
from factory.audit.serve import served
from factory.audit.subject import Subject


@pytest.fixture
def begun(subject: Subject, tmp_path: Path) -> Iterator[Session]:
    asked, _ = questions(subject, ["right", "contamination", "key"])
    made, _ = session(subject, asked, 12, tmp_path, "ann")
    yield made
    made.writer.close()


class Browser:
    """Asks a session's pages."""

    def __init__(self, address: str, client: ClientSession):
        self.address, self.client = address, client

    async def get(self, way: str) -> tuple[int, str]:
        async with self.client.get(self.address + way) as answer:
            return answer.status, await answer.text()

    async def mark(self, **told: object) -> tuple[int, str]:
        origin = "/".join(self.address.split("/")[:3])
        post = self.client.post(self.address + "mark", json=told, headers={"Origin": origin})
        async with post as answer:
            return answer.status, await answer.text()


def on(begun: Session, steps: Callable[[Browser], Awaitable[None]]) -> None:
    """Take these steps on the pages of a session."""

    async def all_of_them() -> None:
        site = Pages(begun, "trial").site()
        async with served(site) as address, ClientSession() as client:
            await steps(Browser(address, client))

    asyncio.run(all_of_them())


def test_what_the_program_decided_is_shown_only_after_the_mark(begun: Session):
    async def steps(browser: Browser) -> None:
        decided = f"{begun.cards[0].drawn.judge}: "
        _, before = await browser.get("card/0")
        assert begun.cards[0].question in before.replace("&#39;", "'")
        assert decided not in before
        status, told = await browser.mark(number=0, mark="yes", note="sure")
        assert (status, told) == (200, '{"to": "card/1"}')
        _, after = await browser.get("card/0")
        assert decided in after
        assert 'value="sure"' in after
        _, following = await browser.get("card/1")
        assert "Card 1: you said yes" in following

    on(begun, steps)


def test_with_show_it_is_there_at_once(begun: Session):
    begun.show = True

    async def steps(browser: Browser) -> None:
        assert f"{begun.cards[0].drawn.judge}: " in (await browser.get("card/0"))[1]

    on(begun, steps)


def test_every_mark_is_kept_at_once_and_undo_takes_the_last_back(begun: Session, tmp_path: Path):
    async def steps(browser: Browser) -> None:
        for number in range(12):
            await browser.mark(number=number, mark="cannot say")
            assert begun.done() == number + 1
        assert "12 of 12 cards are marked" in (await browser.get(""))[1]
        assert await browser.mark(number=12, mark="undo") == (200, '{"to": "card/11"}')
        assert await browser.mark(number=3, mark="undo") == (200, '{"to": "card/3"}')
        assert await browser.mark(number=11, mark="undo") == (200, '{"to": "card/10"}')
        assert [begun.next(), begun.next(3)] == [3, 10]

    on(begun, steps)
    kept = read(tmp_path)
    assert sum(bool(said) for said in kept.marks.values()) == 9


def test_a_note_can_be_added_later_and_changes_no_mark(begun: Session):
    async def steps(browser: Browser) -> None:
        assert (await browser.mark(number=0, mark="note", note="early"))[1] == '{"to": null}'
        assert begun.said(0) is None
        await browser.mark(number=0, mark="no")
        await browser.mark(number=0, mark="note", note="late </script>")
        said = begun.said(0)
        assert said
        assert (said.mark, said.note) == ("no", "late </script>")
        assert "late &lt;/script&gt;" in (await browser.get("card/0"))[1]

    on(begun, steps)


@pytest.mark.parametrize(
    "told",
    [
        {}, {"number": 0}, {"number": 99, "mark": "yes"}, {"number": -1, "mark": "yes"},
        {"number": 0, "mark": "maybe"}, {"number": "x", "mark": "no"}, {"number": 12, "mark": "no"},
        {"number": 0, "mark": ["yes"]},
    ],
)  # fmt: skip
def test_what_is_no_mark_is_refused(begun: Session, told: dict):
    async def steps(browser: Browser) -> None:
        assert (await browser.mark(**told))[0] == 400
        assert begun.done() == 0

    on(begun, steps)


def test_a_card_that_is_none_is_not_found(begun: Session):
    async def steps(browser: Browser) -> None:
        for way in ("card/12", "card/-1", "card/x", "rest/0/99", "rest/99/0", "card/²"):
            assert (await browser.get(way))[0] == 404

    on(begun, steps)


def test_a_long_text_is_cut_with_a_word_and_whole_behind_a_link(begun: Session):
    card = begun.cards[0]
    part = card.parts[0]
    text = "x" * SHOWN + "the end \x1b[2J"
    long = type(part)(part.title, text)
    begun.cards = [type(card)(card.drawn, (long, *card.parts[1:]), card.decided)]

    async def steps(browser: Browser) -> None:
        _, page = await browser.get("card/0")
        assert f"{SHOWN:,} of {len(text):,} characters are shown" in page
        assert "the end" not in page
        _, rest = await browser.get("rest/0/0")
        assert rest.endswith(r"the end \x1b[2J")

    on(begun, steps)


def test_a_person_goes_on_where_they_stopped(subject: Subject, begun: Session, tmp_path: Path):
    begun.say(0, "yes")
    begun.say(1, "no")
    begun.writer.close()
    asked, _ = questions(subject, ["right", "contamination", "key"])
    again, carried = session(subject, asked, 12, tmp_path, "ann")
    assert (again.done(), again.next(), carried) == (2, 2, 0)
    larger, _ = session(subject, asked, 30, tmp_path, "ben")
    assert (len(larger.cards), larger.done()) == (30, 0), "another person has marks of their own"
    begun.writer, _ = again.writer, larger.writer.close()


def test_hostile_texts_stay_texts_in_cards_and_notes(tmp_path: Path):
    subject = hostile_subject()
    asked, _ = questions(subject, ["right"])
    begun, _ = session(subject, asked, subject.samples.height, tmp_path, "ann")
    assert len(begun.cards) == subject.samples.height

    async def steps(browser: Browser) -> None:
        for number, card in enumerate(begun.cards):
            note = card.parts[0].text[:200]
            status, _ = await browser.mark(number=number, mark="no", note=note)
            assert status == 200, note
            for way in (f"card/{number}", f"card/{number}?formulas=plain"):
                status, page = await browser.get(way)
                assert status == 200, note
                assert_ours(page)
            status, rest = await browser.get(f"rest/{number}/0")
            assert not raw(rest), note

    on(begun, steps)
    begun.writer.close()
