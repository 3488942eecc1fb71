"""Cases: what citizens complain about, propose or want a person to answer.

Only the functions here change the tables `cases` and `case_events`; each writes its event in the same transaction.
A chat message starts no legal clock for khiếu nại or tố cáo (Luật Khiếu nại 2011, Luật Tố cáo 2018); a case is a
promise that a person reads and answers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import SecretStr
from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.errors import Invalid, NotFound
from store.tables import case_events, cases, now

# No 0 O 1 I L: codes are read out on the phone and typed from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE = re.compile(rf"\bMC[-\s]?([{ALPHABET}]{{6}})\b", re.IGNORECASE)
PIN = re.compile(r"(?<!\d)([0-9]{6})(?!\d)")
LONGEST_TEXT = 5_000


class Kind(StrEnum):
    """Kinds of cases; each has its own law (Nghị định 20/2008 for phản ánh, kiến nghị)."""

    question = "question"
    feedback = "feedback"
    complaint = "complaint"


class State(StrEnum):
    """States of a case; more come with the staff console."""

    received = "received"


class CaseNotFound(NotFound):
    """No case has that code."""

    code = "case_not_found"


class WrongPin(Invalid):
    """The PIN does not belong to the code."""

    code = "wrong_pin"
    status = 403


class TooManyPins(Invalid):
    """Too many wrong PINs for one case within an hour."""

    code = "too_many_pins"
    status = 429


@dataclass(frozen=True)
class Draft:
    """What a citizen hands in.

    Attributes:
        kind: what it is.
        subject: in a few words.
        text: what happened.
        place_text: where, as the citizen wrote it.
        place_code: the commune, when it is known.
        contact: telephone or e-mail, when given.
        citizen_id: who wrote, None from the command line.
        conversation_id: where the answer goes.
    """

    kind: Kind
    subject: str
    text: str
    place_text: str | None = None
    place_code: str | None = None
    contact: str | None = None
    citizen_id: int | None = None
    conversation_id: str | None = None


@dataclass(frozen=True)
class Case:
    """A case as it stands."""

    id: int
    code: str
    kind: Kind
    state: State
    subject: str
    text: str
    place_text: str | None
    place_code: str | None
    contact: str | None
    citizen_id: int | None
    created_at: datetime
    changed_at: datetime


class Cases:
    """The cases in one database.

    Args:
        database: where they are kept.
        secret: key from which PINs are derived, so that none is stored.
        pin_attempts_an_hour: wrong PINs allowed for one case within an hour.

    Raises:
        Invalid: the secret is empty, which would let anybody compute every PIN.
    """

    def __init__(self, database: Database, secret: SecretStr, *, pin_attempts_an_hour: int = 10) -> None:
        if not secret.get_secret_value():
            raise Invalid("MOTCUA_DESK__SECRET is empty; set it, or leave it out to have one made.")
        self._database = database
        self._secret = secret
        self._pin_attempts = pin_attempts_an_hour

    async def open(self, draft: Draft, *, key: str) -> tuple[Case, str]:
        """Take a case in; the same key again gives the same case.

        Args:
            draft: what the citizen handed in.
            key: idempotency key, for a chat message its conversation and message number.

        Returns:
            The case and its PIN of six digits, which is kept nowhere.

        Raises:
            Invalid: the text or the subject is empty, or the text is over 5,000 characters.
        """
        if not draft.text.strip() or not draft.subject.strip():
            raise Invalid("Phản ánh cần có nội dung.")
        if not key:
            raise ValueError("a case needs its idempotency key")
        if len(draft.text) > LONGEST_TEXT:
            raise Invalid(f"Nội dung dài quá {LONGEST_TEXT:,} ký tự; vui lòng viết ngắn lại.")
        async with self._database.begin() as connection:
            row = await _by_key(connection, key)
            if row is None:
                made = await connection.execute(
                    insert(cases).values(
                        code=await _new_code(connection),
                        idempotency_key=key,
                        kind=draft.kind.value,
                        state=State.received.value,
                        subject=draft.subject.strip(),
                        text=draft.text.strip(),
                        place_code=draft.place_code,
                        place_text=draft.place_text,
                        contact=draft.contact,
                        citizen_id=draft.citizen_id,
                        conversation_id=draft.conversation_id,
                    )
                )
                assert made.inserted_primary_key is not None
                await _write_event(connection, made.inserted_primary_key[0], "citizen", "received")
                row = await _by_key(connection, key)
                assert row is not None
        return _case(row), self._pin(key)

    async def show(self, code: str) -> Case:
        """The case with that code, for staff and the command line.

        Raises:
            CaseNotFound: there is none.
        """
        async with self._database.connect() as connection:
            row = await _by_code(connection, code)
        if row is None:
            raise CaseNotFound(f"Không có phiếu nào mang mã {code}.")
        return _case(row)

    async def of_citizen(self, citizen_id: int, *, limit: int = 5) -> list[Case]:
        """The newest cases that this citizen opened from the same channel."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                select(cases).where(cases.c.citizen_id == citizen_id).order_by(cases.c.id.desc()).limit(limit)
            )
            return [_case(row) for row in rows.mappings()]

    async def waiting(self, conversation_id: str | None, kind: Kind, *, but: str = "") -> Case | None:
        """The newest case of a kind that this conversation opened and that waits for its first answer.

        Args:
            conversation_id: None finds nothing.
            kind: its kind.
            but: idempotency key of a case that does not count: the one that the present message has opened itself.
        """
        if conversation_id is None:
            return None
        newest = (
            select(cases)
            .where(
                cases.c.conversation_id == conversation_id,
                cases.c.kind == kind.value,
                cases.c.state == State.received.value,
            )
            .order_by(cases.c.id.desc())
            .limit(1)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(newest)).mappings().first()
        return _case(row) if row is not None and row["idempotency_key"] != but else None

    async def add(self, code: str, text: str, *, key: str) -> bool:
        """Add to a case what the citizen says later; the same key again changes nothing.

        Args:
            code: of the case.
            text: what they say; it is left out where the case says it already, and cut where the case gets too long.
            key: idempotency key, for a chat message its conversation and message number.

        Returns:
            Whether the case now says something new by this message.

        Raises:
            CaseNotFound: there is no such case.
        """
        text = text.strip()
        async with self._database.begin() as connection:
            row = await _by_code(connection, code)
            if row is None:
                raise CaseNotFound(f"Không có phiếu nào mang mã {code}.")
            events = await connection.execute(
                select(case_events.c.data).where(case_events.c.case_id == row["id"], case_events.c.what == "added")
            )
            if any(data.get("key") == key for data in events.scalars()):
                return True
            if not text or text in row["text"]:
                return False
            await connection.execute(
                update(cases)
                .where(cases.c.id == row["id"])
                .values(text=f"{row['text']}\n\n{text}"[:LONGEST_TEXT], changed_at=now())
            )
            await _write_event(connection, row["id"], "citizen", "added", {"key": key, "text": text[:LONGEST_TEXT]})
        return True

    async def follow(self, code: str, *, pin: str | None, citizen_id: int | None) -> Case:
        """The case for the citizen who asks: the one who opened it, or anybody with code and PIN.

        Raises:
            CaseNotFound: no such code.
            WrongPin: the PIN is missing or wrong.
            TooManyPins: too many wrong ones within the last hour.
        """
        async with self._database.connect() as connection:
            row = await _by_code(connection, code)
        if row is None:
            raise CaseNotFound(f"Không tìm thấy phiếu mang mã {code}.")
        if citizen_id is not None and row["citizen_id"] == citizen_id:
            return _case(row)
        async with self._database.begin() as connection:
            tries = await connection.scalar(
                select(func.count())
                .select_from(case_events)
                .where(
                    case_events.c.case_id == row["id"],
                    case_events.c.what == "wrong_pin",
                    case_events.c.at > now() - timedelta(hours=1),
                )
            )
            if (tries or 0) >= self._pin_attempts:
                raise TooManyPins("Phiếu này bị nhập sai PIN nhiều lần; vui lòng thử lại sau một giờ.")
            expected = self._pin(row["idempotency_key"]).encode()
            right = pin is not None and hmac.compare_digest(pin.encode(), expected)
            if not right and pin is not None:
                await _write_event(connection, row["id"], "anyone", "wrong_pin")
        if not right:
            raise WrongPin("Mã PIN chưa đúng.")
        return _case(row)

    def _pin(self, key: str) -> str:
        digest = hmac.new(self._secret.get_secret_value().encode(), key.encode(), hashlib.sha256).digest()
        return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


async def _new_code(connection: AsyncConnection) -> str:
    while True:
        code = "MC-" + "".join(secrets.choice(ALPHABET) for _ in range(6))
        if await connection.scalar(select(cases.c.id).where(cases.c.code == code)) is None:
            return code


async def _by_key(connection: AsyncConnection, key: str) -> RowMapping | None:
    found = await connection.execute(select(cases).where(cases.c.idempotency_key == key))
    return found.mappings().one_or_none()


async def _by_code(connection: AsyncConnection, code: str) -> RowMapping | None:
    match = CODE.search(code)
    if match is None:
        return None
    found = await connection.execute(select(cases).where(cases.c.code == f"MC-{match.group(1).upper()}"))
    return found.mappings().one_or_none()


async def _write_event(
    connection: AsyncConnection, case_id: int, actor: str, what: str, data: dict[str, str] | None = None
) -> None:
    await connection.execute(insert(case_events).values(case_id=case_id, actor=actor, what=what, data=data or {}))


def _case(row: RowMapping) -> Case:
    return Case(
        id=row["id"],
        code=row["code"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        subject=row["subject"],
        text=row["text"],
        place_text=row["place_text"],
        place_code=row["place_code"],
        contact=row["contact"],
        citizen_id=row["citizen_id"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
