"""What somebody who denounces says of themselves comes out nowhere but in the vault.

Everything that the program hands out to every other role is read: each page and download of the console with every
parameter that could lead there, messages to citizens, exports, the log of what was done, and the logs.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select, update

from desk import audit, citizens, privacy, vault
from desk.attachments import Upload
from desk.cases import Case, Draft
from desk.console.app import console_app
from desk.kinds import Kind
from desk.staff import Role
from store.tables import case_identities, outbox
from store.tables import cases as case_table
from tests.support.console import Console, Person, console
from tests.support.letters import talk, unanswered, unsent

NAME, HOME, PHONE = "Trần Thị Ngọc Diễm", "ấp Vĩnh Lợi Hai", "0987654321"
STORY = f"Tôi là {NAME} ở {HOME}, thấy cán bộ địa chính Quách Zeta nhận tiền. Gọi {PHONE}."
SUBJECT = "Cán bộ Quách Zeta nhận tiền"
SECRETS = (
    NAME, "tran thi ngoc diem", HOME, "vinh loi hai", PHONE, "0987 654 321", "Quách Zeta", "quach zeta",
    "niem-danh-tinh.txt",
)  # fmt: skip
OTHERS = [role.value for role in Role if role is not Role.vault]


@dataclass(frozen=True)
class Desk:
    """A console over an ordinary case and a denunciation."""

    console: Console
    secret: Case
    pin: str
    plain: Case


ORDINARY = Draft(Kind.feedback, "Đèn đường hư", "Đèn đường trước chợ hư hai tuần", place_text="chợ Mỹ Bình")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """One account for each role, none bound to a unit, so that all see as much as their role ever may."""
    async with console(tmp_path, [(role.value.replace("_", "-"), role.value) for role in Role]) as opened:
        parts = opened.parts
        plain, _ = await parts.cases.open(ORDINARY, key="plain")
        secret, pin = await vault.submit(
             parts.cases, parts.seal, subject=SUBJECT, text=STORY, office=f"Địa chính, {SUBJECT}",
            place_text=HOME, identity=vault.Identity(NAME, HOME, PHONE), key="secret",
        )  # fmt: skip
        photo = _png()
        await parts.files.attach(secret.id, Upload("niem-danh-tinh.txt.png", photo), author="citizen")
        yield Desk(opened, secret, pin, plain)


def _png() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(held, "PNG")
    return held.getvalue()


def _paths(desk: Desk) -> Iterator[str]:
    """Every page that can be asked for, with everything that could lead to the denunciation."""
    seen = set()
    for route in console_app(desk.console.parts).router.routes():
        resource = route.resource
        if route.method != "GET" or resource is None or resource.canonical.startswith("/static/"):
            continue
        shape = resource.canonical
        if shape in seen:
            continue
        seen.add(shape)
        numbers = [str(number) for number in (1, 2)]
        values = [desk.secret.code, desk.plain.code] if shape.startswith(("/cases/", "/vault/")) else numbers
        for value in values if "{" in shape else [""]:
            yield re.sub(r"\{\w+\}", value, shape)
    # Other words than those looked for: what was searched for is shown again.
    for asked in (desk.secret.code, "Ngọc Diễm Trần", "987654321", "zeta quach"):
        yield f"/cases?q={asked.replace(' ', '+')}"
    for queue in ("unassigned", "open", "done", "vault"):
        yield f"/cases?queue={queue}&kind=denunciation"


async def _read(person: Person, path: str) -> str:
    """All that comes back, unpacked; of a stream what comes within a second."""
    limit = aiohttp.ClientTimeout(total=1.0) if path.endswith("/stream") else aiohttp.ClientTimeout(total=30)
    held = b""
    try:
        async with person.session.get(path, timeout=limit) as got:
            head = " ".join(f"{name}: {value}" for name, value in got.headers.items())
            async for chunk in got.content.iter_any():
                held += chunk
    except TimeoutError:
        head = ""
    if held.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            held = b"\n".join(archive.read(name) for name in archive.namelist())
    return f"{head}\n{held.decode('utf-8', 'replace')}"


def _found(text: str, *more: str) -> list[str]:
    return [secret for secret in (*SECRETS, *more) if secret.lower() in text.lower()]


async def _leaks(desk: Desk) -> list[str]:
    leaks = []
    paths = list(_paths(desk))
    for role in OTHERS:
        async with desk.console.person(role.replace("_", "-")) as person:
            for path in paths:
                text = await _read(person, path)
                # "There is no such case" may name the code that was asked for.
                more = () if desk.secret.code in path else (desk.secret.code,)
                leaks += [f"{role} {path}: {hit}" for hit in _found(text, *more)]
    return leaks


async def _counts(desk: Desk) -> dict[str, list[str]]:
    """The numbers that lists and reports show to those who see every case that is no denunciation."""
    shown = {}
    async with desk.console.person("supervisor") as person:
        for path in ("/cases", "/cases?queue=open", "/cases?queue=done", "/reports", "/reports.csv", "/live"):
            text = re.sub(r"\d\d:\d\d(:\d\d)?", "", await _read(person, path))
            text = re.sub(r'name="csrf" value="\w+"|[0-9a-f]{16,}', "", text.partition("\n")[2])
            shown[path] = re.findall(r"\d+", text)
    return shown


async def test_nobody_but_the_vault_finds_a_denouncer_anywhere(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    parts = desk.console.parts
    before = await _counts(desk)

    # The vault works on it: reads, opens the identity, writes, sends it on.
    async with desk.console.person("vault") as keeper:
        page = f"/vault/{desk.secret.code}"
        assert NAME not in (await keeper.get("/vault")).text
        seen = await keeper.get(page)
        assert (seen.status, "Quách Zeta" in seen.text) == (200, True)
        refused = await keeper.post(f"{page}/identity", {"reason": ""}, page=page)
        assert refused.status == 400
        opened = await keeper.post(f"{page}/identity", {"reason": "xác minh đơn"}, page=page)
        assert all(told in opened.text for told in (NAME, HOME, PHONE))
        copy = await keeper.post(f"{page}/copy", {}, page=page)
        assert "Quách Zeta" in copy.text
        assert not any(told in copy.text for told in (NAME, HOME, PHONE))
        for step in (
            {"do": "legal", "day": "2026-11-20"},
            {"do": "note", "text": f"Đã gọi {NAME} {PHONE}"},
            {"do": "accept", "text": f"Gửi {NAME}: đã thụ lý"},
            {"do": "answer", "text": f"{NAME} thân mến, đã xử lý {SUBJECT}"},
        ):
            assert (await keeper.post(page, step, page=page)).status == 200, step
        assert (await keeper.get(f"/cases/{desk.secret.code}")).status in {403, 404}

    assert await _leaks(desk) == []
    assert await _counts(desk) == before
    async with desk.console.person("supervisor") as reader:
        assert ORDINARY.subject in await _read(reader, "/cases?queue=open")

    # Nothing was sent to a chat; the log of what was done tells who looked, and no word of the story.
    async with parts.db.connect() as connection:
        assert (await connection.execute(select(outbox))).all() == []
        row = (await connection.execute(select(case_table).where(case_table.c.id == desk.secret.id))).one()
        sealed = (await connection.execute(select(case_identities.c.sealed))).scalars().all()
    assert (row.bucket, row.folded, row.contact, row.citizen_id, row.conversation_id) == ("vault", "", None, None, None)
    assert len(sealed) == 1
    assert _found(sealed[0]) == []
    entries = await audit.of(parts.db, f"case:{desk.secret.id}")
    assert {"vault_viewed", "identity_viewed", "stripped_copy"} <= {entry.action for entry in entries}
    assert _found(" ".join(str(entry.data) for entry in entries)) == []
    assert (await audit.verify(parts.db)).broken is None
    logged = caplog.text + "".join(capfd.readouterr())
    assert _found(logged, desk.secret.code) == []


async def test_messages_that_did_not_arrive_tell_nothing_of_a_denunciation(desk: Desk) -> None:
    db = desk.console.parts.db
    chat, other = await talk(db, chat="denouncer"), await talk(db, chat="other")
    async with db.begin() as connection:
        near = case_table.c.id == desk.secret.id
        await connection.execute(update(case_table).where(near).values(conversation_id=chat))
    private = await unanswered(db, other, state="done", body={"kind": "private"})
    keys = [
        await unsent(db, chat, STORY),
        await unsent(db, chat, STORY, state="unknown"),
        await unsent(db, other, STORY, sender="staff"),
        await unsent(db, other, STORY, inbox_id=int(private.partition(":")[2])),
        await unanswered(db, chat, STORY),
        await unanswered(db, other, STORY),
        await unanswered(db, None, STORY),
    ]
    assert [hit for hit in await _leaks(desk) if "/letters" in hit] == []
    async with desk.console.person("administrator") as reader:
        page = await _read(reader, "/letters")
        assert all(key in page for key in keys)


async def test_a_citizen_who_asks_for_their_data_gets_no_denunciation(desk: Desk) -> None:
    parts = desk.console.parts
    citizen = await _citizen(desk)
    held = await privacy.held(parts.db, parts.seal, citizen)
    assert held["cases"] == []


async def _citizen(desk: Desk) -> int:
    async with desk.console.parts.db.begin() as connection:
        return await citizens.ensure(connection, "web", "somebody")


async def test_the_denunciation_sent_twice_is_one_and_its_identity_stays(desk: Desk) -> None:
    parts = desk.console.parts
    again, pin = await vault.submit(
         parts.cases, parts.seal, subject=SUBJECT, text=STORY, office=None, place_text=None,
        identity=vault.Identity("Ai khác"), key="secret",
    )  # fmt: skip
    assert (again.id, pin) == (desk.secret.id, desk.pin)
    async with parts.db.connect() as connection:
        sealed = (await connection.execute(select(case_identities.c.sealed))).scalars().all()
    assert [NAME in parts.seal.open(value) for value in sealed] == [True]
