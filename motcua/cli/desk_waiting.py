"""`motcua desk waiting`: who waits for a person, and who talks with one."""

from __future__ import annotations

from rich.table import Table

from desk.calendar import VIET_NAM
from desk.takeover import Item
from motcua.cli._shared import Json, console, parts, print_json, run
from store.tables import now

_STATES = {"waiting": "đang chờ", "active": "đang nói chuyện"}


def waiting(as_json: Json = False) -> None:
    """List the conversations that wait for a person or have one, who waits longest first."""

    async def work() -> tuple[Item, ...]:
        async with parts() as made:
            return await made.takeovers.everything()

    found = run(work())
    if as_json:
        print_json(
            [
                {
                    "id": item.id,
                    "state": item.state,
                    "reason": item.reason,
                    "channel": item.channel,
                    "unit": item.unit,
                    "staff": item.staff,
                    "asked_at": item.asked_at.isoformat(),
                    "taken_at": item.taken_at.isoformat() if item.taken_at else None,
                }
                for item in found
            ]
        )
        return
    if not found:
        console.print("Không có ai đang chờ cán bộ.")
        return
    table = Table("Số", "Tình trạng", "Từ", "Chờ (phút)", "Kênh", "Đơn vị", "Cán bộ")
    for item in found:
        waited = int(((item.taken_at or now()) - item.asked_at).total_seconds() // 60)
        table.add_row(
            str(item.id),
            _STATES[item.state],
            f"{item.asked_at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}",
            str(waited),
            item.channel,
            item.unit or "cả tỉnh",
            item.staff or "",
        )
    console.print(table)
