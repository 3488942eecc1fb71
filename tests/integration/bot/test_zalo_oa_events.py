"""Events of the fake Official Account: their shapes, their signature, and how they are repeated."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.zalo_oa import APP_ID, OA_SECRET, FakeZaloOA, signature
from tests.support.hook import Hook

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
VECTOR = SHARED.parent / "labs" / "channels" / "zalo_signature_vector_body.json"
USER = "246845883529197922"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.mark.parametrize("stamp", ["body", "header"])
async def test_events_are_signed_over_the_body_as_it_is_sent(zalo: FakeZaloOA, hook: Hook, stamp: Any) -> None:
    zalo.stamp = stamp
    await zalo.write("đăng ký khai sinh 👶")
    await hook.until(1)
    body, headers = hook.bodies[0], hook.headers[0]
    event = json.loads(body)
    timestamp = event["timestamp"] if stamp == "body" else headers["X-ZEvent-Timestamp"]
    assert stamp == "body" or timestamp != event["timestamp"]
    expected = hashlib.sha256(f"{APP_ID}{body.decode()}{timestamp}{OA_SECRET}".encode()).hexdigest()
    assert headers["X-ZEvent-Signature"] == f"mac={expected}"
    assert "khai sinh 👶".encode() in body
    assert all(isinstance(event[name], str) for name in ("app_id", "timestamp", "user_id_by_app"))


@pytest.mark.skipif(not VECTOR.exists(), reason="the measured vector is not beside the project")
def test_the_published_vector_has_the_published_signature() -> None:
    body = VECTOR.read_bytes()
    assert signature("360846524940903967", body, "1543908534740", "OA_SECRET") == (
        "mac=a329159dccf3439f5aac8f104046df67a567be8a1ea0a67a6472e24647123421"
    )


async def test_what_is_not_accepted_comes_again_with_the_same_body_and_in_order(zalo: FakeZaloOA, hook: Hook) -> None:
    hook.answers = [500, 404]
    await zalo.write("một")
    await zalo.write("hai")
    await zalo.hook.settled()
    assert [json.loads(body)["message"]["text"] for body in hook.bodies] == ["một"] * 3 + ["hai"]
    assert len(set(hook.bodies)) == 2
    assert (zalo.hook.sent, len(zalo.hook.refused), zalo.hook.slow, zalo.hook.disabled) == (4, 2, 0, False)


async def test_a_slow_answer_is_none_and_the_webhook_is_switched_off_at_last(zalo: FakeZaloOA, hook: Hook) -> None:
    hook.slow_s = 0.4
    zalo.hook.answer_s = 0.02
    await zalo.write("một")
    await zalo.hook.settled()
    assert (zalo.hook.sent, zalo.hook.slow, len(zalo.hook.refused), zalo.hook.disabled) == (6, 6, 6, True)
    await zalo.write("hai")
    await zalo.hook.settled()
    assert (zalo.hook.sent, zalo.hook.dropped) == (6, 2)


async def test_events_come_twice_on_purpose(zalo: FakeZaloOA, hook: Hook) -> None:
    await zalo.write("một", copies=2)
    await zalo.hook.settled()
    zalo.hook.duplicate = 1.0
    await zalo.write("hai")
    await zalo.hook.settled()
    assert await zalo.hook.repeat(zalo.hook.taken[0]) == 200
    assert [json.loads(body)["message"]["text"] for body in hook.bodies] == ["một"] * 3 + ["hai"] * 2 + ["một"]
    assert zalo.hook.duplicates == 4


async def test_citizens_send_places_pictures_files_and_forms(zalo: FakeZaloOA, hook: Hook) -> None:
    await zalo.share(10.38, 105.43)
    await zalo.share(10.38, 105.43, flat=True)
    await zalo.send_image(content=PNG)
    await zalo.send_file("đơn.docx", b"PK\x03\x04 x")
    await zalo.submit_info("An", "84987654321", ward="Phường A", city="Tỉnh B")
    await zalo.submit_info("An", "84987654321", ward="Phường A", city="Tỉnh B", older=True)
    await zalo.unfollow()
    await zalo.hook.settled()
    events = [json.loads(body) for body in hook.bodies]
    nested, flat, image, file = (event["message"]["attachments"][0]["payload"] for event in events[:4])
    assert nested["coordinates"] == flat == {"latitude": "10.38", "longitude": "105.43"}
    assert events[4]["info"]["full_address"]["user_ward"] == events[5]["info"]["ward"] == "Phường A"
    assert events[6]["follower"]["id"] == USER
    async with aiohttp.ClientSession() as http:
        for payload, content in ((image, PNG), (file, b"PK\x03\x04 x")):
            async with http.get(payload["url"]) as response:
                assert await response.read() == content
