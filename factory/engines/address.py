"""Where an endpoint is asked: its address as people write it, and what stands there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from factory.engines.saying import echo
from factory.errors import StageError

CHAT = "/chat/completions"
MOST = 8
"""Names of models that are told."""


@dataclass(frozen=True)
class Address:
    """An address that paths are added to; what stands behind a question mark stays behind it.

    >>> Address.of("http://h/v1/chat/completions/?api-version=7").models
    'http://h/v1/models?api-version=7'
    """

    base: str
    query: str = ""

    @classmethod
    def of(cls, endpoint: str) -> Address:
        """From the recipe, with or without `/chat/completions` at its end."""
        parts = urlsplit(endpoint)
        path = parts.path.rstrip("/").removesuffix(CHAT).rstrip("/")
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), parts.query)

    @property
    def chat(self) -> str:
        """Where draws are asked for."""
        return self._at(CHAT)

    @property
    def models(self) -> str:
        """Where the models are told."""
        return self._at("/models")

    @property
    def others(self) -> list[Address]:
        """Where it may be as well, if it is not here."""
        host = urlunsplit((*urlsplit(self.base)[:2], "", "", ""))
        bases = (f"{self.base}/v1", f"{host}/v1", f"{host}/api/v1", f"{host}/openai/v1")
        return [Address(base, self.query) for base in dict.fromkeys(bases) if base != self.base]

    def _at(self, path: str) -> str:
        return f"{self.base}{path}{'?' if self.query else ''}{self.query}"


Asked = Callable[[str], Awaitable[list[str] | None]]
"""Asks an address for its models; None where it tells none."""


async def found(address: Address, model: str, words: str, ask: Asked) -> Address | None:
    """The address to ask in place of one that refused; None where it is right as it is.

    Args:
        address: refused.
        model: is asked for.
        words: of the refusal.
        ask: for models.

    Raises:
        StageError: nothing is there, or not this model; says what to change.
    """
    names = await ask(address.models)
    if names:
        if model in names:
            return None
        more = ", …" if len(names) > MOST else ""
        raise StageError(
            f"{address.base} has no model {model!r}; it has {', '.join(names[:MOST])}{more}. "
            f"Write the name of one into the recipe. It said {words}"
        )
    for other in address.others:
        if names := await ask(other.models):
            return other
    raise StageError(
        f"{address.chat} is not where draws are asked for: {words}. Write the address that "
        f"{CHAT} follows, as http://localhost:8000/v1; and the model's name as the server has it "
        f"(now {model!r})"
    )


def unreachable(address: Address, words: str) -> StageError:
    """What to say where nobody was reached, not once."""
    low = words.lower()
    if "certificate" in low:
        what = (
            "its certificate is not trusted here: set SSL_CERT_FILE to a file with that of its "
            "authority, or ask it by the name that the certificate is for"
        )
    elif "[ssl:" in low:
        what = "it does not speak TLS there: write http:// in place of https://"
    elif "getaddrinfo" in low or "name or service" in low or "dns" in low or "resolve" in low:
        what = "no machine of that name is known here: see to the name in the recipe's `endpoint`"
    elif "none within" in low or "timeout" in low:
        what = "see whether a firewall stands between, or a proxy is needed (`proxy: true`)"
    else:
        what = "start the server, or see to host and port in the recipe's `endpoint`"
    return StageError(f"nobody was reached at {address.chat} ({words}); {what}")


def plain_http(words: str) -> bool:
    """Whether a server says that it wants TLS."""
    low = words.lower()
    return "http request to an https server" in low or "sent to https port" in low


def wants_tls(address: Address, words: str) -> StageError:
    """What to say to http where https is spoken."""
    return StageError(f"{address.base} speaks TLS ({echo(words)}): write https:// for http://")
