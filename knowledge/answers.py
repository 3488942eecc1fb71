"""Composing an answer: facts of a procedure for the facets asked, at a place, on a day.

Nothing is generated: each line comes from a field of the record or says that the catalogue does not hold it. The
place to hand papers in comes first (the report of An Giang of 2019 names not knowing it as the first pain), then what
was asked, then one line of source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from knowledge.offices import Office, centre_of, office_for
from knowledge.places import Place
from knowledge.procedures import Channel, Fee, OfficeKind, OnlineValue, Procedure, ProcessingTime, is_provisional
from knowledge.questions import Facet

MOST_ITEMS = 12
LONGEST_LINE = 260
LONGEST_ANSWER = 3_300
MOST_STEPS = 6
MOST_FACTS = 6
MOST_OFFICES = 3
LONGEST_NOTE = 160
# Names of land procedures run to 400 characters; the code in the source line says which one it is.
LONGEST_NAME = 130
OVERVIEW = (Facet.fee, Facet.time)
UNCONFIRMED = "Dữ liệu khởi đầu, chưa được cơ quan xác nhận."
PORTAL = "Cổng Dịch vụ công quốc gia (dichvucong.gov.vn)"

TITLES = {
    Facet.where: "Nơi nộp",
    Facet.how: "Cách làm",
    Facet.documents: "Giấy tờ",
    Facet.fee: "Lệ phí",
    Facet.time: "Thời gian",
    Facet.online: "Nộp trực tuyến",
    Facet.post: "Qua bưu điện",
    Facet.result: "Kết quả",
    Facet.law: "Căn cứ pháp lý",
}
_CHANNELS = {
    Channel.in_person: "nộp trực tiếp",
    Channel.online: "nộp trực tuyến",
    Channel.post: "qua bưu điện",
}
_ONLINE = {
    OnlineValue.full: "Có, trực tuyến toàn trình: nộp, trả phí và nhận kết quả đều làm qua mạng được",
    OnlineValue.partial: "Có, trực tuyến một phần: khai và nộp qua mạng, có bước phải đến trực tiếp",
    OnlineValue.information: "Chưa nộp được qua mạng, trên cổng chỉ có thông tin hướng dẫn",
    OnlineValue.level_4: "Có, mức độ 4: nộp, trả phí và nhận kết quả qua mạng",
    OnlineValue.level_3: "Có, mức độ 3: khai và nộp qua mạng, trả phí và nhận kết quả tại nơi tiếp nhận",
    OnlineValue.level_1_2: "Chưa nộp được qua mạng (mức độ 1–2): trên cổng có thông tin và mẫu đơn",
}

_SENT_IN = {True: "nộp hồ sơ được", False: "không nhận hồ sơ", None: "danh mục chưa ghi có nhận hồ sơ không"}
_SENT_BACK = {True: ", trả kết quả về nhà được", False: ", không trả kết quả về nhà", None: ""}

_VARIANT = re.compile(r"\([^()]{1,45}\)$")
_ANYWHERE = re.compile(r"nộp được ở (?:mọi trung tâm|bất kỳ xã)[^;]*", re.IGNORECASE)
# First words of notes that stand in brackets behind an office; others may be names.
_SMALL_LETTER = frozenset(["Cũng", "Làm", "Nhận", "Nơi", "Nộp", "Tùy"])


@dataclass(frozen=True)
class Context:
    """For whom and when an answer is given.

    Attributes:
        on: the day of the answer.
        data_day: the day the catalogue version was taken in, said when the record has no day of its own.
        place: the citizen's commune, when known.
        old_names: the former communes the citizen named, which `place` has taken in.
    """

    on: date
    data_day: date
    place: Place | None = None
    old_names: tuple[str, ...] = ()


def answer(procedure: Procedure, facets: Sequence[Facet], context: Context, *, again: bool = False) -> str:
    """The whole answer for some facets of a procedure.

    Args:
        procedure: the record.
        facets: what was asked; none gives the short overview (place, fee, time).
        context: place and day.
        again: the place was told just before, so its name is enough.

    Returns:
        Text with newlines and **bold**, in Vietnamese, under 3,600 characters; what had to be left out is said.
    """
    asked = [facet for facet in facets if facet is not Facet.where] if facets else list(OVERVIEW)
    place = where_again(procedure, context) if again else where(procedure, context)
    parts = [f"**{short_name(procedure)}**", place]
    parts += [_FACETS[facet](procedure, context) for facet in asked]
    return "\n".join([*_fitted(parts, procedure.source.url), source_line(procedure, context)])


def where(procedure: Procedure, context: Context) -> str:
    """Which office takes the papers, and which explicitly does not."""
    offices = [office_for(rule, context.place, context.on) for rule in procedure.receives(context.on)]
    if not offices:
        centre = centre_of(context.place, context.on)
        return f"📍 **Nơi nộp:** danh mục chưa ghi nơi tiếp nhận. Anh/chị hỏi tại {centre.name}."
    shown = list(dict.fromkeys(_office(office) for office in offices))
    if len(shown) > MOST_OFFICES:
        shown = [*shown[:MOST_OFFICES], f"nơi khác (còn {len(shown) - MOST_OFFICES} nơi nhận nữa)"]
    if len(shown) == 1:
        lines = [f"📍 **Nơi nộp:** {shown[0]}."]
    else:
        lines = ["📍 **Nơi nộp:**", f"• {shown[0]}", *(f"• hoặc {office}" for office in shown[1:])]
    if context.place is not None and context.old_names:
        lines.insert(0, became(context.place, context.old_names))
    if any(office.anywhere for office in offices):
        lines.append("Cũng nộp được tại Trung tâm của bất kỳ xã, phường nào trong tỉnh.")
    home = procedure.home_service_at(context.place.code if context.place is not None else None)
    if home is not None:
        lines.append(f"🏠 Nhận, trả tại nhà: {_cut(home.text).rstrip(' .')}{_by_province(procedure, 'home_service')}.")
    for rule in procedure.refuses(context.on):
        said = f" ({rule.decision})" if rule.decision else ""
        lines.append(f"Không nộp tại {office_for(rule, context.place, context.on).name}{said}.")
    if procedure.decided_by and len(offices) == 1 and not _same(procedure.decided_by, offices[0]):
        lines.append(f"Cơ quan giải quyết: {procedure.decided_by}.")
    return "\n".join(lines)


def where_again(procedure: Procedure, context: Context) -> str:
    """The offices that take the papers, by name alone."""
    offices = [office_for(rule, context.place, context.on) for rule in procedure.receives(context.on)]
    if not offices:
        return where(procedure, context)
    return f"📍 **Nơi nộp:** {' hoặc '.join(f'**{office.name}**' for office in offices[:3])}."


def became(place: Place, old_names: Sequence[str]) -> str:
    """That former communes are part of another one today; empty when there are none."""
    if not old_names:
        return ""
    name = f"{place.name[:1].lower()}{place.name[1:]}"
    return f"{' và '.join(old_names)} (cũ) nay {'đều ' if len(old_names) > 1 else ''}thuộc {name}."


def needs_place(procedure: Procedure, on: date) -> bool:
    """Whether the answer to "where" depends on the citizen's commune."""
    return _needs_commune([office_for(rule, None, on) for rule in procedure.receives(on)])


def source_line(procedure: Procedure, context: Context) -> str:
    """Code, deciding document and date; and that the starter catalogue is not confirmed."""
    decision = f" · Quyết định {procedure.source.decision}" if procedure.source.decision else ""
    if procedure.checked:
        day = f"kiểm tra ngày {procedure.checked:%d/%m/%Y}"
    else:
        day = f"dữ liệu nạp ngày {context.data_day:%d/%m/%Y}"
    code = "thủ tục chưa có mã" if is_provisional(procedure.code) else f"mã {procedure.code}"
    line = f"Nguồn: {code}{decision} · {day}."
    return f"{line} {UNCONFIRMED}" if procedure.starter else line


def display_name(procedure: Procedure) -> str:
    """The official name, without a trailing full stop and on one line."""
    return " ".join(procedure.name.split()).rstrip(" .;,")


def short_name(procedure: Procedure, most: int = LONGEST_NAME) -> str:
    """The official name, cut to about `most` characters; a variant in brackets at its end is kept."""
    name = display_name(procedure)
    if len(name) <= most:
        return name
    variant = _VARIANT.search(name)
    tail = f" {variant.group(0)}" if variant else ""
    head = name[: most - len(tail)].rsplit(" ", 1)[0].rstrip(" ,;(/")
    # A bracket that the cut has left open is closed by leaving it out.
    if head.count("(") > head.count(")"):
        head = head[: head.rindex("(")].rstrip(" ,;")
    return f"{head} …{tail}"


def _by_province(procedure: Procedure, fact: str) -> str:
    """By what and from when the province has set a fact; empty when the national text says it."""
    by = procedure.set_by_province(fact)
    if by is None:
        return ""
    since = f", từ {by.valid_from:%d/%m/%Y}" if by.valid_from else ""
    return f" (tỉnh An Giang quy định, {by.decision or by.source}{since})"


def _office(office: Office) -> str:
    # That any centre takes it is said in a line of its own.
    note = "" if office.note and office.anywhere and _ANYWHERE.fullmatch(office.note) else office.note
    if note and office.name.lower() in note.lower():
        note = ""
    extra = [part for part in (_in_brackets(note or ""), office.decision) if part]
    return f"**{office.name}**" + (f" ({'; '.join(extra)})" if extra else "")


def _in_brackets(note: str) -> str:
    first = note.partition(" ")[0]
    return note[:1].lower() + note[1:] if first in _SMALL_LETTER else note


def _needs_commune(offices: Sequence[Office]) -> bool:
    own = {OfficeKind.commune_centre, OfficeKind.commune_police, OfficeKind.commune_military}
    own |= {OfficeKind.district_centre, OfficeKind.district_police}
    return any(office.kind in own for office in offices)


def _same(decider: str, office: Office) -> bool:
    commune = {OfficeKind.commune_centre, OfficeKind.commune_police, OfficeKind.commune_military}
    return office.kind in commune and ("cấp xã" in decider.lower() or "xã," in decider.lower())


def _not_held(what: str, procedure: Procedure, context: Context) -> str:
    """What the catalogue does not say, and who can: the office that takes the papers."""
    rules = procedure.receives(context.on)
    office = office_for(rules[0], context.place, context.on) if rules else centre_of(context.place, context.on)
    return f"danh mục chưa có thông tin về {what}. Anh/chị hỏi tại {office.name}."


def _cut(line: str, longest: int = LONGEST_LINE) -> str:
    # National records begin list items with their own marks, which would stand beside ours.
    line = " ".join(line.split()).lstrip("-*+• ")
    return line if len(line) <= longest else line[: longest - 1].rsplit(" ", 1)[0].rstrip(" .;,…") + "…"


def _listed(lines: Sequence[str], url: str | None, most: int = MOST_ITEMS) -> str:
    # A line that ends with a colon heads those below it.
    shown = [_cut(line) if line.endswith(":") else f"• {_cut(line)}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(_rest(f"… và {len(lines) - most} mục nữa", url))
    return "\n".join(shown)


def _rest(said: str, url: str | None) -> str:
    return f"{said}, xem đủ tại {url}" if url else f"{said}, cán bộ tiếp nhận sẽ hướng dẫn"


def _fitted(parts: list[str], url: str | None) -> list[str]:
    """The parts, with lines taken from the end of the longest lists until a channel can show all at once."""
    rest = _rest("… còn nữa", url)
    while sum(map(len, parts)) > LONGEST_ANSWER:
        longest = max(range(len(parts)), key=lambda part: len(parts[part]))
        lines = [line for line in parts[longest].split("\n") if line != rest]
        if len(lines) < 4:
            break
        parts[longest] = "\n".join([*lines[:-1], rest])
    return parts


def _documents(procedure: Procedure, context: Context) -> str:
    if not procedure.documents:
        return f"📄 **Giấy tờ:** {_not_held('giấy tờ cần nộp', procedure, context)}"
    lines: list[str] = []
    for case in procedure.documents:
        if case.case and len(procedure.documents) > 1:
            lines.append(f"{case.case.strip(' .:')}:")
        lines += [_item(item.name, item.original, item.copy_count) for item in case.items]
    return f"📄 **Giấy tờ cần có:**\n{_listed(lines, procedure.source.url)}"


def _item(name: str, original: int | None, copies: int | None) -> str:
    counts = [f"{original} bản chính"] if original else []
    counts += [f"{copies} bản sao"] if copies else []
    return f"{_cut(name).rstrip(' .;,')} ({', '.join(counts)})" if counts else _cut(name).rstrip(" .;,")


def _by_channel(facts: Sequence[tuple[Channel | None, str]]) -> list[str]:
    """One line for all ways when they agree, else one a way."""
    said: dict[str, list[Channel | None]] = {}
    for channel, line in facts:
        said.setdefault(line, []).append(channel)
    every = {channel for channel, _ in facts}
    lines = []
    for line, channels in said.items():
        ways = [_CHANNELS[channel] for channel in Channel if channel in channels]
        everywhere = set(channels) == every or not ways
        lines.append(line if everywhere else f"{line} ({', '.join(ways)})")
    return lines


def _facts(head: str, lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return f"{head} {_cut(lines[0]).rstrip(' .')}."
    shown = [head, *(f"• {_cut(line)}" for line in lines[:MOST_FACTS])]
    if len(lines) > MOST_FACTS:
        shown.append(_rest(f"… và {len(lines) - MOST_FACTS} mục nữa", None))
    return "\n".join(shown)


def _fee(procedure: Procedure, context: Context) -> str:
    if not procedure.fees:
        return f"💰 **Lệ phí:** {_not_held('lệ phí', procedure, context)}"
    return _facts("💰 **Lệ phí:**", _by_channel([(fee.channel, _fee_text(fee)) for fee in procedure.fees]))


def _fee_text(fee: Fee) -> str:
    note = _cut(fee.note, LONGEST_NOTE).rstrip(" .") if fee.note else ""
    extra = [note] if note and note.lower() not in fee.text.lower() else []
    if fee.decision:
        since = f", từ {fee.valid_from:%d/%m/%Y}" if fee.valid_from else ""
        extra.append(f"Hội đồng nhân dân tỉnh quy định, {fee.decision}{since}")
    return f"{fee.text} ({'; '.join(extra)})" if extra else fee.text


def _time(procedure: Procedure, context: Context) -> str:
    if not procedure.times:
        return f"⏱ **Thời gian:** {_not_held('thời gian giải quyết', procedure, context)}"
    said = _facts("⏱ **Thời gian:**", _by_channel([(time.channel, _time_text(time)) for time in procedure.times]))
    if procedure.on_time_exempt:
        by = _by_province(procedure, "on_time_exempt")
        said += f"\nThủ tục này không tính vào chỉ tiêu 100 % hồ sơ đúng hẹn{by}."
    return said


def _time_text(time: ProcessingTime) -> str:
    return time.text


def _online(procedure: Procedure, context: Context) -> str:
    level = procedure.online
    if level is not None and level.value in _ONLINE:
        line = _ONLINE[level.value]
        source = "Cổng" if level.source and PORTAL.startswith(level.source) else level.source
        stated = f" (theo {source}, {level.as_of:%m/%Y})" if source and level.as_of else ""
        stated = _by_province(procedure, "online_level") or stated
        return f"💻 **Nộp trực tuyến:** {line}. Vào {PORTAL}{stated}."
    if Channel.online in procedure.channels:
        return f"💻 **Nộp trực tuyến:** có, tại {PORTAL}. Danh mục chưa ghi là toàn trình hay một phần."
    if procedure.channels:
        return f"💻 **Nộp trực tuyến:** danh mục không ghi cách nộp qua mạng; chỉ ghi {_ways(procedure)}."
    return f"💻 **Nộp trực tuyến:** {_not_held('nộp qua mạng', procedure, context)}"


def _post(procedure: Procedure, context: Context) -> str:
    if procedure.post_in is not None or procedure.post_out is not None:
        hand_in = True if Channel.post in procedure.channels else procedure.post_in
        sent, back = _SENT_IN[hand_in], _SENT_BACK[procedure.post_out]
        return f"📮 **Qua bưu điện:** {sent}{back}{_by_province(procedure, 'post')}."
    if Channel.post in procedure.channels:
        return "📮 **Qua bưu điện:** được, gửi qua dịch vụ bưu chính công ích đến nơi tiếp nhận ở trên."
    if procedure.channels:
        return f"📮 **Qua bưu điện:** danh mục không ghi cách nộp này; chỉ ghi {_ways(procedure)}."
    return f"📮 **Qua bưu điện:** {_not_held('nộp qua bưu điện', procedure, context)}"


def _ways(procedure: Procedure) -> str:
    return ", ".join(_CHANNELS[channel] for channel in Channel if channel in procedure.channels)


def _how(procedure: Procedure, context: Context) -> str:
    lines = [f"Cách nộp: {_ways(procedure)}"] if procedure.channels else []
    lines += procedure.steps
    if not lines:
        return f"📝 **Cách làm:** {_not_held('các bước', procedure, context)}"
    return f"📝 **Cách làm:**\n{_listed(lines, procedure.source.url, MOST_STEPS + 1)}"


def _result(procedure: Procedure, context: Context) -> str:
    if not procedure.results:
        return f"✅ **Kết quả:** {_not_held('kết quả', procedure, context)}"
    return _facts("✅ **Kết quả:**", procedure.results)


def _law(procedure: Procedure, context: Context) -> str:
    if not procedure.legal:
        return f"⚖️ **Căn cứ pháp lý:** {_not_held('căn cứ pháp lý', procedure, context)}"
    rest = len(procedure.legal) - MOST_ITEMS
    more = f" và {rest} văn bản khác" if rest > 0 else ""
    return f"⚖️ **Căn cứ pháp lý:** {', '.join(_cut(law) for law in procedure.legal[:MOST_ITEMS])}{more}."


_FACETS: dict[Facet, Callable[[Procedure, Context], str]] = {
    Facet.how: _how,
    Facet.documents: _documents,
    Facet.fee: _fee,
    Facet.time: _time,
    Facet.online: _online,
    Facet.post: _post,
    Facet.result: _result,
    Facet.law: _law,
}
