"""The tokens of the Official Account: one pair in the database, renewed by one process at a time.

The access token lasts 25 hours; the refresh token works once and then another comes with the new pair
(https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new). So the pair is locked
by a lease in its row, `refresh_sent_at` is written before the refresh token leaves, and the new pair is committed
before anything uses it. A process that dies in between leaves a refresh token of which nobody knows whether it was
used; it is tried once more, and an administrator has to connect again if Zalo refuses it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import structlog
from sqlalchemy import select, update

from bot.channels.zalo_oa.limits import NAME
from bot.settings import ZaloOASettings
from desk.sealing import Seal
from store.engine import Database
from store.errors import MotcuaError, Unavailable
from store.faults import is_outage
from store.tables import channel_tokens, now
from store.upsert import insert as upsert

_log = structlog.get_logger(__name__)
_LEASE_S = 45.0  # beyond the longest call
_CACHE_S = 5.0
_LOOK_S = 60.0
_SOONEST_S = 30.0


class NotConnected(MotcuaError):
    """There are no tokens that work: an administrator has to connect the account."""

    code = "zalo_not_connected"
    status = 503
    exit_code = 5


class NotRenewed(Unavailable):
    """The tokens cannot be renewed now."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Tokens as Zalo gave them.

    Attributes:
        expires_s: seconds that the access token is good for.
    """

    access: str
    refresh: str
    expires_s: float


@dataclass(frozen=True, slots=True)
class State:
    """How the stored pair stands; holds no token.

    Attributes:
        unsure: a refresh token has left and its answer was not stored.
    """

    app_id: str
    access_until: datetime
    refreshed_at: datetime
    unsure: bool


class Tokens:
    """The pair of one account.

    Args:
        client: asks Zalo's authorisation server.
    """

    def __init__(self, database: Database, seal: Seal, settings: ZaloOASettings, client: aiohttp.ClientSession) -> None:
        self._database = database
        self._seal = seal
        self._settings = settings
        self._client = client
        self._me = uuid4().hex
        self._lease_s = settings.request_timeout_s + _LEASE_S
        self._renewing: set[asyncio.Task[str]] = set()
        self._turn = asyncio.Lock()
        self._cached = ""
        self._cached_until = 0.0

    async def access(self) -> str:
        """The newest access token.

        Raises:
            NotConnected: there is none.
        """
        clock = asyncio.get_running_loop().time()
        if self._cached and clock < self._cached_until:
            return self._cached
        row = await self._row()
        self._cached, self._cached_until = self._seal.open(row.access_token), clock + _CACHE_S
        if row.access_until <= now():
            return await self.renew(self._cached)
        return self._cached

    async def renew(self, old: str | None = None) -> str:
        """An access token other than `old`: the one that another process has fetched meanwhile, or a new one.

        Raises:
            NotConnected: Zalo does not take the refresh token.
            NotRenewed: Zalo does not answer, or another process that renews it takes too long.
        """
        clock = asyncio.get_running_loop().time
        async with self._turn:
            until = clock() + self._settings.request_timeout_s
            while True:
                row, mine = await self._lease(old)
                if mine:
                    work = asyncio.create_task(self._refresh(self._seal.open(row.refresh_token)))
                    self._renewing.add(work)
                    work.add_done_callback(self._renewed)
                    # Whoever asked may be stopped; the answer, which comes only once, is kept all the same.
                    return await asyncio.shield(work)
                access = self._seal.open(row.access_token)
                if access != old and row.access_until > now():
                    self._cached, self._cached_until = access, asyncio.get_running_loop().time() + _CACHE_S
                    return access
                if clock() >= until:
                    raise NotRenewed("another process is renewing Zalo's tokens; try again in a minute")
                await asyncio.sleep(0.1 + 0.2 * random.random())

    async def settled(self) -> None:
        """Wait for a renewal under way, so that nothing of it is lost when the program ends."""
        if self._renewing:
            await asyncio.wait(self._renewing)

    async def keep(self, pair: Pair) -> None:
        """Store a pair, whatever was stored before."""
        moment = now()
        values = {
            "app_id": self._settings.app_id,
            "access_token": self._seal.close(pair.access),
            "refresh_token": self._seal.close(pair.refresh),
            "access_until": moment + timedelta(seconds=pair.expires_s),
            "refreshed_at": moment,
            "refreshing_by": None,
            "refreshing_until": None,
            "refresh_sent_at": None,
        }
        statement = upsert(self._database.dialect, channel_tokens).values(channel=NAME, **values)
        async with self._database.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=values))
        self._cached, self._cached_until = pair.access, asyncio.get_running_loop().time() + _CACHE_S

    async def exchange(self, form: Mapping[str, str]) -> Pair:
        """A pair for a code or for a refresh token.

        Args:
            form: `grant_type` and what belongs to it.

        Raises:
            NotConnected: Zalo refuses it.
            NotRenewed: Zalo does not answer.
        """
        secret = self._settings.app_secret
        headers = {"secret_key": secret.get_secret_value() if secret else ""}
        url = f"{self._settings.oauth_url.rstrip('/')}/v4/oa/access_token"
        timeout = aiohttp.ClientTimeout(total=self._settings.request_timeout_s)
        data = {**form, "app_id": self._settings.app_id}
        try:
            async with self._client.post(url, data=data, headers=headers, timeout=timeout) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotRenewed(f"Zalo's authorisation server does not answer ({type(error).__name__})") from None
        return _pair(answer)

    async def state(self) -> State:
        """How the stored pair stands.

        Raises:
            NotConnected: there is none.
        """
        row = await self._row()
        return State(row.app_id, row.access_until, row.refreshed_at, row.refresh_sent_at is not None)

    async def mind(self) -> None:
        """Renew the pair well before it ends, until cancelled."""
        while True:
            try:
                state = await self.state()
                early = timedelta(seconds=self._settings.renew_before_s)
                fresh = now() - state.refreshed_at < timedelta(seconds=_SOONEST_S)
                if now() >= state.access_until - early and not fresh:
                    await self.renew(await self._stored())
            except NotConnected as error:
                _log.error("the Zalo Official Account is not connected", reason=error.message)
            except Exception as error:
                _log.warning("Zalo's tokens could not be renewed", reason=type(error).__name__)
            await asyncio.sleep(_LOOK_S * random.uniform(0.8, 1.2))

    async def _stored(self) -> str:
        return self._seal.open((await self._row()).access_token)

    async def _row(self) -> Any:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(channel_tokens).where(channel_tokens.c.channel == NAME))).first()
        if row is None or row.app_id != self._settings.app_id:
            raise NotConnected("The Zalo Official Account is not connected: run `motcua zalo connect`.")
        return row

    async def _lease(self, old: str | None) -> tuple[Any, bool]:
        """The row, and whether this process is the one to renew it now."""
        moment = now()
        async with self._database.begin() as connection:
            wanted = select(channel_tokens).where(channel_tokens.c.channel == NAME).with_for_update()
            row = (await connection.execute(wanted)).first()
            if row is None or row.app_id != self._settings.app_id:
                raise NotConnected("The Zalo Official Account is not connected: run `motcua zalo connect`.")
            changed = old is not None and self._seal.open(row.access_token) != old
            taken = row.refreshing_until is not None and row.refreshing_until > moment
            if changed or taken:
                return row, False
            if row.refresh_sent_at is not None:
                _log.error(
                    "a refresh token of Zalo may have been used before its answer was stored; it is tried once more, "
                    "and `motcua zalo connect` is needed if Zalo refuses it"
                )
            lease = {
                "refreshing_by": self._me,
                "refreshing_until": moment + timedelta(seconds=self._lease_s),
                "refresh_sent_at": moment,
            }
            await connection.execute(update(channel_tokens).where(channel_tokens.c.channel == NAME).values(**lease))
        return row, True

    async def _refresh(self, refresh: str) -> str:
        try:
            pair = await self.exchange({"grant_type": "refresh_token", "refresh_token": refresh})
        except NotConnected:
            await self._release(refresh_sent_at=None)
            raise
        except NotRenewed:
            # It may have been used: the mark stays.
            await self._release()
            raise
        await self._surely(pair)
        return pair.access

    async def _surely(self, pair: Pair) -> None:
        """Store a pair even if the database is away for a moment: Zalo gives it only once."""
        until = asyncio.get_running_loop().time() + _LEASE_S / 2
        while True:
            try:
                return await self.keep(pair)
            except Exception as error:
                if not is_outage(error) or asyncio.get_running_loop().time() >= until:
                    raise
                _log.error("Zalo's new tokens cannot be stored yet", reason=type(error).__name__)
            await asyncio.sleep(0.5)

    def _renewed(self, work: asyncio.Task[str]) -> None:
        self._renewing.discard(work)
        if not work.cancelled():
            # Looked at here as well: whoever asked may be gone.
            work.exception()

    async def _release(self, **values: Any) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(channel_tokens)
                .where(channel_tokens.c.channel == NAME, channel_tokens.c.refreshing_by == self._me)
                .values(refreshing_by=None, refreshing_until=None, **values)
            )


def _pair(answer: Any) -> Pair:
    if not isinstance(answer, dict) or not answer.get("access_token") or not answer.get("refresh_token"):
        described = answer if isinstance(answer, dict) else {}
        code = described.get("error", "")
        name = str(described.get("error_name") or described.get("message") or "")[:200]
        raise NotConnected(f"Zalo gives no tokens ({code} {name}): run `motcua zalo connect`.")
    try:
        # A text, as everything here.
        expires = float(answer.get("expires_in") or 0)
    except (TypeError, ValueError):
        expires = 0.0
    return Pair(str(answer["access_token"]), str(answer["refresh_token"]), max(expires, _SOONEST_S))
