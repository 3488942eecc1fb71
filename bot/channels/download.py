"""Downloads what a citizen sent from where the platform keeps it, within limits."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.channels.contract import NotFetched
from desk.attachments import Upload

_TOTAL_S = 60.0
_CHUNK = 64 * 1024
_GONE = frozenset({401, 403, 404, 410})


class PublicOnly(AbstractResolver):
    """Resolves names to public addresses only: an address that a stranger wrote must not lead into our own network."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a host.

        Raises:
            OSError: it has none.
        """
        found = await self._inner.resolve(host, port, family)
        public = [each for each in found if ipaddress.ip_address(each["host"].partition("%")[0]).is_global]
        if not public:
            raise OSError(f"{host} is not on the public network")
        return public

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._inner.close()


def session(*, private: bool = False) -> aiohttp.ClientSession:
    """A session for downloads.

    Args:
        private: addresses of private networks are allowed, as where the platform is a local one.
    """
    connector = aiohttp.TCPConnector(resolver=None if private else PublicOnly(), limit=8)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=_TOTAL_S, connect=10))


async def fetched(
    client: aiohttp.ClientSession | None, wanted: Mapping[str, Any], *, most: int, private: bool = False
) -> Upload:
    """The file behind the address in what an event said of it.

    Args:
        wanted: `url` and `name`.
        most, private: as for `download`.

    Raises:
        NotFetched: it cannot be had.
    """
    url = wanted.get("url")
    if client is None or not isinstance(url, str):
        raise NotFetched("no address of the file", for_good=True)
    content = await download(client, url, most=most, private=private)
    return Upload(str(wanted.get("name") or "anh.jpg"), content)


async def download(client: aiohttp.ClientSession, url: str, *, most: int, private: bool = False) -> bytes:
    """The content behind an address; redirects are not followed.

    Args:
        most: bytes that are taken; more is too large.
        private: as for `session`.

    Raises:
        NotFetched: it cannot be had, for good where it is gone, too large, or no address of the public network.
    """
    if not _proper(url, private):
        raise NotFetched("not an address that is fetched from", for_good=True)
    held = bytearray()
    try:
        async with client.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise NotFetched(f"HTTP {response.status}", for_good=response.status in _GONE)
            async for chunk in response.content.iter_chunked(_CHUNK):
                held += chunk
                if len(held) > most:
                    raise NotFetched("too large", for_good=True)
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
        raise NotFetched(type(error).__name__) from error
    return bytes(held)


def _proper(url: str, private: bool) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ({"http", "https"} if private else {"https"}) or not host:
        return False
    try:
        # A number instead of a name is never resolved, so it is looked at here.
        return private or ipaddress.ip_address(host).is_global
    except ValueError:
        return True
