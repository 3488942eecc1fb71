"""Tố cáo: how it is done, and where it is told so that only the vault reads it. The chat takes no story and no name."""

from __future__ import annotations

from actions import triage
from actions.turn import Button, Reply, Services, Turn, payload

PAGE = "/to-cao"


async def guide(turn: Turn, services: Services) -> Reply:
    """Say how to denounce; what was written is not kept."""
    text = (
        "Tố cáo phải gửi bằng đơn có chữ ký, hoặc trình bày trực tiếp tại nơi tiếp công dân "
        "(Luật Tố cáo 2018, Điều 22, 23). "
        "Tin nhắn ở đây **không phải là đơn tố cáo** và chưa tính thời hạn.\n"
        "Họ tên, địa chỉ, bút tích của người tố cáo được **giữ bí mật** theo luật (Điều 9). "
        "Anh/chị **đừng ghi tên mình** hay kể sự việc trong khung trò chuyện này; lời vừa nhắn tôi không lưu lại.\n"
        f"Hãy ghi vào **trang kín**, chỉ người giữ tin tố cáo đọc được: {services.public_url.rstrip('/')}{PAGE}\n"
        "Không muốn nêu tên cũng gửi được: tin nặc danh không xử lý như đơn tố cáo, nhưng nếu nói rõ ai vi phạm và "
        "có tài "
        "liệu cụ thể thì vẫn được kiểm tra (Điều 25).\n"
        "Nếu đang nguy hiểm hoặc thấy tội phạm: gọi **113**."
    )
    # What was told before the question which way it is turns out to be a denunciation.
    before = turn.slots.get("told_in") if triage.told(turn) else None
    earlier = [before] if isinstance(before, str) else []
    slots: dict[str, object] = {"told": None, "told_in": None, "question": None, "pending": None, "options": None}
    return Reply(slots=slots, private=True, earlier=earlier).say(
        text,
        Button("Tôi muốn khiếu nại", payload("complain")),
        Button("Tôi muốn phản ánh", payload("give_feedback")),
    )
