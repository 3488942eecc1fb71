"""What the catalogue's admins hear of: answers that citizens call wrong, and questions that led nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from actions.offers import HUMAN
from actions.turn import Button, Reply, Services, Turn, payload
from knowledge import answers
from knowledge.catalogue import Snapshot
from knowledge.procedures import Procedure
from knowledge.questions import Facet
from knowledge.text import is_syllable, tokens

REPORT = "report_wrong"
TITLE = "Câu trả lời này sai"
THANKS = "Cảm ơn anh/chị, tôi đã ghi lại để người phụ trách xem và sửa câu trả lời này."
LONGEST_QUESTION = 200
# Behind these intents stands no question that the catalogue should have answered.
NO_QUESTION = frozenset({"out_of_scope", "ask_law", "give_place", "affirm", "deny", "choose_option", "greet", "thanks"})
FEWEST_WORDS = 2


def button(turn: Turn, snapshot: Snapshot, procedure: Procedure, facets: Sequence[Facet], question: str) -> Button:
    """The button "this answer is wrong". It carries what was asked and which version answered, so that it means the
    same answer whenever it is pressed."""
    said: dict[str, object] = {
        "procedure": procedure.code,
        "version": snapshot.version,
        "question": question[:LONGEST_QUESTION],
        "message": str(turn.metadata.get("message_id") or ""),
    }
    if facets:
        said["facet"] = [facet.value for facet in facets]
    return Button(TITLE, payload(REPORT, **said))


async def wrong(turn: Turn, services: Services) -> Reply:
    """Open a defect of the catalogue for the answer that the button stands under; once for each answer."""
    snapshot = await services.catalogue.snapshot()
    code = _text(turn.entities.get("procedure")) or _text(turn.slots.get("procedure"))
    if not code:
        return Reply().say("Anh/chị cho tôi biết câu trả lời nào sai: bấm nút dưới câu đó giúp tôi.", HUMAN)
    question = _text(turn.entities.get("question")) or _text(turn.slots.get("question")) or code
    version = _text(turn.entities.get("version")) or snapshot.version
    message = _text(turn.entities.get("message"))
    answered = f"{turn.conversation_id}:{message}" if turn.conversation_id and message else turn.key
    await services.note(
        key=f"wrong:{answered}:{code}",
        question=question,
        verdict="wrong",
        codes=[code],
        answer=turn.shown or _composed(turn, services, snapshot, code, version),
        version=version,
        conversation=turn.conversation_id,
    )
    # A person who takes over should see the same question.
    return Reply(slots={"question": question}).say(THANKS, HUMAN)


async def unanswered(turn: Turn, services: Services, snapshot: Snapshot, question: str, codes: Sequence[str]) -> None:
    """Note a question that got no answer, unless it is none."""
    words = tokens(question)
    if turn.intent in NO_QUESTION or len(words) < FEWEST_WORDS or 2 * sum(map(is_syllable, words)) < len(words):
        return
    await services.note(
        key=f"unanswered:{turn.key}",
        question=question,
        verdict="unanswered",
        codes=list(codes),
        version=snapshot.version,
        conversation=turn.conversation_id,
    )


async def asked_back(turn: Turn, services: Services, snapshot: Snapshot, question: str, codes: Sequence[str]) -> str:
    """Note a question that had to be asked back; gives the key under which a choice takes it back.

    It is noted at once: who is not helped by the choices often says no more.
    """
    key = f"asked_back:{turn.key}"
    await services.note(
        key=key,
        question=question,
        verdict="asked_back",
        codes=list(codes),
        version=snapshot.version,
        conversation=turn.conversation_id,
    )
    return key


async def chosen(turn: Turn, services: Services, code: str) -> dict[str, object]:
    """Take the note back when one of the procedures asked about was chosen; gives the slots to set."""
    key = turn.slots.get("asked")
    if not isinstance(key, str) or code not in (turn.slots.get("alternatives") or []):
        return {}
    await services.withdraw(key=key)
    return {"asked": None}


def _composed(turn: Turn, services: Services, snapshot: Snapshot, code: str, version: str) -> str | None:
    """The answer composed again, where the version that gave it still answers."""
    procedure = snapshot.procedures.get(code)
    if procedure is None or version != snapshot.version:
        return None
    names = turn.entities.get("facet")
    facets = [Facet(name) for name in (names if isinstance(names, list) else [names]) if name in set(Facet)]
    context = answers.Context(on=services.today(), data_day=snapshot.day, place=turn.place)
    return answers.answer(procedure, facets, context)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
