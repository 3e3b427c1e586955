"""Server-sent events: taken out of bytes that may be cut anywhere."""

from __future__ import annotations

from factory.errors import EngineFailure

LARGEST_LINE = 4 * 2**20
"""Bytes of a line: vLLM's first event may hold the ids of a prompt, and these 100,000 and more."""
MARK = b"\xef\xbb\xbf"
"""What a text may begin with that says it is UTF-8."""


class Events:
    r"""Takes server-sent events out of bytes, cut anywhere (WHATWG HTML, 9.2.6).

    >>> events = Events()
    >>> events.feed(b': still here\r\ndata: {"a"'), events.feed(b': 1}\r\n\r\ndata: [DO')
    ([], [b'{"a": 1}'])
    """

    def __init__(self) -> None:
        self.lines = 0
        """Lines so far that said something, comments among them."""
        self._line: list[bytes] = []
        self._length = 0
        self._data: list[bytes] = []
        self._after_return = False

    def feed(self, read: bytes) -> list[bytes]:
        """The data of the events that end in what was read.

        Raises:
            EngineFailure: `bad_body` for a line without an end.
        """
        if self._after_return and read.startswith(b"\n"):
            read = read[1:]  # the other half of a line end
        elif not read:
            return []
        self._after_return = read.endswith(b"\r")
        if b"\r" in read:
            read = read.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *more = read.split(b"\n")
        self._line.append(first)
        self._length += len(first)
        found: list[bytes] = []
        if more:
            self._take(b"".join(self._line), found)
            for line in more[:-1]:
                self._take(line, found)
            self._line, self._length = [more[-1]], len(more[-1])
        if self._length > LARGEST_LINE or sum(map(len, self._data)) > LARGEST_LINE:
            raise EngineFailure("bad_body", f"an event of more than {LARGEST_LINE:,} bytes")
        return found

    def _take(self, line: bytes, found: list[bytes]) -> None:
        if not line:
            if self._data:
                found.append(b"\n".join(self._data))
                self._data = []
            return
        self.lines += 1
        if self.lines == 1:
            line = line.removeprefix(MARK)
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
