"""What a recipe says of an endpoint, and what must not stand in it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from factory.models import elsewhere
from factory.recipe.served import LEAST_DEADLINE, Served

KEY = "sk-s3cret-0123456789abcdef"
AT = {"endpoint": "http://localhost:8000/v1", "model": "m"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"api-key": KEY},
        {"X-Anything": KEY},
        {"Ocp-Apim-Subscription-Key": "0123456789"},
        {"Cookie": "session=1"},
        {"Host": "elsewhere"},
        {"Content-Type": "text/plain"},
        {"X Y": "1"},
        {"X-Line": "a\nb"},
        {"api-key": {"env": KEY}},
        {"api-key": {"environment": "AZURE_API_KEY"}},
    ],
)
def test_no_key_stands_in_a_header(headers: dict[str, Any]):
    with pytest.raises(ValidationError) as caught:
        Served.model_validate(AT | {"headers": headers})
    assert all(KEY not in each["msg"] for each in caught.value.errors())


def test_other_headers_may():
    told = {"X-Title": "my run", "HTTP-Referer": "https://example.org", "api-key": {"env": "A_KEY"}}
    assert len(Served.model_validate(AT | {"headers": told}).headers) == 3


@pytest.mark.parametrize("query", [f"key={KEY}", f"x={KEY}", "api_key=1", "sig=abc", "token=t"])
def test_nor_in_the_address(query: str):
    with pytest.raises(ValidationError, match="without user, password or key"):
        Served.model_validate(AT | {"endpoint": f"http://h/v1?{query}"})
    assert Served.model_validate(AT | {"endpoint": "http://h/v1?api-version=2024-10-21"})


def test_the_deadline_grows_with_what_is_asked_for():
    served = Served.model_validate(AT)
    assert served.deadline_of(64) == LEAST_DEADLINE + 32
    assert served.deadline_of(32_768) == LEAST_DEADLINE + 16_384  # two tokens a second
    whole = Served.model_validate(AT | {"stream": False})
    assert whole.deadline_of(32_768) == pytest.approx(LEAST_DEADLINE + 3_276.8)
    assert Served.model_validate(AT | {"deadline": 60}).deadline_of(32_768) == 60


def test_draws_at_the_servers_own_temperature_are_another_teachers():
    def told(**keys: Any) -> str:
        return elsewhere(Served.model_validate(AT | keys)).digest

    assert told(without=["n", "seed"], stream=False, max_tokens_field="max_tokens") == told()
    assert told(headers={"X-Title": "x"}, tokenizer="some/model") == told()
    assert len({told(), told(without=["temperature"]), told(without=["top_p"])}) == 3


def test_a_tokenizer_is_found_beside_the_recipe(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tokenizer.json").write_text("{}")
    there = {"home": tmp_path}
    served = Served.model_validate(AT | {"tokenizer": "./mine"}, context=there)
    assert served.tokenizer == str((tmp_path / "mine").resolve())
    assert Served.model_validate(AT | {"tokenizer": "some/name"}, context=there).tokenizer
    with pytest.raises(ValidationError, match=r"no folder with a tokenizer\.json"):
        Served.model_validate(AT | {"tokenizer": "./other"}, context=there)
