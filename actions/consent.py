"""Agreeing that contact data is kept: what for, who sees it, how long (Luật 91/2025/QH15); silence agrees to nothing.

The words are versioned: a record of consent names the version that was shown.
"""

from __future__ import annotations

from actions.turn import Button, Reply, Services, payload

PURPOSE = "contact"
AGREE = Button("Đồng ý", payload("affirm"))
REFUSE = Button("Không đồng ý", payload("deny"))
NOT_YET = "Tôi chưa lưu gì cả. Anh/chị bấm **Đồng ý** trước, rồi ghi số giúp tôi; không muốn thì bấm **Không đồng ý**."


def version(services: Services) -> str:
    """Which words are shown: their number and the time that they name."""
    return f"contact-1:{services.case_days}d"


def ask(services: Services) -> Reply:
    """The question, with no answer prepared."""
    days = services.case_days
    kept = f"{days // 365} năm" if days % 365 == 0 else f"{days} ngày"
    text = (
        "Anh/chị có đồng ý để lại **số điện thoại hoặc e-mail** không?\n"
        "• Để làm gì: cán bộ liên hệ với anh/chị về phiếu này, ngoài ra không dùng vào việc gì.\n"
        "• Ai xem được: cán bộ giải quyết phiếu; trong máy, số được mã hóa.\n"
        f"• Giữ bao lâu: {kept} sau khi phiếu xong. Muốn xóa sớm, nhắn “xóa dữ liệu của tôi”.\n"
        "Không đồng ý vẫn gửi được; anh/chị theo dõi bằng mã phiếu."
    )
    return Reply().say(text, AGREE, REFUSE)


async def record(services: Services, citizen_id: int | None, evidence: object) -> bool:
    """Write down that a citizen agreed; says whether it could be written, without which no contact is kept.

    Args:
        evidence: the message in which they agreed.
    """
    if citizen_id is None or not isinstance(evidence, str) or not evidence:
        return False
    await services.consent(citizen_id, PURPOSE, wording=version(services), evidence=evidence)
    return True
