"""Short commands that mean one thing whatever was said before: one's own data, and the next step of a case.

Pure rules on folded words, hence with and without diacritics alike. Runs inside Rasa on CPython 3.10; standard library
and `knowledge.text` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from knowledge import text as texts

_LONGEST = 600

_MINE = r"(?:cua )?(?:chinh )?(?:toi|tui|em|minh|con|chau|tao)"
_SOFT = (
    r"(?: (?:di|nha|nhe|nghen|giup|gium|dum|voi|a|luon|het|lien|ngay|em|anh|chi|ad|bot|toi|tui|o day|trong day|"
    r"tren day|duoc khong|duoc hong|dang luu|dang giu|ma ben minh giu))*"
)
_LEAD = (
    r"(?:(?:da|toi|tui|em|minh|cho|xin|hay|vui long|lam on|nho|giup|gium|muon|can|yeu cau|de nghi|duoc|hoi|ban|thi|"
    r"ad|bot|"
    r"nay|oi|cho toi|cho tui|cho em) )*"
)
_DATA = (
    r"(?:du lieu|du lieu ca nhan|thong tin ca nhan|thong tin|lich su tro chuyen|lich su chat|so dien thoai|tin nhan)"
)
_ERASE = re.compile(
    rf"{_LEAD}(?:xoa|xoa bo|huy|go|go bo|quen)(?: (?:het|sach|toan bo|tat ca|cac|nhung|moi|giup|gium|di|cho|toi|tui))* "
    rf"{_DATA}(?: ca nhan)?(?: {_MINE})?{_SOFT}"
)
_OBJECT = re.compile(
    rf"{_LEAD}(?:rut lai|rut|khong dong y nua|phan doi|ngung|dung|han che)(?: (?:su|viec|het|toan bo))* "
    rf"(?:dong y|xu ly {_DATA}|luu {_DATA}|viec luu {_DATA}|{_DATA})(?: (?:luu|giu|de lai|cho))*"
    rf"(?: {_DATA})?(?: {_MINE})?{_SOFT}"
)
_SHOW = re.compile(
    rf"{_LEAD}(?:(?:xem|coi|biet|doc|lay|tai|xuat|gui|cung cap|kiem tra|trich|sao)(?: (?:het|toan bo|tat ca|lai|cac|"
    rf"ve|cho|toi|"
    rf"tui|giup|gium))* )?(?:du lieu(?: ca nhan)?|thong tin ca nhan) {_MINE}{_SOFT}"
    rf"|{_LEAD}(?:(?:ben minh|ben em|bot|may|o day|may ban|cac ban|ban|em) )?(?:dang |co )?(?:luu|giu|"
    rf"biet)(?: nhung)? (?:du lieu|thong tin) "
    rf"(?:gi|nao)(?: ve)? {_MINE}{_SOFT}"
)

_ADD = re.compile(
    r"(?:da |toi |tui |em |cho |xin |muon |can )*(?:bo sung|ghi them|noi them|them|gui them|bo sung them|"
    r"cap nhat them|ke them|them thong tin|tra loi)"
    r"(?: (?:them|thong tin|vo|vao|cho|phieu|ma|so|vu|viec|don|y kien|noi dung|giay to|cua|toi|"
    r"tui))* mc ?[a-z0-9]{6}(?: .*)?"
)
_ADD_MINE = re.compile(
    r"(?:da |toi |tui |em |cho |xin |muon |can )*(?:bo sung|ghi them|noi them|gui them|them)"
    r"(?: (?:them|thong tin|y kien|noi dung|y))* (?:vo|vao|cho) (?:cai |cho |ho so |cac )*(?:phieu|phan anh|"
    r"khieu nai|don|vu)"
    r"(?: (?:do|nay|cua|toi|tui|em|hom truoc|bua truoc|vua gui|da gui|hoi nay|roi))*"
)
_REOPEN = re.compile(
    r"(?:da |toi |tui |em |cho |xin |muon |can |yeu cau |de nghi )*mo lai"
    r"(?: (?:cho|giup|gium|toi|tui|em))*(?: (?:phieu|vu|viec|don|phan anh|khieu nai|ho so)| mc ?[a-z0-9]{6})(?: .*)?"
)
_STARS = re.compile(
    r"(?:da |toi |tui |em |cho |xin |muon |danh gia |cham |diem |phieu |mc ?[a-z0-9]{6} |la |vote |duoc |cua |nay )*"
    r"(?P<stars>[1-5]|mot|hai|ba|bon|nam) (?:sao|ngoi sao)(?: (?:nha|nhe|di|a|luon|thoi|cho|mc ?[a-z0-9]{6}|phieu|"
    r"em|dom))*"
)
_SAID_STARS = {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5}
_CASE = (
    r"(?:(?:da|phieu|vu|viec|chuyen|don|cai|do|nay|cua|toi|tui|em|minh|kia|van|cung|van con|o|mc ?[a-z0-9]{6}|thi|"
    r"hom truoc|bua truoc) )*"
)
_SETTLE = r"(?:giai quyet|xu ly|sua|khac phuc|lam)"
_END = r"(?: (?:xong|gi|het|dau|nua|ma|nha|a|dut diem|duoc|ca|luon|em|oi|troi|hoan toan|cho|toi|tui|mc ?[a-z0-9]{6}))*"
_UNSOLVED = re.compile(
    rf"{_CASE}(?:chua|chua duoc|van chua|khong|chua he|con chua|dau co|chua co ai) (?:duoc |ai |thay |"
    rf"co ai )*{_SETTLE}{_END}"
)
_SOLVED = re.compile(
    rf"{_CASE}(?:da|da duoc|duoc|da co nguoi) {_SETTLE}(?: (?:xong|roi|tot|on|duoc|a|nha|cam on|em|het))*"
    rf"|{_CASE}{_SETTLE} (?:xong |duoc )?roi(?: (?:a|nha|cam on|em))*"
)


@lru_cache(maxsize=4)
def _folded(text: str) -> str:
    return " ".join(texts.tokens(text))


def wish(text: str) -> str | None:
    """What a message asks of one's own data: `erasure`, `objection`, `access`; None for everything else."""
    if len(text) > _LONGEST:
        return None
    said = _folded(text)
    for name, command in (("erasure", _ERASE), ("objection", _OBJECT), ("access", _SHOW)):
        if command.fullmatch(said):
            return name
    return None


def read(text: str, entities: Mapping[str, str], *, question: bool) -> tuple[str, dict[str, Any]] | None:
    """Intent and entities of a command, see `step` and `wish`; None for everything else."""
    wanted = wish(text)
    return ("data_request", {"wish": wanted}) if wanted else step(text, entities, question=question)


def step(text: str, entities: Mapping[str, str], *, question: bool) -> tuple[str, dict[str, Any]] | None:
    """The next step of a case that a message asks for: intent and entities; None for everything else.

    Args:
        text: as typed.
        entities: what was extracted; `case_code` goes along.
        question: whether the message looks like a question; then nothing is taken for granted.
    """
    said = _folded(text)[:_LONGEST]
    code = {"case": entities["case_code"]} if "case_code" in entities else {}
    if (code and _ADD.fullmatch(said)) or _ADD_MINE.fullmatch(said):
        return "add_case", code
    if _REOPEN.fullmatch(said):
        return "reopen_case", code
    if len(text) > _LONGEST:
        return None
    stars = _STARS.fullmatch(said)
    if stars is not None:
        number = stars.group("stars")
        return "rate_case", {**code, "rating": _SAID_STARS.get(number) or int(number)}
    if question:
        return None
    if _UNSOLVED.fullmatch(said):
        return "solved_case", {**code, "yes": False}
    if _SOLVED.fullmatch(said):
        return "solved_case", {**code, "yes": True}
    return None
