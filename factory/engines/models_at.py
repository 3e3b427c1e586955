"""Which models an endpoint says it has."""

from __future__ import annotations

import asyncio

from factory.engines.address import MOST, Address
from factory.engines.credentials import Credentials
from factory.recipe.served import Served

SECONDS = 5.0
"""Longest wait for the answer."""
LARGEST = 2**22
"""Bytes of it that are read: a large gateway has hundreds of models, each with a page of prices."""


def models_at(served: Served) -> list[str]:
    """The first names that `GET /models` gives; none where the server does not say."""
    address = Address.of(served.endpoint).models
    return (asyncio.run(models_there(address, served, Credentials.of(served))) or [])[:MOST]


async def models_there(address: str, served: Served, secret: Credentials) -> list[str] | None:
    """All the names that this address gives; None where it gives none."""
    import orjson
    from aiohttp import ClientError, ClientSession, ClientTimeout

    headers = plain_headers(served) | secret.sent
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=SECONDS), headers=headers) as session,
            session.get(address, allow_redirects=False, proxy=secret.proxy) as response,
        ):
            if response.status != 200:
                return None
            body = bytearray()
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > LARGEST:
                    return None
            told = orjson.loads(bytes(body))
            found = told["data"] if isinstance(told, dict) else told
            names = [str(model["id"]) for model in found]
    except (ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return None
    return [secret.removed_from(name) for name in names]


def plain_headers(served: Served) -> dict[str, str]:
    """The headers of a recipe that are no secrets."""
    return {name: value for name, value in served.headers.items() if isinstance(value, str)}
