"""What a case is about, taken from the conversation so far: the procedure, the office and the place that were named."""

from __future__ import annotations

import re
from datetime import date

from actions.turn import Services, Turn
from knowledge.places import Gazetteer, Place
from knowledge.procedures import Procedure
from knowledge.text import fold, normalise

# Without one of these a story (a broken lamp, loud music) has nothing to do with the procedure that was asked about.
_PAPERS = re.compile(
    r"(?<!\w)(?:ho so|thu tuc|giay|nop|tre hen|hen|mot cua|hanh chinh cong|can bo|le phi|thu tien|phi|bien nhan|"
    r"tra ket qua|"
    r"ket qua|cap|dang ky|xac nhan|tra ho so|bo sung|quyet dinh)(?!\w)"
)
_OFFICES = (
    (r"mot cua", "Bộ phận Một cửa"),
    (r"(?:trung tam )?(?:phuc vu )?hanh chinh cong", "Trung tâm Phục vụ hành chính công"),
    (r"(?:van phong )?dang ky dat dai|dia chinh", "Văn phòng đăng ký đất đai, địa chính"),
    (r"cong an", "Công an"),
    (r"bao hiem xa hoi", "Bảo hiểm xã hội"),
    (r"(?:chi cuc |co quan |can bo )thue", "Cơ quan thuế"),
    (r"tram y te", "Trạm y tế"),
    (r"benh vien", "Bệnh viện"),
    (r"hieu truong|truong (?:tieu hoc|mam non|mau giao|trung hoc|thpt|thcs|cap \d)", "Trường học"),
    (r"tu phap", "Bộ phận tư pháp"),
    (r"uy ban(?: nhan dan)?|chu tich (?:xa|phuong|tinh)|can bo (?:xa|phuong)", "Ủy ban nhân dân"),
)
_LEVELS = ((r"xa", "xã"), (r"phuong", "phường"), (r"dac khu", "đặc khu"), (r"tinh", "tỉnh"))
_COMMUNE = re.compile(r"(?:xa|phuong|dac khu|thi tran|x|p|tt)\b")
_SMALLER = re.compile(r"(?:^|\W)(?:ap|khom|to|thon|khu pho|kp|duong|hem|cho|cau|kinh|kenh|truong)\s+$")
_WORDS = tuple((re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), name) for pattern, name in _OFFICES)
_AT = tuple((re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), name) for pattern, name in _LEVELS)
MOST_PLACES = 2


async def procedure(turn: Turn, services: Services) -> Procedure | None:
    """The procedure that was talked about last, if the live version has it."""
    code = turn.slots.get("procedure")
    if not isinstance(code, str):
        return None
    return (await services.catalogue.snapshot()).procedures.get(code)


def on_papers(story: str) -> bool:
    """Whether a story is about papers, so that it may be about the procedure talked about before."""
    return _PAPERS.search(fold(normalise(story))) is not None


def office(story: str) -> str | None:
    """The first kind of office that a story names, with its level where the story says it: "Công an xã"."""
    said = fold(normalise(story))
    found = [(match.start(), match.end(), name) for words, name in _WORDS if (match := words.search(said))]
    if not found:
        return None
    _, end, name = min(found)
    level = next((level for words, level in _AT if words.match(said[end:].lstrip())), "")
    inside = next((level for words, level in _AT if words.search(said[min(found)[0] : end])), "")
    return f"{name} {level or inside}".strip()


def commune(text: str, on: date) -> Place | None:
    """The commune in which something happened, as a citizen tells it.

    Of several names the one behind "xã", "phường" counts; one behind "ấp", "khóm", "chợ" is the name of something
    smaller, though a commune may be called the same.
    """
    found = [mention for mention in Gazetteer.load().find(text, on) if mention.resolution.one is not None]
    plain = fold(text)
    named = [mention for mention in found if _COMMUNE.match(fold(mention.text))]
    large = [mention for mention in found if not _SMALLER.search(plain[: mention.start])]
    best = next(iter(named or large or found), None)
    return best.resolution.one.place if best is not None and best.resolution.one is not None else None


def places(turn: Turn, services: Services, *stories: object) -> list[Place]:
    """The communes that the stories name, then the citizen's own; at most two."""
    gazetteer = Gazetteer.load()
    named = [
        mention.resolution.one.place
        for story in stories
        for mention in gazetteer.find(str(story or ""), services.today())
        if mention.resolution.one is not None
    ]
    own = [turn.place] if turn.place is not None else []
    return list({place.code: place for place in (*named, *own)}.values())[:MOST_PLACES]
