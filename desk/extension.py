"""A lawful extension of a case's deadline: decided by who supervises, told to the citizen with its reason."""

from __future__ import annotations

from desk import audit, case_clocks, texts
from desk._case_rows import Case
from desk.deadlines import rules
from desk.handling import Handling
from desk.handling._desk import reason_of
from desk.staff import Person
from store.errors import Invalid


async def extend(
    handling: Handling, by: Person, code: str, rule: str, reason: str, *, expected: int | None = None
) -> Case:
    """Grant the next extension that the law knows for a running deadline.

    Args:
        handling: the desk's side of the cases.
        by: who decides.
        code: of the case.
        rule: name of the deadline's rule.
        reason: why; the citizen reads it.
        expected: the version of the case that the person saw.

    Raises:
        Invalid: the reason is empty, or no such deadline runs.
        Conflict: the law knows no further extension.
    """
    why = reason_of(reason)
    if rule not in rules():
        raise Invalid("Anh/chị chọn thời hạn cần gia hạn.")
    async with handling.change(by, code, "extended", right="cases.supervise", expected=expected) as change:
        due = await case_clocks.extend(change.connection, change.before.id, rule, why, by.name, change.at)
        change.data.update({"rule": rule, "reason": audit.digest_of(why)})
        await change.fresh()
        title = rules()[rule][0].title.lower()
        new = f" Hạn mới: {texts.moment(due)}." if due is not None else ""
        lines = [f"Phiếu **{change.before.code}**: thời hạn {title} được gia hạn.{new}", f"Lý do: {why}"]
        await change.notice("\n".join(lines))
    return change.case
