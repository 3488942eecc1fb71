"""Consent, what is held about a person, erasing it, and keys: over real rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, select, update

from desk import audit, citizens, privacy, retention
from desk.sealing import Seal
from desk.settings import PrivacySettings
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import (
    asked_questions,
    case_attachments,
    case_identities,
    case_messages,
    cases,
    consents,
    conversations,
    inbox,
    metadata,
    now,
    outbox,
    sign_in_failures,
    staff,
    takeovers,
)

SEAL = Seal([SecretStr("k" * 40)])
PHONE, WORDS = "0912345678", "Rác trước nhà ông Tư"


@dataclass
class Left:
    """What a citizen has left: numbers of the rows, and files that were deleted."""

    citizen: int
    talk: str
    case: int
    removed: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)


async def _left(database: Database, name: str = "a", *, state: str = "closed", days: int = 0) -> Left:
    at = now() - timedelta(days=days)
    talk = f"talk-{name}"
    async with database.begin() as connection:
        citizen = await citizens.ensure(connection, "web", name)
        values = {"id": talk, "channel": "web", "external_id": name, "citizen_id": citizen}
        await connection.execute(insert(conversations).values(**values))
        said = await connection.execute(
            insert(inbox).values(
                channel="web",
                external_id=f"{name}:1",
                conversation_id=talk,
                state="done",
                received_at=at,
                body={"kind": "text", "text": WORDS, "raw": {"secret": 1}},
            )
        )
        talked = {"reason": "asked", "state": "ended", "ended_at": at, "note": WORDS}
        await connection.execute(insert(takeovers).values(conversation_id=talk, asked_at=at, **talked))
        answered = []
        for text in ("Đã ghi nhận", "Cán bộ trả lời"):
            row = await connection.execute(
                insert(outbox).values(
                    channel="web",
                    conversation_id=talk,
                    state="sent",
                    body={"text": text},
                    created_at=at,
                    inbox_id=said.inserted_primary_key[0] if said.inserted_primary_key else None,
                )
            )
            assert row.inserted_primary_key is not None
            answered.append(row.inserted_primary_key[0])
        made = await connection.execute(
            insert(cases).values(
                code=f"MC-{name.upper() * 6}",
                idempotency_key=f"k-{name}",
                kind="feedback",
                state=state,
                bucket="done",
                subject="Rác",
                text=WORDS,
                folded="rac truoc nha ong tu",
                contact=SEAL.close(PHONE),
                citizen_id=citizen,
                conversation_id=talk,
                created_at=at,
                changed_at=at,
            )
        )
        assert made.inserted_primary_key is not None
        case = made.inserted_primary_key[0]
        message = {"case_id": case, "author": "staff", "visibility": "public", "at": at}
        await connection.execute(insert(case_messages).values(text="Cán bộ trả lời", outbox_id=answered[1], **message))
        file = {"name": "rac.jpg", "media_type": "image/jpeg", "size": 3, "sha256": "0" * 64, "author": "citizen"}
        await connection.execute(insert(case_attachments).values(case_id=case, stored=f"{name}-file", at=at, **file))
        question = {"question": WORDS, "verdict": "unanswered", "codes": [], "version_id": "v", "state": "done"}
        await connection.execute(
            insert(asked_questions).values(idempotency_key=f"q-{name}", conversation_id=talk, at=at, **question)
        )
    return Left(citizen, talk, case)


async def _count(database: Database, table: Any, *where: Any) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table).where(*where)) or 0)


async def _mentions(database: Database) -> int:
    """How often the words and the telephone number stand anywhere in the database."""
    found = 0
    async with database.connect() as connection:
        for table in metadata.sorted_tables:
            dump = " ".join(str(row) for row in await connection.execute(select(table)))
            found += dump.count(WORDS) + dump.count("rac truoc nha")
    return found


async def _erase(database: Database, left: Left, because: str = "MC-ZZZZZZ") -> dict[str, int]:
    return await privacy.erase(
        database, left.citizen, actor="lan", because=because,
        remove_files=left.removed.extend, forget=left.forgotten.extend,
    )  # fmt: skip


async def test_consent_is_recorded_with_its_words_and_can_be_taken_back(database: Database) -> None:
    async with database.begin() as connection:
        citizen = await citizens.ensure(connection, "web", "a")
    assert not await privacy.has(database, citizen, "contact", wording="1")
    for message in ("m1", "m2"):
        await privacy.give(database, citizen, "contact", wording="1", evidence=message)
    assert await privacy.has(database, citizen, "contact", wording="1")
    assert not await privacy.has(database, citizen, "contact", wording="2")
    assert await _count(database, consents) == 1
    assert await privacy.withdraw(database, citizen, "contact")
    assert not await privacy.has(database, citizen, "contact", wording="1")
    assert not await privacy.withdraw(database, citizen, "contact")
    await privacy.give(database, citizen, "contact", wording="1", evidence="m3")
    assert await _count(database, consents) == 2


async def test_a_person_gets_all_that_is_held_about_them_and_nothing_of_others(
    database: Database, tmp_path: Path
) -> None:
    left = await _left(database)
    await _left(database, "b")
    held = await privacy.held(database, SEAL, left.citizen)
    assert [said["body"] for said in held["said"]] == [{"kind": "text", "text": WORDS}]
    assert [case["contact"] for case in held["cases"]] == [PHONE]
    assert [len(held[name]) for name in ("answered", "case_messages", "files", "questions_noted")] == [2, 1, 1, 1]
    assert "talk-b" not in json.dumps(held)
    file = tmp_path / "held.json"
    privacy.write_export(file, held)
    assert json.loads(file.read_text(encoding="utf-8")) == held
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(Invalid, match="new file"):
        privacy.write_export(file, held)


async def test_erasing_leaves_no_word_of_a_person_and_keeps_that_there_was_a_case(database: Database) -> None:
    left = await _left(database)
    other = await _left(database, "b")
    before = await _mentions(database)
    assert await _erase(database, left) == {"messages": 2, "cases": 1, "files": 1}
    assert (left.removed, left.forgotten) == (["a-file"], ["talk-a"])
    async with database.connect() as connection:
        kept = (await connection.execute(select(cases).where(cases.c.id == left.case))).one()
        talk = (await connection.execute(select(conversations).where(conversations.c.id == left.talk))).one()
    assert (kept.code, kept.kind, kept.state, kept.text, kept.contact) == (
        "MC-AAAAAA", "feedback", "closed", privacy.ERASED, None,
    )  # fmt: skip
    assert kept.purged_at is not None
    assert (talk.external_id, talk.reachable, talk.session) == ("erased:talk-a", False, 2)
    assert [entry.action for entry in await audit.of(database, f"citizen:{left.citizen}")] == ["erased"]
    held = await privacy.held(database, SEAL, other.citizen)
    assert held["cases"][0]["text"] == WORDS
    again = await privacy.held(database, SEAL, left.citizen)
    assert WORDS not in json.dumps(again, ensure_ascii=False)
    assert PHONE not in json.dumps(again)
    # What the other person left is all that still holds these words.
    assert 2 * await _mentions(database) == before


async def test_a_case_that_is_not_finished_stops_the_erasing_with_its_code(database: Database) -> None:
    left = await _left(database, state="in_progress")
    with pytest.raises(Conflict, match="MC-AAAAAA"):
        await _erase(database, left)
    assert await _count(database, inbox) == 1
    assert await _erase(database, left, because="MC-AAAAAA") == {"messages": 2, "cases": 0, "files": 0}


async def test_a_message_that_is_just_being_answered_stops_the_erasing(database: Database) -> None:
    left = await _left(database)
    async with database.begin() as connection:
        await connection.execute(update(inbox).values(state="leased"))
    with pytest.raises(Conflict, match="đang được trả lời"):
        await _erase(database, left)
    with pytest.raises(NotFound):
        await privacy.held(database, SEAL, 999)


async def test_a_new_key_replaces_the_old_one_everywhere(database: Database) -> None:
    left = await _left(database)
    async with database.begin() as connection:
        await connection.execute(insert(case_identities).values(case_id=left.case, sealed=SEAL.close("{}")))
        await connection.execute(
            insert(staff).values(name="lan", password_hash="x", roles=[], totp_secret=SEAL.close("ABC"))
        )
    new = SecretStr("n" * 40)
    assert await privacy.renew_keys(database, Seal([new, SecretStr("k" * 40)]), batch=1) == 3
    async with database.connect() as connection:
        sealed = [
            await connection.scalar(select(column))
            for column in (cases.c.contact, case_identities.c.sealed, staff.c.totp_secret)
        ]
    assert [Seal([new]).open(value or "") for value in sealed] == [PHONE, "{}", "ABC"]


async def _purge(database: Database, removed: list[str], **more: Any) -> retention.Purged:
    settings = PrivacySettings(message_days=100, case_days=400, failure_days=30)
    return await retention.purge(database, settings, actor="cron", remove_files=removed.extend, **more)


async def test_what_is_older_than_the_settings_allow_goes_and_nothing_else(database: Database) -> None:
    await _left(database, "a", days=500)
    await _left(database, "b", days=200)
    await _left(database, "c", days=10)
    await _left(database, "d", days=500, state="in_progress")
    async with database.begin() as connection:
        await connection.execute(insert(sign_in_failures).values(key="name:lan", at=now() - timedelta(days=31)))
    removed: list[str] = []
    expected = retention.Purged(said=2, answered=2, questions=3, cases=1, files=0, failures=1)
    assert await _purge(database, removed, dry_run=True) == expected
    assert await _count(database, inbox) == 4
    assert removed == []
    expected.files = 1
    assert await _purge(database, removed) == expected
    assert removed == ["a-file"]
    assert await _count(database, cases, cases.c.text == WORDS) == 3
    assert await _count(database, cases, cases.c.text == privacy.ERASED) == 1
    # What an unfinished case needs, and the answers that cases show, are still there.
    assert await _count(database, inbox) == 2
    assert await _count(database, outbox) == 6
    assert await _count(database, takeovers, takeovers.c.note == WORDS) == 1
    assert (await _purge(database, removed)).total == 0
    assert [entry.data["cases"] for entry in await audit.of(database, "retention")] == [1]
