"""How cases are told to staff: kinds, states, the log, and when something is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.kinds import Kind, State
from desk.texts import VIET_NAM

KINDS = {
    Kind.question: "Câu hỏi",
    Kind.feedback: "Phản ánh, kiến nghị",
    Kind.complaint: "Khiếu nại",
    Kind.data_request: "Dữ liệu cá nhân",
}
"""What lists and pages call them; a denunciation is in none of them."""
STATES = {
    State.received: "Mới nhận",
    State.needs_information: "Chờ người dân",
    State.accepted: "Đã tiếp nhận",
    State.in_progress: "Đang xử lý",
    State.paused: "Tạm dừng",
    State.answered: "Đã trả lời",
    State.closed: "Đã đóng",
    State.reopened: "Mở lại",
    State.refused: "Không tiếp nhận",
    State.transferred: "Đã chuyển cơ quan khác",
    State.merged: "Đã gộp",
}
TONES = {
    State.received: "new",
    State.reopened: "new",
    State.needs_information: "warn",
    State.paused: "warn",
    State.answered: "good",
    State.closed: "good",
    State.refused: "bad",
}
VIAS = {"chat": "trò chuyện", "page": "trang web", "desk": "tại quầy, điện thoại"}
CHANNELS = {
    "telegram": "Telegram",
    "zalo_oa": "Zalo OA",
    "zalo_bot": "Zalo Bot",
    "web": "trò chuyện trên web",
}
DELIVERY = {
    "ready": ("đang chờ gửi", "warn"),
    "leased": ("đang gửi", "warn"),
    "sent": ("đã gửi", "good"),
    "unknown": ("không rõ đã tới chưa", "warn"),
    "dead": ("không gửi được", "bad"),
    "withheld": ("không gửi, cán bộ đang giữ cuộc trò chuyện", "warn"),
}
COMPLEXITIES = {"normal": "Bình thường", "complex": "Phức tạp", "very_complex": "Đặc biệt phức tạp"}
OUTCOMES = {"met": ("đúng hạn", "good"), "missed": ("trễ hạn", "bad"), "dropped": ("thôi tính", "")}
LOG = {
    "received": "tiếp nhận phiếu",
    "taken": "nhận việc",
    "assigned": "giao người xử lý",
    "moved": "chuyển đơn vị",
    "accepted": "nhận giải quyết",
    "begun": "bắt đầu xử lý",
    "refused": "không tiếp nhận",
    "transferred": "chuyển cơ quan có thẩm quyền",
    "paused": "tạm dừng",
    "resumed": "xử lý tiếp",
    "closed": "đóng phiếu",
    "reopened": "mở lại",
    "legal_clock_started": "tính thời hạn theo luật",
    "extended": "gia hạn",
    "replied": "nhắn người dân",
    "answered": "trả lời, hoàn thành",
    "answered_by_other": "được trả lời cùng phiếu khác",
    "asked": "hỏi người dân",
    "proposed": "soạn, chờ duyệt",
    "approved": "duyệt và gửi",
    "reply_refused": "trả lại để sửa",
    "noted": "ghi chú nội bộ",
    "added": "bổ sung",
    "facts_set": "sửa thông tin",
    "contact_recorded": "ghi liên hệ",
    "merged": "gộp vào phiếu khác",
    "absorbed": "nhận phiếu trùng gộp vào",
    "linked": "nối để trả lời chung",
    "leads": "trả lời chung cho phiếu khác",
    "unlinked": "thôi trả lời chung",
    "undone": "hoàn tác",
    "rated": "chấm điểm",
    "commented": "nhận xét",
    "settled": "báo đã giải quyết",
    "wrong_pin": "nhập sai PIN",
    "warned": "nhắc sắp đến hạn",
    "escalated": "báo phụ trách vì quá hạn",
    "apologised": "xin lỗi và hẹn lại",
    "checked": "hỏi đã giải quyết chưa",
    "file_added": "thêm tệp",
    "purged": "xóa nội dung theo thời hạn lưu giữ",
}
"""What the log's short words mean; one that is not here is shown as it is."""
ACTORS = {"citizen": "người dân", "system": "hệ thống", "anyone": "người lạ"}
_SOON = timedelta(hours=24)
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True)
class Due:
    """How a deadline is shown: `said` in a few words, `exact` the moment, `tone` late, soon, fine or still."""

    said: str
    exact: str
    tone: str


def due(at: datetime | None, now: datetime, *, still: str = "Không có hạn") -> Due:
    """When something is due, as a colleague would say it.

    Args:
        at: the deadline; None while no clock runs.
        now: the present moment.
        still: what is said without a deadline.
    """
    if at is None:
        return Due(still, "", "still")
    there, here = at.astimezone(VIET_NAM), now.astimezone(VIET_NAM)
    exact = f"{there:%H:%M} {_WEEKDAYS[there.weekday()]} {there:%d/%m/%Y}"
    days = (there.date() - here.date()).days
    if at <= now:
        gone = now - at
        if gone < timedelta(hours=1):
            said = "Vừa quá hạn"
        elif days == 0:
            said = f"Quá {gone // timedelta(hours=1)} giờ"
        else:
            said = f"Quá {-days} ngày"
        return Due(said, exact, "late")
    if days == 0:
        return Due(f"Hôm nay {there:%H:%M}", exact, "soon")
    said = f"Ngày mai {there:%H:%M}" if days == 1 else f"Còn {days} ngày"
    return Due(said, exact, "soon" if at - now <= _SOON else "fine")
