"""A desk with many cases, put into a database in bulk: what five years of a province would leave.

Of all cases nearly all are done; some thousands are open, wait for the citizen or are paused, and one in a hundred is a
denunciation. The words are those of the shipped procedures, as often as they stand there, with marks of known frequency
among them. Each case has two messages, a clock and two entries in the log, whose chain is right.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Index, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit as log
from desk import tallies, units
from desk._case_rows import ALPHABET
from desk.kinds import Bucket, Kind, State, bucket
from desk.search import folded
from desk.staff import Person, Role
from knowledge.catalogue import STARTER
from knowledge.places import Gazetteer
from store import tables
from store.engine import Database

T = TypeVar("T")
YEARS = 5
_CHUNK = 20_000
_WORD = re.compile(r"[^\W\d_]{2,}")
# Marks: a word in nine of ten cases, one in a hundred, in a thousand, of two years ago and before, and in twenty cases.
COMMON, SOME, FEW, PAST, RARE = "thưa", "vướng", "kẹt", "giãn", "quýnh"
_OFFICES = ("UBND xã", "Công an phường", "Trung tâm Phục vụ hành chính công", "Chi nhánh đăng ký đất đai", "Thuế cơ sở")
_KINDS = ((Kind.feedback, 62), (Kind.question, 30), (Kind.complaint, 6), (Kind.denunciation, 1), (Kind.data_request, 1))
_ENDS = ((State.closed, 90), (State.refused, 4), (State.transferred, 5), (State.merged, 1))


async def fill(db: Database, size: int, progress: Callable[[str, float], None]) -> None:
    """Fill an empty, migrated database with this many cases."""
    dice = random.Random(size)
    now = datetime.now(UTC).replace(microsecond=0)
    await units.ensure(db)
    found = await units.list_(db)
    people = await _people(db, [unit.id for unit in found])
    places = [place.code for place in Gazetteer.load().communes()]
    by_place = {unit.place_code: unit.id for unit in found if unit.place_code}
    control = next(unit.id for unit in found if unit.code == units.CONTROL)
    words, weights = _vocabulary()
    codes = sorted(dice.sample(range(len(ALPHABET) ** 6), size), key=lambda _: dice.random())
    talks = max(1, size // 4)
    made: dict[str, Index] = {}
    async with db.begin() as connection:
        await _insert(
            connection,
            tables.citizens,
            ({"id": n, "channel": "web", "external_id": f"w{n}", "created_at": now} for n in range(1, talks + 1)),
        )
        await _insert(
            connection,
            tables.conversations,
            (
                {
                    "id": f"c{n}", "channel": "web", "external_id": f"w{n}", "citizen_id": n, "session": 1,
                    "session_messages": 0, "in_form": False, "owner": "bot", "reachable": True, "created_at": now,
                }
                for n in range(1, talks + 1)
            ),
        )  # fmt: skip
        if db.dialect == "postgresql":
            # Indexes are made in one go at the end, as any bulk load does.
            await connection.execute(text("DROP INDEX ix_cases_words"))
            made = {str(index.name): index for table in (tables.cases, tables.audit) for index in table.indexes}
            for name in made:
                await connection.execute(text(f'DROP INDEX "{name}"'))
    chain = "0" * 64
    entries = 0
    for start in range(0, size, _CHUNK):
        batch: dict[Table, list[dict[str, Any]]] = {
            tables.cases: [], tables.case_messages: [], tables.case_clocks: [], tables.audit: []
        }  # fmt: skip
        for number in range(start, min(start + _CHUNK, size)):
            case = _case(dice, number, size, now, words, weights, places)
            unit = by_place[case["place_code"]] if dice.random() < 0.4 else control
            secret = case["kind"] == Kind.denunciation
            case["unit_id"] = None if secret else unit
            case["code"] = f"MC-{_spelt(codes[number])}"
            case["conversation_id"] = None if secret else f"c{number % talks + 1}"
            case["citizen_id"] = None if secret else number % talks + 1
            if not secret and (case["bucket"] != Bucket.open or dice.random() < 0.7):
                case["assigned_to"] = dice.choice(people[unit])
            batch[tables.cases].append(case)
            batch[tables.case_messages] += _messages(case)
            batch[tables.case_clocks].append(_clock(case))
            for at, action in ((case["created_at"], "opened"), (case["changed_at"], case["state"])):
                subject, data = f"case:{number + 1}", {"state": case["state"]}
                entries += 1
                digest = log._digest(chain, at, "system", action, subject, data)
                batch[tables.audit].append(
                    {
                        "id": entries, "at": at, "actor": "system", "action": action, "subject": subject, "data": data,
                        "previous": chain, "digest": digest,
                    }
                )  # fmt: skip
                chain = digest
        async with db.begin() as connection:
            for table, rows in batch.items():
                await _insert(connection, table, rows)
        progress("cases", min(1.0, (start + _CHUNK) / size))
    async with db.begin() as connection:
        await connection.execute(insert(tables.audit_head).values(id=1, last_id=entries, entries=entries, digest=chain))
        await _insert(connection, tables.takeovers, _takeovers(dice, talks, now, people[control]))
        await _insert(connection, tables.asked_questions, _questions(dice, size // 10, now))
        if db.dialect == "postgresql":
            await connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            for number, index in enumerate(made.values()):
                await connection.run_sync(lambda sync, one=index: one.create(sync))  # type: ignore[misc]
                progress("indexes", number / len(made))
            await connection.execute(
                text("CREATE INDEX ix_cases_words ON cases USING gin (to_tsvector('simple', folded))")
            )
            for name in ("cases", "case_messages", "case_clocks", "audit", "takeovers", "asked_questions"):
                await connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
                )
    await tallies.rebuild(db, progress=lambda share: progress("sums", share))
    await _analyse(db)


async def people_of(db: Database) -> list[tuple[str, Person]]:
    """Who looks: a supervisor of the province, an officer of the big unit, one of a commune."""
    async with db.connect() as connection:
        rows = (
            await connection.execute(
                select(tables.staff, tables.units.c.code)
                .outerjoin(tables.units, tables.units.c.id == tables.staff.c.unit_id)
                .order_by(tables.staff.c.id)
            )
        ).mappings()
        found: dict[str, Person] = {}
        for row in rows:
            name = {None: "province", units.CONTROL: "big unit"}.get(row["code"], "commune")
            roles = frozenset(Role(role) for role in row["roles"])
            found.setdefault(
                name, Person(row["id"], row["name"], roles, row["created_at"], None, row["unit_id"], row["code"])
            )
    return list(found.items())


def _vocabulary() -> tuple[list[str], list[int]]:
    """Words of the shipped procedures, with how often each stands there."""
    counted: Counter[str] = Counter()
    for path in sorted(STARTER.glob("*.yml")):
        counted.update(word.lower() for word in _WORD.findall(path.read_text(encoding="utf-8")))
    marks = {folded(mark) for mark in (COMMON, SOME, FEW, PAST, RARE)}
    kept = [(word, number) for word, number in counted.most_common(4000) if folded(word) not in marks]
    return [word for word, _ in kept], [number for _, number in kept]


def _case(
    dice: random.Random,
    number: int,
    size: int,
    now: datetime,
    words: Sequence[str],
    weights: Sequence[int],
    places: Sequence[str],
) -> dict[str, Any]:
    back = timedelta(days=365 * YEARS) * (1 - (number + 0.5) / size)
    created = now - back
    kind = _drawn(dice, _KINDS)
    state = _state(dice, number, size)
    where = bucket(kind, state)
    said = dice.choices(words, weights, k=dice.randint(25, 70))
    said += [COMMON] if dice.random() < 0.9 else []
    said += [SOME] if dice.random() < 0.01 else []
    said += [FEW] if dice.random() < 0.001 else []
    said += [PAST] if number < 0.6 * size and dice.random() < 0.3 else []
    said += [RARE] if number % max(1, size // 20) == 7 else []
    subject, story = " ".join(said[:7]).capitalize(), " ".join(said)
    finished = created + timedelta(days=dice.uniform(0.2, 12)) if where is Bucket.done else None
    due = created + timedelta(days=14)
    secret = kind is Kind.denunciation
    return {
        "id": number + 1,
        "idempotency_key": f"bench-{number}",
        "kind": kind.value,
        "state": state.value,
        "bucket": where.value,
        "subject": subject,
        "text": story,
        "folded": "" if secret else folded(subject, story),
        "place_code": dice.choice(places),
        "place_text": None,
        "procedure_code": f"1.{dice.randrange(2000):06d}" if dice.random() < 0.5 else None,
        "office": dice.choice(_OFFICES) if dice.random() < 0.3 else None,
        "via": "chat",
        "assigned_to": None,
        # Clocks stand still while the citizen has the turn, and when all is done.
        "due_at": due if where in (Bucket.open, Bucket.vault) and state is not State.closed else None,
        "answered_at": finished,
        "on_time": None if finished is None else finished <= due and dice.random() < 0.97,
        "closed_at": None if finished is None or state is State.answered else finished + timedelta(days=7),
        "remote_area": False,
        "complexity": "normal",
        "reopened": 0,
        "rating": dice.choice((3, 4, 5, 5)) if finished and dice.random() < 0.2 else None,
        "rated_at": None if finished is None else finished + timedelta(days=1),
        "version": 3,
        "created_at": created,
        "changed_at": finished or created,
    }


def _state(dice: random.Random, number: int, size: int) -> State:
    """The newest half per cent of the cases is in hand, and a few old ones; the next hundredth waits to be closed."""
    age = (size - number) / size
    if age < 0.005 or dice.random() < 0.0005:
        now = (State.received, State.accepted, State.in_progress, State.in_progress, State.reopened)
        return dice.choice((*now, *now, State.needs_information, State.needs_information, State.paused))
    if age < 0.015:
        return State.answered
    return _drawn(dice, _ENDS)


def _drawn(dice: random.Random, chances: Sequence[tuple[T, int]]) -> T:
    return dice.choices([value for value, _ in chances], [weight for _, weight in chances])[0]


def _messages(case: dict[str, Any]) -> list[dict[str, Any]]:
    row = {"case_id": case["id"], "visibility": "public", "state": "written"}
    first = {
        **row, "id": 2 * case["id"] - 1, "at": case["created_at"], "author": "citizen", "purpose": "word",
        "text": case["text"],
    }  # fmt: skip
    answer = {
        **row, "id": 2 * case["id"], "at": case["changed_at"], "author": "staff", "purpose": "final",
        "text": "Cảm ơn anh/chị. Việc anh/chị nêu đã được kiểm tra và xử lý.",
    }  # fmt: skip
    return [first, answer]


def _clock(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": case["id"],
        "case_id": case["id"],
        "rule": "feedback_answer",
        "started_at": case["created_at"],
        "due_at": case["created_at"] + timedelta(days=14),
        "pauses": [],
        "extensions": [],
        "stopped_at": case["answered_at"],
        "outcome": None if case["answered_at"] is None else "met" if case["on_time"] else "missed",
    }


def _takeovers(dice: random.Random, talks: int, now: datetime, staff: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number in range(1, max(2, talks // 10)):
        asked = now - timedelta(days=dice.uniform(0, 365 * YEARS))
        came = dice.random() < 0.8
        yield {
            "id": number,
            "conversation_id": f"c{number}",
            "reason": dice.choice(("asked", "asked", "failed", "angry")),
            "state": "ended" if came else "left",
            "asked_at": asked,
            "taken_at": asked + timedelta(seconds=dice.expovariate(1 / 240)) if came else None,
            "ended_at": asked + timedelta(minutes=40),
            "staff_id": dice.choice(staff) if came else None,
        }


def _questions(dice: random.Random, size: int, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(1, size + 1):
        yield {
            "id": number,
            "idempotency_key": f"bench-{number}",
            "question": "giấy tờ cần những gì",
            "verdict": dice.choice(("unanswered", "asked_back", "wrong")),
            "codes": [],
            "version_id": "bench",
            "state": "open" if dice.random() < 0.05 else "closed",
            "at": now - timedelta(days=dice.uniform(0, 365 * YEARS)),
        }


async def _people(db: Database, unit_ids: Sequence[int]) -> dict[int, list[int]]:
    """Three officers in each unit, and one supervisor of the whole province."""
    found: dict[int, list[int]] = {unit: [] for unit in unit_ids}
    async with db.begin() as connection:
        number = 1
        rows = [{"id": 1, "name": "province", "password_hash": "-", "roles": [Role.supervisor.value], "unit_id": None}]
        for unit in unit_ids:
            for _ in range(3):
                number += 1
                found[unit].append(number)
                rows.append(
                    {
                        "id": number, "name": f"p{number}", "password_hash": "-", "roles": [Role.officer.value],
                        "unit_id": unit,
                    }
                )  # fmt: skip
        await connection.execute(insert(tables.staff), rows)
    return found


def _spelt(number: int) -> str:
    letters = []
    for _ in range(6):
        number, at = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)


async def _insert(connection: AsyncConnection, table: Table, rows: Any) -> None:
    """Many rows at once: COPY on PostgreSQL."""
    if connection.dialect.name != "postgresql":
        for batch in _batches(rows):
            await connection.execute(insert(table), batch)
        return
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    for batch in _batches(rows):
        names = list(batch[0])
        as_json = {name for name in names if str(table.c[name].type) == "JSON"}
        records = (tuple(json.dumps(row[name]) if name in as_json else row[name] for name in names) for row in batch)
        await raw.copy_records_to_table(table.name, records=records, columns=names)


def _batches(rows: Any) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


async def _analyse(db: Database) -> None:
    """Statistics, as the database keeps them by itself after a while."""
    if db.dialect == "sqlite":
        async with db.begin() as connection:
            await connection.execute(text("ANALYZE"))
        return
    async with db.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE"))
