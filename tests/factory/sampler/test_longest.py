"""The longest prompt is found without asking about each."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.models.chat import load_tokenizer, prompt_ids
from factory.models.templates import TEMPLATES
from factory.models.thinking_tags import Speech
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Sampling, Strategy
from factory.sampler import longest
from factory.sampler.longest import longest_prompt
from factory.sampler.prompt_state import Asker
from factory.sampler.strategies import ask, prepare
from teacher import tiny

SCRIPTS = ["how many apples are left? ", "12-7=5 ", "十二减七是多少。", "क़ ", "🙂", "ü "]
STRATEGIES: dict[str, list[dict[str, Any]]] = {
    "no strategy": [],
    "a long one for short questions": [
        {"name": "long", "system": "Think. " * 300, "when": {"max_words": 9}},
    ],
    "an answer begun": [{"name": "begun", "prefill": "<think>\nSo " * 20, "when": {"share": 0.5}}],
    "the question said twice": [{"name": "twice", "question": "{question}\nAgain: {question}"}],
}


def prompts(count: int, seed: int = 1) -> pl.DataFrame:
    """Questions of one to four hundred words and of several scripts, some after other turns."""
    chance, rows = random.Random(seed), []
    for number in range(count):
        words = int(chance.paretovariate(1)) % 400 + 1
        turns = [{"role": "user", "content": chance.choice(SCRIPTS) * words}]
        if number % 5 == 0:
            turns = [*turns, {"role": "assistant", "content": "5"}, *turns]
        if number % 7 == 0:
            turns = [{"role": "system", "content": "Be careful."}, *turns]
        rows.append({"prompt_id": f"{number:032x}", "messages": turns, "domain": "math"})
    return pl.DataFrame(rows, schema_overrides=PROMPT)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = tiny.make_tokenizer([SCRIPTS[0], SCRIPTS[1]] * 50, 320)
    tiny.save(
        tiny.make_model("qwen2", tokenizer, hidden=32, layers=1, heads=1, max_length=64, seed=1),
        tokenizer,
        folder,
    )
    return str(folder)


@pytest.mark.parametrize("strategies", STRATEGIES.values(), ids=STRATEGIES.keys())
@pytest.mark.parametrize("template", TEMPLATES)
def test_it_is_as_long_as_the_longest_of_all(
    model: str,
    template: str,
    strategies: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    tokenizer: Any = load_tokenizer(model)
    tokenizer.chat_template = TEMPLATES[template].jinja()
    monkeypatch.setattr(longest, "speech_of", lambda _: Speech(tokenizer))
    prepared = prepare([Strategy.model_validate(one) for one in strategies], Path())
    for seed in range(3):
        table, lengths = prompts(300, seed), []
        for row in table.iter_rows(named=True):
            asked = ask(prepared, row)
            begun = tokenizer.encode(asked.prefill, add_special_tokens=False)
            lengths.append(len(prompt_ids(tokenizer, asked.messages)) + len(begun))
        assert longest_prompt(model, table, Asker("t", Sampling(), 1, prepared)) == max(lengths)


class Noting:
    """A tokenizer that notes the texts it is asked to render."""

    def __init__(self, tokenizer: Any):
        self.tokenizer, self.rendered = tokenizer, 0

    def apply_chat_template(self, asked: list[Any], **settings: Any) -> list[str]:
        self.rendered += len(asked)
        return self.tokenizer.apply_chat_template(asked, **settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)


def test_short_ones_are_not_looked_at(model: str, monkeypatch: pytest.MonkeyPatch):
    tokenizer: Any = Noting(load_tokenizer(model))
    monkeypatch.setattr(longest, "speech_of", lambda _: Speech(tokenizer))
    words = [3] * 5000 + [300, 200]
    turns = [[{"role": "user", "content": "apples " * number}] for number in words]
    table = pl.DataFrame({"prompt_id": map(str, words), "messages": turns}, schema_overrides=PROMPT)
    assert longest_prompt(model, table, Asker("t", Sampling(), 1)) > 300
    assert tokenizer.rendered == longest.BATCH + 1  # and one to measure the template


def test_a_tokenizer_without_a_fast_one_is_asked_itself(
    model: str, monkeypatch: pytest.MonkeyPatch
):
    class Slow(Noting):
        """One written in Python alone."""

        def __getattr__(self, name: str) -> Any:
            if name == "backend_tokenizer":
                raise AttributeError(name)
            return super().__getattr__(name)

        def __call__(self, texts: list[str], **settings: Any) -> Any:
            return self.tokenizer(texts, **settings)

    table, asker = prompts(300), Asker("t", Sampling(), 1)
    fast = longest_prompt(model, table, asker)
    slow: Any = Slow(load_tokenizer(model))
    monkeypatch.setattr(longest, "speech_of", lambda _: Speech(slow))
    assert longest_prompt(model, table, asker) == fast


def test_no_prompts_need_no_room(model: str):
    assert longest_prompt(model, prompts(1).clear(), Asker("t", Sampling(), 1)) == 0
