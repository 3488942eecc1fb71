"""Whose request it is, as far as the network tells."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web


def of(request: web.Request, *, forwarded: bool) -> str:
    """The client's address, or for IPv6 the network that one subscriber has; for counting only.

    Args:
        forwarded: take it from the last entry of X-Forwarded-For.
    """
    address = request.remote or ""
    if forwarded:
        # The last entry is the one our own proxy wrote; those before it are the client's to invent.
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    return _network(address)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
