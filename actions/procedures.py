"""Turns about procedures: find the one that is meant, ask back where it is not clear, answer the facets asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from actions import places, reports
from actions.finding import ELSEWHERE, LIKELY, MOST_CHOICES, Half, by_part, pair, sure, weighed
from actions.offers import (
    HOW_TO_FILE,
    HUMAN,
    INTENTS,
    NOT_KNOWN,
    NOT_THIS,
    NOT_UNDERSTOOD,
    PICK,
    WHAT_CAN_I_ASK,
    WHICH,
    ask_back,
    bundle,
    named,
)
from actions.turn import Button, Message, Reply, Services, Turn, payload
from knowledge import answers, questions
from knowledge import text as texts
from knowledge.catalogue import Snapshot
from knowledge.places import Gazetteer, Place, Resolution
from knowledge.procedures import Procedure
from knowledge.questions import Facet, Question
from knowledge.search import Findings

BUTTON_FACETS = (Facet.documents, Facet.fee, Facet.time, Facet.online)
MOST_RELATED = 2
MORE = "Tôi trả lời mỗi lần hai việc. Việc còn lại, anh/chị nhắn tiếp giúp tôi."


@dataclass(frozen=True)
class Where:
    """The place of a question.

    Attributes:
        place: the commune named.
        old_names: the former communes that were named for it.
        reply: what has to be asked about it, and the slots that keep it.
        outside: another province was named.
    """

    place: Place | None = None
    old_names: tuple[str, ...] = ()
    reply: Reply = field(default_factory=Reply)
    outside: bool = False


async def answer(turn: Turn, services: Services, *, unknown: str = NOT_KNOWN) -> Reply:
    """Answer a question about a procedure.

    Args:
        turn: the citizen's message.
        services: catalogue, places, day.
        unknown: what to say when the catalogue has nothing that fits.
    """
    services = services.for_one_turn()
    snapshot = await services.catalogue.snapshot()
    code = turn.entities.get("procedure")
    # A code that was typed is read below, with what else the question says.
    if turn.pressed or (isinstance(code, str) and code not in texts.codes(turn.text)):
        procedure = snapshot.procedures.get(str(code)) or _remembered(turn, snapshot)
        if procedure is None:
            return Reply().say(unknown, HUMAN)
        withdrawn = await reports.chosen(turn, services, procedure.code)
        reply = answer_for(turn, services, snapshot, procedure, _facets(turn.entities.get("facet")))
        reply.slots.update(withdrawn)
        return reply
    question = questions.read(turn.text, services.today())
    if question.only_place or (question.outside is not None and not question.words and not question.facets):
        return await give_place(turn, services)
    where = await _place_of(question, turn, services)
    reply = await _answered(turn, services, snapshot, question, where, unknown)
    reply.slots["question"] = question.text
    return _with_outside(reply, question)


async def _answered(
    turn: Turn, services: Services, snapshot: Snapshot, question: Question, where: Where, unknown: str
) -> Reply:
    """The answer to a typed question, by the first of its readings that holds."""
    known = [snapshot.procedures[c] for c in question.codes if c in snapshot.procedures][:2]
    if known:
        return _both(turn, services, snapshot, [(procedure, question, ()) for procedure in known], where)
    if question.codes and not question.words:
        return Reply().say(f"Danh mục hiện không có thủ tục mang mã {question.codes[0]}. {WHICH}", HUMAN)
    found: Reply | tuple[Procedure, tuple[str, ...]] | None = by_part(snapshot, question)
    told = questions.event(question, services.today()) if found is None else None
    if found is None and told is not None:
        found = bundle(snapshot, told, [facet.value for facet in question.facets])
    remembered = _remembered(turn, snapshot)
    if found is None and question.follow_up:
        if remembered is None:
            return Reply(slots=_place_slot(where)).say(WHICH)
        found = remembered, tuple(turn.slots.get("alternatives") or ())
    if found is None:
        two = questions.two(question, services.today())
        both = pair(snapshot, two, question) if two is not None else None
        if two is not None and both is not None:
            return await _two(turn, services, snapshot, both, where, more=two.more)
        found = await _search(turn, services, snapshot, question, remembered, unknown)
    if isinstance(found, Reply):
        # One list of choices at a time: a clear place is kept, an unclear one is asked for with the answer.
        found.slots.update(_place_slot(where))
        return found
    procedure, others = found
    return _both(turn, services, snapshot, [(procedure, question, others)], where)


def _both(
    turn: Turn,
    services: Services,
    snapshot: Snapshot,
    found: Sequence[tuple[Procedure, Question, tuple[str, ...]]],
    where: Where,
) -> Reply:
    """The answers for one procedure or two, one after the other; the place is asked for at most once, at the end."""
    reply = Reply()
    waiting: list[str] = []
    for procedure, question, others in found:
        one = answer_for(
            turn,
            services,
            snapshot,
            procedure,
            question.facets,
            where=where,
            question=question.text,
            last=procedure is found[-1][0] and not waiting,
        )
        if one.slots["pending"] == "place":
            waiting.append(procedure.code)
        one.slots["alternatives"] = list(others)
        reply.add(one)
    if waiting and len(found) > 1:
        # What the citizen says next is the place, so it is the one whose office was asked for that is talked about.
        reply.slots |= {"procedure": waiting[-1], "pending": "place"}
        if reply.slots.get("place_asked") is None and _may_ask_place(turn, where):
            reply.slots["place_asked"] = True
            last = reply.messages[-1]
            reply.messages[-1] = Message(f"{last.text}\n\n{places.ASK_PLACE}", last.buttons, "location")
    # A question about the place (two of one name) comes after the answer, and its slots win.
    return reply.add(where.reply)


def _may_ask_place(turn: Turn, where: Where) -> bool:
    return not where.outside and not where.reply.messages and not turn.slots.get("place_asked")


def answer_for(
    turn: Turn,
    services: Services,
    snapshot: Snapshot,
    procedure: Procedure,
    facets: Sequence[Facet],
    *,
    where: Where | None = None,
    question: str = "",
    last: bool = True,
) -> Reply:
    """The answer for one procedure, with buttons for what was not asked.

    Args:
        turn: the citizen's message.
        services: the day.
        snapshot: the version that answers.
        procedure: what is answered about.
        facets: what was asked.
        where: the place named in this very turn.
        question: what was asked, in the citizen's words; without it what they asked last.
        last: nothing is answered behind it, so the place may be asked for.
    """
    where = where or Where()
    context = answers.Context(
        on=services.today(), data_day=snapshot.day, place=where.place or turn.place, old_names=where.old_names
    )
    reply = Reply(
        slots={
            "procedure": procedure.code,
            "facets": [facet.value for facet in facets],
            "pending": None,
            "options": None,
        }
    )
    wants_place = not facets or Facet.where in facets
    again = not wants_place and where.place is None and turn.slots.get("procedure") == procedure.code
    text = answers.answer(procedure, facets, context, again=again)
    asks: str | None = None
    if context.place is None and wants_place and answers.needs_place(procedure, context.on):
        if last and _may_ask_place(turn, where):
            text = f"{text}\n\n{places.ASK_PLACE}"
            reply.slots["place_asked"] = True
            asks = "location"
        reply.slots["pending"] = None if where.outside else "place"
    buttons = [
        Button(answers.TITLES[facet], payload("ask_procedure", procedure=procedure.code, facet=facet.value))
        for facet in BUTTON_FACETS
        if facet not in (facets or answers.OVERVIEW)
    ]
    asked = question or str(turn.slots.get("question") or answers.display_name(procedure))
    wrong = reports.button(turn, snapshot, procedure, facets, asked)
    reply.messages.append(Message(text, (*buttons, NOT_THIS, wrong), asks))
    return reply


async def decline(turn: Turn, services: Services, text: str) -> Reply:
    """Say that a question is not for the bot, and offer the procedures that it may be about."""
    services = services.for_one_turn()
    snapshot = await services.catalogue.snapshot()
    question = questions.read(turn.text, services.today())
    if any(code in snapshot.procedures for code in question.codes):
        return await answer(turn, services)
    findings = snapshot.searcher.search(question.subject)
    reply = Reply(slots={"question": question.text, "options": None, "pending": None})
    if findings.redirect is not None and findings.redirect.kind in ELSEWHERE:
        return reply.say(findings.redirect.text, HUMAN)
    near = findings.hits[:MOST_RELATED] if findings.domain >= LIKELY and findings.decision != "unknown" else ()
    if near:
        text = f"{text} Thủ tục có thể liên quan:"
    return reply.say(text, *(named(snapshot.procedures[hit.code], ()) for hit in near), HUMAN)


async def give_place(turn: Turn, services: Services) -> Reply:
    """Take the place in and, when a procedure is being talked about, say where to hand it in."""
    services = services.for_one_turn()
    if not turn.pressed and not turn.entities:
        # "Tôi ở xã Khánh Hòa, làm khai tử ở đâu" gives a place and asks.
        question = questions.read(turn.text, services.today())
        if question.places and not question.only_place and await asks(question, services):
            return await answer(turn, services)
    reply, understood = await places.set_place(turn, services)
    if not understood and not turn.pressed:
        question = questions.read(turn.text, services.today())
        if question.words or question.follow_up or question.codes:
            missed = reply.messages[0].text
            found = await answer(turn, services, unknown=missed)
            return reply if any(message.text == missed for message in found.messages) else found
    snapshot = await services.catalogue.snapshot()
    procedure = _remembered(turn, snapshot)
    code = reply.slots.get("place")
    if procedure is None or not isinstance(code, str):
        return reply
    place = Gazetteer.load().get(code)
    context = answers.Context(on=services.today(), data_day=snapshot.day, place=place)
    asked = str(turn.slots.get("question") or answers.display_name(procedure))
    wrong = reports.button(turn, snapshot, procedure, (Facet.where,), asked)
    return reply.say(answers.answer(procedure, (Facet.where,), context), wrong)


async def _two(
    turn: Turn, services: Services, snapshot: Snapshot, halves: tuple[Half, Half], where: Where, *, more: bool
) -> Reply:
    """Both questions of a message in their order; an unclear one is asked back about behind the other's answer."""
    clear = [
        (snapshot.procedures[found.hits[0].code], question, tuple(hit.code for hit in found.hits[1:]))
        for question, found in halves
        if found.decision == "answer"
    ]
    if len(clear) < len(halves) and where.reply.messages:
        # One list at a time: an unclear place can be asked for when the procedures are clear.
        where = Where()
    reply = _both(turn, services, snapshot, clear, where)
    for question, found in halves:
        if found.decision == "ask":
            reply.add(await _asked(turn, services, snapshot, question, found))
    if more:
        last = reply.messages[-1]
        reply.messages[-1] = Message(f"{last.text}\n\n{MORE}", last.buttons, last.asks)
    return reply


async def _asked(turn: Turn, services: Services, snapshot: Snapshot, question: Question, findings: Findings) -> Reply:
    """The question back: which of the hits is meant."""
    codes = [hit.code for hit in findings.hits[:MOST_CHOICES]]
    labels = {hit.code: hit.label for hit in findings.hits if hit.label}
    head = findings.question or "Anh/chị hỏi thủ tục nào dưới đây?"
    reply = ask_back(snapshot, codes, [facet.value for facet in question.facets], f"{head} {PICK}", labels)
    reply.slots["asked"] = await reports.asked_back(turn, services, snapshot, question.text, codes)
    return reply


async def _search(
    turn: Turn,
    services: Services,
    snapshot: Snapshot,
    question: Question,
    remembered: Procedure | None,
    unknown: str,
) -> tuple[Procedure, tuple[str, ...]] | Reply:
    findings = snapshot.searcher.search(question.subject)
    if unknown != NOT_KNOWN:
        findings = weighed(findings, turn.intent)
    if findings.decision != "answer" and remembered is not None and turn.intent == "followup" and question.words:
        # "còn cho người nước ngoài thì sao?" names only what differs from the procedure before.
        joined = snapshot.searcher.search(f"{remembered.name} {question.subject}")
        findings = joined if joined.decision != "unknown" else findings
    codes = tuple(hit.code for hit in findings.hits)
    if findings.redirect is not None and findings.redirect.kind in ELSEWHERE:
        # "Ly hôn" is the court's; what the catalogue has beside it (noting a divorce from abroad) is offered below.
        near = codes[:1] if findings.decision == "answer" and findings.redirect.kind != "emergency" else ()
        buttons = [named(snapshot.procedures[code], question.facets) for code in near]
        reply = Reply(slots={"options": None, "pending": None})
        return reply.say(findings.redirect.text, *buttons, HUMAN)
    if findings.decision == "answer":
        return snapshot.procedures[codes[0]], codes[1:]
    if findings.decision == "ask":
        return await _asked(turn, services, snapshot, question, findings)
    reply = Reply(slots={"options": None, "pending": None})
    if findings.redirect is None:
        await reports.unanswered(turn, services, snapshot, question.text, codes[:MOST_CHOICES])
    reply.missed = findings.redirect is None and turn.intent not in reports.NO_QUESTION
    if unknown == NOT_UNDERSTOOD and findings.redirect is None:
        return reply.say(unknown, WHAT_CAN_I_ASK, INTENTS["give_feedback"], HUMAN)
    if findings.redirect is not None and findings.redirect.kind == "intent":
        wanted = [INTENTS[name] for name in findings.redirect.text.split("|") if name in INTENTS]
        if INTENTS["complain"] in wanted or INTENTS["denounce"] in wanted:
            unknown = HOW_TO_FILE
        return reply.say(unknown, *wanted, *([] if HUMAN in wanted else [HUMAN]))
    if findings.redirect is not None:
        # A note explains a word; it is all that can be said to "trung tâm hành chính công ở đâu".
        return reply.say(f"{findings.redirect.text} Anh/chị cần làm thủ tục gì?", HUMAN)
    return reply.say(unknown, HUMAN)


async def asks(question: Question, services: Services) -> bool:
    """Whether a text that names a place also asks something."""
    if question.facets or question.codes or questions.event(question, services.today()) is not None:
        return True
    return sure((await services.catalogue.snapshot()).searcher.search(question.subject))


def _with_outside(reply: Reply, question: Question) -> Reply:
    """Say first that the place named lies outside the province, so that our offices are not taken for its."""
    place = question.outside.resolution.elsewhere if question.outside is not None else None
    if place is None or not reply.messages:
        return reply
    said = f"**{place.name}** không thuộc tỉnh An Giang; tôi chỉ biết nơi nộp hồ sơ trong tỉnh An Giang."
    first = reply.messages[0]
    reply.messages[0] = Message(f"{said}\n\n{first.text}", first.buttons, first.asks)
    return reply


def _place_slot(where: Where) -> dict[str, object]:
    return {"place": where.reply.slots["place"]} if "place" in where.reply.slots else {}


async def _place_of(question: Question, turn: Turn, services: Services) -> Where:
    """The commune that the question names and the old names used for it; asks where it is not clear."""
    reply = Reply()
    for mention in question.places:
        found: Resolution = mention.resolution
        if found.one is not None:
            reply.slots.update(await places.keep_place(turn, services, found.one.place))
            return Where(found.one.place, places.old_names(found), reply)
        if found.matches or found.suggestions:
            return Where(reply=reply.add(places.ask_which(found)))
    return Where(outside=question.outside is not None)


def _remembered(turn: Turn, snapshot: Snapshot) -> Procedure | None:
    return snapshot.procedures.get(str(turn.slots.get("procedure")))


def _facets(value: object) -> tuple[Facet, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(Facet(name) for name in names if isinstance(name, str) and name in Facet.__members__)
