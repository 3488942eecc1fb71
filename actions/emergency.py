"""The answer to danger: whom to call, said before anything else."""

from __future__ import annotations

from actions.turn import Reply, Turn

NUMBERS = {
    "fire": "**114** – chữa cháy, cứu nạn",
    "rescue": "**114** – chữa cháy, cứu nạn",
    "medical": "**115** – cấp cứu",
    "police": "**113** – công an",
    "child": "**111** – bảo vệ trẻ em (gọi miễn phí, cả ngày đêm)",
    "life": "**115** – cấp cứu",
}
# Behind what happened stands who else may be needed.
ALSO = {"fire": "medical", "rescue": "medical", "police": "medical", "life": "police", "medical": "police"}
SHORTEST_STORY = 10
HEAD = "**Gọi ngay**, đừng chờ trả lời ở đây:"
TAIL = (
    "Tôi là máy trả lời tự động, không báo tin giúp được. Khi gọi, nói rõ **chuyện gì, ở đâu**. "
    "Anh/chị tới chỗ an toàn trước đã."
)
COMFORT = (
    "Anh/chị không phải chịu một mình. Xin gọi ngay, hoặc kêu người thân, hàng xóm tới ở bên cạnh:\n"
    "• **115** – cấp cứu\n• **113** – công an\n"
    "Người dưới 18 tuổi gọi **111**, miễn phí, cả ngày đêm. Tôi là máy trả lời tự động, không thay được người ở bên."
)


def call(turn: Turn) -> Reply:
    """Whom to call; what was being done stays open, and what was told is kept where the form asked for the story."""
    slots: dict[str, object] = {}
    if turn.slots.get("requested_slot") == "case_text" and len(turn.text) >= SHORTEST_STORY and not turn.pressed:
        slots["case_text"] = turn.text.strip()
    kinds = [kind for kind in str(turn.entities.get("danger") or "").split(",") if kind in NUMBERS]
    if "life" in kinds:
        return Reply(slots=slots).say(COMFORT)
    wanted = dict.fromkeys(NUMBERS[kind] for kind in kinds or ("police", "fire", "medical"))
    for kind in kinds:
        wanted.setdefault(NUMBERS[ALSO.get(kind, "police")])
    return Reply(slots=slots).say("\n".join([HEAD, *(f"• {line}" for line in wanted), TAIL]))
