"""The facts of a case that staff set right: what it is, what and where it is about, how to reach who sent it."""

from __future__ import annotations

from typing import Any, Literal

from desk import audit, case_clocks, units
from desk._case_rows import Case
from desk._changes import Change
from desk.handling._desk import Desk, reason_of
from desk.kinds import DONE, Kind, bucket
from desk.staff import Person
from knowledge.places import Gazetteer
from store.errors import Conflict, Invalid

Complexity = Literal["normal", "complex", "very_complex"]
_COMPLEXITIES = ("normal", "complex", "very_complex")
_LONGEST = {"procedure_code": 40, "place_code": 20, "office": 200}


class Facts(Desk):
    """Corrections of what a case is."""

    async def set_facts(
        self,
        by: Person,
        code: str,
        *,
        kind: Kind | None = None,
        procedure_code: str | None = None,
        place_code: str | None = None,
        office: str | None = None,
        remote_area: bool | None = None,
        complexity: Complexity | None = None,
        reason: str = "",
        expected: int | None = None,
    ) -> Case:
        """Set facts of a case; what is None stays, what is empty is taken away.

        Another kind starts the clocks of that kind from the day the case was received.

        Args:
            reason: why it is more complex, which the law wants in writing (Nghị định 124/2020, Điều 3a); becomes a
                note.

        Raises:
            Invalid: a fact cannot be, or the reason is missing.
            Conflict: the kind cannot be changed any more.
        """
        given = {"procedure_code": procedure_code, "place_code": place_code, "office": office}
        texts = {name: _text(name, value) for name, value in given.items() if value is not None}
        if place_code and texts["place_code"] is not None:
            _check_place(texts["place_code"])
        if complexity is not None and complexity not in _COMPLEXITIES:
            raise Invalid("Mức độ phức tạp không đúng; hãy chọn trong danh sách.")
        async with self.change(by, code, "facts_set", expected=expected) as change:
            case = change.before
            values: dict[str, Any] = {k: v for k, v in texts.items() if getattr(case, k) != v}
            if remote_area is not None and remote_area != case.remote_area:
                values["remote_area"] = remote_area
            if complexity is not None and complexity != case.complexity:
                values["complexity"] = complexity
                why = reason_of(reason)
                await change.message(f"Mức độ phức tạp: {why}", author="staff", purpose="note", public=False)
            change.data["set"] = {k: audit.digest_of(v or "") if k == "office" else v for k, v in values.items()}
            change.set(**values)
            await change.flush()
            if kind is not None and kind is not case.kind:
                await _another_kind(change, kind)
            elif {"remote_area", "complexity"} & values.keys():
                await case_clocks.recount(change.connection, case.id)
            await change.fresh()
        return change.case

    async def record_contact(self, by: Person, code: str, contact: str, *, expected: int | None = None) -> Case:
        """Keep how to reach the citizen, sealed; the log keeps that it was done, not what it says.

        Raises:
            Invalid: it is empty or too long.
            Conflict: the case is a denunciation, whose identities are kept apart.
        """
        words = contact.strip()
        if not words or len(words) > 200:
            raise Invalid("Anh/chị ghi số điện thoại hoặc e-mail (không quá 200 ký tự).")
        async with self.change(by, code, "contact_recorded", expected=expected) as change:
            if change.before.secret:
                raise Conflict("Danh tính người tố cáo được lưu riêng, không ghi vào ô liên hệ.")
            change.set(contact=self.cases.seal(words))
        return change.case


async def _another_kind(change: Change, kind: Kind) -> None:
    case = change.before
    if case.state in DONE or case.legal_from is not None:
        raise Conflict("Phiếu đã xong hoặc đã tính thời hạn theo luật, không đổi loại được nữa.")
    if Kind.denunciation in (kind, case.kind):
        raise Conflict(
            "Phiếu không đổi thành tố cáo hay từ tố cáo được: tố cáo nằm trong kho bảo mật. Hãy hướng dẫn người dân "
            "gửi qua trang tố cáo, rồi đóng phiếu này."
        )
    change.data["kind"] = [case.kind.value, kind.value]
    unit = await units.route(change.connection, kind, case.place_code, case.office, f"{case.subject}\n{case.text}")
    change.set(kind=kind.value, bucket=bucket(kind, case.state).value)
    if unit != case.unit_id and case.assigned_to is None:
        change.set(unit_id=unit)
    await change.flush()
    await case_clocks.drop(change.connection, case.id, change.at)
    await case_clocks.begin(change.connection, change.row, case.created_at)


def _text(name: str, value: str) -> str | None:
    clean = value.strip()
    if len(clean) > _LONGEST[name]:
        raise Invalid(f"Thông tin dài quá {_LONGEST[name]} ký tự; vui lòng viết ngắn lại.")
    return clean or None


def _check_place(code: str) -> None:
    try:
        Gazetteer.load().get(code)
    except KeyError:
        raise Invalid("Không có xã, phường nào mang mã này; hãy chọn trong danh sách.") from None
