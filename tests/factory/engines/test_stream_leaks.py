"""The key is in no streamed draw, however the server spells it."""

import pytest
from asking import KEY, Asked
from misbehaving import (
    DONE,
    END,
    Behaviour,
    event,
    says,
    streams,
    writes,
)

ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY).encode()
LEAKS = [
    streams(event(KEY), END),
    streams(*(event(letter) for letter in KEY), END),  # a letter an event
    streams(event(reasoning=KEY[:9]), event(reasoning=KEY[9:]), END),
    streams(event("KEY").replace(b"KEY", ESCAPED), END),
    streams(event(error={"message": KEY, "code": 400})),
    streams(event(*[KEY], finish_reason="abort")),
    streams(event("4", finish_reason="x" * 280 + KEY), DONE),  # cut, it would still show a part
    streams(event("4", reasoning=f"<think>{KEY}</think>"), END),
    streams(*(event(letter) for letter in KEY + "</think>"), END),
    writes(b'{"choices": [{"message": {"content": "' + ESCAPED + b'"}}]}'),
    says(400, '{"error": "' + ESCAPED.decode() + '"}'),
]


@pytest.mark.parametrize("behaviour", LEAKS)
def test_the_key_is_in_no_draw_and_no_message(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    caplog.set_level("DEBUG")
    asked = Asked(behaviour, stream=True, api_key_env="TEACHER_API_KEY", deadline=0.5)
    assert asked.server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert asked.draw is None
    assert asked.failure
    for text in (repr(asked.failure), repr(vars(asked.failure)), caplog.text):
        assert KEY[:12] not in text
        assert ESCAPED.decode()[:60] not in text
