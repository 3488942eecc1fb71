"""The one question that finds the right way for what is wrong: khiếu nại, tố cáo, phản ánh, or only a procedure.

Each has its own law (Luật Khiếu nại 2011, Luật Tố cáo 2018, Nghị định 20/2008/NĐ-CP), so the citizen says which; the
bot never picks one for them.
"""

from __future__ import annotations

from actions.offers import WHICH
from actions.turn import Button, Reply, Services, Turn, payload

PENDING = "triage"
REGRET = "Tôi rất tiếc vì anh/chị gặp chuyện này."
REGRET_BOT = "Tôi xin lỗi vì đã trả lời không được việc."
QUESTION = "Để chuyển đúng nơi, anh/chị chọn giúp một ý:"
WAYS = (
    ("Khiếu nại", "quyết định hay việc làm của cơ quan, cán bộ ảnh hưởng tới quyền lợi của **chính mình**"),
    ("Tố cáo", "báo người làm sai pháp luật; được giữ kín danh tính"),
    ("Phản ánh, góp ý", "thái độ phục vụ, hồ sơ trễ, đường sá, rác, tiếng ồn…"),
    ("Hỏi thủ tục", "cần giấy gì, nộp ở đâu, bao lâu"),
)
NO_STORY = "Nếu định tố cáo, anh/chị **đừng kể tên ai** trong khung trò chuyện này."
OFFERED = "Hay để một cán bộ nói chuyện trực tiếp với anh/chị?"
PERSON = Button("Gặp cán bộ", payload("handoff", sure=True, reason="angry"))
BUTTONS = (
    Button("Khiếu nại", payload("complain")),
    Button("Tố cáo", payload("denounce")),
    Button("Phản ánh, góp ý", payload("give_feedback")),
    Button("Hỏi thủ tục", payload("triage", wish="procedure")),
)


async def ask(turn: Turn, services: Services) -> Reply:
    """Ask which way it is; what was told stays with the question and is not asked for again."""
    if turn.entities.get("wish") == "procedure":
        return Reply(slots={"pending": None, "told": None, "options": None}).say(WHICH)
    tone = turn.entities.get("tone")
    if tone == "bot":
        # Nothing is wrong but our own answers: a person helps, three laws do not.
        reply = Reply(slots={"pending": None, "told": None, "options": None})
        return reply.say(f"{REGRET_BOT} {OFFERED}", PERSON, BUTTONS[3])
    private = bool(turn.entities.get("private"))
    told = None if turn.pressed or private else turn.text.strip()
    lines = [QUESTION]
    lines += [f"{number}. **{title}**: {meaning}" for number, (title, meaning) in enumerate(WAYS, 1)]
    if private:
        lines.append(NO_STORY)
    if tone == "angry":
        lines.insert(0, REGRET)
        lines.append("5. **Gặp cán bộ**: nói chuyện trực tiếp")
    # What was talked about before stays known: the case may be about it.
    where = turn.metadata.get("message_id") if told else None
    slots = {"pending": PENDING, "told": told, "told_in": where, "options": None}
    person = PERSON if tone == "angry" else Button(PERSON.title, payload("handoff", sure=True))
    return Reply(slots=slots, private=private).say("\n".join(lines), *BUTTONS, person)


def told(turn: Turn) -> str:
    """What the citizen told before they chose a way; empty when the message in hand is the story itself."""
    if turn.slots.get("pending") != PENDING:
        return ""
    return str(turn.slots.get("told") or "").strip()
