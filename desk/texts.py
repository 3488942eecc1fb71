"""How cases are told to citizens."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from desk.cases import Case, Kind, State

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")

KIND = {
    Kind.question: "Câu hỏi cho cán bộ",
    Kind.feedback: "Phản ánh, kiến nghị",
    Kind.complaint: "Ý kiến khiếu nại",
}
STATE = {State.received: "Đã tiếp nhận, đang chờ cán bộ xem"}
NO_LEGAL_CLOCK = (
    "Lưu ý: tin nhắn này chưa phải là đơn khiếu nại theo luật. Muốn khiếu nại theo luật, anh/chị gửi đơn có chữ ký, "
    "hoặc đến trình bày trực tiếp tại nơi tiếp công dân."
)


def receipt(case: Case, pin: str) -> str:
    """What the citizen is told when a case was taken in."""
    lines = [
        "Đã ghi nhận. Cảm ơn anh/chị.",
        f"Mã phiếu: **{case.code}** · PIN: **{pin}**",
        "Anh/chị giữ lại mã và PIN. Muốn biết đã xử lý tới đâu, nhắn: "
        f"“tra cứu {case.code}”. Nhắn từ máy khác thì thêm PIN.",
        "Cán bộ sẽ trả lời ngay trong cuộc trò chuyện này.",
    ]
    if case.kind is Kind.complaint:
        lines.append(NO_LEGAL_CLOCK)
    return "\n".join(lines)


def status(case: Case) -> str:
    """What the citizen is told who asks how far a case is."""
    sent = case.created_at.astimezone(VIET_NAM)
    return "\n".join(
        [
            f"Phiếu **{case.code}** ({KIND[case.kind]})",
            f"Về việc: {case.subject}",
            f"Gửi lúc: {sent:%H:%M ngày %d/%m/%Y}",
            f"Tình trạng: **{STATE[case.state]}**",
        ]
    )
