"""The sentences that explain a deadline, for an officer to show to a citizen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from desk.calendar import VIET_NAM, WEEKDAYS, Calendar
from desk.deadlines import Rule

if TYPE_CHECKING:
    from desk.clocks import Extension, Pause

UNVERIFIED = "chưa kiểm chứng"
_UNITS = {"working_days": "ngày làm việc", "days": "ngày", "working_hours": "giờ làm việc"}
_MOST_NAMED = 12

Still = Sequence[tuple[date, date | None]]


@dataclass(frozen=True)
class Step:
    """One sentence, and the moment that it arrives at when it names one."""

    text: str
    moment: datetime | None = None


def opening(rule: Rule, started: datetime, amount: int, *, remote: bool) -> list[Step]:
    """What is due, by which law, from when, how long."""
    start = started.astimezone(VIET_NAM)
    valid = ""
    if rule.since and rule.until:
        valid = f", áp dụng từ {rule.since:%d/%m/%Y} đến hết {rule.until:%d/%m/%Y}"
    elif rule.since:
        valid = f", áp dụng từ {rule.since:%d/%m/%Y}"
    told = [
        Step(f"{rule.title}: tính {rule.from_what}, là {start:%H:%M} {spoken(start.date())}.", started),
        Step(f"Căn cứ: {rule.law}{valid}. Quy định có hiệu lực vào ngày bắt đầu tính được dùng đến hết thời hạn."),
    ]
    if not rule.verified:
        told.append(Step(f"Con số này {UNVERIFIED}. Nguồn: {rule.source}."))
    basic = rule.figures(remote=remote)[0]
    if remote and rule.remote:
        told.append(
            Step(
                f"Thời hạn: {_amount(basic, rule)} vì thuộc vùng sâu, vùng xa, đi lại khó khăn "
                f"(nơi khác là {_amount(rule.amounts[0], rule)})."
            )
        )
    else:
        told.append(Step(f"Thời hạn: {_amount(basic, rule)}{_what_counts(rule)}."))
    return told


def longer(rule: Rule, figures: Sequence[int], level: int, extensions: Sequence[Extension]) -> list[Step]:
    """Why a longer figure holds."""
    if level == 0:
        return []
    told = [
        Step(f"Gia hạn lần {number} ngày {_day(extension.at)}: {extension.reason.rstrip('. ')}.")
        for number, extension in enumerate(extensions[:level], 1)
    ]
    if len(extensions) < level:
        told.append(Step("Vụ việc được ghi nhận là " + ("phức tạp." if level == 1 else "đặc biệt phức tạp.")))
    told.append(Step(f"Vì vậy thời hạn là {_amount(figures[level], rule)}, thay cho {_amount(figures[0], rule)}."))
    return told


def counting(
    rule: Rule,
    first: date,
    nominal: date | None,
    last: date | None,
    calendar: Calendar,
    still: Still,
    pauses: Sequence[Pause],
) -> list[Step]:
    """How the days were counted, from the first to the last one."""
    if last is not None and nominal is not None:
        told = _first_day(rule, first, calendar, still)
        told += _skipped(rule, first, nominal, calendar)
        told += stood_still(rule.unit, pauses, still, calendar, calendar.closes(last))
        if nominal != last:
            told.append(
                Step(
                    f"Ngày cuối tính ra là {spoken(nominal)}, không phải ngày làm việc{_why(nominal, calendar)}, nên "
                    f"thời hạn kết thúc vào ngày làm việc tiếp theo, {spoken(last)} (Bộ luật Dân sự 2015, Điều 148)."
                )
            )
        return told + _uncertain(first if rule.unit == "working_days" else nominal - timedelta(days=1), last, calendar)
    return _first_day(rule, first, calendar, still) + stood_still(rule.unit, pauses, still, calendar, None)


def stood_still(
    unit: str, pauses: Sequence[Pause], still: Still, calendar: Calendar, due: datetime | None
) -> list[Step]:
    """What each stop did to the date."""
    told = []
    for number, pause in enumerate(pauses):
        reason = f" ({pause.reason.rstrip('. ')})" if pause.reason.strip() else ""
        since = f"{_moment(pause.since)}"
        if due is not None and pause.since > due:
            told.append(Step(f"Lần dừng từ {since}{reason} bắt đầu sau khi đã hết hạn nên không làm đổi hạn."))
        elif pause.until is None:
            told.append(Step(f"Dừng tính từ {since}{reason}, chưa tính tiếp.", pause.since))
        elif unit == "working_hours":
            told.append(Step(f"Dừng tính từ {since} đến {_moment(pause.until)}{reason}; giờ ở giữa không tính."))
        else:
            start, end = still[number]
            days = _left_out(start, end or start, calendar, working=unit == "working_days")
            kind = _UNITS[unit]
            effect = f"{days} {kind} ở giữa không tính" if days else f"không trọn {kind} nào nên hạn không đổi"
            told.append(Step(f"Dừng tính từ {since} đến {_moment(pause.until)}{reason}: {effect}."))
    return told


def closing(rule: Rule, at: datetime | None) -> Step:
    """The date itself."""
    if at is None:
        return Step("Thời hạn đang dừng nên chưa có ngày hết hạn; ngày này có khi thời hạn được tính tiếp.")
    local = at.astimezone(VIET_NAM)
    if rule.unit == "working_hours":
        return Step(f"Hạn: {local:%H:%M} {spoken(local.date())}.", at)
    return Step(
        f"Hạn: {spoken(local.date())}. Ngày cuối của thời hạn tính đến 24 giờ (Bộ luật Dân sự 2015, Điều 148); cán bộ "
        f"phải xong trước {local:%H:%M}, khi hết giờ làm việc.",
        at,
    )


def spoken(day: date) -> str:
    """A day with its weekday."""
    return f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


def _first_day(rule: Rule, first: date, calendar: Calendar, still: Still) -> list[Step]:
    day = first + timedelta(days=1)
    while any(start <= day and (end is None or day < end) for start, end in still) or (
        rule.unit == "working_days" and not calendar.is_working(day)
    ):
        if any(end is None and start <= day for start, end in still):
            return [Step(f"Ngày đầu ({spoken(first)}) không tính (Bộ luật Dân sự 2015, Điều 147).")]
        day += timedelta(days=1)
    return [
        Step(
            f"Ngày đầu ({spoken(first)}) không tính (Bộ luật Dân sự 2015, Điều 147); ngày được tính đầu tiên là "
            f"{spoken(day)}."
        )
    ]


def _skipped(rule: Rule, first: date, last: date, calendar: Calendar) -> list[Step]:
    """Days off that were left out, and weekend days that were worked."""
    if rule.unit != "working_days":
        return []
    days = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
    told = []
    weekend = sum(not calendar.is_working(day) and not calendar.day(day).note for day in days)
    named = [f"{spoken(day)} ({calendar.day(day).note})" for day in days if _named_off(day, calendar)]
    parts = ([f"{weekend} ngày cuối tuần"] if weekend else []) + named[:_MOST_NAMED]
    if len(named) > _MOST_NAMED:
        parts.append(f"và {len(named) - _MOST_NAMED} ngày nghỉ khác")
    if parts:
        told.append(Step("Không tính: " + "; ".join(parts) + "."))
    swapped = [day for day in days if calendar.is_working(day) and day.isoweekday() > 5]
    if swapped:
        told.append(Step("Có tính ngày làm bù: " + "; ".join(spoken(day) for day in swapped) + "."))
    return told


def _uncertain(first: date, last: date, calendar: Calendar) -> list[Step]:
    """What about the days after `first` up to `last` is itself not settled."""
    told = []
    days = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
    for day in days:
        fact = calendar.day(day)
        if not fact.verified and fact.origin != "library":
            told.append(Step(f"Lịch ngày {day:%d/%m/%Y} {UNVERIFIED}: {fact.note}. Nguồn: {fact.source}."))
    years = sorted({day.year for day in days if not calendar.is_decided(day.year)})
    for year in years:
        told.append(Step(f"Lịch nghỉ năm {year} là lịch tính trước, {UNVERIFIED} với lịch được quyết định."))
    return told


def _named_off(day: date, calendar: Calendar) -> bool:
    fact = calendar.day(day)
    return not fact.working and bool(fact.note)


def _why(day: date, calendar: Calendar) -> str:
    note = calendar.day(day).note
    return f" ({note})" if note else ""


def _left_out(since: date, until: date, calendar: Calendar, *, working: bool) -> int:
    days = (since + timedelta(days=number) for number in range((until - since).days))
    return sum(not working or calendar.is_working(day) for day in days)


def _amount(amount: int, rule: Rule) -> str:
    return f"{amount:02d} {_UNITS[rule.unit]}"


def _what_counts(rule: Rule) -> str:
    return ", tính cả ngày nghỉ" if rule.unit == "days" else ""


def _moment(moment: datetime) -> str:
    local = moment.astimezone(VIET_NAM)
    return f"{local:%H:%M} {spoken(local.date())}"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(VIET_NAM):%d/%m/%Y}"
