"""Server-sent events, cut at any byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.engines.sse import LARGEST_LINE, Events
from factory.errors import EngineFailure

STREAMS = [
    (b"data: 1\n\ndata: 2\n\n", [b"1", b"2"], "as everybody writes it"),
    (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [b"1", b"2"], "line ends of Windows"),
    (b"data: 1\r\rdata: 2\r\r", [b"1", b"2"], "of old Macs"),
    (b"data: 1\r\n\ndata: 2\n\r\n", [b"1", b"2"], "of all sorts"),
    (b"data:1\n\n", [b"1"], "without the space"),
    (b"data:  1\n\n", [b" 1"], "only one space is not of the data"),
    (b": still here\n\n: and here\ndata: 1\n\n", [b"1"], "comments, as keep-alives"),
    (b"event: m\nid: 3\nretry: 9\ndata: 1\n\n", [b"1"], "other fields"),
    (b"data: {\ndata: }\n\n", [b"{\n}"], "an event of two lines"),
    (b"data: 1\n\n\n\n\ndata: 2\n\n", [b"1", b"2"], "more blank lines than needed"),
    (b"\xef\xbb\xbfdata: 1\n\n", [b"1"], "a mark that says UTF-8"),
    ("data: é好🙂\n\n".encode(), ["é好🙂".encode()], "letters of several bytes"),
    (b"data: 1\n\ndata: 2", [b"1"], "an event without an end is none"),
    (b"data: 1\n\ndata: 2\n", [b"1"], "nor is this one"),
    (b"data\n\n", [b""], "a field without a value"),
    (b"database: 1\n\n", [], "another field"),
    (b"\n\n\n", [], "nothing"),
    (b"<html>Sign in</html>", [], "no stream at all"),
]


@pytest.mark.parametrize(("stream", "found", "remark"), STREAMS)
def test_events_however_the_stream_is_cut(stream: bytes, found: list[bytes], remark: str):
    assert Events().feed(stream) == found, remark
    for size in (1, 2, 3, 7):
        events = Events()
        parts = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [event for part in parts for event in events.feed(part)] == found, (remark, size)


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_no_bytes_break_it_and_no_cut_matters(parts: list[bytes]):
    events = Events()
    found = [event for part in parts for event in events.feed(part)]
    assert found == Events().feed(b"".join(parts))


def test_only_whole_lines_that_say_something_count_as_heard():
    events, heard = Events(), []
    for part in (b"\n", b":", b"\n", b"da", b"ta: 1", b"\n", b"\n"):
        events.feed(part)
        heard.append(events.lines)
    assert heard == [0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("part", [b"x" * 2**16, b"data: " + b"x" * 2**16 + b"\n"])
def test_an_event_without_end_is_left(part: bytes):
    events = Events()
    for _ in range(LARGEST_LINE // 2**16 - 1):
        assert events.feed(part) == []
    with pytest.raises(EngineFailure, match="an event of more than"):
        events.feed(part * 2)
