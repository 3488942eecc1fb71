"""The fake Official Account API, proven by a client that is not ours and by the documented limits."""

from __future__ import annotations

import asyncio
import json
import socket
import unicodedata
from typing import Any

import aiohttp
import pytest
import requests
import zalo_sdk
from zalo_sdk.oa import Client, ZaloAttachment, ZaloMessageBody, ZaloRecipient

from tests.fakes.zalo_oa import APP_ID, APP_SECRET, FakeZaloOA, Fault
from tests.fakes.zalo_oa.tokens import challenge_of
from tests.support.hook import Hook

USER = "246845883529197922"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
DAY = 24 * 3600.0


@pytest.fixture
def client(zalo: FakeZaloOA, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The independent client. It knows one authorisation server only, so that address leads to the fake."""
    real = requests.post

    def post(url: str, **how: Any) -> requests.Response:
        return real(url.replace("https://oauth.zaloapp.com", zalo.url), **how)

    monkeypatch.setattr(requests, "post", post)
    return Client(APP_ID, APP_SECRET, zalo.tokens.access, zalo.tokens.refresh, endpoint_prefix=zalo.url)


async def _send(client: Client, text: str | None, attachment: Any = None, user: str = USER) -> dict[str, Any]:
    body = ZaloMessageBody(text, attachment)
    answer = await asyncio.to_thread(client.send_message, ZaloRecipient(user_id=user), body)
    assert isinstance(answer, dict)
    return answer


def _buttons(*buttons: dict[str, Any]) -> ZaloAttachment:
    return ZaloAttachment("template", {"buttons": list(buttons)})


def _query(title: str = "Có", payload: str = "ma-1", kind: str = "oa.query.hide") -> dict[str, Any]:
    return {"title": title, "type": kind, "payload": payload}


async def _code(zalo: FakeZaloOA, message: Any, *, user: Any = USER, token: str | None = None) -> int:
    """The error code of a raw send; every answer comes with status 200."""
    headers = {"access_token": zalo.tokens.access if token is None else token}
    body = {"recipient": {"user_id": user}, "message": message}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{zalo.url}/v3.0/oa/message/cs", json=body, headers=headers) as response,
    ):
        assert response.status == 200
        return int((await response.json())["error"])


async def test_an_independent_client_sends_a_text_and_buttons_and_a_press_comes_as_a_text(
    zalo: FakeZaloOA, client: Client, hook: Hook
) -> None:
    await zalo.write("xin chào")
    answer = await _send(client, "Chào anh/chị")
    assert answer["data"]["user_id"] == USER
    link = {"title": "Trang", "type": "oa.open.url", "payload": {"url": "https://example.vn/a"}}
    call = {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84987654321"}}
    await _send(client, "Chọn", _buttons(_query(), link, call))
    assert zalo.texts(USER) == ["Chào anh/chị", "Chọn"]
    assert [each.serial for each in zalo.accepted] == [1, 2]
    await zalo.press("Có")
    with pytest.raises(LookupError):
        await zalo.press("Trang")
    await hook.until(2)
    pressed = json.loads(hook.bodies[1])
    assert (pressed["event_name"], pressed["message"]["text"]) == ("user_send_text", "ma-1")


async def test_an_independent_client_uploads_a_file_and_sends_it(zalo: FakeZaloOA, client: Client) -> None:
    await zalo.write("xin chào")
    sent = await asyncio.to_thread(client.upload_file, b"%PDF-1.7 x", "file", "giấy hẹn.pdf", "application/pdf")
    token = sent["data"]["token"]
    await _send(client, None, ZaloAttachment("file", {"token": token}))
    image = await asyncio.to_thread(client.upload_file, PNG, "image", "a.png", "image/png")
    element = {"media_type": "image", "attachment_id": image["data"]["attachment_id"]}
    await _send(client, "Ảnh", ZaloAttachment("template", {"template_type": "media", "elements": [element]}))
    assert zalo.texts(USER) == [f"[file {token}]", "Ảnh"]
    start = zalo.now()
    zalo.now = lambda: start + 8 * DAY
    zalo.tokens.life_s = 90 * DAY
    await asyncio.to_thread(client.refresh_acccess_token)
    await zalo.write("còn đó không?")
    with pytest.raises(zalo_sdk.ZaloOAException, match="-100"):
        await _send(client, None, ZaloAttachment("file", {"token": token}))


async def test_an_independent_client_refreshes_its_tokens_once_with_each(zalo: FakeZaloOA, client: Client) -> None:
    await zalo.write("xin chào")
    first = client.refresh_token
    zalo.tokens.expire()
    with pytest.raises(zalo_sdk.ZaloOAAuthTokenExpiredException):
        await _send(client, "a")
    await asyncio.to_thread(client.refresh_acccess_token)
    await _send(client, "b")
    assert client.refresh_token != first
    client.refresh_token = first
    with pytest.raises(zalo_sdk.ZaloOAException, match="-14014"):
        await asyncio.to_thread(client.refresh_acccess_token)
    assert zalo.texts(USER) == ["b"]
    assert zalo.tokens.refreshed == 1


async def test_an_independent_client_changes_a_code_for_tokens_once(zalo: FakeZaloOA, client: Client) -> None:
    code = zalo.tokens.authorize(challenge_of("verifier"))
    access, refresh, _ = await asyncio.to_thread(client.get_access_token_from_authorization_code, code, "verifier")
    assert (access, refresh) == (zalo.tokens.access, zalo.tokens.refresh)
    with pytest.raises(zalo_sdk.ZaloOAException, match="-14005"):
        await asyncio.to_thread(client.get_access_token_from_authorization_code, code, "verifier")
    other = zalo.tokens.authorize(challenge_of("verifier"))
    with pytest.raises(zalo_sdk.ZaloOAException, match="-14005"):
        await asyncio.to_thread(client.get_access_token_from_authorization_code, other, "another")


async def test_an_independent_client_asks_for_quotas_and_citizens(zalo: FakeZaloOA, client: Client) -> None:
    await zalo.follow()
    [quota] = (await asyncio.to_thread(client.get_zalo_oa_quotas, "OA", "cs"))["data"]
    assert (quota["product_type"], quota["remain"], quota["total"]) == ("cs", 500, 500)
    detail = await asyncio.to_thread(client.get_user_detail, USER)
    assert detail["data"]["user_is_follower"] is True


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "a" * 2000}, 0),
        ({"text": unicodedata.normalize("NFD", "ế" * 2000)}, 0),
        ({"text": "a" * 2001}, -201),
        ({"text": ""}, -201),
        ({"text": " \n"}, -201),
        ({"text": 5}, -201),
        ({}, -201),
        ("x", -201),
        ({"text": "a", "colour": "red"}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query()] * 5}}}, 0),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query()] * 6}}}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": []}}}, -201),
        ({"attachment": {"type": "template", "payload": {"buttons": [_query()]}}}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query("a" * 100, "b" * 1000)]}}}, 0),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query("a" * 101)]}}}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query("a", "b" * 1001)]}}}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query("")]}}}, -201),
        ({"text": "a", "attachment": {"type": "template", "payload": {"buttons": [_query(kind="oa.query")]}}}, -201),
        (
            {
                "text": "a",
                "attachment": {
                    "type": "template",
                    "payload": {"buttons": [{"title": "a", "type": "oa.open.url", "payload": "https://a.vn"}]},
                },
            },
            -201,
        ),
        (
            {
                "text": "a",
                "attachment": {
                    "type": "template",
                    "payload": {
                        "buttons": [{"title": "a", "type": "oa.open.phone", "payload": {"phone_code": "0987654321"}}]
                    },
                },
            },
            -201,
        ),
        ({"attachment": {"type": "file", "payload": {"token": "unknown"}}}, -100),
        ({"text": "a", "attachment": {"type": "template", "payload": {"template_type": "list", "elements": []}}}, -233),
        ({"attachment": {"type": "video", "payload": {}}}, -233),
        (
            {
                "attachment": {
                    "type": "template",
                    "payload": {
                        "template_type": "request_user_info",
                        "elements": [{"title": "a", "subtitle": "b", "image_url": "https://a.vn/a.png"}],
                    },
                }
            },
            0,
        ),
        ({"attachment": {"type": "template", "payload": {"template_type": "request_user_info", "elements": []}}}, -201),
    ],
)
async def test_messages_are_taken_or_refused_with_zalos_codes(zalo: FakeZaloOA, message: Any, code: int) -> None:
    await zalo.write("xin chào")
    assert await _code(zalo, message) == code
    assert len(zalo.sent) == (code == 0)


async def test_a_citizen_is_reached_free_then_billed_then_not_at_all(zalo: FakeZaloOA) -> None:
    start = zalo.now()
    zalo.tokens.life_s = 90 * DAY
    await zalo.write("xin chào")
    token = zalo.tokens.exchange(
        APP_SECRET, {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": zalo.tokens.refresh}
    )["access_token"]
    for days, code, billed in [(1.9, 0, 0), (2.1, 0, 1), (6.9, 0, 2), (7.1, -230, 2)]:
        zalo.now = lambda days=days: start + days * DAY  # type: ignore[misc]
        assert (await _code(zalo, {"text": "a"}, token=token), zalo.billed) == (code, billed)
    zalo.now = lambda: start + 3 * DAY
    zalo.quota = 0
    assert await _code(zalo, {"text": "a"}, token=token) == -211


async def test_strangers_leavers_and_blockers_are_not_reached(zalo: FakeZaloOA) -> None:
    assert await _code(zalo, {"text": "a"}, user="999") == -201
    assert await _code(zalo, {"text": "a"}, user=["x"]) == -201
    await zalo.follow()
    assert await _code(zalo, {"text": "a"}) == 0
    await zalo.unfollow()
    assert await _code(zalo, {"text": "a"}) == -213
    await zalo.write("tôi quay lại")
    assert await _code(zalo, {"text": "a"}) == 0
    zalo.citizens[USER].blocked = True
    assert await _code(zalo, {"text": "a"}) == -217


async def test_access_tokens_and_the_rate_are_checked(zalo: FakeZaloOA) -> None:
    await zalo.write("xin chào")
    assert await _code(zalo, {"text": "a"}, token="") == -216
    assert await _code(zalo, {"text": "a"}, token="wrong") == -216
    zalo.minute_rate = 2
    assert [await _code(zalo, {"text": "a"}) for _ in range(3)] == [0, 0, -32]
    start = zalo.now()
    zalo.now = lambda: start + 61
    assert await _code(zalo, {"text": "a"}) == 0


@pytest.mark.parametrize(
    ("kind", "name", "content", "code"),
    [
        ("image", "a.jpg", b"\xff\xd8\xff\xe0", 0),
        ("image", "a.png", PNG.ljust(1024 * 1024, b"0"), 0),
        ("image", "a.png", PNG.ljust(1024 * 1024 + 1, b"0"), -210),
        ("image", "a.gif", b"GIF89a", -201),
        ("image", "a.png", b"\xff\xd8\xff\xe0", -201),
        ("file", "a.pdf", b"%PDF".ljust(5 * 1024 * 1024, b"0"), 0),
        ("file", "a.pdf", b"%PDF".ljust(5 * 1024 * 1024 + 1, b"0"), -210),
        ("file", "a.docx", b"PK\x03\x04", 0),
        ("file", "a.doc", b"\xd0\xcf\x11\xe0", 0),
        ("file", "a.csv", b"a,b\r\n\r\n1,2", 0),
        ("file", "a.exe", b"MZ", -201),
        ("file", "a.pdf", b"", -201),
    ],
)
async def test_uploads_are_taken_or_refused(
    zalo: FakeZaloOA, client: Client, kind: str, name: str, content: bytes, code: int
) -> None:
    if code == 0:
        assert await asyncio.to_thread(client.upload_file, content, kind, name, "")
    else:
        with pytest.raises(zalo_sdk.ZaloOAException, match=str(code)):
            await asyncio.to_thread(client.upload_file, content, kind, name, "")


async def test_ended_and_unknown_calls_are_refused(zalo: FakeZaloOA, client: Client) -> None:
    await zalo.write("xin chào")
    body = ZaloMessageBody("a")
    with pytest.raises(zalo_sdk.ZaloOAException, match="-209"):
        await asyncio.to_thread(client.send_message, ZaloRecipient(user_id=USER), body, category="transaction")


@pytest.mark.parametrize(
    ("secret", "form", "code"),
    [
        (APP_SECRET, {"app_id": "1", "grant_type": "refresh_token"}, -14002),
        ("wrong", {"app_id": APP_ID, "grant_type": "refresh_token"}, -14004),
        (APP_SECRET, {"app_id": APP_ID, "grant_type": "password"}, -14018),
        (APP_SECRET, {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": "x"}, -14014),
        (APP_SECRET, {"app_id": APP_ID, "grant_type": "authorization_code", "code": "x"}, -14005),
    ],
)
async def test_wrong_requests_for_tokens_are_refused_with_status_200(
    zalo: FakeZaloOA, secret: str, form: dict[str, str], code: int
) -> None:
    async with (
        aiohttp.ClientSession(headers={"secret_key": secret}) as http,
        http.post(f"{zalo.url}/v4/oa/access_token", data=form) as response,
    ):
        assert response.status == 200
        assert (await response.json())["error"] == code


async def test_faults_are_suffered_and_what_was_accepted_is_noted(zalo: FakeZaloOA) -> None:
    await zalo.write("xin chào")
    zalo.faults["message/cs"] = [Fault(-200, "Sorry"), Fault(http=502), Fault(cut="before"), Fault(cut="after")]
    assert await _code(zalo, {"text": "a"}) == -200
    headers = {"access_token": zalo.tokens.access}
    body = {"recipient": {"user_id": USER}, "message": {"text": "a"}}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.post(f"{zalo.url}/v3.0/oa/message/cs", json=body) as response:
            assert response.status == 502
        for sent in (0, 1):
            with pytest.raises(aiohttp.ClientError):
                await http.post(f"{zalo.url}/v3.0/oa/message/cs", json=body)
            assert len(zalo.sent) == sent


async def test_a_request_that_arrived_is_worked_on_though_its_client_has_gone(zalo: FakeZaloOA) -> None:
    await zalo.write("xin chào")
    body = json.dumps({"recipient": {"user_id": USER}, "message": {"text": "a" * 2000}}).encode()
    head = (
        f"POST /v3.0/oa/message/cs HTTP/1.1\r\nHost: x\r\naccess_token: {zalo.tokens.access}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    gone = socket.create_connection(("127.0.0.1", zalo.port))
    gone.sendall(head.encode() + body)
    gone.close()
    await zalo.until(lambda: len(zalo.sent) == 1)


async def test_an_administrator_consents_and_comes_back_with_a_code(zalo: FakeZaloOA, client: Client) -> None:
    asked = client.request_authoriation_code_url("http://127.0.0.1:1/back", challenge_of("v"), "state-1")
    async with (
        aiohttp.ClientSession() as http,
        http.get(asked.replace("https://oauth.zaloapp.com", zalo.url), allow_redirects=False) as response,
    ):
        assert response.status == 302
        back = response.headers["Location"]
    assert back.startswith("http://127.0.0.1:1/back?")
    assert "state=state-1" in back


async def test_a_swallowed_pair_of_tokens_is_lost_for_good(zalo: FakeZaloOA, client: Client) -> None:
    zalo.faults["access_token"] = [Fault(cut="after")]
    with pytest.raises(requests.ConnectionError):
        await asyncio.to_thread(client.refresh_acccess_token)
    with pytest.raises(zalo_sdk.ZaloOAException, match="-14014"):
        await asyncio.to_thread(client.refresh_acccess_token)
    assert zalo.tokens.refreshed == 1


async def test_a_conversation_is_read_newest_first_and_ten_at_a_time(zalo: FakeZaloOA, client: Client) -> None:
    for number in range(12):
        await zalo.write(f"câu {number}")
    await _send(client, "chào")

    async def read(**wanted: Any) -> Any:
        headers = {"access_token": wanted.pop("token", zalo.tokens.access)}
        query = {"data": json.dumps({"user_id": USER, "offset": 0, "count": 10} | wanted)}
        address = f"{zalo.url}/v2.0/oa/conversation"
        async with aiohttp.ClientSession() as http, http.get(address, params=query, headers=headers) as response:
            answer = await response.json()
        return answer["data"] if answer["error"] == 0 else answer["error"]

    newest = await read()
    assert [one["message"] for one in newest] == ["chào", *(f"câu {number}" for number in range(11, 2, -1))]
    assert [one["src"] for one in newest[:2]] == [0, 1]
    assert newest[0]["time"] >= newest[1]["time"] > 1e12
    assert [one["message"] for one in await read(offset=11, count=5)] == ["câu 1", "câu 0"]
    assert [await read(count=11), await read(user_id="1"), await read(count="x"), await read(token="x")] == [
        -210,
        -201,
        -201,
        -216,
    ]


async def test_mishaps_come_where_no_fault_waits(zalo: FakeZaloOA) -> None:
    await zalo.write("xin chào")
    await zalo.write("xin chào", "9007")
    zalo.faults["message/cs"] = [Fault(-200, "Sorry", chat=USER)]
    zalo.mishap = lambda method, to: Fault(-32, "Slow down") if (method, to) == ("message/cs", USER) else None
    assert [await _code(zalo, {"text": "a"}, user=user) for user in (USER, USER, "9007")] == [-200, -32, 0]
