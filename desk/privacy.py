"""What citizens agreed to, what is held about them, and its end (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15).

Asking about procedures needs no consent: nothing about the person is asked for. Contact data is stored only after
`give`, whose record says in which words, when and by which message it was agreed to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, case_clocks
from desk.kinds import DONE, Kind, State
from desk.sealing import Seal
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import (
    asked_questions,
    buttons,
    case_attachments,
    case_identities,
    case_messages,
    cases,
    citizens,
    consents,
    conversations,
    inbox,
    now,
    outbox,
    staff,
    takeovers,
)

ERASED = "[đã xóa theo yêu cầu]"
_UNDER_WAY = ("ready", "leased")


async def give(db: Database, citizen_id: int, purpose: str, *, wording: str, evidence: str) -> None:
    """Record that a citizen agreed; agreeing again to the same words changes nothing.

    Args:
        purpose: what the data is for, such as `contact`.
        wording: version of the sentence they agreed to.
        evidence: id of the message in which they did.
    """
    async with db.begin() as connection:
        if await _agreed(connection, citizen_id, purpose, wording) is None:
            values = {"citizen_id": citizen_id, "purpose": purpose, "wording": wording, "evidence": evidence}
            await connection.execute(insert(consents).values(values))


async def withdraw(db: Database, citizen_id: int, purpose: str) -> bool:
    """Record that a citizen takes their agreement back; says whether there was one."""
    async with db.begin() as connection:
        done = await connection.execute(
            update(consents)
            .where(
                consents.c.citizen_id == citizen_id, consents.c.purpose == purpose, consents.c.withdrawn_at.is_(None)
            )
            .values(withdrawn_at=now())
        )
    return done.rowcount > 0


async def has(db: Database, citizen_id: int, purpose: str, *, wording: str) -> bool:
    """Whether a citizen has agreed to these words and not taken it back."""
    async with db.connect() as connection:
        return await _agreed(connection, citizen_id, purpose, wording) is not None


async def held(db: Database, seal: Seal, citizen_id: int) -> dict[str, Any]:
    """All that is held about a citizen, for an answer to "dữ liệu của tôi": values that JSON can hold.

    Raises:
        NotFound: there is no such citizen.
    """
    async with db.connect() as connection:
        who = (await connection.execute(select(citizens).where(citizens.c.id == citizen_id))).mappings().one_or_none()
        if who is None:
            raise NotFound("Không có người này trong dữ liệu.")
        talks = await _ids(connection, conversations, conversations.c.citizen_id == citizen_id)
        # A denunciation is handed over by the vault only, to whoever shows its PIN.
        own = cases.c.citizen_id == citizen_id, cases.c.kind != Kind.denunciation.value
        opened = await _ids(connection, cases, *own)
        return {
            "citizen": _plain(who),
            "consents": await _rows(connection, consents, consents.c.citizen_id == citizen_id),
            "said": [
                {"at": _text(row.received_at), "body": {k: v for k, v in row.body.items() if k != "raw"}}
                for row in await connection.execute(
                    select(inbox.c.received_at, inbox.c.body)
                    .where(inbox.c.conversation_id.in_(talks))
                    .order_by(inbox.c.id)
                )
            ],
            "answered": [
                {"at": _text(row.created_at), "sender": row.sender, "text": row.body.get("text")}
                for row in await connection.execute(
                    select(outbox.c.created_at, outbox.c.sender, outbox.c.body)
                    .where(outbox.c.conversation_id.in_(talks), outbox.c.state != "withheld")
                    .order_by(outbox.c.id)
                )
            ],
            "cases": [
                {**row, "contact": seal.open(row["contact"]) if row["contact"] else None}
                for row in await _rows(connection, cases, *own)
            ],
            "case_messages": await _rows(
                connection, case_messages, case_messages.c.case_id.in_(opened), case_messages.c.visibility == "public"
            ),
            "files": await _rows(connection, case_attachments, case_attachments.c.case_id.in_(opened)),
            "questions_noted": await _rows(connection, asked_questions, asked_questions.c.conversation_id.in_(talks)),
        }


def write_export(file: Path, data: dict[str, Any]) -> None:
    """Write what is held about a person into a new file that only its owner may read.

    Raises:
        Invalid: the file exists or cannot be written.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}; name a new file.") from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(data, out, ensure_ascii=False, indent=2, default=str)


async def erase(
    db: Database,
    citizen_id: int,
    *,
    actor: str,
    because: str,
    remove_files: Callable[[Sequence[str]], object],
    forget: Callable[[Sequence[str]], object],
) -> dict[str, int]:
    """Erase what a citizen said and left, and keep that it happened.

    Cases keep their code, kind, dates and outcome; their words, contact and files go. The way back to the person goes
    too: the channel's id is cut from the conversation, so a later message of theirs begins a new one.

    Args:
        actor: the member of staff who does it.
        because: code of the case in which it was asked for; that case stays as it is until it is closed.
        remove_files: deletes files of the attachments' folder by their names there; called at the end.
        forget: has the dialogue manager forget conversations; called at the end.

    Returns:
        How much was erased, by what it was.

    Raises:
        NotFound: there is no such citizen.
        Conflict: a case of theirs is not finished (it is kept for its handling), or a message is just being answered.
    """
    async with db.begin() as connection:
        if await connection.scalar(select(citizens.c.id).where(citizens.c.id == citizen_id)) is None:
            raise NotFound("Không có người này trong dữ liệu.")
        found = await connection.execute(
            select(cases.c.id, cases.c.code, cases.c.state).where(
                cases.c.citizen_id == citizen_id,
                cases.c.code != because,
                cases.c.kind != Kind.denunciation.value,
                cases.c.purged_at.is_(None),
            )
        )
        own = found.all()
        unfinished = [row.code for row in own if State(row.state) not in DONE]
        if unfinished:
            raise Conflict(
                f"Còn phiếu chưa xong: {', '.join(unfinished)}. Anh/chị trả lời xong các phiếu đó rồi mới xóa được."
            )
        talks = await _ids(connection, conversations, conversations.c.citizen_id == citizen_id)
        under_way = inbox.c.conversation_id.in_(talks), inbox.c.state.in_(_UNDER_WAY)
        if await connection.scalar(select(inbox.c.id).where(*under_way).limit(1)) is not None:
            raise Conflict("Có tin nhắn đang được trả lời; anh/chị chờ một phút rồi làm lại.")
        removed = await take_files(connection, [row.id for row in own], talks)
        counts = {
            "messages": await _talk_erased(connection, talks),
            "cases": await erase_cases(connection, [row.id for row in own]),
            "files": len(removed),
        }
        await connection.execute(delete(asked_questions).where(asked_questions.c.conversation_id.in_(talks)))
        for talk in talks:
            cut = f"erased:{talk}"
            await connection.execute(
                update(conversations)
                .where(conversations.c.id == talk)
                .values(external_id=cut, reachable=False, session=conversations.c.session + 1, in_form=False)
            )
        await connection.execute(
            update(citizens)
            .where(citizens.c.id == citizen_id)
            .values(external_id=f"erased:{citizen_id}", place_code=None)
        )
        await connection.execute(
            update(consents)
            .where(consents.c.citizen_id == citizen_id, consents.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now())
        )
        await audit.write(
            connection,
            actor=actor,
            action="erased",
            subject=f"citizen:{citizen_id}",
            data={"because": because, **counts},
        )
    remove_files(removed)
    forget(talks)
    return counts


async def erase_cases(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Take the words and the contact out of cases, in the caller's transaction; gives how many cases there were."""
    await connection.execute(update(case_messages).where(case_messages.c.case_id.in_(ids)).values(text=ERASED))
    await connection.execute(delete(case_identities).where(case_identities.c.case_id.in_(ids)))
    await case_clocks.forget_reasons(connection, ids, ERASED)
    gone = {"subject": ERASED, "text": ERASED, "folded": "", "place_text": None, "contact": None, "detail": None}
    done = await connection.execute(
        update(cases).where(cases.c.id.in_(ids)).values(**gone, rating_comment=None, purged_at=now())
    )
    return done.rowcount


async def take_files(connection: AsyncConnection, ids: Sequence[int], talks: Sequence[str] = ()) -> list[str]:
    """Note that the files of cases are gone, in the caller's transaction; gives the names under which they lie.

    Args:
        talks: conversations whose files wait for a case and go as well.
    """
    waiting = and_(case_attachments.c.case_id.is_(None), case_attachments.c.conversation_id.in_(talks))
    there = or_(case_attachments.c.case_id.in_(ids), waiting), case_attachments.c.removed_at.is_(None)
    names = list((await connection.execute(select(case_attachments.c.stored).where(*there))).scalars())
    await connection.execute(update(case_attachments).where(*there).values(removed_at=now(), name="-"))
    return names


async def renew_keys(db: Database, seal: Seal, *, batch: int = 500) -> int:
    """Seal everything that is sealed with the first key; gives how many values. May be stopped and run again.

    Raises:
        Unavailable: none of the keys opens a value.
    """
    done = 0
    sealed = ((cases, cases.c.contact), (case_identities, case_identities.c.sealed), (staff, staff.c.totp_secret))
    for table, column in sealed:
        key = next(iter(table.primary_key.columns))
        last = 0
        while True:
            async with db.begin() as connection:
                rows = (
                    await connection.execute(
                        select(key, column).where(column.is_not(None), key > last).order_by(key).limit(batch)
                    )
                ).all()
                for number, value in rows:
                    await connection.execute(
                        update(table).where(key == number).values({column.name: seal.renew(value)})
                    )
            if not rows:
                break
            last, done = rows[-1][0], done + len(rows)
    return done


async def _talk_erased(connection: AsyncConnection, talks: Sequence[str]) -> int:
    """The messages of conversations taken out of the database, but for those that cases point to: their words go."""
    kept = select(case_messages.c.outbox_id).where(case_messages.c.outbox_id.is_not(None))
    mine = outbox.c.conversation_id.in_(talks)
    await connection.execute(
        update(outbox).where(mine, outbox.c.id.in_(kept)).values(body={"text": ERASED}, inbox_id=None)
    )
    said = await connection.execute(delete(outbox).where(mine, outbox.c.id.not_in(kept)))
    heard = await connection.execute(delete(inbox).where(inbox.c.conversation_id.in_(talks)))
    await connection.execute(delete(buttons).where(buttons.c.conversation_id.in_(talks)))
    await connection.execute(update(takeovers).where(takeovers.c.conversation_id.in_(talks)).values(note=None))
    return said.rowcount + heard.rowcount


async def _agreed(connection: AsyncConnection, citizen_id: int, purpose: str, wording: str) -> int | None:
    found = select(consents.c.id).where(
        consents.c.citizen_id == citizen_id,
        consents.c.purpose == purpose,
        consents.c.wording == wording,
        consents.c.withdrawn_at.is_(None),
    )
    number: int | None = await connection.scalar(found.limit(1))
    return number


async def _ids(connection: AsyncConnection, table: Table, *where: Any) -> list[Any]:
    return list((await connection.execute(select(table.c.id).where(*where).order_by(table.c.id))).scalars())


async def _rows(connection: AsyncConnection, table: Table, *where: Any) -> list[dict[str, Any]]:
    hidden = {"idempotency_key", "stored", "folded", "actor", "closed_by", "approved_by", "staff_name"}
    wanted = [column for column in table.c if column.name not in hidden]
    rows = (await connection.execute(select(*wanted).where(*where).order_by(table.c.id))).mappings()
    return [_plain(row) for row in rows]


def _plain(row: Any) -> dict[str, Any]:
    return {name: _text(value) if hasattr(value, "isoformat") else value for name, value in row.items()}


def _text(moment: Any) -> str:
    return str(moment.isoformat(timespec="seconds"))
