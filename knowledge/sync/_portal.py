"""Requests to a portal: one identifying name, paced, conditional, tried again when that can help, bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any

import aiohttp
import stamina
from aiolimiter import AsyncLimiter

from knowledge.settings import SyncSource
from store.errors import Unavailable

# Its remarks on each new try would go to standard output, where `--json` prints; what was given up is reported.
stamina.instrumentation.set_on_retry_hooks(())

_BLOCK = 65_536
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_NOT_MODIFIED, _CONDITION_FAILED = 304, 412


class Refused(Exception):
    """One request has no usable answer and will not get one by asking again; says why."""


class _Again(Exception):
    """No answer this time; `wait_s` when the portal says how long to wait."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Known:
    """What is remembered of an earlier answer, to ask whether it has changed."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True)
class Answer:
    """What the portal answered; `body` is None when it has not changed."""

    body: Any | None
    etag: str | None
    last_modified: str | None


class Portal:
    """One portal, for the time of one fetch."""

    def __init__(self, source: SyncSource) -> None:
        self._source = source
        self._pace = AsyncLimiter(1, 1 / source.rate)
        self._not_before = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Portal:
        source = self._source
        headers = {"User-Agent": user_agent(source), "Accept": "application/json"}
        if source.token is not None:
            headers["Authorization"] = f"Bearer {source.token.get_secret_value()}"
        self._session = aiohttp.ClientSession(
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=source.timeout_s),
            connector=aiohttp.TCPConnector(limit=source.connections),
            # A portal's cookies are of no use to us.
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, path: str, parameters: Mapping[str, str | int], known: Known | None) -> Answer:
        """Ask once, and again as often as the source's settings say.

        Raises:
            Refused: this request has no usable answer.
            Unavailable: the portal cannot be reached, refuses us, or wants to be left alone for longer than
                the settings allow.
        """
        source = self._source
        try:
            async for attempt in stamina.retry_context(
                on=_when_again,
                attempts=source.attempts,
                timeout=None,
                wait_initial=source.first_wait_s,
                wait_max=source.longest_wait_s,
                wait_jitter=source.first_wait_s,
            ):
                with attempt:
                    return await self._once(path, parameters, known)
        except _Again as error:
            raise Refused(f"{error}, {source.attempts} times") from None
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise Unavailable(
                f"{source.name}: {source.url} does not answer ({error or type(error).__name__}); "
                "run the same again later, it goes on where it stopped."
            ) from None
        except (aiohttp.ClientError, ValueError) as error:
            raise Refused(f"the answer cannot be read: {error or type(error).__name__}") from None
        raise AssertionError("every attempt returns or raises")

    async def _once(self, path: str, parameters: Mapping[str, str | int], known: Known | None) -> Answer:
        assert self._session is not None, "used outside of its context"
        await self._turn()
        source = self._source
        address = f"{source.url.rstrip('/')}/{path.lstrip('/')}"
        headers = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified and source.method == "GET":
            headers["If-Modified-Since"] = known.last_modified
        body: dict[str, Any] = {"params": parameters} if source.method == "GET" else {"json": parameters}
        # Not followed: a redirect leads to a sign-in page or to an address that the settings should name.
        async with self._session.request(
            source.method, address, headers=headers, allow_redirects=False, **body
        ) as response:
            status = response.status
            # A condition that fails is answered with 304 where nothing is sent along, else with 412 (RFC 9110, 13.1.2).
            if headers and status in {_NOT_MODIFIED, _CONDITION_FAILED}:
                return Answer(None, known.etag if known else None, known.last_modified if known else None)
            if status in _AGAIN:
                raise self._later(status, response.headers.get("Retry-After"))
            if status in {401, 403, 407}:
                raise Unavailable(
                    f"{source.name}: the portal refuses us (status {status}); ask its operator for access or a token."
                )
            if status in {301, 302, 303, 307, 308}:
                where = response.headers.get("Location", "another address")[:200]
                raise Unavailable(f"{source.name}: the portal sends us to {where}; correct the source's url.")
            if status != 200:
                raise Refused(f"status {status}")
            data = await self._read(response)
            return Answer(_json(data), response.headers.get("ETag"), response.headers.get("Last-Modified"))

    async def _turn(self) -> None:
        wait = self._not_before - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await self._pace.acquire()

    def _later(self, status: int, asked: str | None) -> _Again:
        wait = _seconds(asked)
        if wait is None:
            return _Again(f"status {status}")
        if wait > self._source.longest_wait_s:
            raise Unavailable(
                f"{self._source.name}: the portal asks to be left alone for {wait:.0f} seconds; run the same again "
                "then, it goes on where it stopped."
            )
        # Every request waits, not only this one.
        self._not_before = max(self._not_before, time.monotonic() + wait)
        return _Again(f"status {status}", wait)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for block in response.content.iter_chunked(_BLOCK):
            data += block
            if len(data) > self._source.answer_bytes:
                response.close()
                raise Refused(f"the answer is larger than {self._source.answer_bytes} bytes")
        return bytes(data)


def user_agent(source: SyncSource) -> str:
    """What the program calls itself towards portals."""
    try:
        release = version("motcua")
    except PackageNotFoundError:
        release = "0"
    return f"motcua/{release} (catalogue sync{f'; {source.contact}' if source.contact else ''})"


def _when_again(error: Exception) -> bool | float:
    if isinstance(error, _Again):
        return True if error.wait_s is None else error.wait_s
    return isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | TimeoutError)


def _seconds(asked: str | None) -> float | None:
    """What `Retry-After` says, in seconds or as a date; None when it says nothing that can be read."""
    if not asked:
        return None
    text = asked.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        page = data.lstrip()[:1] == b"<"
        what = "a web page, as firewalls and sign-in pages do" if page else "something that is not JSON"
        raise Refused(f"it answered {what}") from None
