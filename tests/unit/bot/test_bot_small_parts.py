"""Rate limits, cookies, session rules, the dialogue's answers, the answer of last resort."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bot import _inbox_sql, reduced, sentences
from bot.conversations import SessionRules, conversation_id
from bot.dialogue import DialogueFailed, parse
from bot.ratelimit import RateLimiter
from bot.replies import Button, Reply
from bot.sessions import Sessions, secret
from store.errors import Invalid

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
RULES = SessionRules(idle=timedelta(minutes=30), form_idle=timedelta(days=1), messages=60)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


# ---- rate limits ----


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    limiter = RateLimiter(3, 2.0, clock=clock)
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("a") == pytest.approx(0.5)
    assert limiter.take("b") == 0
    clock.now += 0.5
    assert limiter.take("a") == 0
    assert limiter.take("a") > 0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    limiter = RateLimiter(2, 100.0, clock=clock)
    limiter.take("a")
    clock.now += 3600
    assert [limiter.take("a") > 0 for _ in range(3)] == [False, False, True]


def test_the_number_of_buckets_is_bounded() -> None:
    limiter = RateLimiter(1, 1.0, keys=10)
    for key in range(1000):
        limiter.take(key)
    assert len(limiter._buckets) == 10


# ---- cookies ----


def test_a_cookie_leads_back_to_its_session_until_it_is_too_old() -> None:
    clock = Clock()
    sessions = Sessions(b"k" * 32, days=30, clock=clock)
    session = sessions.new()
    cookie = sessions.cookie(session)
    assert sessions.read(cookie) == session
    clock.now += 30 * 86400
    assert sessions.read(cookie) == session
    clock.now += 2
    assert sessions.read(cookie) is None


def test_a_forged_or_damaged_cookie_is_no_session() -> None:
    sessions = Sessions(b"k" * 32, days=30)
    cookie = sessions.cookie(sessions.new())
    session, issued, signature = cookie.split(".")
    other = Sessions(b"x" * 32, days=30)
    forged = [
        None, "", "x", cookie[:-1], cookie + "a", f"{'0' * 32}.{issued}.{signature}",
        f"{session}.{int(issued) + 1}.{signature}", f"{session}.{issued}.", other.cookie(session), "é" * 90,
        f"{session}.{issued}.{signature}\n",
    ]  # fmt: skip
    assert [sessions.read(value) for value in forged] == [None] * len(forged)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "var"
    key = secret(None, home)
    assert len(key) >= 32
    assert secret(None, home) == key
    [file] = home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret("g" * 32, home) == b"g" * 32


def test_a_short_or_damaged_key_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="at least 32"):
        secret("short", tmp_path)
    (tmp_path / "session.key").write_text("")
    with pytest.raises(Invalid, match="delete it"):
        secret(None, tmp_path)


# ---- dialogue sessions ----


@pytest.mark.parametrize(
    ("count", "in_form", "silence", "expected"),
    [
        (1, False, timedelta(minutes=29), (3, 2)),
        (1, False, timedelta(minutes=31), (4, 1)),
        (60, False, timedelta(0), (4, 1)),
        (60, True, timedelta(0), (3, 61)),
        (5, True, timedelta(hours=5), (3, 6)),
        (5, True, timedelta(hours=25), (4, 1)),
    ],
)
def test_a_session_ends_by_silence_or_length_and_not_inside_a_form(
    count: int, in_form: bool, silence: timedelta, expected: tuple[int, int]
) -> None:
    assert RULES.next(3, count, in_form, NOON, NOON + silence) == expected


def test_the_first_message_opens_the_first_session() -> None:
    assert RULES.next(1, 0, False, None, NOON) == (1, 1)


def test_a_conversation_has_one_id_in_each_channel() -> None:
    assert conversation_id("web", "7") == conversation_id("web", "7") != conversation_id("telegram", "7")


# ---- the dialogue's answers ----


def test_a_turn_holds_texts_buttons_and_the_state_of_the_form() -> None:
    turn = parse(
        b'[{"text":" a ","buttons":[{"title":"T","payload":"/p"},{"title":"no payload"}]},'
        b'{"custom":{"motcua":{"form":true}}},{"text":"b"}]'
    )
    assert turn.replies == (Reply("a", (Button("T", "/p"),)), Reply("b"))
    assert turn.in_form is True


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"null", b"[1]", b'[{"text":""}]', b'[{"text":"  "}]', b'[{"image":"x"}]', b"\xff",
     b'[{"custom":{"motcua":{"form":true}}}]', b"[" * 100_000, b'[{"text":null}]'],
)  # fmt: skip
def test_an_answer_without_a_text_is_a_failure(content: bytes) -> None:
    with pytest.raises(DialogueFailed):
        parse(content)


@pytest.mark.parametrize(
    "custom", [None, 1, [], {"motcua": 1}, {"motcua": {"form": "yes", "private": "yes"}}, {"other": {}}]
)
def test_unknown_customs_say_nothing(custom: object) -> None:
    turn = parse(json.dumps([{"text": "x", "custom": custom}]).encode())
    assert (turn.in_form, turn.private) == (None, False)


def test_a_turn_is_private_when_any_of_its_messages_says_so() -> None:
    turn = parse(b'[{"custom":{"motcua":{"private":true}}},{"text":"x"},{"custom":{"motcua":{"form":false}}}]')
    assert (turn.in_form, turn.private) == (False, True)


@pytest.mark.parametrize(
    ("value", "named"),
    [(["12-19a", "7"], (12, 7)), (None, ()), ("12-1", ()), ([None, 5, "", "-", "x-1", "²-1", "9" * 30], ())],
)
def test_the_messages_before_that_are_private_too_are_rows(value: object, named: tuple[int, ...]) -> None:
    answer = [{"text": "x", "custom": {"motcua": {"private": True, "earlier": value}}}]
    assert parse(json.dumps(answer).encode()).earlier == named


# ---- last resort ----


async def test_the_answer_of_last_resort_says_that_the_service_is_reduced() -> None:
    asked: list[tuple[str, str | None]] = []

    async def look(text: str, place: str | None) -> list[Reply]:
        asked.append((text, place))
        return [Reply("Nộp ở xã.", (Button("b", "/b"),)), Reply("Nguồn: …")]

    first, second = await reduced.answer(look, "khai sinh", "30376")
    assert asked == [("khai sinh", "30376")]
    assert first.text.startswith(sentences.REDUCED)
    assert first.text.endswith("Nộp ở xã.")
    assert first.buttons == (Button("b", "/b"),)
    assert second == Reply("Nguồn: …")


async def test_the_last_resort_never_fails_and_is_never_silent() -> None:
    async def breaks(text: str, place: str | None) -> list[Reply]:
        raise RuntimeError("no catalogue")

    async def nothing(text: str, place: str | None) -> list[Reply]:
        return []

    for last_resort, text in [(breaks, "x"), (nothing, "x"), (None, "x"), (nothing, "")]:
        assert await reduced.answer(last_resort, text, None) == [Reply(sentences.REDUCED_NOTHING)]


# ---- the other database ----


def test_on_postgresql_heads_are_claimed_without_waiting_for_each_other() -> None:
    dialect = make_url("postgresql+asyncpg://").get_dialect()()
    sql = str(_inbox_sql.HEADS.compile(dialect=dialect))
    assert "FOR UPDATE OF inbox SKIP LOCKED" in sql
    assert "FOR NO KEY UPDATE" in str(_inbox_sql.LOCK.compile(dialect=dialect))
