"""Models behind an endpoint that a recipe may name, and how that is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, ValidationInfo, field_validator

from factory.recipe.asking import Asking
from factory.recipe.strict import Strict

SECRET_NAMES = re.compile(
    r"auth|key|token|secret|passw|cookie|credential|^sig$|^code$|session", re.IGNORECASE
)
"""What headers and parts of an address are called that hold a key."""
SECRET_VALUES = re.compile(r"^(Bearer|Basic) |(?=\S*\d)(?=\S*[A-Za-z])[\w.+/=-]{24,}")
"""What a key looks like."""
OURS = {"content-type", "content-length", "accept-encoding", "host", "transfer-encoding"}
"""Headers that are not to be set."""
SLOW, SLOW_STREAM = 10.0, 2.0
"""Tokens a second of the slowest server that is waited for: for a whole answer; and for one that is
seen to be written."""
LEAST_DEADLINE = 1800.0
"""Seconds."""


class FromEnvironment(Strict):
    """A secret, which must not stand in a recipe."""

    env: str
    """Environment variable that holds it."""

    @field_validator("env")
    @classmethod
    def _is_name(cls, name: str) -> str:
        return is_variable(name)


def is_variable(name: str) -> str:
    """The name of an environment variable.

    Raises:
        ValueError: it is none; it is not repeated: who takes this for the place of the key has
            written it here.
    """
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise ValueError(
            "expected the name of an environment variable in capitals, as TEACHER_API_KEY; "
            "a key itself must not stand in a recipe"
        )
    return name


def are_tags(tags: tuple[str, str] | None) -> tuple[str, str] | None:
    """What marks thinking; raises ValueError where it cannot."""
    if tags and (not all(tag.strip() for tag in tags) or tags[0] == tags[1]):
        raise ValueError("expected what opens and what closes the thinking, two different texts")
    return tags


class Served(Strict):
    """A model behind an OpenAI-compatible endpoint: `vllm serve`, SGLang, a hosted one."""

    endpoint: str
    """Address that `/chat/completions` follows, as `http://localhost:8000/v1`, with or without that
    at its end. Azure: `https://NAME.openai.azure.com/openai/deployments/NAME?api-version=DATE`."""
    model: str = Field(min_length=1)
    """Name of the model, as the endpoint knows it."""
    api_key_env: str | None = None
    """Environment variable that holds the key, which is sent as `Authorization: Bearer`; left out:
    no key is sent."""
    headers: dict[str, str | FromEnvironment] = Field(default_factory=dict)
    """Further headers of each request; secrets by the name of an environment variable, as
    `api-key: {env: AZURE_API_KEY}`."""
    opens_thinking: bool = False
    """The endpoint's chat template writes `<think>` itself and the answers come without it."""
    thinking_tags: tuple[str, str] | None = None
    """What opens and what closes the thinking inside an answer's text; left out: `<think>`,
    `</think>`."""
    deadline: float | None = Field(None, gt=0)
    """Longest time for one draw in seconds, all attempts at it included; left out: 1,800, and more
    for a `max_tokens` that a slow server needs longer for: 10 tokens a second, 2 where it comes
    word by word."""
    outage: float = Field(120, gt=0)
    """Seconds in which the endpoint may do nothing but fail, before the run stops."""
    stream: bool = True
    """Draws come word by word, so that a server that does not answer is soon noticed; `false`: only
    one that may have to be stopped early does."""
    idle: float = Field(300, gt=0)
    """Longest silence of a draw that is streamed, in seconds, waiting in the server's queue
    included; one without a word for so long is asked for again. Less, where the server has shown
    that it is quicker."""
    proxy: bool = False
    """Go through the proxy that HTTP_PROXY or HTTPS_PROXY names, NO_PROXY aside; left out: none."""
    without: list[Literal["n", "seed", "stream_options", "temperature", "top_p"]] = Field(
        default_factory=list
    )
    """Fields of a request that the endpoint refuses, so that they are not sent. Without
    `temperature` or `top_p` draws are sampled by the server's own."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the endpoint calls the longest draw."""
    tokenizer: str | None = None
    """Folder (relative to the recipe) or Hub name of a tokenizer, by which draws are counted where
    the endpoint does not say how many tokens they had."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of each request, as `return_token_ids: true` for vLLM."""
    sampling: Asking | None = None
    """How it is asked, where that is not as the recipe's `sampling` says."""

    _tags = field_validator("thinking_tags")(are_tags)

    @field_validator("endpoint")
    @classmethod
    def _is_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address, as http://localhost:8000/v1")
        secret = any(_is_secret(name, value) for name, value in parse_qsl(parts.query))
        if parts.username or parts.password or parts.fragment or secret:
            raise ValueError(
                "expected an address without user, password or key; the key comes from the "
                "environment variable named by api_key_env, or by headers"
            )
        return endpoint

    @field_validator("api_key_env")
    @classmethod
    def _is_name(cls, name: str | None) -> str | None:
        return name if name is None else is_variable(name)

    @field_validator("headers", mode="before")
    @classmethod
    def _hold_no_key(cls, headers: Any) -> Any:
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", str(name)) or name.lower() in OURS:
                raise ValueError(f"{str(name)[:20]!r} is no header that can be set")
            if isinstance(value, str) and (_is_secret(name, value) or not value.isprintable()):
                raise ValueError(
                    f"the header {name} looks like a key, which must not stand in a recipe: write "
                    f"the name of an environment variable, as {name}: {{env: TEACHER_API_KEY}}"
                )
        return headers

    @field_validator("tokenizer")
    @classmethod
    def _is_there(cls, tokenizer: str | None, info: ValidationInfo) -> str | None:
        """A folder by its whole path; any other name may be on the Hub."""
        if tokenizer is None or not (info.context and "home" in info.context):
            return tokenizer
        folder = info.context["home"] / Path(tokenizer).expanduser()
        if (folder / "tokenizer.json").is_file():
            return str(folder.resolve())
        if tokenizer.startswith(("/", "./", "../", "~")):
            raise ValueError(f"{folder} is no folder with a tokenizer.json")
        return tokenizer

    def deadline_of(self, max_tokens: int) -> float:
        """Seconds for a draw of so many tokens, all attempts included."""
        if self.deadline is not None:
            return self.deadline
        return LEAST_DEADLINE + max_tokens / (SLOW_STREAM if self.stream else SLOW)

    @field_validator("extra")
    @classmethod
    def _is_further(cls, extra: dict[str, Any]) -> dict[str, Any]:
        ours = {"model", "messages", "temperature", "top_p", "max_tokens", "seed", "n", "stream"}
        ours |= {"echo", "continue_final_message", "add_generation_prompt"}
        if taken := sorted(ours & extra.keys()):
            raise ValueError(f"{', '.join(taken)}: set elsewhere, or not to be set")
        if not isinstance(extra.get("stream_options", {}), dict):
            raise ValueError("stream_options: expected a mapping")
        return extra


def _is_secret(name: str, value: str) -> bool:
    return bool(SECRET_NAMES.search(name) or SECRET_VALUES.search(value))
