"""A bare HTTP client that keeps cookies, for tests that look at single answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp


@asynccontextmanager
async def browser(**headers: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that sends `headers` with everything and shows bodies as they came over the wire."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True), headers=headers, auto_decompress=False
    ) as session:
        yield session
