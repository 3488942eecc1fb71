"""What citizens asked in vain: kept without what identifies them, put together, and closed with what it means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from knowledge import asked, golden, words
from store.engine import Database
from store.errors import Conflict, Invalid
from store.migrate import upgrade

SINGLE = "1.004873"
NAME = "Cấp Giấy xác nhận tình trạng hôn nhân"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


async def keep(database: Database, *questions: str, verdict: asked.Verdict = "unanswered", **more: Any) -> list[int]:
    for place, question in enumerate(questions):
        await asked.note(
            database, key=f"{verdict} {place} {question}", question=question, verdict=verdict, version="v", **more
        )
    return [row.id for row in reversed(await asked.open_(database)) if row.question in questions]


async def test_a_question_is_kept_once_however_often_it_is_noted(database: Database) -> None:
    one = {"key": "c1:7", "question": "giấy ế vợ", "verdict": "wrong", "codes": [SINGLE], "version": "v1"}
    done = await asyncio.gather(*(asked.note(database, **one) for _ in range(5)))  # type: ignore[arg-type]
    assert sorted(done) == [False, False, False, False, True]
    (row,) = await asked.open_(database)
    assert (row.question, row.verdict, row.codes, row.version) == ("giấy ế vợ", "wrong", (SINGLE,), "v1")


async def test_nothing_that_identifies_a_person_is_written(database: Database) -> None:
    question = "mất cccd 089123456789, cmnd 351234567, gọi 0912 345 678 hoặc a.b@gmail.com"
    await asked.note(
        database, key="k", question=question, verdict="wrong", answer=f"Anh/chị hỏi: {question}", version="v"
    )
    (row,) = await asked.open_(database)
    kept = f"{row.question} {row.answer}"
    for secret in ("089123456789", "351234567", "0912", "345 678", "gmail"):
        assert secret not in kept
    assert "mất cccd" in row.question


async def test_a_number_at_the_place_of_the_cut_is_hidden_too(database: Database) -> None:
    question = "x" * (asked.LONGEST_QUESTION - 5) + " 089123456789"
    await asked.note(database, key="k", question=question, verdict="wrong", version="v")
    (row,) = await asked.open_(database)
    assert len(row.question) <= asked.LONGEST_QUESTION
    assert "0891" not in row.question


@pytest.mark.parametrize("question", ["", "   ", "\0"])
async def test_an_empty_question_is_not_kept(database: Database, question: str) -> None:
    assert not await asked.note(database, key="k", question=question, verdict="wrong", version="v")
    assert await asked.open_(database) == ()


async def test_garbage_is_kept_whole_and_wrong_calls_are_refused(database: Database) -> None:
    assert await asked.note(
        database,
        key="k" * 500,
        question="\ud800💥\0" * 5_000,
        verdict="wrong",
        codes=["x" * 900] * 50,
        answer="\ud800",
        version="v" * 90,
        conversation="c" * 90,
    )
    (row,) = await asked.open_(database)
    assert len(row.codes) == asked.MOST_CODES
    with pytest.raises(ValueError, match="idempotency"):
        await asked.note(database, key="", question="x", verdict="wrong", version="v")
    with pytest.raises(ValueError, match="verdict"):
        await asked.note(database, key="k", question="x", verdict="bad", version="v")  # type: ignore[arg-type]


async def test_questions_that_ask_the_same_are_one_cluster_with_its_words_and_codes(database: Database) -> None:
    await keep(database, "làm giấy ế vợ ở đâu", "giay e vo can gi", codes=["1.000001", SINGLE])
    await keep(database, "xin giấy ế vợ", verdict="wrong", codes=[SINGLE])
    await keep(database, "bói toán tình duyên")
    first, second = asked.cluster(await asked.open_(database))
    assert len(first.questions) == 3
    assert first.verdicts == {"unanswered": 2, "wrong": 1}
    assert first.codes[0] == SINGLE
    assert "giay e vo" in first.phrases
    assert [row.question for row in second.questions] == ["bói toán tình duyên"]
    assert asked.cluster(()) == ()


async def test_a_meaning_becomes_a_row_of_the_vocabulary_and_closes_the_questions(database: Database) -> None:
    ids = await keep(database, "làm giấy ế vợ ở đâu", "giay e vo can gi")
    rest = await keep(database, "bói toán tình duyên")
    done = await asked.resolve(database, ids, actor="lan", as_="vocabulary", code=SINGLE, name=NAME, known={SINGLE})
    assert (done.closed, done.golden) == (2, 0)
    (row,) = await words.list_(database)
    assert row == done.word
    assert (row.codes, row.words, row.actor) == ((SINGLE,), NAME, "lan")
    assert "giay e vo" in row.phrases
    assert [one.id for one in await asked.open_(database)] == rest


async def test_a_meaning_becomes_golden_questions(database: Database) -> None:
    ids = await keep(database, "làm giấy ế vợ ở đâu", "Làm giấy ế vợ ở đâu?", "giay e vo can gi")
    done = await asked.resolve(database, ids, actor="lan", as_="golden", code=SINGLE)
    assert (done.closed, done.golden, done.word) == (3, 2, None)
    assert {(one.question, one.codes) for one in await golden.list_(database)} == {
        ("làm giấy ế vợ ở đâu", (SINGLE,)),
        ("giay e vo can gi", (SINGLE,)),
    }


async def test_a_question_that_is_golden_already_is_closed_and_told(database: Database) -> None:
    await golden.add(database, "giay e vo can gi", ["1.000001"], actor="lan")
    ids = await keep(database, "giay e vo can gi")
    done = await asked.resolve(database, ids, actor="lan", as_="golden", code=SINGLE)
    assert (done.closed, done.golden) == (1, 0)
    assert "đã là câu hỏi chuẩn" in done.notes[0]


async def test_what_means_nothing_is_only_closed(database: Database) -> None:
    ids = await keep(database, "bói toán tình duyên")
    assert (await asked.resolve(database, ids, actor="lan", as_="nothing")).closed == 1
    assert await asked.open_(database) == ()
    assert await words.list_(database) == ()
    assert await golden.list_(database) == ()


async def test_when_anything_is_wrong_nothing_is_closed_and_nothing_written(database: Database) -> None:
    ids = await keep(database, "giay e vo can gi")
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"ids": [], "as_": "nothing"}, Invalid),
        ({"ids": ids, "as_": "vocabulary"}, Invalid),
        ({"ids": ids, "as_": "golden", "code": "9.999999", "known": {SINGLE}}, Invalid),
        ({"ids": ids, "as_": "vocabulary", "code": SINGLE, "phrases": ["???"]}, Invalid),
        ({"ids": [*ids, 999], "as_": "golden", "code": SINGLE}, Conflict),
        ({"ids": ids, "as_": "other", "code": SINGLE}, Invalid),
    ]
    for given, error in wrong:
        with pytest.raises(error):
            await asked.resolve(database, actor="lan", **given)
    await words.add(database, "giay e vo", f"{NAME} ({SINGLE})", actor="lan")
    with pytest.raises(Conflict, match="đã có"):
        await asked.resolve(database, ids, actor="lan", as_="vocabulary", code=SINGLE, name=NAME)
    assert [row.id for row in await asked.open_(database)] == ids
    assert len(await words.list_(database)) == 1
    assert await golden.list_(database) == ()


async def test_two_admins_on_the_same_questions_are_one_decision_and_one_refusal(database: Database) -> None:
    ids = await keep(database, "giay e vo can gi")
    done = await asyncio.gather(
        asked.resolve(database, ids, actor="lan", as_="vocabulary", code=SINGLE, name=NAME),
        asked.resolve(database, ids, actor="minh", as_="nothing"),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Resolved"]
