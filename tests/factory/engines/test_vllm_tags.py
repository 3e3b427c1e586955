"""Tags that are special tokens: vLLM would leave them out, and thinking and answer ran together."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from families import CHATML, model_folder, tokenizer

from factory.engines import Completion, Request
from factory.engines.budget_forcing import Budgeted
from factory.engines.vllm_engine import VLLM
from factory.models import at
from factory.recipe.sampling import Thinking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

TEMPLATE = (
    "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt and thinking %}[THINK]{% endif %}"
)
QUESTION: list[Any] = [{"role": "user", "content": "What follows?"}]
SHOWN = {"[THINK]": "<think>", "[/THINK]": "</think>"}
Running = tuple[asyncio.Runner, VLLM]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A model of few words, whose settings name another end token than its template does, as GGUF
    files may."""
    tags = ("[THINK]", "[/THINK]", *CHATML)
    made = tokenizer(tags, (), TEMPLATE, eos="<|im_start|>")
    folder = model_folder(tmp_path_factory.mktemp("tags"), made)
    with asyncio.Runner() as runner:
        one = VLLM(at(folder), max_length=256, concurrency=16, arguments={})
        runner.run(one.__aenter__())
        yield runner, one
        runner.run(one.__aexit__())


def drawn(
    running: Running, engine: Any = None, draws: int = 48, **changes: Any
) -> list[Completion]:
    """Answers to one question, whatever a model of random weights says."""
    runner, one = running
    plain = Request("s", "p", 0, QUESTION, 0, 1.0, 1.0, 120)
    wanted = [replace(plain, sample_id=f"s{n}", seed=n, **changes) for n in range(draws)]

    async def all_of_them() -> list[Completion]:
        return await asyncio.gather(*map((engine or one).draw, wanted))

    return runner.run(all_of_them())


def shown(engine: VLLM, ids: list[int] | None) -> str:
    """The text that these ids are to have."""
    own = engine.speech.tokenizer
    special = {id: token.content for id, token in own.added_tokens_decoder.items() if token.special}
    text, run = "", []
    for id in [*(ids or []), None]:
        if id is None or id in special:
            text += str(own.decode(run))
            text, run = text + SHOWN.get(special.get(id or -1, ""), ""), []
        else:
            run.append(id)
    return text


class Noting:
    """A watch that never stops a draw, and keeps what it was told."""

    def __init__(self) -> None:
        self.seen = ""

    def feed(self, text: str) -> str | None:
        self.seen += text
        return None


def test_tags_stay_and_other_special_tokens_go(engine: Running):
    _, one = engine
    found = drawn(engine)
    # Half a letter may be shown otherwise at a special token than alone.
    for draw in (draw for draw in found if "\ufffd" not in draw.text):
        assert draw.text == shown(one, draw.token_ids) == one.spell(draw.token_ids or [])
    texts = "".join(draw.text for draw in found)
    assert "<think>" in texts
    assert "</think>" in texts
    assert "THINK]" not in texts
    assert "<|im_" not in texts


def test_a_draw_ends_where_its_template_ends_a_reply(engine: Running):
    tokenizer = engine[1].speech.tokenizer
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert end != tokenizer.eos_token_id
    last = [draw.token_ids[-1] for draw in drawn(engine) if draw.token_ids]
    ended = [draw for draw in drawn(engine) if draw.finish_reason == "stop"]
    assert end in last
    assert all((draw.token_ids or []).count(end) <= 1 for draw in ended)


def test_a_watch_is_told_what_the_completion_says(engine: Running):
    watches: list[Noting] = []

    def watching() -> Noting:
        watches.append(Noting())
        return watches[-1]

    found = drawn(engine, watch=watching)
    assert sorted(watch.seen for watch in watches) == sorted(draw.text for draw in found)


def test_a_draw_stops_at_the_end_of_its_thinking(engine: Running):
    close = engine[1].speech.tokenizer.convert_tokens_to_ids("[/THINK]")
    met = [draw for draw in drawn(engine, until="</think>") if close in (draw.token_ids or [])]
    assert met
    for draw in met:
        assert draw.text.endswith("</think>")
        assert (draw.token_ids or [])[-1] == close


def test_an_end_that_is_forced_is_written_in_the_model_s_own_token(engine: Running):
    _, one = engine
    bounded = Budgeted(one, Thinking(max_tokens=20), one.speech)
    found = drawn(engine, bounded, prefill="<think>\n")
    forced = [draw for draw in found if draw.forced_tokens]
    close = one.speech.tokenizer.convert_tokens_to_ids("[/THINK]")
    assert forced
    for draw in forced:
        assert draw.text.count("</think>") >= 1
        assert close in (draw.token_ids or [])[:24]


def test_a_template_opens_the_thinking_when_it_is_told_to(engine: Running):
    _, one = engine
    assert not one.opens({})
    assert one.opens({"thinking": True})
    [plain], [told] = (
        drawn(engine, draws=1, template_arguments=arguments)
        for arguments in ({}, {"thinking": True})
    )
    assert told.prompt_tokens == plain.prompt_tokens + 1
