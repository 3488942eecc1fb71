""" "Dữ liệu của tôi" and "xóa dữ liệu của tôi": a request about one's own data, opened as a case with its own clock.

Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15: to be acknowledged within two working days. The clocks are the desk's.
"""

from __future__ import annotations

from actions.turn import Button, Reply, Services, Turn, payload
from desk import texts
from desk.cases import Draft, Kind

PENDING = "data:"
# What is asked for: subject of the case, and what the citizen is told that it means.
WISHES = {
    "access": ("Xem dữ liệu của tôi", "cán bộ gửi cho anh/chị biết đang lưu những gì về anh/chị"),
    "erasure": (
        "Xóa dữ liệu của tôi",
        "xóa tin nhắn, số liên hệ và nội dung các phiếu đã xong của anh/chị. Phiếu chưa xong phải giải quyết xong "
        "mới xóa",
    ),
    "objection": ("Rút lại sự đồng ý", "không lưu số điện thoại, e-mail của anh/chị nữa"),
}


async def ask(turn: Turn, services: Services) -> Reply:
    """Ask once whether the request is meant; then open its case."""
    wish = str(turn.entities.get("wish") or "")
    if wish not in WISHES:
        buttons = (Button(title, payload("data_request", wish=name)) for name, (title, _) in WISHES.items())
        return Reply().say("Anh/chị muốn gì về dữ liệu của mình?", *buttons)
    if turn.entities.get("sure") is True:
        return await send(turn, services, wish)
    title, meaning = WISHES[wish]
    text = (
        f"Anh/chị gửi yêu cầu **{title.lower()}** phải không? Nghĩa là: {meaning}.\n"
        "Cán bộ báo đã nhận trong 2 ngày làm việc và có thể hỏi thêm để chắc đúng là anh/chị."
    )
    return Reply(slots={"pending": f"{PENDING}{wish}", "options": None}).say(
        text, Button("Gửi yêu cầu", payload("data_request", wish=wish, sure=True)), Button("Không gửi", payload("deny"))
    )


async def send(turn: Turn, services: Services, wish: str) -> Reply:
    """Open the case of a request, or name the one that is open already."""
    reply = Reply(slots={"pending": None, "options": None})
    title, meaning = WISHES[wish]
    before = await services.cases.waiting(turn.conversation_id, Kind.data_request, but=turn.key)
    if before is not None and (before.detail or {}).get("request") == wish:
        return reply.say(f"Yêu cầu này của anh/chị đang ở phiếu **{before.code}**, chờ cán bộ trả lời.")
    case, pin = await services.cases.open(
        Draft(
            kind=Kind.data_request,
            subject=title,
            text=f"{title}: {meaning}.",
            citizen_id=turn.citizen_id,
            conversation_id=turn.conversation_id,
            detail={"request": wish},
        ),
        key=turn.key,
    )
    return reply.say(texts.receipt(case, pin, services.cases.link(case)))
