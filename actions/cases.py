"""Turns in which a case is handed in: opening the form, its questions, and sending it."""

from __future__ import annotations

import re

from actions import consent, subject, triage
from actions.turn import Button, Reply, Services, Turn, payload
from desk import texts
from desk.cases import LONGEST_TEXT, Draft, Kind
from knowledge import answers
from knowledge.text import tokens

KINDS = {"complain": Kind.complaint, "give_feedback": Kind.feedback}
ASKED = ("case_subject", "case_text", "case_place", "case_consent", "case_contact", "case_confirm")
FORM_SLOTS = ("case_kind", "case_procedure", *ASKED)
EMPTY_FORM: dict[str, object] = dict.fromkeys(FORM_SLOTS)
SUBJECT_LENGTH = 200
LONGEST_HEADLINE = 80
NO_CONTACT = "-"
# From this many words on, the message that opened the form is itself the story.
WORDS_OF_A_STORY = 14

NO_CLOCK = (
    "Tin nhắn ở đây **chưa phải là đơn khiếu nại** và chưa tính thời hạn theo luật; muốn tính, anh/chị gửi **đơn có "
    "ngày, "
    "họ tên, địa chỉ, nội dung và chữ ký**, hoặc đến trình bày trực tiếp tại nơi tiếp công dân (Luật Khiếu nại "
    "2011, Điều 8)."
)
CANCEL = Button("Hủy", payload("stop"))

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


async def start(turn: Turn, services: Services) -> Reply:
    """Begin a complaint or a feedback; the form asks the rest, and nothing that was told already."""
    kind = KINDS.get(turn.intent, Kind.feedback)
    slots: dict[str, object] = {
        **EMPTY_FORM,
        "case_kind": kind.value,
        "pending": None,
        "told": None,
        "told_in": None,
        "options": None,
    }
    before = triage.told(turn)
    story = before or ("" if turn.pressed else turn.text.strip())
    long = len(story.split()) >= WORDS_OF_A_STORY
    if long:
        slots |= {"case_text": story, "case_subject": _headline(story)}
    elif before:
        slots["case_subject"] = _headline(story)
    lines = ["Tôi ghi lại để cán bộ xem và trả lời."]
    if kind is Kind.complaint:
        lines.append(NO_CLOCK)
        if long and not before:
            lines.insert(0, triage.REGRET)
    if slots["case_subject"]:
        procedure = await subject.procedure(turn, services) if subject.on_papers(story) else None
        if procedure is not None:
            slots["case_procedure"] = procedure.code
        lines.append("Muốn dừng thì nhắn **hủy**.")
    return Reply(slots=slots).say(" ".join(lines))


async def ask_subject(turn: Turn, services: Services) -> Reply:
    """The first question of the form; the procedure talked about before is offered, never taken for granted."""
    text = (
        "Anh/chị muốn nói về **việc gì**? Xin ghi ngắn gọn một câu, ví dụ: “Đèn đường hư” hoặc “Hồ sơ đất trễ hẹn”.\n"
        "Muốn dừng thì nhắn **hủy**."
    )
    procedure = await subject.procedure(turn, services)
    if procedure is None:
        return Reply().say(text, CANCEL)
    name = answers.short_name(procedure, LONGEST_HEADLINE)
    meant = payload("inform", case_subject=f"Về thủ tục: {name}", case_procedure=procedure.code)
    return Reply().say(text, Button(f"Về: {name}", meant), CANCEL)


async def ask_place(turn: Turn, services: Services) -> Reply:
    """Where it happened; the places that were named before are offered."""
    text = "Việc này xảy ra **ở đâu**? Xin ghi ấp (khóm), xã (phường), hoặc gửi vị trí."
    known = subject.places(turn, services, turn.slots.get("case_subject"), turn.slots.get("case_text"))
    offered = [Button(place.name, payload("give_place", place=place.code)) for place in known]
    return Reply().say(text, *offered, CANCEL).asking("location")


async def ask_consent(turn: Turn, services: Services) -> Reply:
    """Whether a contact may be kept."""
    return consent.ask(services)


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


def half_hidden(contact: str) -> str:
    """A telephone number or e-mail address as far as its owner needs to see it to find a slip."""
    name, at, domain = contact.partition("@")
    return f"{name[:2]}•••{at}{domain}" if at else f"{contact[:3]}••••{contact[-3:]}"


async def summary(turn: Turn, services: Services) -> Reply:
    """The last question of the form: everything that will be sent, yes or no."""
    slots = turn.slots
    contact = slots.get("case_contact")
    lines = ["Anh/chị xem lại giúp:", f"• Về việc: {slots.get('case_subject')}"]
    code = slots.get("case_procedure")
    if isinstance(code, str):
        procedure = (await services.catalogue.snapshot()).procedures.get(code)
        lines += [f"• Thủ tục: {answers.short_name(procedure, LONGEST_HEADLINE)} ({code})"] if procedure else []
    lines += [
        f"• Nội dung: {slots.get('case_text')}",
        f"• Ở đâu: {slots.get('case_place')}",
        f"• Liên hệ: {half_hidden(contact) if contact and contact != NO_CONTACT else 'không để lại'}",
        "Gửi cho cán bộ chứ?",
    ]
    # The number is kept sealed with the case; the message that held it is not kept beside it.
    given = contact not in (None, NO_CONTACT) and not turn.pressed and check_contact(turn.text) == contact
    reply = Reply(private=given)
    return reply.say("\n".join(lines), Button("Gửi", payload("affirm")), Button("Không gửi", payload("deny")))


async def submit(turn: Turn, services: Services) -> Reply:
    """Send the case when it was confirmed and is complete; never with empty fields, never a contact without consent."""
    slots = turn.slots
    reply = Reply(slots=dict(EMPTY_FORM), forget=True)
    if slots.get("case_confirm") is not True:
        return reply.say("Tôi chưa gửi gì cả. Khi nào cần, anh/chị nhắn “phản ánh”.")
    filled = all(str(slots.get(slot) or "").strip() for slot in ("case_subject", "case_text"))
    if not filled or slots.get("case_kind") not in {kind.value for kind in KINDS.values()}:
        return reply.say("Phiếu còn thiếu nội dung nên chưa gửi. Anh/chị nhắn “phản ánh” để làm lại giúp tôi.")
    place = str(slots.get("case_place") or "")
    commune = subject.commune(place, services.today())
    contact = str(slots.get("case_contact") or NO_CONTACT)
    if contact != NO_CONTACT and not await consent.record(services, turn.citizen_id, slots.get("case_consent")):
        contact = NO_CONTACT
    code = slots.get("case_procedure")
    case, pin = await services.cases.open(
        Draft(
            kind=Kind(slots["case_kind"]),
            subject=str(slots["case_subject"])[:SUBJECT_LENGTH],
            text=str(slots["case_text"])[:LONGEST_TEXT],
            place_text=place or None,
            place_code=commune.code if commune else None,
            contact=contact if contact != NO_CONTACT else None,
            citizen_id=turn.citizen_id,
            conversation_id=turn.conversation_id,
            procedure_code=code if isinstance(code, str) else None,
            office=subject.office(f"{slots['case_subject']}\n{slots['case_text']}"),
        ),
        key=turn.key,
    )
    return reply.say(texts.receipt(case, pin, services.cases.link(case)))


def cancel(turn: Turn) -> Reply:
    """Leave whatever is going on."""
    in_form = any(turn.slots.get(slot) for slot in FORM_SLOTS)
    slots: dict[str, object] = {**EMPTY_FORM, "pending": None, "options": None, "told": None}
    said = "Đã hủy, chưa gửi gì cả." if in_form else "Dạ, tôi dừng ở đây."
    return Reply(slots=slots, forget=in_form).say(f"{said} Anh/chị cần gì cứ nhắn tôi.")
