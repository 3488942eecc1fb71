"""python-telegram-bot's requests through aiohttp, whose body leaves in the same moment in which it is noted.

The library's own client (httpx) lets the event loop go on between that moment and the wire, and a process that is
killed there would leave messages of which nobody knows whether they left (`bot.departures`).
"""

from __future__ import annotations

from urllib.parse import urlencode

import aiohttp
from telegram._utils.defaultvalue import DEFAULT_NONE
from telegram._utils.types import ODVInput
from telegram.request import BaseRequest, RequestData

from bot.channels import calling
from bot.departures import NotedBody, leaving

_FORM = "application/x-www-form-urlencoded"


class AiohttpRequest(BaseRequest):
    """See https://docs.python-telegram-bot.org/en/stable/telegram.request.baserequest.html.

    Args:
        timeout_s: how long one call may take, whatever the library asks for.
        connections: open at a time.
    """

    def __init__(self, timeout_s: float, connections: int) -> None:
        self._timeout_s = timeout_s
        self._connections = connections
        self._client: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take, in seconds."""
        return self._timeout_s

    async def initialize(self) -> None:
        """Open the session."""
        if self._client is None or self._client.closed:
            self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=self._connections))

    async def shutdown(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = DEFAULT_NONE,
        write_timeout: ODVInput[float] = DEFAULT_NONE,
        connect_timeout: ODVInput[float] = DEFAULT_NONE,
        pool_timeout: ODVInput[float] = DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and content of the answer.

        Raises:
            NoAnswer: there is none; the library makes it the cause of its NetworkError.
        """
        await self.initialize()
        assert self._client is not None, "it was opened above"
        return await calling.call(self._client, method, url, total_s=self._timeout_s, data=_body(request_data))


def _body(data: RequestData | None) -> NotedBody | aiohttp.FormData | None:
    if data is None:
        return None
    if not data.contains_files:
        return NotedBody(urlencode(data.json_parameters).encode(), content_type=_FORM)
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media_type) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    # Its pieces leave one after the other: it counts as gone from here on.
    leaving()
    return form
