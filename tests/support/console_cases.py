"""A desk in the middle of its day: cases of several kinds and states, in a console that people work in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

from desk import canned, staff, units
from desk.case_clocks import recount
from desk.cases import Case, Draft
from desk.kinds import Kind
from desk.staff import Person
from store.tables import case_clocks, cases, citizens, conversations, now
from tests.support.console import Answer, Console, console
from tests.support.console import Person as Browser

OFFICER, COLLEAGUE, NEWCOMER, SUPERVISOR, ADMIN, EDITOR = (
    "lan.nguyen",
    "tam.vo",
    "moi.tran",
    "minh.le",
    "quan.tri",
    "danh.muc",
)
PEOPLE = (
    (OFFICER, "officer"),
    (COLLEAGUE, "officer"),
    (NEWCOMER, "officer"),
    (SUPERVISOR, "supervisor"),
    (ADMIN, "administrator"),
    (EDITOR, "catalogue_editor"),
)
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_VERSION = re.compile(r'data-version="(\d+)"')
_WAITED = (
    "Tôi nộp hồ sơ làm lại giấy khai sinh cho con, giấy hẹn ghi 5 ngày. Đến nay đã ba tuần rồi, ra hỏi bốn "
    "lần cán bộ đều bảo về chờ điện thoại. Con tôi cần giấy này để nhập học.\nTôi mong được trả lời rõ: bao giờ có?"
)


@dataclass(frozen=True)
class Worker:
    """A member of staff at a browser without script."""

    browser: Browser

    async def see(self, path: str) -> Answer:
        """Open a page."""
        return await self.browser.get(path)

    async def do(self, code: str, what: str, fields: Mapping[str, str] | None = None, **more: str) -> Answer:
        """Send a form of the page of a case, with the version that the page shows."""
        seen = await self.browser.get(f"/cases/{code}")
        found = _VERSION.search(seen.text)
        assert found is not None, seen.text[:500]
        token = _TOKEN.search(seen.text)
        assert token is not None
        given = {"version": found.group(1), **(fields or {}), **more}
        return await self.send(f"/cases/{code}/{what}", given, token=token.group(1))

    async def send(self, path: str, fields: Mapping[str, str], *, token: str = "") -> Answer:
        """Send any form, with the token that this session's pages carry."""
        token = token or await self.browser.token("/cases/new")
        async with self.browser.session.post(path, data={"csrf": token, **fields}) as got:
            return Answer(got.status, await got.text(), got.url.path, {})


@dataclass(frozen=True)
class Desk:
    """A console with cases."""

    console: Console

    @asynccontextmanager
    async def at_work(self, name: str) -> AsyncIterator[Worker]:
        """Somebody who is signed in."""
        async with self.console.person(name) as browser:
            yield Worker(browser)

    async def person(self, name: str) -> Person:
        """An account."""
        return await staff.get(self.console.parts.db, name)

    async def case(self, code: str) -> Case:
        """A case as it stands."""
        return await self.console.parts.cases.show(code, vault=True)

    async def conversation(self, channel: str, *, silent: timedelta = timedelta()) -> tuple[int, str]:
        """A citizen and their conversation, who was silent for a while."""
        async with self.console.parts.db.begin() as connection:
            many = len((await connection.execute(select(citizens.c.id))).all())
            key, number = f"{channel}{many}", f"{many:032x}"
            made = insert(citizens).values(channel=channel, external_id=key).returning(citizens.c.id)
            citizen = int((await connection.execute(made)).scalar_one())
            values = {"id": number, "channel": channel, "external_id": key, "citizen_id": citizen}
            await connection.execute(insert(conversations).values(**values, last_inbound_at=now() - silent))
        return citizen, number

    async def open(
        self,
        subject: str,
        text: str = _WAITED,
        *,
        kind: Kind = Kind.feedback,
        channel: str | None = None,
        silent: timedelta = timedelta(),
        place: str | None = None,
        **more: str,
    ) -> str:
        """A case that a citizen opened; gives its code."""
        citizen, conversation = await self.conversation(channel, silent=silent) if channel else (None, None)
        draft = Draft(
            kind=kind,
            subject=subject,
            text=text,
            citizen_id=citizen,
            conversation_id=conversation,
            place_code=place,
            place_text=self.console.parts.gazetteer.get(place).name if place else None,
            **more,  # type: ignore[arg-type]
        )
        case, _ = await self.console.parts.cases.open(draft, key=f"open:{subject}:{text[:40]}:{channel}")
        return case.code

    async def age(self, code: str, days: int) -> None:
        """Let a case have come in so many days earlier; its clocks run out earlier by as much."""
        back = timedelta(days=days)
        async with self.console.parts.db.begin() as connection:
            row = (await connection.execute(select(cases).where(cases.c.code == code))).one()
            mine = case_clocks.c.case_id == row.id
            clocks = (await connection.execute(select(case_clocks).where(mine))).all()
            for clock in clocks:
                values = {"started_at": clock.started_at - back}
                await connection.execute(update(case_clocks).where(case_clocks.c.id == clock.id).values(**values))
            await connection.execute(update(cases).where(cases.c.id == row.id).values(created_at=row.created_at - back))
            await recount(connection, row.id)

    async def due(self, code: str, hence: timedelta) -> None:
        """Let a case be due at another time than its clocks say."""
        async with self.console.parts.db.begin() as connection:
            await connection.execute(update(cases).where(cases.c.code == code).values(due_at=now() + hence))


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    """A console in which nobody has sent anything yet."""
    async with console(folder, PEOPLE) as opened:
        await units.ensure(opened.parts.db)
        await staff.set_desk(opened.parts.db, NEWCOMER, unit=None, reviewed=True, actor="test")
        yield Desk(opened)


async def busy_day(made: Desk) -> dict[str, str]:
    """Cases of a day, by a short name; the code of each."""
    handling = made.console.parts.handling
    lan, minh, moi = [await made.person(name) for name in (OFFICER, SUPERVISOR, NEWCOMER)]
    places = {place.short: place.code for place in made.console.parts.gazetteer.communes()}
    chợ_mới, long_xuyên = places["Chợ Mới"], places["Long Xuyên"]
    codes = {
        "late": await made.open(
            "Chờ giấy khai sinh ba tuần chưa có", channel="telegram", place=chợ_mới, office="Bộ phận một cửa xã Chợ Mới"
        ),
        "again": await made.open(
            "Trễ hẹn cấp lại giấy khai sinh cho con",
            "Hồ sơ làm lại giấy khai sinh cho con tôi trễ hẹn ba tuần, ra hỏi cán bộ chỉ bảo về chờ điện thoại.",
            channel="web",
            place=chợ_mới,
        ),
        "rude": await made.open(
            "Không được hướng dẫn khi nộp hồ sơ đất",
            "Tôi đến nộp hồ sơ chuyển mục đích sử dụng đất, cán bộ nói thiếu giấy mà không nói thiếu giấy gì.",
            channel="zalo_oa",
            silent=timedelta(days=3),
            place=long_xuyên,
        ),
        "complaint": await made.open(
            "Không đồng ý quyết định xử phạt xây dựng",
            "Tôi không đồng ý quyết định xử phạt nhà tôi xây sai phép, vì tôi đã có giấy phép điều chỉnh.",
            kind=Kind.complaint,
            channel="web",
            place=long_xuyên,
        ),
        "question": await made.open(
            "Đăng ký tạm trú cho người thuê trọ",
            "Chủ trọ ở phường khác thì nộp đăng ký tạm trú ở đâu vậy?",
            kind=Kind.question,
            channel="web",
        ),
        "data": await made.open(
            "Xin bản sao dữ liệu của tôi", "Tôi muốn biết các anh chị lưu gì về tôi.", kind=Kind.data_request
        ),
        "counter": await made.open(
            "Đèn đường trước chợ hỏng cả tháng", "Đèn đường trước chợ Mỹ Luông hỏng cả tháng nay.", via="desk"
        ),
    }
    await handling.accept(lan, codes["late"])
    await handling.note(lan, codes["late"], "Đã gọi bộ phận một cửa xã: hồ sơ nằm ở khâu ký, hẹn chiều mai có.")
    await handling.reply(lan, codes["late"], "Tôi đã liên hệ xã Chợ Mới và đang chờ họ trả lời trong hôm nay.")
    await made.console.parts.cases.add(
        codes["late"], "Dạ cảm ơn. Tôi chụp thêm giấy hẹn gửi cán bộ được không?", key="more"
    )
    await handling.take(lan, codes["rude"])
    await handling.reply(
        moi, codes["question"], "Anh/chị nộp ở công an phường nơi có phòng trọ, hoặc qua Cổng dịch vụ công.", final=True
    )
    await handling.take(lan, codes["complaint"])
    await made.age(codes["late"], 25)
    await made.due(codes["rude"], timedelta(hours=5))
    db = made.console.parts.db
    await canned.add(
        db,
        minh,
        title="Đang xác minh với xã",
        text="Chào {ten}. Phiếu {ma_phieu} về “{viec}” đang được {don_vi} xác minh với {noi}. Chúng tôi trả lời trước "
        "{han}.",
    )
    await canned.add(
        db,
        minh,
        title="Xin lỗi vì trễ hẹn",
        text="Chúng tôi xin lỗi {ten} vì hồ sơ trễ hẹn. Giấy tờ sẽ có vào ngày ____. Anh/chị xem tại {lien_ket}.",
        kind=Kind.feedback,
    )
    return codes
