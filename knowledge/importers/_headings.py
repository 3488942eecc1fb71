"""Headings of columns as lists of procedures write them, and the field each means."""

from __future__ import annotations

import re
import unicodedata

# Field → headings, folded (no marks, lower case, single spaces). The first ones are the national exports' own.
FIELDS: dict[str, tuple[str, ...]] = {
    "code": ("ma so", "ma tthc", "ma thu tuc", "ma thu tuc hanh chinh", "ma so tthc", "ma", "code", "so ma tthc"),
    "name": ("ten", "ten tthc", "ten thu tuc", "ten thu tuc hanh chinh", "name", "thu tuc", "noi dung thu tuc"),
    "field": ("linh vuc", "ten linh vuc", "linh vuc tthc", "nganh linh vuc", "field"),
    "promulgator": ("co quan ban hanh", "co quan cong khai", "co quan cong bo", "don vi ban hanh"),
    "executing_agencies": (
        "co quan thuc hien",
        "don vi thuc hien",
        "co quan truc tiep thuc hien",
        "noi tiep nhan",
        "co quan tiep nhan",
    ),
    "authority": ("co quan co tham quyen", "co quan co tham quyen quyet dinh", "tham quyen giai quyet"),
    "levels": ("cap thuc hien", "cap giai quyet", "cap", "muc do cap"),
    "subjects": ("doi tuong", "doi tuong thuc hien"),
    "decision_no": (
        "qd cong bo",
        "so quyet dinh",
        "quyet dinh cong bo",
        "so qd",
        "quyet dinh",
        "so quyet dinh cong bo",
    ),
    "decision_date": ("ngay quyet dinh", "ngay ban hanh", "ngay cong bo", "ngay ky"),
    "status": ("tinh trang", "trang thai", "hieu luc"),
    "url": ("link truy cap", "link", "url", "duong dan", "dia chi truy cap", "lien ket"),
    "receiving_address": ("dia chi tiep nhan", "dia chi tiep nhan hs", "dia chi tiep nhan ho so", "dia diem tiep nhan"),
    "steps": ("trinh tu thuc hien", "trinh tu", "cac buoc thuc hien"),
    "channels": ("hinh thuc nop", "cach thuc thuc hien", "hinh thuc", "hinh thuc nop ho so"),
    "time": ("thoi han giai quyet", "thoi gian giai quyet", "thoi gian", "thoi han", "thoi gian thuc hien"),
    "fee": ("phi le phi", "phi", "le phi", "muc phi", "muc thu", "phi le phi neu co"),
    "documents": ("thanh phan ho so", "ho so", "giay to", "ten giay to", "giay to can nop"),
    "conditions": ("yeu cau dieu kien", "yeu cau dieu kien thuc hien", "dieu kien", "yeu cau"),
    "results": ("ket qua thuc hien", "ket qua xu ly", "ket qua", "ket qua giai quyet"),
    "legal_codes": ("can cu phap ly", "co so phap ly", "van ban phap ly"),
    "description": ("mo ta", "ghi chu"),
    "everyday": ("ten thuong goi", "cach goi thong thuong", "ten goi khac", "tu khoa"),
}
_EXACT = {heading: field for field, headings in FIELDS.items() for heading in headings}
# A heading that only contains a known one is a guess: "Mã số TTHC (mới)", "Tên thủ tục hành chính công".
_INSIDE = sorted(
    ((heading, field) for heading, field in _EXACT.items() if " " in heading), key=lambda pair: -len(pair[0])
)


def fold(heading: str) -> str:
    """A heading without marks, capitals, punctuation and doubled spaces."""
    plain = unicodedata.normalize("NFD", heading.lower().replace("đ", "d"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", " ", plain).strip()


def field_of(heading: str, *, certain: bool) -> str | None:
    """The field a heading means; with `certain` only where the heading is a known one word for word."""
    folded = fold(heading)
    if not folded:
        return None
    if certain:
        return _EXACT.get(folded)
    padded = f" {folded} "
    return next((field for known, field in _INSIDE if f" {known} " in padded), None)
