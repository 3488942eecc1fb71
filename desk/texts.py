"""How cases are told to citizens: receipts, states, and a notice for each step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from desk._case_rows import Case
from desk.calendar import VIET_NAM as VIET_NAM
from desk.kinds import Kind, State
from store.tables import now

KIND = {
    Kind.question: "Câu hỏi cho cán bộ",
    Kind.feedback: "Phản ánh, kiến nghị",
    Kind.complaint: "Ý kiến khiếu nại",
    Kind.denunciation: "Tin báo tố cáo",
    Kind.data_request: "Yêu cầu về dữ liệu cá nhân",
}
STATE = {
    State.received: "Đã tiếp nhận, đang chờ cán bộ xem",
    State.needs_information: "Đang chờ anh/chị bổ sung thông tin",
    State.accepted: "Cán bộ đã nhận giải quyết",
    State.in_progress: "Cán bộ đang xử lý",
    State.paused: "Tạm dừng",
    State.answered: "Đã trả lời",
    State.closed: "Đã đóng",
    State.reopened: "Đã mở lại, cán bộ sẽ xem tiếp",
    State.refused: "Không nhận giải quyết, có nêu lý do",
    State.transferred: "Đã chuyển cho cơ quan có thẩm quyền",
    State.merged: "Đang được giải quyết chung với một phiếu khác",
}
STARS = ("1 sao", "2 sao", "3 sao", "4 sao", "5 sao")
NO_LEGAL_CLOCK = (
    "Lưu ý: tin nhắn này chưa phải là đơn khiếu nại theo luật. Muốn khiếu nại theo luật, anh/chị gửi đơn có chữ ký, "
    "hoặc đến trình bày trực tiếp tại nơi tiếp công dân."
)
NO_LEGAL_DENUNCIATION = (
    "Lưu ý: tin báo này chưa phải là đơn tố cáo theo luật. Muốn tố cáo theo luật, anh/chị gửi đơn có họ tên, địa chỉ, "
    "chữ ký, hoặc đến trình bày trực tiếp tại nơi tiếp công dân. Danh tính của anh/chị được giữ bí mật."
)


def moment(at: datetime) -> str:
    """A moment in Viet Nam time."""
    return f"{at.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}"


def receipt(case: Case, pin: str, link: str = "") -> str:
    """What the citizen is told when a case was taken in.

    Args:
        link: address of the case's page, where there is one (`Cases.link`).
    """
    lines = [
        "Đã ghi nhận. Cảm ơn anh/chị.",
        f"Mã phiếu: **{case.code}** · PIN: **{pin}**",
        "Anh/chị giữ lại mã và PIN. Muốn biết đã xử lý tới đâu, nhắn: "
        f"“tra cứu {case.code}”. Nhắn từ máy khác thì thêm PIN.",
    ]
    if link:
        lines.append(f"Hoặc xem tại trang: {link}")
    if case.conversation_id is not None:
        lines.append("Cán bộ sẽ trả lời ngay trong cuộc trò chuyện này.")
    if case.kind is Kind.complaint:
        lines.append(NO_LEGAL_CLOCK)
    if case.kind is Kind.denunciation:
        lines.append(NO_LEGAL_DENUNCIATION)
    return "\n".join(lines)


def status(case: Case, link: str = "") -> str:
    """What the citizen is told who asks how far a case is."""
    lines = [
        f"Phiếu **{case.code}** ({KIND[case.kind]})",
        f"Về việc: {case.subject}",
        f"Gửi lúc: {moment(case.created_at)}",
        f"Tình trạng: **{STATE[case.state]}**",
    ]
    if case.due_at is not None:
        lines.append(f"Dự kiến trả lời trước: {moment(case.due_at)}")
    if case.state is State.needs_information:
        lines.append(f"Anh/chị nhắn “bổ sung {case.code}: …” để gửi thêm.")
    if link:
        lines.append(f"Xem chi tiết: {link}")
    return "\n".join(lines)


def _head(case: Case) -> str:
    return f"Phiếu **{case.code}** ({KIND[case.kind].lower()}: {case.subject[:80]})"


def _told(case: Case, lines: Sequence[str], link: str) -> str:
    return "\n".join([_head(case), *lines, f"Xem phiếu (cần mã và PIN): {link}"])


def accepted(case: Case, words: str, link: str) -> str:
    """The desk takes the matter on."""
    lines = ["Cán bộ đã nhận giải quyết việc của anh/chị."]
    if words:
        lines.append(words)
    lines += _expected(case)
    return _told(case, lines, link)


def _expected(case: Case) -> list[str]:
    """By when an answer is to be expected; nothing once that is past: the apology tells the new date."""
    if case.due_at is None or case.due_at < now():
        return []
    return [f"Dự kiến trả lời trước {moment(case.due_at)}."]


def begun(case: Case, link: str) -> str:
    """Somebody works on it."""
    lines = ["Cán bộ đã bắt đầu xử lý việc của anh/chị."]
    lines += _expected(case)
    return _told(case, lines, link)


def asked(case: Case, words: str, link: str) -> str:
    """Something is missing that only the citizen knows."""
    lines = [
        "Cán bộ cần anh/chị cho biết thêm:",
        words,
        f"Anh/chị nhắn “bổ sung {case.code}: …” ngay tại đây, hoặc gửi trên trang của phiếu. Phiếu chờ anh/chị.",
    ]
    return _told(case, lines, link)


def refused(case: Case, reason: str, link: str) -> str:
    """The desk does not take the matter on."""
    lines = [
        "Rất tiếc, chúng tôi không nhận giải quyết việc này. Lý do:",
        reason,
        f"Nếu anh/chị thấy chưa đúng, nhắn “mở lại {case.code}: …” và nói rõ thêm để cán bộ xem lại.",
    ]
    return _told(case, lines, link)


def transferred(case: Case, body: str, reason: str, link: str) -> str:
    """Another body is competent and has it now."""
    lines = [f"Việc này thuộc thẩm quyền của: **{body}**. Chúng tôi đã chuyển phiếu tới đó.", f"Lý do: {reason}"]
    return _told(case, lines, link)


def paused(case: Case, reason: str, law: str, link: str) -> str:
    """Work stands still, and so do the clocks."""
    still = "Thời hạn cũng dừng tính." if case.due_at is None else "Thời hạn mà luật không cho dừng thì vẫn tính."
    lines = [f"Việc giải quyết tạm dừng. {still} Lý do:", reason]
    if law:
        lines.append(f"Căn cứ: {law}")
    lines.append("Khi làm tiếp, tôi báo anh/chị ngay.")
    return _told(case, lines, link)


def resumed(case: Case, link: str) -> str:
    """Work goes on after a pause."""
    lines = ["Việc của anh/chị được giải quyết tiếp."]
    lines += _expected(case)
    return _told(case, lines, link)


def replied(case: Case, words: str, link: str) -> str:
    """A word from a member of staff that is not yet the answer."""
    return _told(case, [words], link)


def answered(case: Case, words: str, link: str) -> str:
    """The answer."""
    return _told(case, ["Trả lời:", words], link)


def rate_please(case: Case) -> str:
    """The question for stars, right after the answer."""
    return (
        f"Anh/chị chấm giúp phiếu **{case.code}** từ 1 đến 5 sao để chúng tôi làm tốt hơn. "
        f"Nếu việc chưa xong, nhắn “chưa giải quyết {case.code}: …” để cán bộ xem lại."
    )


def closed(case: Case, link: str) -> str:
    """The case is put away."""
    lines = [f"Phiếu đã đóng. Nếu việc chưa xong, nhắn “mở lại {case.code}: …”, cán bộ sẽ xem tiếp."]
    return _told(case, lines, link)


def reopened(case: Case, link: str) -> str:
    """The case is open again."""
    lines = ["Phiếu đã được mở lại. Cán bộ sẽ xem tiếp và trả lời anh/chị."]
    lines += _expected(case)
    return _told(case, lines, link)


def merged(case: Case, link: str) -> str:
    """The same matter is handled in another case; its code is not told, for it may be another person's."""
    lines = [
        "Việc này trùng với một phiếu khác đang được xử lý, nên hai phiếu được giải quyết chung. Có kết quả, anh/chị "
        "nhận được trả lời tại phiếu này như thường."
    ]
    return _told(case, lines, link)


def legal(case: Case, link: str) -> str:
    """A formal complaint or denunciation was filed, and its legal time runs."""
    assert case.legal_from is not None
    what = "tố cáo" if case.kind is Kind.denunciation else "khiếu nại"
    day = f"{case.legal_from.astimezone(VIET_NAM):%d/%m/%Y}"
    lines = [f"Đơn {what} của anh/chị đã được nhận theo luật. Thời hạn tính từ ngày {day}."]
    if case.due_at is not None:
        lines.append(f"Hạn của bước đầu tiên: {moment(case.due_at)}.")
    return _told(case, lines, link)
