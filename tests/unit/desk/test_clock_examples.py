"""Deadlines worked out by hand on a paper calendar, each with the law that it rests on.

Days off of 2026 used here: 1 and 2 January (10 January worked), 16–20 February (Tết), 27 April, 30 April, 1 May,
31 August to 2 September (22 August worked). 24 November counts as a working day (`desk/data/calendar.yml` says why).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import pytest

from desk.calendar import VIET_NAM, Calendar
from desk.clocks import Extension, Pause, due
from desk.deadlines import in_force


class Example(NamedTuple):
    """One deadline: moments are Viet Nam time; `pauses` are pairs of moments, `extensions` a number of grants."""

    law: str
    rule: str
    start: str
    due: str
    pauses: tuple[tuple[str, str], ...] = ()
    extensions: int = 0
    remote: bool = False
    complexity: int = 0


OLD = "Luật Khiếu nại 2011, Điều 27: 10 ngày, đến hết 30/06/2026"
NEW = "Nghị định 155/2026/NĐ-CP, Điều 10: 07 ngày làm việc, từ 01/07/2026"
FIRST = "Luật Khiếu nại 2011, Điều 28: 30, phức tạp 45; vùng sâu, vùng xa 45, phức tạp 60 ngày"
SECOND = "Luật Khiếu nại 2011, Điều 37: 45, phức tạp 60; vùng sâu, vùng xa 60, phức tạp 70 ngày"
SUSPENDED = f"{FIRST}; Điều 11a: thời gian tạm đình chỉ không tính"
INITIAL = "Luật Tố cáo 2018, Điều 24.1: 07, đến 10 ngày làm việc"
DENOUNCED = "Luật Tố cáo 2018, Điều 30: 30, 60, 90 ngày"
FORWARD = "Nghị định 20/2008/NĐ-CP, Điều 9.1.d: 05 ngày làm việc"
IN_PERSON = "Luật Tiếp công dân 2013, Điều 28: 10 ngày làm việc (chưa kiểm chứng sau sửa đổi 2025)"
DATA = "Nghị định 356/2025/NĐ-CP (chưa kiểm chứng)"
INTERNAL = "Mục tiêu nội bộ, cài đặt được"

EXAMPLES = [
    # The change of law on 1 July 2026; the day of receipt is not counted (Bộ luật Dân sự 2015, Điều 147).
    Example(OLD, "complaint_acceptance", "2026-06-30T09:00", "2026-07-10T17:00"),
    Example(OLD, "complaint_acceptance", "2026-06-30T23:59", "2026-07-10T17:00"),
    Example(NEW, "complaint_acceptance", "2026-07-01T00:01", "2026-07-10T17:00"),
    Example(OLD, "complaint_acceptance", "2026-06-29T09:00", "2026-07-09T17:00"),
    # A period that would end at a weekend ends with the next working day (Điều 148).
    Example(OLD, "complaint_acceptance", "2026-06-24T09:00", "2026-07-06T17:00"),
    Example(OLD, "complaint_acceptance", "2026-06-25T09:00", "2026-07-06T17:00"),
    Example(NEW, "complaint_acceptance", "2026-07-03T16:30", "2026-07-14T17:00"),
    Example(NEW, "complaint_acceptance", "2026-07-04T10:00", "2026-07-14T17:00"),
    # Tết 2026.
    Example(OLD, "complaint_acceptance", "2026-02-06T09:00", "2026-02-23T17:00"),
    Example(OLD, "complaint_acceptance", "2026-02-10T09:00", "2026-02-23T17:00"),
    Example(OLD, "complaint_acceptance", "2026-02-13T09:00", "2026-02-23T17:00"),
    # New Year: Friday 2 January off, Saturday 10 January worked.
    Example(OLD, "complaint_acceptance", "2025-12-23T09:00", "2026-01-05T17:00"),
    Example(OLD, "complaint_acceptance", "2025-12-31T09:00", "2026-01-10T17:00"),
    # National day: Saturday 22 August worked, Monday 31 August off.
    Example(NEW, "complaint_acceptance", "2026-08-21T09:00", "2026-09-03T17:00"),
    Example(NEW, "complaint_acceptance", "2026-08-20T09:00", "2026-08-28T17:00"),
    Example(NEW, "complaint_acceptance", "2026-11-18T09:00", "2026-11-27T17:00"),
    Example(FIRST, "complaint_resolution", "2026-06-30T09:00", "2026-07-30T17:00"),
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-07-31T17:00"),
    Example(FIRST, "complaint_resolution", "2026-07-02T09:00", "2026-08-03T17:00"),
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-08-17T17:00", complexity=1),
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-08-17T17:00", extensions=1),
    # There is no third figure, however complex.
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-08-17T17:00", complexity=2),
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-08-17T17:00", remote=True),
    Example(FIRST, "complaint_resolution", "2026-07-01T09:00", "2026-09-03T17:00", remote=True, complexity=1),
    Example(SECOND, "complaint_resolution_second", "2026-06-15T09:00", "2026-07-30T17:00"),
    Example(SECOND, "complaint_resolution_second", "2026-06-15T09:00", "2026-08-14T17:00", complexity=1),
    Example(SECOND, "complaint_resolution_second", "2026-06-01T09:00", "2026-07-31T17:00", remote=True),
    Example(SECOND, "complaint_resolution_second", "2026-06-01T09:00", "2026-08-10T17:00", remote=True, complexity=1),
    # Suspended from 10 July up to 19 July: ten days later.
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-08-10T17:00",
        pauses=(("2026-07-10T09:00", "2026-07-20T10:00"),),
    ),
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-08-12T17:00",
        pauses=(("2026-07-10T09:00", "2026-07-20T10:00"), ("2026-08-05T14:00", "2026-08-07T08:00")),
    ),
    # Within one day: nothing changes.
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-07-31T17:00",
        pauses=(("2026-07-10T08:00", "2026-07-10T16:00"),),
    ),
    # From a Friday evening to a Monday morning: Saturday and Sunday, so the last day is Sunday 2 August.
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-08-03T17:00",
        pauses=(("2026-07-10T17:30", "2026-07-13T08:00"),),
    ),
    # On the last day itself, until Tuesday 4 August, which then is the last day.
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-08-04T17:00",
        pauses=(("2026-07-31T09:00", "2026-08-04T09:00"),),
    ),
    # After the last day: too late to change anything.
    Example(
        SUSPENDED,
        "complaint_resolution",
        "2026-07-01T09:00",
        "2026-07-31T17:00",
        pauses=(("2026-08-03T09:00", "2026-08-20T09:00"),),
    ),
    Example(INITIAL, "denunciation_initial", "2026-01-05T09:00", "2026-01-13T17:00"),
    Example(INITIAL, "denunciation_initial", "2026-01-05T09:00", "2026-01-16T17:00", extensions=1),
    Example(INITIAL, "denunciation_initial", "2026-02-10T09:00", "2026-02-26T17:00"),
    Example(DENOUNCED, "denunciation_resolution", "2026-03-02T09:00", "2026-04-01T17:00"),
    Example(DENOUNCED, "denunciation_resolution", "2026-03-02T09:00", "2026-05-04T17:00", complexity=1),
    Example(DENOUNCED, "denunciation_resolution", "2026-03-02T09:00", "2026-06-01T17:00", complexity=2),
    Example(DENOUNCED, "denunciation_resolution", "2026-04-01T09:00", "2026-06-01T17:00", extensions=1),
    Example(DENOUNCED, "denunciation_resolution", "2026-04-01T09:00", "2026-06-30T17:00", extensions=2),
    Example(FORWARD, "feedback_forward", "2026-02-12T09:00", "2026-02-26T17:00"),
    Example(FORWARD, "feedback_forward", "2026-04-23T09:00", "2026-05-05T17:00"),
    Example(FORWARD, "feedback_forward", "2025-12-31T09:00", "2026-01-09T17:00"),
    Example(FORWARD, "feedback_forward", "2026-01-05T09:00", "2026-01-10T17:00"),
    Example(FORWARD, "feedback_forward", "2026-08-28T09:00", "2026-09-09T17:00"),
    Example(FORWARD, "feedback_forward", "2026-07-12T20:00", "2026-07-17T17:00"),
    # Swapped Saturdays of other years: 26/04/2025 for 02/05/2025, 04/05/2024 for 29/04/2024.
    Example(FORWARD, "feedback_forward", "2025-04-25T09:00", "2025-05-06T17:00"),
    Example(FORWARD, "feedback_forward", "2024-04-26T09:00", "2024-05-07T17:00"),
    # Tết 2027 as the library computes it: 4 to 10 February.
    Example(FORWARD, "feedback_forward", "2027-02-02T09:00", "2027-02-16T17:00"),
    Example(IN_PERSON, "in_person_reply", "2026-08-10T09:00", "2026-08-22T17:00"),
    Example(DATA, "data_acknowledge", "2026-11-20T21:00", "2026-11-24T17:00"),
    Example(DATA, "data_acknowledge", "2026-02-13T09:00", "2026-02-24T17:00"),
    Example(DATA, "data_access", "2026-11-20T09:00", "2026-11-30T17:00"),
    Example(DATA, "data_erasure", "2026-11-02T09:00", "2026-11-23T17:00"),
    Example(DATA, "data_objection", "2026-10-01T09:00", "2026-11-02T17:00", extensions=1),
    Example(INTERNAL, "feedback_answer", "2026-07-06T09:00", "2026-07-20T17:00"),
    # The citizen was asked from Wednesday to Monday: three working days later.
    Example(
        INTERNAL,
        "feedback_answer",
        "2026-07-06T09:00",
        "2026-07-23T17:00",
        pauses=(("2026-07-08T10:00", "2026-07-13T09:00"),),
    ),
    # 16 working hours, eight a day (7–11, 13–17).
    Example(INTERNAL, "question_answer", "2026-11-20T15:00", "2026-11-24T15:00"),
    Example(INTERNAL, "question_answer", "2026-01-10T08:00", "2026-01-13T08:00"),
    Example(INTERNAL, "question_answer", "2026-07-06T08:00", "2026-07-08T08:00"),
    Example(
        INTERNAL,
        "question_answer",
        "2026-07-06T08:00",
        "2026-07-09T08:00",
        pauses=(("2026-07-07T09:00", "2026-07-08T09:00"),),
    ),
    # Written in the night before a holiday: the hours begin on the next working morning.
    Example(INTERNAL, "question_answer", "2026-02-13T22:00", "2026-02-24T17:00"),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{each.rule} {each.start} {each.due}" for each in EXAMPLES])
def test_the_deadline_is_the_one_worked_out_by_hand(example: Example) -> None:
    started = moment(example.start)
    rule = in_force(example.rule, started.date())

    deadline = due(
        rule,
        started,
        Calendar(),
        [Pause(moment(since), moment(until), "tạm đình chỉ") for since, until in example.pauses],
        [Extension("vụ việc phức tạp", "lan", started)] * example.extensions,
        remote=example.remote,
        complexity=example.complexity,
    )

    assert deadline.at == moment(example.due), [step.text for step in deadline.steps]
    assert deadline.steps[-1].moment == deadline.at
    assert rule.verified is not ("chưa kiểm chứng" in example.law or example.law == INTERNAL)
    assert rule.verified is not any("chưa kiểm chứng. Nguồn" in step.text for step in deadline.steps)


def test_there_are_at_least_forty_examples_of_every_rule() -> None:
    assert len(set(EXAMPLES)) >= 40
    assert {each.rule for each in EXAMPLES} >= {
        "complaint_acceptance",
        "complaint_resolution",
        "complaint_resolution_second",
        "denunciation_initial",
        "denunciation_resolution",
        "feedback_forward",
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIET_NAM)
