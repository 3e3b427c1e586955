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
from factory.recipe.models import Served

REMOVED = "[key]"


@dataclass(frozen=True)
class Credentials:
    """From the environment only; a recipe holds the names of its variables."""

    key: str = field(default="", repr=False)
    """Empty: none is sent."""
    proxy: str | None = field(default=None, repr=False)
    """Address, user and password included."""

    @classmethod
    def of(cls, served: Served) -> Credentials:
        """What the recipe asks for.

        Raises:
            StageError: when it is not in the environment.
        """
        return cls(key_of(served), _proxy(served) if served.proxy else None)

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
        found = {self.key}
        if self.proxy:
            parts = urlsplit(self.proxy)
            found |= {self.proxy, parts.password or "", unquote(parts.password or "")}
        return sorted(found - {""}, key=len, reverse=True)


def key_of(served: Served) -> str:
    """The key from the environment variable that the recipe names; empty where it names none.

    Raises:
        StageError: when it is not there, or is none that a header can hold.
    """
    if served.api_key_env is None:
        return ""
    key = os.environ.get(served.api_key_env, "").strip()
    wanted = f"the environment variable {served.api_key_env}, which the recipe names as the key of"
    if not key:
        raise StageError(f"{wanted} {served.endpoint}, is not set; set it and run again")
    if not set(key) <= set(string.ascii_letters + string.digits + string.punctuation):
        raise StageError(f"{wanted} {served.endpoint}, holds characters that no key has")
    return key


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
