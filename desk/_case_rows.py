"""A case as it stands in the database, what a citizen hands in, and how a case is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import CaseNotFound
from desk.kinds import Bucket, Kind, State
from store.errors import Invalid
from store.tables import cases

# No 0 O 1 I L: codes are read out on the phone and typed from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE = re.compile(rf"\bMC[-\s]?([{ALPHABET}]{{6}})\b", re.IGNORECASE)
PIN = re.compile(r"(?<!\d)([0-9]{6})(?!\d)")
LONGEST_TEXT = 5_000

Via = Literal["chat", "page", "desk"]


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
        procedure_code: the procedure it is about, when it is known.
        office: the office it is about, in the citizen's words.
        via: how it came.
        detail: what else a form asked for, JSON values.
    """

    kind: Kind
    subject: str
    text: str
    place_text: str | None = None
    place_code: str | None = None
    contact: str | None = None
    citizen_id: int | None = None
    conversation_id: str | None = None
    procedure_code: str | None = None
    office: str | None = None
    via: Via = "chat"
    detail: dict[str, Any] | None = None


@dataclass(frozen=True)
class Case:
    """A case as it stands: its row in `cases` (see `store.tables` for the columns).

    Attributes:
        contact: sealed; `Cases.contact` opens it.
        due_at: the nearest deadline of its running clocks; None while all stand still.
        version: grows with each change.
    """

    id: int
    code: str
    kind: Kind
    state: State
    subject: str
    text: str
    created_at: datetime
    changed_at: datetime
    bucket: Bucket = Bucket.open
    place_text: str | None = None
    place_code: str | None = None
    procedure_code: str | None = None
    office: str | None = None
    contact: str | None = field(default=None, repr=False)
    citizen_id: int | None = None
    conversation_id: str | None = None
    via: str = "chat"
    detail: Mapping[str, Any] | None = None
    unit_id: int | None = None
    assigned_to: int | None = None
    due_at: datetime | None = None
    warned_at: datetime | None = None
    escalated_at: datetime | None = None
    legal_from: datetime | None = None
    remote_area: bool = False
    complexity: str = "normal"
    answered_at: datetime | None = None
    on_time: bool | None = None
    closed_at: datetime | None = None
    merged_into: int | None = None
    led_by: int | None = None
    reopened: int = 0
    rating: int | None = None
    rating_comment: str | None = None
    rated_at: datetime | None = None
    checked_at: datetime | None = None
    solved: bool | None = None
    purged_at: datetime | None = None
    version: int = 1

    @classmethod
    def of(cls, row: Mapping[str, Any] | RowMapping) -> Case:
        """The case of a row with every column of `cases`."""
        values = {name: row[name] for name in _COLUMNS}
        values["kind"], values["state"] = Kind(row["kind"]), State(row["state"])
        values["bucket"] = Bucket(row["bucket"])
        return cls(**values)

    @property
    def secret(self) -> bool:
        """Whether only the vault may know of it."""
        return self.kind is Kind.denunciation


_COLUMNS = tuple(name for name in Case.__dataclass_fields__ if name in cases.c)


def not_found(code: str) -> CaseNotFound:
    """The one answer to a code that does not exist and to one that must not be known of."""
    return CaseNotFound(f"Không có phiếu nào mang mã {code[:40]}.")


def code_of(text: str) -> str | None:
    """The code of a case in a text, as it is written in the database."""
    match = CODE.search(text)
    return f"MC-{match.group(1).upper()}" if match else None


async def by_code(connection: AsyncConnection, code: str, *, lock: bool = False) -> RowMapping | None:
    """The row with that code, however it is typed; None when there is none.

    Args:
        lock: keep others from changing it until the transaction ends.
    """
    known = code_of(code)
    if known is None:
        return None
    wanted = select(cases).where(cases.c.code == known)
    found = await connection.execute(wanted.with_for_update() if lock else wanted)
    return found.mappings().one_or_none()


async def by_key(connection: AsyncConnection, key: str) -> RowMapping | None:
    """The row that was made with that idempotency key."""
    found = await connection.execute(select(cases).where(cases.c.idempotency_key == key))
    return found.mappings().one_or_none()
