"""What goes along to an endpoint and is told to nobody else: the key, and a proxy's password."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import orjson

from factory.errors import StageError
from factory.recipe.served import FromEnvironment, Served

REMOVED = "[key]"


@dataclass(frozen=True)
class Credentials:
    """From the environment only; a recipe holds the names of its variables."""

    key: str = field(default="", repr=False)
    """Empty: none is sent."""
    proxy: str | None = field(default=None, repr=False)
    """Address, user and password included."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    """Those of the recipe whose values are secrets."""

    @classmethod
    def of(cls, served: Served) -> Credentials:
        """What the recipe asks for.

        Raises:
            StageError: when it is not in the environment.
        """
        headers = {
            name: _from_environment(value.env, f"the header {name} of", served.endpoint)
            for name, value in served.headers.items()
            if isinstance(value, FromEnvironment)
        }
        return cls(key_of(served), _proxy(served) if served.proxy else None, headers)

    @property
    def sent(self) -> dict[str, str]:
        """The headers that hold them."""
        key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return key | self.headers

    def removed_from(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, REMOVED)
        return text

    def are_in(self, body: bytes) -> bool:
        """Whether a server repeats them, be it in the escapes of JSON."""
        if any(secret.encode() in body for secret in self._secrets):
            return True
        if not self._secrets or b"\\" not in body:
            return False
        try:
            plain = orjson.dumps(orjson.loads(body))
        except orjson.JSONDecodeError:
            return False
        return any(orjson.dumps(secret)[1:-1] in plain for secret in self._secrets)

    @cached_property
    def _secrets(self) -> list[str]:
        # The longest first: a part that is removed would leave the rest of it.
        found = {self.key, *self.headers.values()}
        found |= {value.partition(" ")[2] for value in self.headers.values()}  # behind "Bearer"
        if self.proxy:
            parts = urlsplit(self.proxy)
            found |= {self.proxy, parts.password or "", unquote(parts.password or "")}
        return sorted(found - {""}, key=len, reverse=True)


def lacking(served: Served) -> str | None:
    """What the recipe asks for and the environment has not, in words; None where nothing lacks."""
    try:
        Credentials.of(served)
    except StageError as error:
        return str(error)
    return None


def key_of(served: Served) -> str:
    """The key from the environment variable that the recipe names; empty where it names none.

    Raises:
        StageError: when it is not there, or is none that a header can hold.
    """
    if served.api_key_env is None:
        return ""
    key = _from_environment(served.api_key_env, "the key of", served.endpoint)
    if " " in key:
        raise StageError(
            f"the environment variable {served.api_key_env}, which the recipe names as the key of "
            f"{served.endpoint}, holds characters that no key has"
        )
    return key


def _from_environment(variable: str, what: str, endpoint: str) -> str:
    value = os.environ.get(variable, "").strip()
    wanted = f"the environment variable {variable}, which the recipe names as {what} {endpoint},"
    if not value:
        raise StageError(f"{wanted} is not set; set it and run again")
    if not set(value) <= set(string.ascii_letters + string.digits + string.punctuation + " "):
        raise StageError(f"{wanted} holds characters that no key has")
    return value


def _proxy(served: Served) -> str | None:
    """The proxy for this endpoint; None where the environment excepts its host.

    Not by aiohttp's `trust_env`, which would send what ~/.netrc holds as well.
    """
    address = urlsplit(served.endpoint)
    if proxy_bypass(address.hostname or ""):
        return None
    variable = f"{address.scheme.upper()}_PROXY"
    proxy = getproxies().get(address.scheme)
    if not proxy:
        raise StageError(
            f"the recipe asks {served.endpoint} through a proxy, and the environment variable "
            f"{variable} names none; set it, or leave out proxy: true"
        )
    parts = urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise StageError(f"{variable} holds no address as http://proxy:3128, which is expected")
    return proxy
