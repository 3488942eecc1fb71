"""Cases: what citizens complain about, propose or want a person to answer, from the citizen's side.

What staff do is in `desk.handling`; both change a case in one way only (`desk._changes`). A chat message starts no
legal clock for khiếu nại or tố cáo (Luật Khiếu nại 2011, Luật Tố cáo 2018); a case is a promise that a person reads and
answers.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, case_clocks, tallies, units
from desk._attachment_rows import adopt
from desk._case_rows import (
    ALPHABET,
    CODE,
    LONGEST_TEXT,
    PIN,
    Case,
    Draft,
    TooManyPins,
    WrongPin,
    by_code,
    by_key,
    not_found,
)
from desk._changes import Book
from desk._follow_up import FollowUp, anybody
from desk.access import CaseNotFound
from desk.kinds import DONE, Bucket, Kind, State, bucket
from desk.post import Post
from desk.sealing import Seal
from desk.search import folded
from desk.settings import DeskSettings
from store.engine import Database
from store.errors import Invalid
from store.tables import audit as log
from store.tables import case_messages, cases, now, outbox

__all__ = [
    "ALPHABET",
    "CODE",
    "LONGEST_TEXT",
    "PIN",
    "Case",
    "CaseNotFound",
    "Cases",
    "Draft",
    "Kind",
    "Said",
    "State",
    "TooManyPins",
    "WrongPin",
]

Also = Callable[[AsyncConnection, Case], Awaitable[None]]


@dataclass(frozen=True)
class Said:
    """A message of a case as the citizen reads it.

    Attributes:
        author: `citizen`, `staff`, `system`.
        purpose: what it is (see `case_messages`).
        delivery: how far it is on its way to the conversation: the state of its row in the outbox, None when it is on
            the page only.
    """

    id: int
    at: datetime
    author: str
    purpose: str
    text: str
    delivery: str | None


class Cases(FollowUp):
    """The cases in one database.

    Args:
        database: where they are kept.
        secret: key from which PINs are derived, so that none is stored.
        seal: closes what tells who a citizen is.
        post: the way to conversations; None keeps every message on the pages only.
        settings: of the desk.
        pin_attempts_an_hour: wrong PINs allowed for one case within an hour; without it, what the settings say.

    Raises:
        Invalid: the secret is empty, which would let anybody compute every PIN.
    """

    def __init__(
        self,
        database: Database,
        secret: SecretStr,
        *,
        seal: Seal,
        post: Post | None = None,
        settings: DeskSettings | None = None,
        pin_attempts_an_hour: int | None = None,
    ) -> None:
        if not secret.get_secret_value():
            raise Invalid("MOTCUA_DESK__SECRET is empty; set it, or leave it out to have one made.")
        self._database = database
        self._secret = secret
        self._seal = seal
        super().__init__(Book(database, settings or DeskSettings(), post))
        self._pin_attempts = pin_attempts_an_hour or self.book.settings.pin_attempts_an_hour

    async def open(
        self, draft: Draft, *, key: str, actor: str = "citizen", also: Also | None = None
    ) -> tuple[Case, str]:
        """Take a case in; the same key again gives the same case.

        Args:
            draft: what the citizen handed in.
            key: idempotency key, for a chat message its conversation and message number.
            actor: who took it in, for the log.
            also: runs in the same transaction when the case is new.

        Returns:
            The case and its PIN of six digits, which is kept nowhere.

        Raises:
            Invalid: the text or the subject is empty, or the text is over 5,000 characters.
            ValueError: the key is empty, or a denunciation names a citizen or a conversation.
        """
        if not draft.text.strip() or not draft.subject.strip():
            raise Invalid("Phản ánh cần có nội dung.")
        if not key:
            raise ValueError("a case needs its idempotency key")
        if len(draft.text) > LONGEST_TEXT:
            raise Invalid(f"Nội dung dài quá {LONGEST_TEXT:,} ký tự; vui lòng viết ngắn lại.")
        if draft.kind is Kind.denunciation and (draft.citizen_id or draft.conversation_id or draft.contact):
            raise ValueError("a denunciation leads to nobody outside the vault")
        async with self._database.begin() as connection:
            row = await by_key(connection, key) or await self._insert(connection, draft, key, actor, also)
        return Case.of(row), self._pin(key)

    async def _insert(
        self, connection: AsyncConnection, draft: Draft, key: str, actor: str, also: Also | None
    ) -> RowMapping:
        at = now()
        values = await self._values(connection, draft, at)
        while True:
            try:
                async with connection.begin_nested():
                    values["code"] = _new_code()
                    await connection.execute(insert(cases).values(**values, idempotency_key=key))
                break
            except IntegrityError:
                # Two processes at once with one key, or a code that is taken; anything else would fail again and again.
                made = await by_key(connection, key)
                if made is not None:
                    return made
                if await by_code(connection, values["code"]) is None:
                    raise
        row = await _known(connection, key)
        await case_clocks.begin(connection, dict(row), at)
        row = await _known(connection, key)
        data = {"kind": row["kind"], "via": row["via"], "version": 1, "to": State.received.value}
        if also is not None:
            await also(connection, Case.of(row))
        # What was sent in the chat before there was a case belongs to this one.
        await adopt(connection, row["id"], row["conversation_id"])
        await audit.write(connection, actor=actor, action="received", subject=f"case:{row['id']}", data=data)
        await tallies.bump(connection, dict(row), "received", at=at)
        return row

    async def _values(self, connection: AsyncConnection, draft: Draft, at: datetime) -> dict[str, Any]:
        subject, text = draft.subject.strip(), draft.text.strip()
        secret = draft.kind is Kind.denunciation
        unit = None
        if not secret:
            unit = await units.route(
                connection,
                draft.kind,
                draft.place_code,
                draft.office,
                f"{subject}\n{text}",
                to_communes=self.book.settings.to_communes,
            )
        words = (subject, text, draft.place_text or "", draft.office or "")
        return {
            "kind": draft.kind.value,
            "state": State.received.value,
            "bucket": bucket(draft.kind, State.received).value,
            "subject": subject,
            "text": text,
            "folded": "" if secret else folded(*words),
            "place_code": draft.place_code,
            "place_text": draft.place_text,
            "procedure_code": draft.procedure_code,
            "office": draft.office,
            "contact": self._seal.close(draft.contact) if draft.contact else None,
            "citizen_id": draft.citizen_id,
            "conversation_id": draft.conversation_id,
            "via": draft.via,
            "detail": draft.detail,
            "unit_id": unit,
            "created_at": at,
            "changed_at": at,
        }

    def contact(self, case: Case) -> str | None:
        """Telephone or e-mail of who sent a case, opened.

        Raises:
            Unavailable: the key that sealed it is not among the keys any more.
        """
        return self._seal.open(case.contact) if case.contact else None

    def seal(self, contact: str) -> str:
        """A telephone number or e-mail address as it is kept."""
        return self._seal.close(contact)

    async def leave_contact(self, code: str, contact: str, *, key: str) -> Case:
        """Keep how a citizen can be reached, which they agreed to; a later one replaces it.

        Whoever calls this has made sure that the citizen may, and has written the consent down.

        Args:
            contact: telephone number or e-mail address.
            key: idempotency key.

        Raises:
            CaseNotFound: there is no such case.
        """
        async with self.book.change(code, actor="citizen", action="contact_left", check=anybody) as change:
            change.data["key"] = audit.digest_of(key)
            change.set(contact=self._seal.close(contact))
        return change.case

    async def show(self, code: str, *, vault: bool = False) -> Case:
        """The case with that code, for the program and the command line.

        Args:
            vault: whether it may be a denunciation.

        Raises:
            CaseNotFound: there is none.
        """
        async with self._database.connect() as connection:
            row = await by_code(connection, code)
        if row is None or (row["kind"] == Kind.denunciation and not vault):
            raise not_found(code)
        return Case.of(row)

    async def of_citizen(self, citizen_id: int, *, limit: int = 5) -> list[Case]:
        """The newest cases that this citizen opened from the same channel."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                select(cases)
                .where(cases.c.citizen_id == citizen_id, cases.c.bucket != Bucket.vault.value)
                .order_by(cases.c.id.desc())
                .limit(limit)
            )
            return [Case.of(row) for row in rows.mappings()]

    async def waiting(self, conversation_id: str | None, kind: Kind, *, but: str = "") -> Case | None:
        """The newest case of a kind that this conversation opened and that waits for its answer.

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
                cases.c.state.not_in([state.value for state in DONE]),
            )
            .order_by(cases.c.id.desc())
            .limit(1)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(newest)).mappings().first()
        return Case.of(row) if row is not None and row["idempotency_key"] != but else None

    async def messages_for_citizen(self, case: Case, *, limit: int = 200) -> tuple[Said, ...]:
        """What was said about a case as far as the citizen reads it, oldest first; of more than `limit` the newest."""
        newest = (
            select(case_messages, outbox.c.state.label("delivery"))
            .join(outbox, outbox.c.id == case_messages.c.outbox_id, isouter=True)
            .where(
                case_messages.c.case_id == case.id,
                case_messages.c.visibility == "public",
                case_messages.c.state == "written",
            )
            .order_by(case_messages.c.id.desc())
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(newest)).all()
        return tuple(Said(r.id, r.at, r.author, r.purpose, r.text, r.delivery) for r in reversed(rows))

    async def follow(self, code: str, *, pin: str | None, citizen_id: int | None) -> Case:
        """The case for the citizen who asks: the one who opened it, or anybody with code and PIN.

        Raises:
            CaseNotFound: no such code.
            WrongPin: the PIN is missing or wrong.
            TooManyPins: too many wrong ones within the last hour.
        """
        async with self._database.connect() as connection:
            row = await by_code(connection, code)
        if row is None:
            raise not_found(code)
        if citizen_id is not None and row["citizen_id"] == citizen_id:
            return Case.of(row)
        subject = f"case:{row['id']}"
        wrong = select(func.count()).where(
            log.c.subject == subject, log.c.action == "wrong_pin", log.c.at > now() - timedelta(hours=1)
        )
        async with self._database.begin() as connection:
            # Under the row's lock, or attempts at the same time would all be counted as the first.
            await by_code(connection, code, lock=True)
            if (await connection.scalar(wrong) or 0) >= self._pin_attempts:
                raise TooManyPins("Phiếu này bị nhập sai PIN nhiều lần; vui lòng thử lại sau một giờ.")
            expected = self._pin(row["idempotency_key"]).encode()
            right = pin is not None and hmac.compare_digest(pin.encode(), expected)
            if not right and pin is not None:
                await audit.write(connection, actor="anyone", action="wrong_pin", subject=subject)
        if not right:
            raise WrongPin("Mã PIN chưa đúng.")
        return Case.of(row)

    def _pin(self, key: str) -> str:
        digest = hmac.new(self._secret.get_secret_value().encode(), key.encode(), hashlib.sha256).digest()
        return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def _new_code() -> str:
    return "MC-" + "".join(secrets.choice(ALPHABET) for _ in range(6))


async def _known(connection: AsyncConnection, key: str) -> RowMapping:
    row = await by_key(connection, key)
    assert row is not None
    return row
