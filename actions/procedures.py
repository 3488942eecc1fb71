"""Turns about procedures: find the one that is meant, ask back where it is not clear, answer the facets asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from actions import places
from actions.turn import Button, Reply, Services, Turn, parse_payload, payload
from knowledge import answers, questions
from knowledge import text as texts
from knowledge.catalogue import Snapshot
from knowledge.places import Gazetteer, Place, Resolution
from knowledge.procedures import Procedure
from knowledge.questions import Facet, Question
from knowledge.search import Findings

BUTTON_FACETS = (Facet.documents, Facet.fee, Facet.time, Facet.online)
MOST_CHOICES = 4
MOST_RELATED = 2
LONGEST_TITLE = 90
SURE = 0.9
LIKELY = 0.8
# The intents that say only that nothing was recognised.
UNREAD = frozenset({"nlu_fallback", "inform"})
HUMAN = Button("Hỏi cán bộ", payload("handoff"))
WHAT_CAN_I_ASK = Button("Tôi hỏi được những gì?", payload("capabilities"))
NOT_THIS = Button("Không phải thủ tục này", payload("correct"))
# What the vocabulary knows to be somebody else's; the sentence says whose.
ELSEWHERE = frozenset({"court", "police", "inspection", "bank", "emergency"})
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


async def answer(turn: Turn, services: Services, *, unknown: str = NOT_KNOWN) -> Reply:
    """Answer a question about a procedure.

    Args:
        turn: the citizen's message.
        services: catalogue, places, day.
        unknown: what to say when the catalogue has nothing that fits.
    """
    snapshot = await services.catalogue.snapshot()
    code = turn.entities.get("procedure")
    # A code that was typed is read below, with what else the question says.
    if turn.pressed or (isinstance(code, str) and code not in texts.codes(turn.text)):
        procedure = snapshot.procedures.get(str(code)) or _remembered(turn, snapshot)
        if procedure is None:
            return Reply().say(unknown, HUMAN)
        return answer_for(turn, services, snapshot, procedure, _facets(turn.entities.get("facet")))
    question = questions.read(turn.text, services.today())
    if question.only_place:
        return await give_place(turn, services)
    reply = Reply()
    place, old_names = await _place_of(question, turn, services, reply)
    known = [snapshot.procedures[c] for c in question.codes if c in snapshot.procedures]
    remembered = _remembered(turn, snapshot)
    if known:
        procedure = known[0]
    elif question.codes and not question.words:
        return Reply().say(f"Danh mục hiện không có thủ tục mang mã {question.codes[0]}. {WHICH}", HUMAN)
    elif remembered is not None and question.follow_up:
        procedure = remembered
    elif question.follow_up:
        reply.slots["question"] = question.text
        return Reply(slots=reply.slots).say(WHICH)
    else:
        found = _search(turn, snapshot, question, remembered, unknown)
        if isinstance(found, Reply):
            # One list of choices at a time: a clear place is kept, an unclear one is asked for with the answer.
            if "place" in reply.slots:
                found.slots["place"] = reply.slots["place"]
            return found
        procedure, others = found
        reply.slots["alternatives"] = list(others)
    named = answer_for(
        turn,
        services,
        snapshot,
        procedure,
        question.facets,
        place=place,
        old_names=old_names,
        which_place=bool(reply.messages),
    )
    named.slots["question"] = question.text
    # A question about the place (two of one name) comes after the answer, and its slots win.
    return named.add(reply)


def answer_for(
    turn: Turn,
    services: Services,
    snapshot: Snapshot,
    procedure: Procedure,
    facets: Sequence[Facet],
    *,
    place: Place | None = None,
    old_names: tuple[str, ...] = (),
    which_place: bool = False,
) -> Reply:
    """The answer for one procedure, with buttons for what was not asked.

    Args:
        place: the commune named in this very turn.
        old_names: the former communes that were named for it.
        which_place: a question of its own about the place follows.
    """
    context = answers.Context(
        on=services.today(), data_day=snapshot.day, place=place or turn.place, old_names=old_names
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
    again = not wants_place and place is None and turn.slots.get("procedure") == procedure.code
    text = answers.answer(procedure, facets, context, again=again)
    if context.place is None and wants_place and answers.needs_place(procedure, context.on):
        if not which_place and not turn.slots.get("place_asked"):
            text = f"{text}\n\n{places.ASK_PLACE}"
            reply.slots["place_asked"] = True
        reply.slots["pending"] = "place"
    buttons = [
        Button(answers.TITLES[facet], payload("ask_procedure", procedure=procedure.code, facet=facet.value))
        for facet in BUTTON_FACETS
        if facet not in (facets or answers.OVERVIEW)
    ]
    return reply.say(text, *buttons, NOT_THIS)


async def decline(turn: Turn, services: Services, text: str) -> Reply:
    """Say that a question is not for the bot, and offer the procedures that it may be about."""
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
    return reply.say(text, *(_named(snapshot.procedures[hit.code], ()) for hit in near), HUMAN)


async def give_place(turn: Turn, services: Services) -> Reply:
    """Take the place in and, when a procedure is being talked about, say where to hand it in."""
    if not turn.pressed and not turn.entities:
        # "Tôi ở xã Khánh Hòa, làm khai tử ở đâu" gives a place and asks.
        question = questions.read(turn.text, services.today())
        if question.places and not question.only_place and await _asks(question, services):
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
    where = answers.where(procedure, context)
    name = answers.short_name(procedure)
    return reply.say(f"**{name}**\n{where}\n{answers.source_line(procedure, context)}")


async def choose(turn: Turn, services: Services) -> Reply:
    """Take one of the choices offered last, by its number."""
    options = turn.slots.get("options") or []
    number = _number(turn.entities.get("option"), turn.text)
    if not options:
        return Reply().say("Hiện không có danh sách nào để chọn. Anh/chị muốn hỏi thủ tục gì?")
    if number is None or not 1 <= number <= len(options):
        listed = "\n".join(f"{place}. {option['title']}" for place, option in enumerate(options, 1))
        return Reply().say(f"Anh/chị chọn một số từ 1 đến {len(options)}:\n{listed}", *_buttons(options))
    intent, entities = parse_payload(options[number - 1]["payload"])
    chosen = Turn(options[number - 1]["payload"], intent, entities, turn.slots, turn.metadata)
    if intent == "give_place":
        return await give_place(chosen, services)
    return await answer(chosen, services)


async def correct(turn: Turn, services: Services) -> Reply:
    """The last procedure was not the one meant: read the rest of the text, or offer what came next."""
    snapshot = await services.catalogue.snapshot()
    wrong = turn.slots.get("procedure")
    if not turn.pressed:
        question = questions.read(_without_denial(turn.text), services.today())
        if question.places and not await _asks(question, services):
            return await give_place(turn, services)
        if question.words or question.codes:
            return await answer(Turn(question.text, "ask_procedure", {}, turn.slots, turn.metadata), services)
    others = [code for code in turn.slots.get("alternatives") or [] if code != wrong and code in snapshot.procedures]
    if not others:
        reply = Reply(slots={"procedure": None, "pending": None, "options": None})
        return reply.say("Xin lỗi anh/chị. Anh/chị ghi lại rõ hơn việc cần làm giúp tôi nhé.", HUMAN)
    facets = turn.slots.get("facets") or []
    reply = ask_back(snapshot, others[:MOST_CHOICES], facets, "Xin lỗi anh/chị. Có phải một trong các thủ tục này?")
    # "Bao nhiêu tiền" must not be answered for the one that was just refused.
    reply.slots["procedure"] = None
    return reply


def ask_back(
    snapshot: Snapshot,
    codes: Sequence[str],
    facets: Iterable[str],
    head: str,
    labels: Mapping[str, str] | None = None,
) -> Reply:
    """A question with numbered choices of procedures.

    Args:
        labels: shorter names for some of the codes.
    """
    asked = list(facets)
    buttons: list[Button] = []
    for code in codes:
        entities: dict[str, object] = {"procedure": code}
        if asked:
            entities["facet"] = asked
        title = (labels or {}).get(code) or answers.short_name(snapshot.procedures[code], LONGEST_TITLE)
        if any(button.title == title for button in buttons):
            title = answers.display_name(snapshot.procedures[code])
        buttons.append(Button(title, payload("ask_procedure", **entities)))
    lines = [head] + [f"{number}. {button.title}" for number, button in enumerate(buttons, 1)]
    slots = {
        "options": [button.as_json() for button in buttons],
        "pending": "options",
        "alternatives": list(codes),
    }
    return Reply(slots=slots).say("\n".join(lines), *buttons, HUMAN)


def _search(
    turn: Turn, snapshot: Snapshot, question: Question, remembered: Procedure | None, unknown: str
) -> tuple[Procedure, tuple[str, ...]] | Reply:
    findings = snapshot.searcher.search(question.subject)
    if unknown != NOT_KNOWN:
        findings = _weighed(findings, turn.intent)
    if findings.decision != "answer" and remembered is not None and turn.intent == "followup" and question.words:
        # "còn cho người nước ngoài thì sao?" names only what differs from the procedure before.
        joined = snapshot.searcher.search(f"{remembered.name} {question.subject}")
        findings = joined if joined.decision != "unknown" else findings
    codes = tuple(hit.code for hit in findings.hits)
    if findings.redirect is not None and findings.redirect.kind in ELSEWHERE:
        # "Ly hôn" is the court's; what the catalogue has beside it (noting a divorce from abroad) is offered below.
        near = codes[:1] if findings.decision == "answer" and findings.redirect.kind != "emergency" else ()
        buttons = [_named(snapshot.procedures[code], question.facets) for code in near]
        reply = Reply(slots={"question": question.text, "options": None, "pending": None})
        return reply.say(findings.redirect.text, *buttons, HUMAN)
    if findings.decision == "answer":
        return snapshot.procedures[codes[0]], codes[1:]
    if findings.decision == "ask":
        head = findings.question or "Anh/chị hỏi thủ tục nào dưới đây?"
        labels = {hit.code: hit.label for hit in findings.hits if hit.label}
        facets = [facet.value for facet in question.facets]
        reply = ask_back(snapshot, codes[:MOST_CHOICES], facets, f"{head} Bấm chọn hoặc nhắn số.", labels)
        reply.slots["question"] = question.text
        return reply
    reply = Reply(slots={"question": question.text, "options": None, "pending": None})
    if unknown == NOT_UNDERSTOOD and findings.redirect is None:
        return reply.say(unknown, WHAT_CAN_I_ASK, INTENTS["give_feedback"], HUMAN)
    if findings.redirect is not None and findings.redirect.kind == "intent":
        wanted = [INTENTS[name] for name in findings.redirect.text.split("|") if name in INTENTS]
        return reply.say(unknown, *wanted, *([] if HUMAN in wanted else [HUMAN]))
    if findings.redirect is not None:
        # A note explains a word; it is all that can be said to "trung tâm hành chính công ở đâu".
        return reply.say(f"{findings.redirect.text} Anh/chị cần làm thủ tục gì?", HUMAN)
    return reply.say(unknown, HUMAN)


async def _asks(question: Question, services: Services) -> bool:
    """Whether a text that names a place also asks something."""
    if question.facets or question.codes:
        return True
    return _sure((await services.catalogue.snapshot()).searcher.search(question.subject))


def _sure(findings: Findings) -> bool:
    return findings.decision == "answer" and findings.domain >= SURE and findings.hits[0].probability >= SURE


def _weighed(findings: Findings, intent: str) -> Findings:
    """A search for a text in which the dialogue manager saw no question about a procedure."""
    if findings.question or _sure(findings):
        return findings
    if intent not in UNREAD or findings.domain < LIKELY:
        # It saw something else, or the search doubts it too.
        return replace(findings, decision="unknown")
    guessed = findings.decision == "answer" and findings.hits[0].probability < LIKELY and len(findings.hits) > 1
    return replace(findings, decision="ask") if guessed else findings


def _named(procedure: Procedure, facets: Sequence[Facet]) -> Button:
    entities: dict[str, object] = {"procedure": procedure.code}
    if facets:
        entities["facet"] = [facet.value for facet in facets]
    return Button(answers.short_name(procedure, LONGEST_TITLE), payload("ask_procedure", **entities))


async def _place_of(
    question: Question, turn: Turn, services: Services, reply: Reply
) -> tuple[Place | None, tuple[str, ...]]:
    """The commune that the question names and the old names used for it; asks where it is not clear."""
    for mention in question.places:
        found: Resolution = mention.resolution
        if found.one is not None:
            reply.slots.update(await places.keep_place(turn, services, found.one.place))
            return found.one.place, places.old_names(found)
        if found.matches:
            reply.add(places.ask_which(found))
            return None, ()
    return None, ()


def _remembered(turn: Turn, snapshot: Snapshot) -> Procedure | None:
    return snapshot.procedures.get(str(turn.slots.get("procedure")))


def _facets(value: object) -> tuple[Facet, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(Facet(name) for name in names if isinstance(name, str) and name in Facet.__members__)


def _number(option: object, text: str) -> int | None:
    if isinstance(option, int):
        return option
    if isinstance(option, str) and option.strip().isdecimal():
        return int(option)
    return texts.choice(text)


def _buttons(options: Iterable[dict[str, str]]) -> list[Button]:
    return [Button(option["title"], option["payload"]) for option in options]


_DENIALS = (
    "không phải",
    "khong phai",
    "ko phai",
    "nhầm rồi",
    "nham roi",
    "sai rồi",
    "sai roi",
    "ý tôi là",
    "y toi la",
)


def _without_denial(text: str) -> str:
    normal = texts.normalise(text)
    lowered = normal.lower()
    for denial in _DENIALS:
        at = lowered.find(denial)
        if at >= 0:
            normal = f"{normal[:at]} {normal[at + len(denial) :]}"
            lowered = normal.lower()
    return normal.strip(" ,.!?")
