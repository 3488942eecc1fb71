"""Logs: one JSON object a line, and no personal data in any of them, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from motcua import logs

SECRETS = {"079123456789": "[id]", "341234567": "[id]", "0912345678": "[phone]", "+84 912 345 678": "[phone]"}
MAIL = "ba.nam@example.org"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Configures the logs and gives a function that reads the lines written so far."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    quieted = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "telegram", "rasa_sdk")}
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in quieted.items():
        logging.getLogger(name).setLevel(old)
    structlog.reset_defaults()


def _masked(**event: Any) -> dict[str, Any]:
    return dict(logs.mask_personal_data(None, "info", event))


@pytest.mark.parametrize("secret", [*SECRETS, MAIL])
@pytest.mark.parametrize("shape", ["{}", "câu hỏi: {} nha", "a={},b", '{{"text": "{}"}}'])
def test_numbers_and_addresses_of_people_are_hidden_in_a_text(secret: str, shape: str) -> None:
    assert secret not in json.dumps(_masked(event=shape.format(secret)), ensure_ascii=False)


@pytest.mark.parametrize("secret", [*SECRETS, MAIL])
def test_they_are_hidden_however_deep_they_lie(secret: str) -> None:
    event = _masked(
        a=[secret],
        b=(secret, {"c": secret}),
        d={"e": [{"f": secret}]},
        g={secret},
        h=frozenset({secret}),
        i={secret: 1},
    )
    assert secret not in repr(event)


@pytest.mark.parametrize("value", [ValueError("số 079123456789"), b"079123456789", 79123456789, 341234567])
def test_they_are_hidden_in_errors_bytes_and_numbers(value: object) -> None:
    shown = repr(_masked(error=value))
    assert "79123456789" not in shown
    assert "341234567" not in shown


@pytest.mark.parametrize("value", [0, 1, 42, 20261122, -5, 1.5, True, None, "một câu thường", "1.001193", "MC-7K3Q9D"])
def test_what_is_not_personal_stays_as_it_is(value: object) -> None:
    masked = _masked(value=value)["value"]
    assert masked == value
    assert type(masked) is type(value)


BOT = "123456789:AAE-abcdefGHIJKL_mnopqrstuvwxyz012345"
OA = "hK3mUv9zQ0bX7rT2yLw8NcJ5aFgE1dSiOp"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"GET https://api.telegram.org/bot{BOT}/getUpdates failed", BOT),
        (f"https://bot-api.zaloplatforms.com/bot{BOT}/sendMessage", BOT),
        (f"https://oauth.zaloapp.com/v4/oa/access_token?refresh_token={OA}&app_id=1", OA),
        (f'{{"access_token": "{OA}", "expires_in": "90000"}}', OA),
        (f"{{'refresh_token': '{OA}'}}", OA),
        (f"access_token: {OA}", OA),
        (f"Authorization: Bearer {OA}", OA),
        (f"secret_key={OA}", OA),
        (f"postgresql+asyncpg://motcua:{OA}@db.example/motcua", OA),
        (f"MOTCUA_BOT__ZALO_OA__OA_SECRET={OA}", OA),
    ],
)
def test_secrets_of_platforms_and_databases_are_hidden(line: str, secret: str) -> None:
    for event in ({"event": line}, {"error": ValueError(line)}, {"deep": [{"url": line}]}):
        assert secret not in json.dumps(_masked(**event))


@pytest.mark.parametrize("key", ["token", "access_token", "webhook_secret", "password", "authorization", "cookie"])
def test_what_is_named_a_secret_is_hidden_whatever_it_looks_like(key: str) -> None:
    assert _masked(**{key: OA}) == {key: "[secret]"}
    assert _masked(answer={key: OA}) == {"answer": {key: "[secret]"}}


def test_times_and_our_own_numbers_stay_whole() -> None:
    event = {"timestamp": "2026-11-22T09:08:07.123456789Z", "inbox_id": 123456789, "outbox_id": 987654321}
    assert _masked(**event) == event


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_value_can_be_logged(value: Any) -> None:
    json.dumps(_masked(value=value), default=str)


def test_our_lines_are_json_with_level_and_time(lines: Any) -> None:
    structlog.get_logger("motcua.test").info("something happened", number=3, who="0912345678")
    (line,) = lines()
    assert line["event"] == "something happened"
    assert line["number"] == 3
    assert line["who"] == "[phone]"
    assert line["level"] == "info"
    assert line["logger"] == "motcua.test"
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_are_masked_too(lines: Any) -> None:
    logging.getLogger("some.library").warning("user %s wrote %s", MAIL, {"id": "079123456789"})
    (line,) = lines()
    assert MAIL not in line["event"]
    assert "079123456789" not in line["event"]
    assert line["level"] == "warning"


def test_a_traceback_is_masked(lines: Any) -> None:
    try:
        raise ValueError("không đọc được 079123456789")
    except ValueError:
        structlog.get_logger("motcua.test").exception("failed")
        logging.getLogger("some.library").exception("failed")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert "Traceback" in line["exception"]
        assert "079123456789" not in json.dumps(line, ensure_ascii=False)


def test_vietnamese_stays_readable(lines: Any) -> None:
    structlog.get_logger("motcua.test").info("Mỹ Hòa Hưng")
    assert lines()[0]["event"] == "Mỹ Hòa Hưng"


def test_libraries_that_repeat_every_request_are_quiet(lines: Any) -> None:
    for name in ("httpx", "telegram.ext", "aiohttp.access", "rasa_sdk.executor"):
        logging.getLogger(name).info("GET https://api.telegram.org/bot123:SECRET/getUpdates")
    assert lines() == []


def test_configuring_twice_writes_each_line_once(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [h for h in logging.getLogger().handlers if isinstance(h.formatter, structlog.stdlib.ProcessorFormatter)]
    assert isinstance(ours[0], logging.StreamHandler)
    monkeypatch.setattr("sys.stderr", ours[0].stream)
    logs.configure("INFO")
    structlog.get_logger("motcua.test").info("once")
    assert [line["event"] for line in lines()] == ["once"]
