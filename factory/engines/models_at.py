"""Which models an endpoint says it has."""

from __future__ import annotations

import asyncio

from factory.engines.credentials import Credentials
from factory.recipe.models import Served

SECONDS = 5.0
"""Longest wait for the answer."""
LARGEST = 2**20
"""Bytes of it that are read."""
MOST = 5
"""Names that are told."""


def models_at(served: Served) -> list[str]:
    """The first names that `GET /models` gives; none where the server does not say."""
    return asyncio.run(_asked(served))


async def _asked(served: Served) -> list[str]:
    import orjson
    from aiohttp import ClientError, ClientSession, ClientTimeout

    secret = Credentials.of(served)
    headers = {"Authorization": f"Bearer {secret.key}"} if secret.key else {}
    address = served.endpoint.rstrip("/") + "/models"
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=SECONDS), headers=headers) as session,
            session.get(address, allow_redirects=False, proxy=secret.proxy) as response,
        ):
            told = orjson.loads(await response.content.read(LARGEST))
            names = [str(model["id"]) for model in told["data"]]
    except (ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return []
    return [secret.removed_from(name) for name in names[:MOST]]
