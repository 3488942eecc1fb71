"""What a turn offers to press, and questions back with numbered choices of procedures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from actions.turn import Button, Reply, payload
from knowledge import answers
from knowledge.catalogue import Snapshot
from knowledge.life_events import LifeEvent
from knowledge.procedures import Procedure
from knowledge.questions import Facet

LONGEST_TITLE = 90
HUMAN = Button("Hỏi cán bộ", payload("handoff"))
WHAT_CAN_I_ASK = Button("Tôi hỏi được những gì?", payload("capabilities"))
NOT_THIS = Button("Không phải thủ tục này", payload("correct"))
INTENTS = {
    "check_case": Button("Xem phiếu đã gửi", payload("check_case")),
    "give_feedback": Button("Gửi phản ánh", payload("give_feedback")),
    "complain": Button("Gửi khiếu nại", payload("complain")),
    "denounce": Button("Hướng dẫn tố cáo", payload("denounce")),
    "handoff": HUMAN,
}
NOT_KNOWN = (
    "Tôi chưa tìm thấy thủ tục nào đúng với câu hỏi này. Anh/chị thử ghi tên việc cần làm, ví dụ: "
    "“làm khai sinh”, “đổi căn cước”, “sang tên đất”. Hoặc để cán bộ trả lời."
)
WHICH = "Anh/chị hỏi thủ tục nào? Ghi tên việc cần làm giúp tôi, ví dụ: “làm khai sinh”, “đổi căn cước”."
NOT_UNDERSTOOD = (
    "Tôi chưa hiểu ý anh/chị. Tôi hướng dẫn thủ tục hành chính (nộp ở đâu, cần giấy gì, bao nhiêu tiền, bao lâu) "
    "và nhận phản ánh. Anh/chị muốn hỏi việc gì?"
)
HOW_TO_FILE = (
    "**Khiếu nại**: gửi đơn ghi ngày, họ tên, địa chỉ, nội dung, có chữ ký tới người đã ra quyết định hoặc cơ quan của "
    "người có việc làm đó, hay đến trình bày trực tiếp; trong 90 ngày từ khi nhận hoặc biết (Luật Khiếu nại 2011, "
    "Điều 8, 9).\n"
    "**Tố cáo**: gửi đơn có họ tên, địa chỉ, chữ ký hoặc trình bày trực tiếp; danh tính được giữ bí mật "
    "(Luật Tố cáo 2018, Điều 9, 22, 23)."
)
PICK = "Bấm chọn hoặc nhắn số."


def ask_back(
    snapshot: Snapshot,
    codes: Sequence[str],
    facets: Iterable[str],
    head: str,
    labels: Mapping[str, str] | None = None,
) -> Reply:
    """A question with numbered choices of procedures.

    Args:
        snapshot: the version that holds the codes.
        codes: the procedures, best first.
        facets: what is asked about the one that will be chosen.
        head: the question.
        labels: shorter names for some of the codes.
    """
    asked = list(facets)
    buttons: list[Button] = []
    for code in codes:
        title = (labels or {}).get(code) or answers.short_name(snapshot.procedures[code], LONGEST_TITLE)
        if any(button.title == title for button in buttons):
            title = answers.display_name(snapshot.procedures[code])
        buttons.append(_button(title, code, asked))
    lines = [head] + [f"{number}. {button.title}" for number, button in enumerate(buttons, 1)]
    return _offered(codes, buttons, "\n".join(lines))


def bundle(snapshot: Snapshot, event: LifeEvent, facets: Iterable[str]) -> Reply | None:
    """The procedures of a life event in their order; None when the version holds fewer than two of them."""
    asked = list(facets)
    steps = [step for step in event.steps if step.code in snapshot.procedures]
    if len(steps) < 2:
        return None
    lines = [f"{event.opening}:"]
    lines += [
        f"{number}. **{step.label}**: {step.line.rstrip('.')}. Mã {step.code}." for number, step in enumerate(steps, 1)
    ]
    lines.append(f"Đây là danh sách gợi ý. Anh/chị muốn xem việc nào trước? {PICK}")
    buttons = [_button(step.label, step.code, asked) for step in steps]
    reply = _offered([step.code for step in steps], buttons, "\n".join(lines))
    # "Bao nhiêu tiền" must not be answered for what was talked about before.
    reply.slots["procedure"] = None
    return reply


def named(procedure: Procedure, facets: Sequence[Facet]) -> Button:
    """A button that asks about a procedure by its name."""
    return _button(answers.short_name(procedure, LONGEST_TITLE), procedure.code, [facet.value for facet in facets])


def _button(title: str, code: str, facets: list[str]) -> Button:
    return Button(title, payload("ask_procedure", procedure=code, **({"facet": facets} if facets else {})))


def _offered(codes: Sequence[str], buttons: list[Button], text: str) -> Reply:
    slots = {
        "options": [button.as_json() for button in buttons],
        "pending": "options",
        "alternatives": list(codes),
    }
    return Reply(slots=slots).say(text, *buttons, HUMAN)
