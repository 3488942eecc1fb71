"""One HTTP call to a platform through aiohttp, and whether it may have been worked on where no answer came."""

from __future__ import annotations

from typing import Any

import aiohttp

_CONNECT_S = 5.0


class NoAnswer(Exception):
    """There was no answer; the text is the kind of the error only, since an address may hold a token.

    Attributes:
        sent: whether the request may have been worked on all the same.
    """

    def __init__(self, error: BaseException, *, sent: bool) -> None:
        super().__init__(type(error).__name__)
        self.sent = sent


async def call(
    client: aiohttp.ClientSession, method: str, url: str, *, total_s: float, **how: Any
) -> tuple[int, bytes]:
    """Status and content of the answer.

    Args:
        total_s: how long it may take.
        how: passed on to the client, such as `data` and `headers`.

    Raises:
        NoAnswer: there is none.
    """
    timeout = aiohttp.ClientTimeout(total=total_s, connect=min(_CONNECT_S, total_s))
    try:
        async with client.request(method, url, timeout=timeout, **how) as response:
            return response.status, await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NoAnswer(error, sent=False) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NoAnswer(error, sent=True) from None
