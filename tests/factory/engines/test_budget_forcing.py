"""Thinking between bounds: waits where it ends too early, an end where it comes too late."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from factory.engines import Completion, Request
from factory.engines.budget_forcing import Budgeted, KeepsThinking
from factory.recipe.sampling import Thinking


class Letters:
    """A tokenizer with a token for each character, and one for `n</` as a merge across the tag."""

    MERGED = 0x10FFFF

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        return [ord(c) for c in text]

    def decode(self, ids: list[int]) -> str:
        return "".join("n</" if id == self.MERGED else chr(id) for id in ids)


@dataclass
class Script:
    """An engine that writes the given segments, each until its stop or the tokens it may have."""

    segments: list[str]
    opened: bool = False
    asked: list[Request] = field(default_factory=list)

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return self.opened

    async def draw(self, request: Request) -> Completion:
        self.asked.append(request)
        text = self.segments[len(self.asked) - 1]
        reason = "stop"
        if request.until and request.until in text:
            text = text[: text.index(request.until) + len(request.until)]
        if len(text) > request.max_tokens:
            text, reason = text[: request.max_tokens], "length"
        ids = Letters().encode(text)
        if text.endswith("n</think>"):  # the tag shares a token with what is before it
            ids = [*ids[:-9], Letters.MERGED, *ids[-6:]]
        return Completion(text, ids, reason, 7, len(ids))


def draw(script: Script, thinking: Thinking, max_tokens: int = 100) -> Completion:
    request = Request("s", "p", 0, [], 5, 1.0, 1.0, max_tokens)
    return asyncio.run(Budgeted(script, thinking, Letters()).draw(request))


@pytest.mark.parametrize(
    ("segments", "thinking", "text", "forced", "remark"),
    [
        (
            ["<think>abc</think>", " 4"],
            Thinking(min_tokens=5),
            "<think>abc</think> 4",
            0,
            "long enough: the answer is drawn after it",
        ),
        (
            ["<think>abc</think>", " def</think>", " 4"],
            Thinking(min_tokens=20),
            "<think>abcWait def</think> 4",
            4,
            "too short once: its end gives way to a wait",
        ),
        (
            ["<think>a</think>", "b</think>", "c</think>", "4"],
            Thinking(min_tokens=90, max_waits=2),
            "<think>aWaitbWaitc</think>4",
            8,
            "no more waits than allowed",
        ),
        (
            ["<think>can</think>", "</think>", "4"],
            Thinking(min_tokens=20, max_waits=1),
            "<think>canWait</think>4",
            5,
            "a token across the tag's beginning is taken apart: its letter is written again",
        ),
        (
            ["<think>abcdefghijklmnop", "4"],
            Thinking(max_tokens=12, end="</think>"),
            "<think>abcde</think>4",
            8,
            "too long: its end is written, and there is room for the answer",
        ),
        (
            ["no tags at all", "ll, only words"],
            Thinking(max_tokens=12),
            "no tags at all, only words",
            0,
            "no thinking, so its bound is none for the answer",
        ),
        (
            ["<think>abc</think>", "4"],
            Thinking(min_tokens=90, max_tokens=24, wait="But is that so?"),
            "<think>abc</think>4",
            0,
            "no wait where there is no room for it",
        ),
        (
            ["<think>abcdefghi</think>", "4"],
            Thinking(min_tokens=90, max_tokens=20),
            "<think>abcdefghi</think>"[:20] + "\n</think>\n\n4",
            11,
            "thinking that is cut in its own end",
        ),
        (["<think>it just ends"], Thinking(min_tokens=90), "<think>it just ends", 0, "no end"),
    ],
)
def test_thinking_is_kept_between_its_bounds(
    segments: list[str], thinking: Thinking, text: str, forced: int, remark: str
):
    script = Script(segments)
    drawn = draw(script, thinking)
    assert (drawn.text, drawn.forced_tokens) == (text, forced), remark
    assert Letters().decode(drawn.token_ids or []) == text
    assert drawn.completion_tokens == len(drawn.token_ids or [])
    assert drawn.prompt_tokens == 7


def test_each_segment_continues_the_ids_so_far_with_a_seed_of_its_own():
    script = Script(["<think>abc</think>", " def</think>", " 4"])
    draw(script, Thinking(min_tokens=20))
    begun = [Letters().decode(list(request.begun)) for request in script.asked]
    assert begun == ["", "<think>abcWait", "<think>abcWait def</think>"]
    assert len({request.seed for request in script.asked}) == 3
    assert [request.until for request in script.asked] == ["</think>", "</think>", None]


def test_a_draw_never_exceeds_its_tokens():
    script = Script(["<think>" + "a" * 200, "4" * 200])
    drawn = draw(script, Thinking(max_tokens=50), max_tokens=80)
    assert drawn.completion_tokens == 80
    assert drawn.finish_reason == "length"


@pytest.mark.parametrize(
    ("segments", "most", "text", "remark"),
    [
        (["<think>" + "a" * 30], 30, "<think>aaaaaaaaaaaaa", "its end would not fit"),
        (["<think>abcdefghi</think>"], 24, "<think>abcdefghi</think>", "no token for an answer"),
    ],
)
def test_without_room_for_an_answer_a_draw_is_unfinished(
    segments: list[str], most: int, text: str, remark: str
):
    drawn = draw(Script(segments), Thinking(max_tokens=20 if most == 30 else None), most)
    assert (drawn.text, drawn.finish_reason, drawn.forced_tokens) == (text, "length", 0), remark


def test_what_shares_the_tags_last_token_begins_the_answer():
    class Shared(Letters):
        def decode(self, ids: list[int]) -> str:
            return "".join(">4" if id == 1 else super(Shared, self).decode([id]) for id in ids)

    @dataclass
    class Merging(Script):
        async def draw(self, request: Request) -> Completion:
            drawn = await super().draw(request)
            ids = drawn.token_ids or []
            return replace(drawn, token_ids=[*ids[:-1], 1] if request.until else ids)

    script = Merging(["<think>abc</think>", "2."])
    request = Request("s", "p", 0, [], 5, 1.0, 1.0, 100)
    drawn = asyncio.run(Budgeted(script, Thinking(), Shared()).draw(request))
    assert drawn.text == "<think>abc</think>42."
    assert Shared().decode(drawn.token_ids or []) == drawn.text
    waiting = Merging(["<think>abc</think>", "d</think>", "2."])
    drawn = asyncio.run(
        Budgeted(waiting, Thinking(min_tokens=90, max_waits=1), Shared()).draw(request)
    )
    assert drawn.text == "<think>abcWaitd</think>42."
    assert Shared().decode(drawn.token_ids or []) == drawn.text


def test_where_the_template_opens_the_thinking_its_end_is_forced_too():
    script = Script(["abcdefghijkl", "4"], opened=True)
    assert draw(script, Thinking(max_tokens=5, end="</think>")).text == "abcde</think>4"


def test_each_request_brings_its_own_bounds():
    """As where one teacher is asked at several efforts: one engine, and bounds for some draws."""
    script = Script(["<think>abcdefgh</think> 4", "<think>abcdefgh</think> 4", " 4"])
    engine = KeepsThinking(script, Letters())
    free = Request("s", "p", 0, [], 5, 1.0, 1.0, 100)
    bound = replace(free, thinking=Thinking(max_tokens=10, end="</think>"))
    assert asyncio.run(engine.draw(free)).text == "<think>abcdefgh</think> 4"
    drawn = asyncio.run(engine.draw(bound))
    assert (drawn.text, drawn.forced_tokens) == ("<think>abc</think> 4", len("</think>"))
    assert engine.opens({}) is False
