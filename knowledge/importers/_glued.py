"""Tables of a page whose cells a scraper glued together: cut apart again where the portal's own words allow it."""

from __future__ import annotations

import re
from typing import Any

from knowledge.importers._clean import said

CHANNELS = {
    "trực tuyến": "truc_tuyen",
    "trực tiếp": "truc_tiep",
    "bưu chính": "buu_chinh",
    "dịch vụ bưu chính": "buu_chinh",
    "dịch vụ bưu chính công ích": "buu_chinh",
    "bưu chính công ích": "buu_chinh",
}
_HEADINGS = re.compile(
    r"Hình thức nộp\s*(?:Thời gian|Thời hạn giải quyết)\s*Phí, lệ phí\s*Mô tả|"
    r"Tên giấy tờ\s*Mẫu đơn, tờ khai\s*Số lượng|Tên văn bản pháp lý\s*Mã văn bản"
)
_TIME = r"(?:\d+(?:[.,]\d+)?\s*(?:Ngày làm việc|Ngày|Giờ|Tháng|Khác)?|Khác|Không quy định|Không có thông tin)"
_MONEY = r"(?:Miễn phí|Không có thông tin|(?:Phí|Lệ phí)?\s*:?\s*\d[\d,.]*\s*(?:Việt Nam Đồng|VNĐ|VND|USD|Đồng))"
_ROW = re.compile(rf"(Trực tuyến|Trực tiếp|Dịch vụ bưu chính)(?={_TIME}\s*{_MONEY})")
_CELLS = re.compile(rf"({_TIME})\s*({_MONEY})")
_JOINED = re.compile(r"\d[\d,.]*\s*(?:Việt Nam Đồng|VNĐ|VND|USD|Đồng)")
_FEE = re.compile(_MONEY)
# The quantity is glued behind the name: "…/TT-BTC1 bản chính"; "nộp 02 bản chính" inside a sentence is none.
_QUANTITY = re.compile(
    r"(?:(?<![\s\d])(1\d|20|\d)(?= bản chính)|(?<=\d)(\d)(?= bản chính)) bản chính(?:,\s*(\d+) bản sao)?"
    r"|(?<![\s\d,])(\d{1,2}) bản sao"
)
# The name of the next document is glued behind the number: "…/NĐ-CPNghị định" ends before the N.
_LOWER = "a-zàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_LAW = re.compile(rf"\d+(?:\.\d+)?/\d{{4}}/[A-ZĐ][A-ZĐ0-9-]*[A-ZĐ0-9](?![{_LOWER}])|\d+/VBHN-[A-ZĐ]+(?![{_LOWER}])")
_RESULT = re.compile(r"\s*Mã:\s*(?:KQ[\w.]*|[\w.-]+?)(?=Từ khóa|Mô tả|$|\s|[A-ZĐÀ-Ỹ][a-zà-ỹ])")
# What the page prints below the last table: keywords, the form that chooses an office, buttons.
_FURNITURE = re.compile(r"Từ khóa(?=\S).*$|Chọn cơ quan thực hiện.*$|Xem chi tiết\s*$|Nộp hồ sơ\s*$", re.DOTALL)


def methods(text: str) -> list[dict[str, Any]] | None:
    """The rows of the table of ways to hand in; None when its cells cannot be told apart."""
    text = _HEADINGS.sub("", said(text)).strip()
    pieces = _ROW.split(text)
    if len(pieces) < 3 or pieces[0].strip():
        return None
    rows = []
    for channel, cells in zip(pieces[1::2], pieces[2::2], strict=True):
        match = _CELLS.match(cells)
        if match is None:
            return None
        if match[1][-1].isdigit() and match[2][0].isdigit():
            # "120,000 VNĐ": one day and 20,000 or no time and 120,000; no rule tells which.
            joined = _JOINED.match(cells)
            amount, rest = (joined[0], cells[joined.end() :]) if joined else (cells, "")
            note, rest = _bracketed(rest)
            fee_only = {"time_value": None, "time_unit": "Khác", "time_fee_glued": True}
            row = {"channel": CHANNELS[channel.lower()], "fees": [{"amount": amount, "note": note}]}
            rows.append({**row, **fee_only, "description": rest.strip()})
            continue
        value = re.match(r"\d+(?:[.,]\d+)?", match[1])
        unit = match[1][value.end() :].strip() if value else match[1]
        found = []
        rest = cells[match.start(2) :]
        while (fee := _FEE.match(rest)) is not None:
            note, rest = _bracketed(rest[fee.end() :])
            found.append({"amount": fee[0].strip(), "note": note})
        nothing = unit in ("Không quy định", "Không có thông tin")
        rows.append(
            {
                "channel": CHANNELS[channel.lower()],
                "time_value": value[0] if value else None,
                "time_unit": None if nothing else unit or "Khác",
                "fees": found,
                "description": rest.strip(),
            }
        )
    return rows


def _bracketed(text: str) -> tuple[str, str]:
    """What stands in the bracket at the beginning of a text, and what follows it; brackets may be nested."""
    if not text.startswith("("):
        return "", text
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[1:place].strip(" ()"), text[place + 1 :]
    return text[1:].strip(" ()"), ""


def documents(text: str) -> list[dict[str, Any]] | None:
    """The cases with their papers; None when no quantity tells where a paper ends."""
    parts = _HEADINGS.split(said(text))
    if len(parts) < 2:
        return None
    title = parts[0]
    cases = []
    for part in parts[1:]:
        items = []
        begin = 0
        for quantity in _QUANTITY.finditer(part):
            name = part[begin : quantity.start()].strip(" ,;")
            original = quantity[1] or quantity[2]
            copy = quantity[3] or quantity[4]
            items.append({"name": name, "original": int(original or 0), "copy": int(copy or 0)})
            begin = quantity.end()
        # Behind the last quantity stands the title of the next case.
        cases.append({"case": title.strip(" *:-"), "items": [item for item in items if item["name"]]})
        title = part[begin:]
    cases = [case for case in cases if case["items"]]
    return cases or None


def laws(text: str) -> list[str]:
    """The numbers of the documents that a glued table of legal bases cites."""
    return list(dict.fromkeys(_LAW.findall(_HEADINGS.sub(" ", said(text)))))


def results(text: str) -> list[str]:
    """The names of results without their codes and without the page's buttons."""
    text = without_furniture(text)
    return [name for name in (part.strip(" ,;.") for part in _RESULT.split(text)) if len(name) > 1]


def without_furniture(text: str) -> str:
    """A cell without the words of the page around it."""
    return _FURNITURE.sub("", said(text)).strip()
