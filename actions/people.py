"""Turns that reach a person: the queue, what it means for the citizen, and how to be called back."""

from __future__ import annotations

from actions import consent
from actions.cases import NO_CONTACT, check_contact
from actions.turn import Button, Reply, Services, Turn, payload
from desk import texts
from desk.cases import LONGEST_TEXT, Draft, Kind
from desk.refusals import REFUSED
from desk.takeover import Waiting

# What the slot `pending` holds while "shall a person answer?" is open.
HANDOFF = "handoff"
CONSENT, CONTACT = "consent:", "contact:"
REASONS = ("asked", "failed", "angry")
# So many turns in a row without an answer, and a person is offered.
MISSED = 2
OFFER = "Tôi chưa giúp được anh/chị. Để một cán bộ nói chuyện trực tiếp nhé?"
PERSON = Button("Gặp cán bộ", payload("handoff", sure=True, reason="failed"))


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
    told = str(turn.slots.get("told") or "").strip()
    asked = "\n".join(part for part in (str(turn.slots.get("question") or "").strip(), told) if part)
    in_words = not turn.pressed and turn.slots.get("pending") != HANDOFF
    wish = turn.text.strip() if in_words else ""
    open_before = await services.cases.waiting(turn.conversation_id, Kind.question, but=turn.key)
    reply = Reply(slots={"pending": None, "told": None, "missed": None})
    if open_before is not None:
        case = open_before
        added = await services.cases.add(case.code, asked, key=turn.key) is not None if asked else False
        more = "Tôi đã ghi thêm câu hỏi mới của anh/chị vào phiếu đó." if added else "Câu hỏi của anh/chị đã ở đó rồi."
        lines = [f"Phiếu **{case.code}** của anh/chị đang chờ cán bộ trả lời. {more}"]
    else:
        procedure = turn.slots.get("procedure")
        case, pin = await services.cases.open(
            Draft(
                kind=Kind.question,
                subject="Muốn gặp cán bộ",
                text="\n".join(part for part in (asked, wish) if part)[:LONGEST_TEXT] or "Muốn nói chuyện với cán bộ.",
                place_code=turn.place.code if turn.place else None,
                citizen_id=turn.citizen_id,
                conversation_id=turn.conversation_id,
                procedure_code=procedure if isinstance(procedure, str) else None,
            ),
            key=turn.key,
        )
        lines = ["Tôi chuyển câu hỏi cho cán bộ.", texts.receipt(case, pin, services.cases.link(case))]
    buttons: tuple[Button, ...] = ()
    if turn.conversation_id is not None:
        reason = turn.entities.get("reason")
        waiting = await services.handoff(
            turn.conversation_id, reason=reason if reason in REASONS else REASONS[0], case_id=case.id
        )
        lines.append(_wait(waiting))
        if not waiting.open_now and case.contact is None:
            buttons = (Button("Để lại số điện thoại", payload("leave_contact", case=case.code)),)
    if services.contact_line:
        lines.append(f"Cần gấp, anh/chị gọi: {services.contact_line}.")
    return reply.say("\n".join(lines), *buttons)


def _wait(waiting: Waiting) -> str:
    if waiting.position == 0:
        return "Cán bộ đang ở trong cuộc trò chuyện này; anh/chị cứ nhắn tiếp."
    if waiting.open_now:
        return (
            f"Anh/chị đang ở **vị trí {waiting.position}**, dự kiến chờ khoảng **{waiting.minutes} phút**. "
            "Trong lúc chờ, anh/chị cứ hỏi tôi."
        )
    when = f"Cán bộ làm việc lại lúc **{texts.moment(waiting.opens_at)}**" if waiting.opens_at else "Cán bộ sẽ xem"
    return f"Bây giờ ngoài giờ làm việc. {when} và trả lời ngay trong cuộc trò chuyện này."


async def leave_contact(turn: Turn, services: Services) -> Reply:
    """Ask whether a contact may be kept for a case of one's own."""
    code = str(turn.entities.get("case") or "")
    try:
        case = await services.cases.follow(code, pin=None, citizen_id=turn.citizen_id)
    except REFUSED as error:
        return Reply().say(error.message)
    reply = consent.ask(services)
    reply.slots |= {"pending": f"{CONSENT}{case.code}", "options": None}
    return reply


async def agreed(turn: Turn, services: Services) -> Reply:
    """The citizen agreed: their number is asked for. What they agreed to is written down first."""
    code = str(turn.slots.get("pending") or "").removeprefix(CONSENT)
    if not await consent.record(services, turn.citizen_id, turn.key):
        return Reply(slots={"pending": None}).say("Tôi chưa lưu được liên hệ của anh/chị; cán bộ sẽ trả lời tại đây.")
    text = "Cảm ơn anh/chị. Anh/chị ghi **số điện thoại hoặc e-mail** giúp tôi, hoặc nhắn **thôi**."
    return Reply(slots={"pending": f"{CONTACT}{code}"}).say(text).asking("contact")


async def contact(turn: Turn, services: Services) -> Reply | None:
    """Take the contact that was asked for; None when none was."""
    pending = str(turn.slots.get("pending") or "")
    if not pending.startswith(CONTACT) or turn.pressed:
        return None
    found = check_contact(turn.text)
    if found is None:
        return Reply().say("Số điện thoại hoặc e-mail này chưa đúng. Anh/chị ghi lại, hoặc nhắn **thôi**.")
    reply = Reply(slots={"pending": None})
    if found == NO_CONTACT:
        return reply.say("Dạ, tôi không lưu số nào cả.")
    code = pending.removeprefix(CONTACT)
    try:
        await services.cases.leave_contact(code, found, key=turn.key)
    except REFUSED as error:
        return reply.say(error.message)
    return reply.say(f"Tôi đã lưu liên hệ cho phiếu **{code}**. Cán bộ sẽ gọi hoặc nhắn khi làm việc lại.")


def offered(turn: Turn, reply: Reply) -> Reply:
    """The reply, with a person offered where the bot had no answer twice in a row."""
    before = turn.slots.get("missed")
    count = before if isinstance(before, int) else 0
    if not reply.missed:
        if count:
            reply.slots.setdefault("missed", None)
        return reply
    reply.slots["missed"] = count + 1
    if count + 1 >= MISSED:
        reply.say(OFFER, PERSON)
    return reply
