"""Turns about where the citizen is."""

from __future__ import annotations

from collections.abc import Sequence

from actions.turn import Button, Reply, Services, Turn, payload
from knowledge import answers
from knowledge.places import Gazetteer, Match, Place, PlaceNotCovered, Resolution

ASK_PLACE = "Anh/chị đang ở xã, phường nào? (Ghi tên cũ hay mới đều được, hoặc gửi vị trí.)"
MOST_CHOICES = 6


def read_place(turn: Turn, services: Services) -> Resolution | Place | None:
    """The place of this turn: from a button, a shared location or the text; None when there is none.

    Raises:
        PlaceNotCovered: a shared location lies outside the province.
    """
    gazetteer = Gazetteer.load()
    code = turn.entities.get("place")
    if isinstance(code, str):
        try:
            return gazetteer.get(code)
        except KeyError:
            return gazetteer.resolve(code, services.today())
    if "lat" in turn.entities and "lon" in turn.entities:
        try:
            lat, lon = float(turn.entities["lat"]), float(turn.entities["lon"])
        except (TypeError, ValueError):
            return None
        return gazetteer.nearest(lat, lon, services.today())[0]
    if turn.pressed:
        return None
    whole = gazetteer.resolve(turn.text, services.today())
    # A near-miss of all that was said comes before a name inside it: "Mỹ Hòa Hưngg" is not Mỹ Hòa.
    if whole.matches or whole.suggestions:
        return whole
    mentions = gazetteer.find(turn.text, services.today())
    if mentions:
        return mentions[0].resolution
    return whole if whole.elsewhere else None


async def keep_place(turn: Turn, services: Services, place: Place) -> dict[str, object]:
    """Remember the commune; gives the slots to set."""
    if turn.citizen_id is not None and turn.metadata.get("place") != place.code:
        await services.remember_place(turn.citizen_id, place.code)
    return {"place": place.code, "pending": None, "options": None}


def ask_which(resolution: Resolution) -> Reply:
    """The question when one name fits several places, or an old commune was split."""
    places = _different(resolution.matches or resolution.suggestions)
    matches = places[:MOST_CHOICES]
    buttons = tuple(Button(_title(match), payload("give_place", place=match.place.code)) for match in matches)
    if not resolution.matches:
        text = "Tôi chưa chắc là nơi nào. Có phải anh/chị ở:"
    elif any(match.hamlet_needed for match in matches):
        via = next(match.via for match in matches if match.via is not None)
        text = f"{via.name} (cũ) nay chia cho nhiều xã. Ấp của anh/chị nay thuộc xã nào?"
    elif resolution.district is not None:
        text = f"{resolution.district.name} (cũ) nay chia thành các nơi dưới đây. Anh/chị ở nơi nào?"
    else:
        names = [match.place.name for match in matches]
        text = f"{' hay '.join(names)}? Anh/chị chọn giúp:" if len(names) <= 3 else "Anh/chị ở nơi nào dưới đây?"
    text += "".join(f"\n{number}. {button.title}" for number, button in enumerate(buttons, 1))
    if len(places) > len(matches):
        text += "\nNơi khác: anh/chị gõ tên xã, phường giúp tôi."
    reply = Reply(slots={"pending": "options", "options": [button.as_json() for button in buttons]})
    return reply.say(text, *buttons)


async def set_place(turn: Turn, services: Services) -> tuple[Reply, bool]:
    """Take the citizen's place in.

    Returns:
        The reply and whether a place was understood; without one the caller may read the text as a question.
    """
    try:
        found = read_place(turn, services)
    except PlaceNotCovered:
        text = "Vị trí này nằm ngoài tỉnh An Giang. Anh/chị gõ tên xã, phường giúp tôi."
        return Reply(slots={"pending": "place"}).say(text), True
    said = ""
    if isinstance(found, Resolution):
        if found.one is None and (found.matches or found.suggestions):
            return ask_which(found), True
        if found.elsewhere is not None:
            return Reply().say(f"{found.elsewhere.name} không thuộc tỉnh An Giang. {ASK_PLACE}").asking(
                "location"
            ), True
        if found.one is not None:
            said = answers.became(found.one.place, old_names(found))
        found = found.one.place if found.one else None
    if found is None:
        return Reply(slots={"pending": "place"}).say(f"Tôi chưa tìm thấy nơi đó. {ASK_PLACE}").asking("location"), False
    slots = await keep_place(turn, services, found)
    where = f"{found.name[:1].lower()}{found.name[1:]}"
    return Reply(slots=slots).say(f"{said}\nTôi nhớ rồi: anh/chị ở **{where}**.".strip()), True


def old_names(resolution: Resolution) -> tuple[str, ...]:
    """The former communes that the citizen's words name, all one today; empty when they said today's name."""
    if any(match.via is None for match in resolution.matches):
        return ()
    vias = {match.via.code: match.via for match in resolution.matches if match.via is not None}
    one = resolution.one
    short = one.place.short if one is not None else ""
    return tuple(via.name for via in vias.values() if via.level == "commune" and via.short != short)


def _different(matches: Sequence[Match]) -> list[Match]:
    first: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: -match.score):
        first.setdefault(match.place.code, match)
    return list(first.values())


def _title(match: Match) -> str:
    """The place, and under which old name it was found, which is the one the citizen knows."""
    place, via = match.place, match.via
    if via is not None and via.level == "commune" and via.short != place.short and not match.hamlet_needed:
        return f"{place.name} ({via.name[:1].lower()}{via.name[1:]} cũ)"
    parent = Gazetteer.load().get(place.parent) if place.parent else None
    return f"{place.name} ({parent.name})" if parent is not None and parent.level == "district" else place.name
