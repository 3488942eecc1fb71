"""Turns about a case that was handed in: how far it is, adding to it, rating the answer, opening it again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from actions import triage
from actions.turn import Button, Reply, Services, Turn, payload
from desk import texts
from desk.cases import CODE, PIN, Case, CaseNotFound, State, TooManyPins, WrongPin
from desk.refusals import REFUSED

COMMENT, ADD, REOPEN = "comment:", "add:", "reopen:"
HELD = frozenset({State.answered, State.closed})
NONE_HELD = (
    "Anh/chị chưa có phiếu nào được trả lời để đánh giá. Có mã phiếu thì nhắn kèm mã giúp tôi, ví dụ “5 sao MC-7K3Q9D”."
)
# What stands before the words themselves in "bổ sung MC-7K3Q9D 123456: …".
_BEFORE = re.compile(rf"^.*?{CODE.pattern}(?:\W+(?:pin\W*)?[0-9]{{6}}(?!\d))?\W*", re.IGNORECASE | re.DOTALL)
_SHORTEST = 2

Step = Callable[[Case], Awaitable[Reply]]


async def check(turn: Turn, services: Services) -> Reply:
    """Say how far a case is: by its code (and PIN from elsewhere), or the citizen's own newest ones."""
    found = await _named(turn, services)
    if isinstance(found, Reply):
        return found
    if found is None:
        return await _own_cases(turn, services)
    return Reply().say(_status(found, services), *_steps(found))


async def add(turn: Turn, services: Services) -> Reply:
    """Add to a case what the citizen says now, or ask for it."""

    async def step(case: Case) -> Reply:
        words = _rest(turn)
        if len(words) < _SHORTEST:
            text = f"Anh/chị muốn bổ sung gì vào phiếu **{case.code}**? Nhắn nội dung, hoặc nhắn **thôi**."
            return Reply(slots=_waits(ADD, case)).say(text)
        return await _added(case.code, words, turn, services)

    return await _on_case(turn, services, step)


async def reopen(turn: Turn, services: Services) -> Reply:
    """Open a finished case again, with what is still wrong."""

    async def step(case: Case) -> Reply:
        words = _rest(turn)
        if len(words) < _SHORTEST:
            text = f"Việc nào trong phiếu **{case.code}** chưa xong? Anh/chị nói rõ giúp tôi, hoặc nhắn **thôi**."
            return Reply(slots=_waits(REOPEN, case)).say(text)
        return await _reopened(case.code, words, turn, services)

    return await _on_case(turn, services, step)


async def rate(turn: Turn, services: Services) -> Reply:
    """Keep the stars and ask for a word beside them."""

    async def step(case: Case) -> Reply:
        stars = turn.entities.get("rating")
        try:
            number = int(str(stars))
        except ValueError:
            number = 0
        rated = await services.cases.rate(case.code, number, key=turn.key)
        more = "Chưa hài lòng chỗ nào, " if number <= 2 else "Muốn nói thêm gì, "
        buttons = () if number > 2 else (_again(rated),)
        text = (
            f"Cảm ơn anh/chị đã chấm **{number} sao**. {more}anh/chị nhắn một câu cho cán bộ; không thì nhắn **thôi**."
        )
        return Reply(slots=_waits(COMMENT, rated)).say(text, *buttons)

    return await _on_case(turn, services, step, held=True)


async def solved(turn: Turn, services: Services) -> Reply:
    """Keep whether the matter is settled; what is not is asked about and opened again."""

    async def step(case: Case) -> Reply:
        if turn.entities.get("yes") not in (True, "true", "True"):
            text = f"Tôi rất tiếc. Chỗ nào trong phiếu **{case.code}** chưa xong? Anh/chị nói rõ để tôi mở lại phiếu."
            return Reply(slots=_waits(REOPEN, case)).say(text, Button("Mở lại, không nói thêm", _reopen_at_once(case)))
        settled = await services.cases.solved(case.code, True, key=turn.key)
        reply = Reply(slots={"pending": None}).say(f"Cảm ơn anh/chị. Phiếu **{settled.code}** được đóng lại.")
        if settled.rating is None:
            stars = [
                Button(title, payload("rate_case", case=settled.code, rating=number))
                for number, title in enumerate(texts.STARS, 1)
            ]
            reply.say("Anh/chị chấm việc giải quyết mấy sao?", *stars)
        return reply

    if turn.pressed and turn.entities.get("sure") is True:
        return await _on_case(turn, services, lambda case: _unsolved(case, turn, services), held=True)
    if not turn.pressed and not turn.entities.get("case") and await _newest_held(turn, services) is None:
        # "Không ai giải quyết" of somebody who has handed nothing in tells of something else.
        own = await services.cases.of_citizen(turn.citizen_id, limit=1) if turn.citizen_id is not None else []
        return await (check(turn, services) if own else triage.ask(turn, services))
    return await _on_case(turn, services, step, held=True)


async def awaited(turn: Turn, services: Services) -> Reply | None:
    """Take the words that were asked for beside a case; None when none were."""
    pending = str(turn.slots.get("pending") or "")
    words = turn.text.strip()
    if turn.pressed or len(words) < _SHORTEST:
        return None
    for head, take in ((ADD, _added), (REOPEN, _reopened), (COMMENT, _commented)):
        if pending.startswith(head):
            try:
                # Only `_waits` writes this slot, after the citizen's right was checked.
                return await take(pending.removeprefix(head), words, turn, services)
            except REFUSED as error:
                return Reply(slots={"pending": None}).say(error.message)
    return None


async def _added(code: str, words: str, turn: Turn, services: Services) -> Reply:
    new = await services.cases.add(code, words, key=turn.key)
    said = "Tôi đã ghi thêm vào" if new is not None else "Nội dung này đã có trong"
    return Reply(slots={"pending": None}).say(f"{said} phiếu **{code}**; cán bộ sẽ xem.")


async def _reopened(code: str, words: str, turn: Turn, services: Services) -> Reply:
    case = await services.cases.reopen(code, words, key=turn.key)
    return Reply(slots={"pending": None}).say(
        f"Tôi đã mở lại phiếu **{case.code}** và ghi lời anh/chị. Cán bộ sẽ xem tiếp."
    )


async def _unsolved(case: Case, turn: Turn, services: Services) -> Reply:
    case = await services.cases.solved(case.code, False, key=turn.key)
    return Reply(slots={"pending": None}).say(f"Tôi đã mở lại phiếu **{case.code}**. Cán bộ sẽ xem tiếp.")


async def _commented(code: str, words: str, turn: Turn, services: Services) -> Reply:
    await services.cases.comment(code, words, key=turn.key)
    return Reply(slots={"pending": None}).say("Cảm ơn anh/chị, tôi đã chuyển lời nhận xét cho cán bộ.")


async def _on_case(turn: Turn, services: Services, step: Step, *, held: bool = False) -> Reply:
    """Do a step on the case that is named, else on the citizen's newest one that it fits.

    Args:
        held: the step needs an answered case.
    """
    try:
        found = await _named(turn, services)
        if isinstance(found, Reply):
            return found
        if found is None:
            found = await _newest_held(turn, services) if held else await _newest(turn, services)
        if found is None:
            return Reply().say(NONE_HELD) if held else await _own_cases(turn, services)
        return await step(found)
    except REFUSED as error:
        return Reply(slots={"pending": None}).say(error.message)


async def _named(turn: Turn, services: Services) -> Case | Reply | None:
    """The case whose code was said or pressed, if this citizen may see it; a sentence where not; None without a "
    "code."""
    code = turn.entities.get("case") or turn.entities.get("case_code")
    named = CODE.search(str(code)) if code else CODE.search(turn.text)
    if named is None and code:
        # The shape of a code with a letter that no code has: most likely a 0 for a D or a 1 for a J.
        return Reply().say(f"Không có phiếu nào mang mã {str(code)[:20]}. Anh/chị xem lại mã giúp tôi.")
    if named is None:
        return None
    # A code may be six digits too; it is no PIN.
    pin = None if turn.pressed else PIN.search(re.sub(re.escape(named.group(1)), " ", turn.text, flags=re.IGNORECASE))
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
    if case.secret:
        # The conversation is read by staff who must not know of it: neither its state nor its PIN is said here.
        text = f"Phiếu {case.code}: anh/chị xem và ghi thêm tại {services.cases.link(case)} (cần PIN)."
        return Reply(private=True).say(text)
    return case


async def _newest(turn: Turn, services: Services) -> Case | None:
    own = await services.cases.of_citizen(turn.citizen_id, limit=1) if turn.citizen_id is not None else []
    return own[0] if own else None


async def _newest_held(turn: Turn, services: Services) -> Case | None:
    own = await services.cases.of_citizen(turn.citizen_id) if turn.citizen_id is not None else []
    return next((case for case in own if case.state in HELD), None)


async def _own_cases(turn: Turn, services: Services) -> Reply:
    own = await services.cases.of_citizen(turn.citizen_id) if turn.citizen_id is not None else []
    if not own:
        return Reply().say(
            "Anh/chị nhắn mã phiếu (dạng MC-…) kèm PIN giúp tôi. Nếu hỏi hồ sơ đã nộp tại Trung tâm thì tra trên "
            "dichvucong.gov.vn bằng số trên giấy hẹn."
        )
    return Reply().say("\n\n".join(_status(case, services) for case in own), *_steps(own[0]))


def _status(case: Case, services: Services) -> str:
    return texts.status(case, services.cases.link(case))


def _steps(case: Case) -> tuple[Button, ...]:
    """What may be done with a case now."""
    if case.state in HELD:
        return (_again(case),)
    return (Button("Bổ sung cho phiếu này", payload("add_case", case=case.code)),)


def _again(case: Case) -> Button:
    return Button("Việc chưa xong, mở lại", payload("reopen_case", case=case.code))


def _reopen_at_once(case: Case) -> str:
    return payload("solved_case", case=case.code, yes=False, sure=True)


def _waits(head: str, case: Case) -> dict[str, object]:
    return {"pending": f"{head}{case.code}", "options": None}


def _rest(turn: Turn) -> str:
    """What was written behind the code and the PIN; nothing for a pressed button."""
    if turn.pressed or CODE.search(turn.text) is None:
        return ""
    return _BEFORE.sub("", turn.text, count=1).strip()
