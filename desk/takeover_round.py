"""Every minute: talks that staff forgot go back to the bot, and citizens to whom nobody came are told so."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk import _takeover_rows as rows
from desk._takeover_changes import AWAY, BACK, Line, end, give_up, put
from desk.settings import HandoffSettings
from store.engine import Database
from store.errors import MotcuaError
from store.tables import now

EVERY_S = 60.0
_log = structlog.get_logger(__name__)


async def run(database: Database, line: Line, settings: HandoffSettings) -> None:
    """Go round for ever; a round that fails is logged and the next one tries again."""
    while True:
        try:
            done = await mind(database, line, settings)
            if done:
                _log.info("takeovers_minded", count=done)
        except (MotcuaError, SQLAlchemyError, OSError) as error:
            _log.warning("takeover_minding_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def mind(database: Database, line: Line, settings: HandoffSettings) -> int:
    """Go round once; gives how many conversations changed.

    A conversation whose member of staff wrote nothing for `idle_minutes` goes back to the bot; when the citizen still
    waits for an answer, it goes back into the queue where it stood. Who waited for `wait_hours` without writing is told
    that nobody came.
    """
    moment = now()
    idle, waited = moment - timedelta(minutes=settings.idle_minutes), moment - timedelta(hours=settings.wait_hours)
    done = 0
    for number in await rows.idle(database, idle):
        done += await _forgotten(database, line, number, idle)
    for number in await rows.waited(database, waited):
        done += await _in_vain(database, line, number)
    return done


async def _forgotten(database: Database, line: Line, number: int, before: datetime) -> int:
    async with database.begin() as connection:
        row = await rows.held(connection, number)
        if row is None or row.state != "active" or not await rows.is_idle(connection, row, before):
            return 0
        owed = await rows.owed_an_answer(connection, row)
        await end(connection, line, row, actor="system", text=AWAY if owed else BACK)
        if owed:
            await put(
                connection,
                row.conversation_id,
                reason=row.reason,
                case_id=row.case_id,
                unit_id=row.unit_id,
                asked_at=row.asked_at,
            )
    line.deliver(row.conversation_id)
    return 1


async def _in_vain(database: Database, line: Line, number: int) -> int:
    async with database.begin() as connection:
        row = await rows.held(connection, number)
        if row is None or row.state != "waiting":
            return 0
        await give_up(connection, line, row)
    line.deliver(row.conversation_id)
    return 1
