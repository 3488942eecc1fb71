"""Turns that choose among what was offered, or refuse it."""

from __future__ import annotations

from collections.abc import Iterable

from actions.finding import MOST_CHOICES
from actions.offers import HUMAN, ask_back
from actions.procedures import answer, asks, give_place
from actions.turn import Button, Reply, Services, Turn, parse_payload
from knowledge import questions
from knowledge import text as texts


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
    services = services.for_one_turn()
    snapshot = await services.catalogue.snapshot()
    wrong = turn.slots.get("procedure")
    if not turn.pressed:
        question = questions.read(_without_denial(turn.text), services.today())
        if question.places and not await asks(question, services):
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
