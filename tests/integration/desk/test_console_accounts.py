"""The console's pages of signing in with a second factor, of one's own account, of accounts and units."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import update

from desk import sign_in as signing
from desk import staff, units
from desk.settings import ConsoleSettings
from desk.staff import Role
from store.tables import staff as staff_table
from tests.support.console import PASSWORD, Answer, Console, Person, console

_KEY = re.compile(r'<code class="key">([^<]+)</code>')
_RECOVERY = re.compile(r"<li><code>([^<]+)</code></li>")


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Console]:
    """A console in which everybody needs a second factor."""
    settings = ConsoleSettings(port=0, totp="required", lock_after=3)
    async with console(tmp_path, [("lan", "administrator")], settings=settings) as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Console]:
    """A console with an administrator and an officer, without second factors."""
    async with console(tmp_path, [("lan", "administrator"), ("minh", "officer")]) as running:
        await units.ensure(running.parts.db)
        yield running


async def code_of(desk: Console, name: str, key: str) -> str:
    """The code that an app shows, with the one that was used before counted as long ago."""
    async with desk.parts.db.begin() as connection:
        earlier = update(staff_table).where(staff_table.c.name == name)
        await connection.execute(earlier.values(totp_step=staff_table.c.totp_step - 3))
    return str(pyotp.TOTP(key.replace(" ", "")).now())


async def enrol(desk: Console, person: Person, name: str) -> tuple[str, list[str]]:
    """Sign in for the first time; the key and the recovery codes."""
    setup = await person.sign_in(name)
    assert setup.path == "/second-factor/setup"
    found = _KEY.search(setup.text)
    assert found is not None
    done = await person.post(
        "/second-factor/setup", {"code": await code_of(desk, name, found[1])}, page="/second-factor/setup"
    )
    assert done.status == 200
    return found[1], _RECOVERY.findall(done.text)


async def test_the_first_sign_in_sets_the_second_factor_up(strict: Console) -> None:
    async with strict.nobody() as lan:
        key, codes = await enrol(strict, lan, "lan")
        assert len(codes) == 8
        assert (await lan.get("/versions")).path == "/versions"
        # They are shown once.
        assert (await lan.get("/second-factor/setup")).path == "/account"
        assert codes[0] not in (await lan.get("/account")).text
        assert "Còn 8 mã" in (await lan.get("/account")).text
    async with strict.nobody() as lan:
        wanted = await lan.get("/history?page=2")
        fields = {"name": "lan", "password": PASSWORD, "to": "/history?page=2"}
        asked = await lan.post("/sign-in", fields, page="/sign-in")
        assert wanted.path == "/sign-in"
        assert asked.path == "/second-factor"
        fields = {"code": await code_of(strict, "lan", key), "to": "/history?page=2"}
        assert (await lan.post("/second-factor", fields, page="/second-factor")).path == "/history"


async def test_the_password_alone_reaches_the_second_factor_only(strict: Console) -> None:
    async with strict.nobody() as lan:
        assert (await lan.get("/second-factor")).path == "/sign-in"
        await lan.sign_in("lan")
        for path in ("/", "/versions", "/accounts", "/account", "/history"):
            answer = await lan.get(path)
            assert answer.path == "/second-factor/setup", path
        token = await lan.token("/second-factor/setup")
        for path in ("/accounts", "/account/password", "/rollback", "/versions/x/approve"):
            async with lan.session.post(path, data={"csrf": token}) as got:
                assert got.url.path == "/second-factor/setup", path
        assert (await lan.get("/work/x.json")).status == 401
        assert (await lan.post("/sign-out", page="/second-factor/setup")).path == "/sign-in"
        assert (await lan.get("/second-factor/setup")).path == "/sign-in"


async def test_a_wrong_code_is_said_and_too_many_shut_the_way(strict: Console) -> None:
    async with strict.nobody() as lan:
        key, codes = await enrol(strict, lan, "lan")
    async with strict.nobody() as lan:
        await lan.sign_in("lan")
        for _ in range(3):
            answer = await lan.post("/second-factor", {"code": "000000"}, page="/second-factor")
            assert answer.status == 403
            assert "Mã chưa đúng" in answer.text
        answer = await lan.post("/second-factor", {"code": codes[0]}, page="/second-factor")
        assert answer.status == 429
        assert "thử lại sau" in answer.text
        await signing.unlock(strict.parts.db, "lan", actor="test")
        answer = await lan.post("/second-factor", {"code": codes[0].lower()}, page="/second-factor")
        assert answer.path == "/versions"
    async with strict.nobody() as lan:
        await lan.sign_in("lan")
        assert (await lan.get("/second-factor/setup")).path == "/second-factor"
        fields = {"code": await code_of(strict, "lan", key)}
        # A form of setting up does nothing for who has set up.
        answer = await lan.post("/second-factor/setup", fields, page="/second-factor")
        assert answer.status == 409


async def test_a_wrong_first_code_shows_the_same_picture_again(strict: Console) -> None:
    async with strict.nobody() as lan:
        before = await lan.sign_in("lan")
        after = await lan.post("/second-factor/setup", {"code": "12"}, page="/second-factor/setup")
        assert after.status == 403
        assert _KEY.findall(before.text) == _KEY.findall(after.text)
        assert 'src="data:image/svg+xml' in after.text
        assert "img-src 'self' data:" in after.headers["Content-Security-Policy"]


async def test_the_address_of_staff_behind_a_proxy_is_the_one_the_proxy_wrote(tmp_path: Path) -> None:
    settings = ConsoleSettings(port=0, trust_forwarded=True)
    async with console(tmp_path, [("lan", "administrator")], settings=settings) as desk, desk.nobody() as lan:
        token = await lan.token("/sign-in")
        fields = {"csrf": token, "name": "lan", "password": PASSWORD}
        headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}
        async with lan.session.post("/sign-in", data=fields, headers=headers) as got:
            assert got.status == 200
        assert (await staff.events(desk.parts.db, "lan"))[0].data == {"address": "192.0.2.7"}


async def test_one_changes_ones_own_password(desk: Console) -> None:
    async with desk.person("minh") as here, desk.person("minh") as there:
        new = "mật khẩu mới tinh của tôi"
        for fields, said in (
            ({"old": "sai", "new": new, "again": new}, "đang dùng không đúng"),
            ({"old": PASSWORD, "new": new, "again": new + "x"}, "không giống nhau"),
            ({"old": PASSWORD, "new": "ngắn", "again": "ngắn"}, "12 đến 200"),
            ({}, "đang dùng không đúng"),
        ):
            answer = await here.post("/account/password", fields, page="/account")
            assert answer.status == 400, fields
            assert said in answer.text
        fields = {"old": PASSWORD, "new": new, "again": new}
        assert "Đã đổi mật khẩu" in (await here.post("/account/password", fields, page="/account")).text
        assert (await here.get("/account")).path == "/account"
        assert (await there.get("/account")).path == "/sign-in"
        assert (await there.sign_in("minh", new)).status == 200


async def test_where_it_is_optional_one_can_set_it_up_and_renew_the_codes(desk: Console) -> None:
    async with desk.person("minh") as minh:
        assert "Chưa cài" in (await minh.get("/account")).text
        key = _KEY.findall((await minh.get("/second-factor/setup?to=/account")).text)[0]
        fields = {"code": await code_of(desk, "minh", key), "to": "/account"}
        old = _RECOVERY.findall((await minh.post("/second-factor/setup", fields, page="/account")).text)
        answer = await minh.post("/account/recovery-codes", {"code": "x"}, page="/account")
        assert answer.status == 403
        fields = {"code": await code_of(desk, "minh", key)}
        new = _RECOVERY.findall((await minh.post("/account/recovery-codes", fields, page="/account")).text)
        assert len(new) == 8
        assert not set(old) & set(new)
    async with desk.nobody() as minh:
        assert (await minh.sign_in("minh")).path == "/second-factor"


async def test_one_signs_out_elsewhere(desk: Console) -> None:
    async with desk.person("minh") as here, desk.person("minh") as there:
        assert "(máy này)" in (await here.get("/account")).text
        assert "1 nơi khác" in (await here.post("/account/sign-out-elsewhere", page="/account")).text
        assert (await there.get("/account")).path == "/sign-in"


async def post_roles(person: Person, path: str, roles: list[str], **fields: str) -> Answer:
    """Send a form with a field that stands several times."""
    data = [("csrf", await person.token("/account")), *(("role", role) for role in roles), *fields.items()]
    async with person.session.post(path, data=data) as got:
        return Answer(got.status, await got.text(), got.url.path, {})


async def test_an_administrator_makes_an_account_that_can_sign_in(desk: Console) -> None:
    async with desk.person("lan") as lan, desk.nobody() as hoa:
        made = await post_roles(lan, "/accounts", ["officer", "vault"], name="Hoa.Tran", unit="cong-vu", reviewed="on")
        assert made.status == 200
        password = _KEY.findall(made.text)[0]
        person = await staff.get(desk.parts.db, "hoa.tran")
        assert person.roles == {Role.officer, Role.vault}
        assert (person.unit_code, person.reviewed) == ("cong-vu", True)
        assert password not in (await lan.get("/accounts/hoa.tran")).text
        assert (await hoa.sign_in("hoa.tran", password)).status == 200
        account = (await hoa.get("/account")).text
        assert "cán bộ xử lý" in account
        assert "Tổ kiểm tra công vụ" in account
        assert 'href="/accounts"' not in account


NO_ACCOUNTS = (
    ("", "officer", "", 400, "Tên đăng nhập gồm"),
    ("Lan Nguyễn", "officer", "", 400, "Tên đăng nhập gồm"),
    ("<script>alert(1)</script>", "officer", "", 400, "Tên đăng nhập gồm"),
    ("hoa", "", "", 400, "ít nhất một vai trò"),
    ("hoa", "king", "", 400, "ít nhất một vai trò"),
    ("lan", "officer", "", 409, "Đã có tài khoản"),
    ("hoa", "officer", "không-có", 404, "Không có đơn vị"),
    ("x" * 3000, "officer", "x" * 3000, 400, "Tên đăng nhập gồm"),
)


async def test_what_cannot_be_an_account_is_said_and_nothing_typed_is_lost(desk: Console) -> None:
    async with desk.person("lan") as lan:
        for name, role, unit, status, said in NO_ACCOUNTS:
            answer = await post_roles(lan, "/accounts", [role], name=name, unit=unit)
            assert answer.status == status, name
            assert said in answer.text
            assert "<script>alert" not in answer.text
            if len(name) < 40:
                assert html.escape(name) in answer.text
            if role == "officer":
                assert re.search(r'value="officer" checked', answer.text)
        assert len(await staff.list_(desk.parts.db)) == 2


async def test_an_administrator_changes_shuts_and_opens_an_account(desk: Console) -> None:
    db = desk.parts.db
    async with desk.person("lan") as lan, desk.person("minh") as minh:
        saved = await post_roles(lan, "/accounts/minh", ["supervisor"], unit="kstthc")
        assert "Đã lưu" in saved.text
        person = await staff.get(db, "minh")
        assert person.roles == {Role.supervisor}
        assert (person.unit_code, person.reviewed) == ("kstthc", False)
        assert (await post_roles(lan, "/accounts/minh", [])).status == 400
        assert (await post_roles(lan, "/accounts/lan", ["officer"])).status == 409
        assert (await lan.post("/accounts/lan/disable", page="/account")).status == 409
        for change, said in (
            ("disable", "Đã khóa"),
            ("enable", "Đã mở lại"),
            ("unlock", "gỡ tạm khóa"),
            ("second-factor-reset", "sẽ cài lại"),
        ):
            assert said in (await lan.post(f"/accounts/minh/{change}", page="/account")).text
        assert (await minh.get("/account")).path == "/sign-in"
        made = await lan.post("/accounts/minh/password", page="/account")
        assert (await minh.sign_in("minh", _KEY.findall(made.text)[0])).status == 200
        page = (await lan.get("/accounts/minh")).text
        for said in ("đặt mật khẩu", "khóa hẳn", "mở lại", "đổi vai trò", "đăng nhập"):
            assert said in page
        for path in ("/accounts/nobody", "/accounts/%00"):
            assert (await lan.get(path)).status == 404
        for path in ("/accounts/minh/explode", "/accounts/nobody/disable", "/accounts/nobody/password"):
            assert (await lan.post(path, page="/account")).status == 404


async def test_an_administrator_alone_reads_no_case(desk: Console) -> None:
    async with desk.person("lan") as lan, desk.person("minh") as minh:
        page = (await lan.get("/accounts")).text
        assert "Quản trị" in page
        assert 'href="/cases"' not in page
        assert (await lan.get("/cases")).status == 403
        assert (await minh.get("/cases")).status == 200
        assert (await minh.get("/accounts")).status == 403


async def test_units_are_added_renamed_and_ended(desk: Console) -> None:
    db = desk.parts.db
    async with desk.person("lan") as lan:
        fields = {"code": "so-tu-phap", "name": "Sở Tư pháp <b>", "place": ""}
        answer = await lan.post("/units", fields, page="/account")
        assert "Sở Tư pháp &lt;b&gt;" in answer.text
        assert (await lan.post("/units", fields, page="/account")).status == 409
        assert (await lan.post("/units", {"code": "ố", "name": ""}, page="/account")).status == 400
        assert (
            "Sở Tư pháp mới" in (await lan.post("/units/so-tu-phap", {"name": "Sở Tư pháp mới"}, page="/account")).text
        )
        assert (await lan.post("/units/so-tu-phap", {"name": "x"}, page="/account")).status == 400
        assert "không nhận phiếu mới" in (await lan.post("/units/so-tu-phap", {"end": "1"}, page="/account")).text
        assert (await lan.post("/units/kstthc", {"end": "1"}, page="/account")).status == 409
        assert (await lan.post("/units/khong-co", {"end": "1"}, page="/account")).status == 404
        assert (await units.get(db, "so-tu-phap")).ended_at is not None
