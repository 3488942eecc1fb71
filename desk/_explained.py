"""How the dates of a case came about, for the case page and `motcua desk explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, select

from desk import _clock_rows as rows
from desk._clock_rows import Facts, Outcome
from desk.calendar import VIET_NAM, Calendar
from desk.clocks import Step
from store.engine import Database
from store.tables import case_apologies, case_clocks

_APOLOGY_LAW = (
    "Phiếu xin lỗi và hẹn lại ngày trả kết quả (Nghị định 118/2025/NĐ-CP; trước 01/07/2025: Nghị định 61/2018/NĐ-CP, "
    "Điều 19 khoản 9)",
    "vietnam.vn, bài về thực hiện thủ tục hành chính theo Nghị định 118/2025/NĐ-CP; chưa đọc nguyên văn",
    False,
)


class HasId(Protocol):
    """A case, for whom only its number matters here."""

    @property
    def id(self) -> int:
        """Its number."""


@dataclass(frozen=True)
class Explained:
    """A clock of a case and how its date came about.

    Attributes:
        rule: name of the rule.
        title: what is due, Vietnamese.
        law: which norm sets it.
        source: where the figure was read.
        verified: whether it was read in the law itself.
        started_at: when it began.
        due_at: when it is due; None while it stands still.
        stopped_at: when it ended.
        outcome: how; None while it runs.
        paused: whether it stands still.
        may_extend: whether a lawful extension is left.
        steps: how the date came about, sentence by sentence.
    """

    rule: str
    title: str
    law: str
    source: str
    verified: bool
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    outcome: Outcome | None
    paused: bool
    may_extend: bool
    steps: tuple[Step, ...]


async def explain(db: Database, case: HasId) -> tuple[Explained, ...]:
    """Every clock of a case with how its date came about, those that run first."""
    async with db.connect() as connection:
        facts = await rows.facts(connection, case.id)
        calendar = await rows.calendar_of(connection, facts.unit_id)
        of_case = select(case_clocks).where(case_clocks.c.case_id == case.id).order_by(case_clocks.c.id)
        clocks = (await connection.execute(of_case)).all()
        apology = (
            await connection.execute(select(case_apologies).where(case_apologies.c.case_id == case.id))
        ).one_or_none()
    made = [_explained(row, facts, calendar, apology) for row in clocks]
    return tuple(sorted(made, key=lambda clock: clock.stopped_at is not None))


def _explained(row: Row[Any], case: Facts, calendar: Calendar, apology: Row[Any] | None) -> Explained:
    rule = rows.rule_of(row)
    steps: tuple[Step, ...]
    if rule is None:
        steps = (
            Step("Phiếu trễ hẹn nên cơ quan đã xin lỗi và hẹn lại một lần; không hẹn lại lần nữa.", row.started_at),
            Step(f"Lý do: {apology.reason if apology else ''}"),
            Step(f"Ngày hẹn lại: {row.due_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}.", row.due_at),
        )
        law, source, verified = _APOLOGY_LAW
    else:
        counted = rows.deadline(row, case, calendar)
        steps = counted.steps
        if row.stopped_at is not None and row.due_at is not None and counted.at != row.due_at:
            # It was judged by what held then; the calendar or the facts of the case changed later.
            kept = f"{row.due_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}"
            steps += (Step(f"Khi thời hạn này kết thúc, hạn đang ghi là {kept}; lịch hoặc phiếu được sửa sau đó."),)
        law, source, verified = rule.law, rule.source, rule.verified
    return Explained(
        rule=row.rule,
        title=rows.title(rule),
        law=law,
        source=source,
        verified=verified,
        started_at=row.started_at,
        due_at=row.due_at,
        stopped_at=row.stopped_at,
        outcome=row.outcome,
        paused=row.stopped_at is None and rows.stands(row),
        may_extend=row.stopped_at is None and rows.may_extend(row, case),
        steps=steps,
    )
