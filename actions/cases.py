"""Turns about cases: leaving one, following one, reaching a person."""

from __future__ import annotations

import re

from actions.turn import Button, Reply, Services, Turn, payload
from desk import texts
from desk.cases import CODE, LONGEST_TEXT, PIN, CaseNotFound, Draft, Kind, TooManyPins, WrongPin
from knowledge.places import Gazetteer
from knowledge.text import tokens

KINDS = {"complain": Kind.complaint, "give_feedback": Kind.feedback}
FORM_SLOTS = ("case_kind", "case_subject", "case_text", "case_place", "case_contact", "case_confirm")
EMPTY_FORM: dict[str, object] = dict.fromkeys(FORM_SLOTS)
SUBJECT_LENGTH = 200
LONGEST_HEADLINE = 80
NO_CONTACT = "-"
# What the slot `pending` holds while "shall a person answer?" is open.
HANDOFF = "handoff"
# From this many words on, the message that opened the form is itself the story.
WORDS_OF_A_STORY = 14

DENOUNCE = (
    "Tố cáo phải gửi bằng đơn có chữ ký, hoặc trình bày trực tiếp tại nơi tiếp công dân "
    "(Luật Tố cáo 2018, Điều 22, 23). "
    "Tin nhắn ở đây **không phải là đơn tố cáo** và chưa tính thời hạn.\n"
    "Họ tên, địa chỉ, bút tích của người tố cáo được giữ bí mật theo luật. "
    "Anh/chị **đừng ghi tên mình** hay người khác vào khung trò chuyện này.\n"
    "Nếu đang nguy hiểm hoặc thấy tội phạm: gọi **113**."
)

_NUMBER = re.compile(r"\+?[0-9](?:[ .()\-]{0,2}[0-9])*")
_PHONE = re.compile(r"(?:\+?84|0)[0-9]{8,10}")
_MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_POLITE = frozenset({"da", "a", "ah", "nha", "nhe", "em", "anh", "chi", "ban", "oi", "luon", "dau"})
_SKIP = frozenset(
    {
        "khong",
        "khong co",
        "khong can",
        "khong de lai",
        "khong muon",
        "khong muon de lai",
        "bo qua",
        "thoi",
        "khoi",
        "khoi can",
        "khoi de lai",
        "an danh",
        "skip",
    }
)


def start(turn: Turn) -> Reply:
    """Begin a complaint or a feedback; the form asks the rest."""
    slots = dict(EMPTY_FORM)
    kind = KINDS.get(turn.intent, Kind.feedback)
    slots["case_kind"] = kind.value
    head = "Tôi ghi lại để cán bộ xem và trả lời."
    if not turn.pressed and len(turn.text.split()) >= WORDS_OF_A_STORY:
        # Who has told it all at once is not asked for it again.
        slots["case_text"] = turn.text.strip()
        slots["case_subject"] = _headline(turn.text)
        head = f"{head} Muốn dừng thì nhắn **hủy**."
        if kind is Kind.complaint:
            head = f"Tôi rất tiếc vì việc này. {head}"
    return Reply(slots=slots).say(head)


def _headline(text: str) -> str:
    """The first sentence of a story, cut between words."""
    first = re.split(r"(?<=[.!?…])\s|\n", " ".join(text.split()), maxsplit=1)[0]
    return first if len(first) <= LONGEST_HEADLINE else first[:LONGEST_HEADLINE].rsplit(" ", 1)[0] + "…"


def check_contact(value: str) -> str | None:
    """A telephone number or e-mail address as kept, `-` for none, None when it is neither."""
    plain = " ".join(word for word in tokens(value) if word not in _POLITE)
    if plain in _SKIP or value.strip() == NO_CONTACT:
        return NO_CONTACT
    mail = _MAIL.search(value)
    if mail:
        return mail.group().rstrip(".")
    # "sđt 0912 345 678 nha": what is left when everything between the digits is taken away, if it is one number.
    numbers = [re.sub(r"[^+0-9]", "", found) for found in _NUMBER.findall(value)]
    return next((number for number in numbers if _PHONE.fullmatch(number)), None)


def summary(turn: Turn) -> Reply:
    """The last question of the form: everything that will be sent, yes or no."""
    slots = turn.slots
    contact = slots.get("case_contact")
    lines = [
        "Anh/chị xem lại giúp:",
        f"• Về việc: {slots.get('case_subject')}",
        f"• Nội dung: {slots.get('case_text')}",
        f"• Ở đâu: {slots.get('case_place')}",
        f"• Liên hệ: {contact if contact and contact != NO_CONTACT else 'không để lại'}",
        "Gửi cho cán bộ chứ?",
    ]
    return Reply().say("\n".join(lines), Button("Gửi", payload("affirm")), Button("Không gửi", payload("deny")))


async def submit(turn: Turn, services: Services) -> Reply:
    """Send the case when it was confirmed and is complete; never with empty fields."""
    slots = turn.slots
    reply = Reply(slots=dict(EMPTY_FORM))
    if slots.get("case_confirm") is not True:
        return reply.say("Tôi chưa gửi gì cả. Khi nào cần, anh/chị nhắn “phản ánh”.")
    filled = all(str(slots.get(slot) or "").strip() for slot in ("case_subject", "case_text"))
    if not filled or slots.get("case_kind") not in set(Kind):
        return reply.say("Phiếu còn thiếu nội dung nên chưa gửi. Anh/chị nhắn “phản ánh” để làm lại giúp tôi.")
    place = str(slots.get("case_place") or "")
    found = Gazetteer.load().find(place, services.today()) if place else ()
    one = next((mention.resolution.one for mention in found if mention.resolution.one), None)
    contact = slots.get("case_contact")
    case, pin = await services.cases.open(
        Draft(
            kind=Kind(slots["case_kind"]),
            subject=str(slots["case_subject"])[:SUBJECT_LENGTH],
            text=str(slots["case_text"])[:LONGEST_TEXT],
            place_text=place or None,
            place_code=one.place.code if one else None,
            contact=str(contact) if contact and contact != NO_CONTACT else None,
            citizen_id=turn.citizen_id,
            conversation_id=turn.conversation_id,
        ),
        key=turn.key,
    )
    return reply.say(texts.receipt(case, pin))


def cancel(turn: Turn) -> Reply:
    """Leave whatever is going on."""
    in_form = any(turn.slots.get(slot) for slot in FORM_SLOTS)
    slots: dict[str, object] = {**EMPTY_FORM, "pending": None, "options": None}
    said = "Đã hủy, chưa gửi gì cả." if in_form else "Dạ, tôi dừng ở đây."
    return Reply(slots=slots).say(f"{said} Anh/chị cần gì cứ nhắn tôi.")


async def check(turn: Turn, services: Services) -> Reply:
    """Say how far a case is: by its code (and PIN from elsewhere), or the citizen's own newest ones."""
    code = turn.entities.get("case_code")
    named = CODE.search(str(code)) if code else CODE.search(turn.text)
    if named is None and code:
        # The shape of a code with a letter that no code has: most likely a 0 for a D or a 1 for a J.
        return Reply().say(f"Không có phiếu nào mang mã {str(code)[:20]}. Anh/chị xem lại mã giúp tôi.")
    if named is None:
        return await _own_cases(turn, services)
    # A code may be six digits too; it is no PIN.
    pin = PIN.search(re.sub(re.escape(named.group(1)), " ", turn.text, flags=re.IGNORECASE))
    try:
        case = await services.cases.follow(
            named.group(0), pin=pin.group(1) if pin else None, citizen_id=turn.citizen_id
        )
    except CaseNotFound:
        return Reply().say(f"Tôi không tìm thấy phiếu {named.group(0).upper()}. Anh/chị xem lại mã giúp tôi.")
    except WrongPin as error:
        hint = f"Phiếu này gửi từ nơi khác. Nhắn mã kèm PIN 6 số, ví dụ: “{named.group(0).upper()} 123456”."
        return Reply().say(f"{error.message} {hint}" if pin else hint)
    except TooManyPins as error:
        return Reply().say(error.message)
    return Reply().say(texts.status(case))


async def _own_cases(turn: Turn, services: Services) -> Reply:
    own = await services.cases.of_citizen(turn.citizen_id) if turn.citizen_id is not None else []
    if not own:
        return Reply().say(
            "Anh/chị nhắn mã phiếu (dạng MC-…) kèm PIN giúp tôi. Nếu hỏi hồ sơ đã nộp tại Trung tâm thì tra trên "
            "dichvucong.gov.vn bằng số trên giấy hẹn."
        )
    return Reply().say("\n\n".join(texts.status(case) for case in own))


async def handoff(turn: Turn, services: Services) -> Reply:
    """Put the citizen's question before a person; what they ask later goes to the same case.

    A button that was meant by its number is asked about first: behind an answer with a single button a "1" may mean
    anything.
    """
    if turn.entities.get("sure") is False:
        return Reply(slots={"pending": HANDOFF, "options": None}).say(
            "Anh/chị muốn tôi chuyển câu hỏi này cho cán bộ phải không?",
            Button("Chuyển cho cán bộ", payload("handoff", sure=True)),
            Button("Không cần", payload("deny")),
        )
    asked = str(turn.slots.get("question") or "").strip()
    in_words = not turn.pressed and turn.slots.get("pending") != HANDOFF
    wish = turn.text.strip() if in_words else ""
    open_before = await services.cases.waiting(turn.conversation_id, Kind.question, but=turn.key)
    done: dict[str, object] = {"pending": None}
    if open_before is not None:
        added = await services.cases.add(open_before.code, asked, key=turn.key) if asked else False
        more = "Tôi đã ghi thêm câu hỏi mới của anh/chị vào phiếu đó." if added else "Câu hỏi của anh/chị đã ở đó rồi."
        reply = Reply(slots=done).say(
            f"Phiếu **{open_before.code}** của anh/chị đang chờ cán bộ trả lời. {more} "
            "Cán bộ sẽ trả lời ngay trong cuộc trò chuyện này."
        )
    else:
        case, pin = await services.cases.open(
            Draft(
                kind=Kind.question,
                subject="Muốn gặp cán bộ",
                text="\n".join(part for part in (asked, wish) if part)[:LONGEST_TEXT] or "Muốn nói chuyện với cán bộ.",
                place_code=turn.place.code if turn.place else None,
                citizen_id=turn.citizen_id,
                conversation_id=turn.conversation_id,
            ),
            key=turn.key,
        )
        reply = Reply(slots=done).say(f"Tôi chuyển câu hỏi cho cán bộ.\n{texts.receipt(case, pin)}")
    if services.contact_line:
        reply.say(f"Cần gấp, anh/chị gọi: {services.contact_line}.")
    return reply
