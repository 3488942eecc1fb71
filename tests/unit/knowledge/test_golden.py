"""Golden questions: kept, counted, and never damaged by what is typed or uploaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge import golden
from knowledge.golden import Golden, Measured
from knowledge.search.findings import Findings, Hit
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.migrate import upgrade


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


class Answers:
    """A search that knows what to say to the first word of a question."""

    def search(self, text: str) -> Findings:
        hits = (Hit("1.000001", 1.0, 0.9), Hit("1.000002", 0.5, 0.1))
        if text.startswith("khai"):
            return Findings("answer", hits)
        return Findings("ask", hits) if text.startswith("cấp") else Findings("unknown", ())


@pytest.mark.parametrize(
    ("question", "codes", "verdict"),
    [
        ("khai sinh", ("1.000001",), "right"),
        ("khai sinh", ("1.000002",), "wrong"),
        ("khai sinh", (), "wrong"),
        ("cấp lại", ("1.000002",), "asked"),
        ("cấp lại", ("1.000003",), "wrong"),
        ("xin chào", ("1.000001",), "unknown"),
        ("xin chào", (), "right"),
    ],
)
def test_each_question_counts_once_as_what_it_got(question: str, codes: tuple[str, ...], verdict: str) -> None:
    measured = golden.measure(Answers(), [Golden(question, codes)])
    assert (measured.total, getattr(measured, verdict)) == (1, 1)
    assert [miss.question for miss in measured.failed] == ([] if verdict == "right" else [question])
    assert Measured.from_json(measured.as_json()) == measured


def test_fewer_right_or_more_wrong_is_worse_and_the_lost_questions_are_named() -> None:
    good = golden.measure(Answers(), [Golden("khai sinh", ("1.000001",)), Golden("xin chào", ("1.000001",))])
    bad = golden.measure(Answers(), [Golden("khai sinh", ("1.000009",)), Golden("xin chào", ("1.000001",))])
    assert bad.worse_than(good)
    assert not good.worse_than(bad)
    assert not good.worse_than(good)
    assert [miss.question for miss in bad.lost(good)] == ["khai sinh"]


async def test_a_question_is_kept_until_it_is_ended(database: Database) -> None:
    one = await golden.add(database, "  làm   khai sinh ", ["1.001193", "1.001193"], actor="lan")
    assert (one.question, one.codes) == ("làm khai sinh", ("1.001193",))
    with pytest.raises(Conflict):
        await golden.add(database, "làm khai sinh", ["2.000986"], actor="lan")
    assert await golden.list_(database) == (one,)
    ended = await golden.end(database, one.id, actor="minh")
    assert ended.ended_by == "minh"
    assert await golden.list_(database) == ()
    assert await golden.list_(database, ended=True) == (ended,)
    with pytest.raises(NotFound):
        await golden.end(database, one.id, actor="minh")
    await golden.add(database, "làm khai sinh", [], actor="lan")


@pytest.mark.parametrize("question", ["", "  ", "?!", "\x00", "x" * 501])
async def test_what_is_no_question_is_refused(database: Database, question: str) -> None:
    with pytest.raises(Invalid):
        await golden.add(database, question, ["1.001193"], actor="lan")


async def test_a_file_is_taken_line_by_line(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(
        '{"question": "làm khai sinh", "codes": ["1.001193"]}\n'
        "\n"
        "not json\n"
        '{"question": "làm khai sinh", "codes": ["1.001193"]}\n'
        '{"question": 7, "codes": []}\n'
        '{"question": "khai tử", "codes": "1.000656"}\n'
        '["a"]\n'
        '{"question": "phạt bao nhiêu", "codes": []}\n',
        encoding="utf-8",
    )
    report = await golden.import_jsonl(database, file, actor="lan")
    assert (report.total, report.accepted) == (7, 2)
    assert [remark.line for remark in report.remarks] == [3, 4, 5, 6, 7]
    for bad in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(Invalid):
            await golden.import_jsonl(database, bad, actor="lan")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid):
        await golden.import_jsonl(database, tmp_path / "latin.jsonl", actor="lan")
