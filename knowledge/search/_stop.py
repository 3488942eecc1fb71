"""What a question says besides its subject: politeness, question words, what about it is asked.

Callers may have cut such words out already; what is left here does no harm then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STOP: Final = frozenset(
    """
    toi tui minh em anh chi ban ad admin co chu bac cau ong ba e a b oi nhe nha nhi ha ho ah u uh da vang thua xin chao
    hoi gium dum voi giup la thi ma va hay hoac voi cua cac nhung mot nhu the nao gi nao sao dau ai may bao nhieu
    khong chua duoc bi phai can muon lam di len ra vo vao de den toi tai o trong ngoai tu cho ve theo roi gio bay nay
    kia do day vay gap luc khi neu con thu tuc ho so trinh tu quy dinh viec nguoi ta biet nghe het luon cung deu da
    dang se van rat qua lam hien moi nhat hanh chinh don giay to gom bao gom noi nop cach hinh thuc huong dan tim hieu
    thong tin ve cam on thanks a ak duoc khong phai hong the ra sao bat buoc nua them cu co the chi tiet mau tren
    """.split()
) - frozenset("moi con bi qua ba ong co chu bac ho do giay lam don mau chua cu".split())

# Syllables that are empty only when nothing else is said with them.
_LIGHT: Final = frozenset("moi con bi qua ba ong co chu bac ho do giay lam don mau chua cu".split())

_FRAMES: Final = re.compile(
    r"\b(?:"
    + "|".join(
        (
            r"(?:het |mat |ton |can |phai )*(?:dong |nop |tra )?bao nhieu (?:tien|lau|ngay|phi|thoi gian)(?: le phi)?",
            r"(?:mat|ton|het|trong|khoang) (?:bao lau|may ngay|may tuan|may thang|bao nhieu|nhieu tien|tien khong|tien)",
            r"bao lau(?: thi)?(?: (?:co|xong|duoc|nhan))*|may ngay(?: (?:co|xong|duoc))*",
            r"(?:can|nop|chuan bi|gom|mang|co|dem|bao gom)(?: theo| nhung| cac| co| du| them)*"
            r" (?:giay to|ho so|giay|gi)(?: gi| nao| nhung gi)*",
            r"giay to (?:gi|nao)|giay gi|ho so (?:gom|can|bao gom|gi|nhu the nao|the nao)(?: nhung| co)*(?: gi)?",
            r"(?:quy dinh|muc thu|muc)? ?(?:ve )?(?:phi,? )?le phi(?: (?:la|bao nhieu))*|muc phi|chi phi",
            r"thoi (?:gian|han)(?: (?:giai quyet|xu ly|thuc hien))?",
            r"thanh phan (?:va so luong )?ho so|so luong ho so|trinh tu(?:,)?(?: thu tuc)?(?: thuc hien)?|"
            r"cach thuc(?: thuc hien)?|can cu phap ly|co so phap ly|yeu cau,? dieu kien|dieu kien (?:gi|nao|de)|"
            r"quy trinh(?: thuc hien)?",
            r"co quan (?:nao )?(?:co )?tham quyen|co quan (?:nao|thuc hien|giai quyet)(?: (?:thuc hien|giai quyet))?",
            r"(?:o|tai|den|toi|ra) dau(?: de)?|cho nao|noi nao|phong nao|dau vay|nop dau|lam dau",
            r"(?:nhu )?the nao|lam sao(?: de)?|ra sao|the nao|lam gi|la gi|can lam gi",
            r"(?:nop |lam |qua |tren |bang )?(?:truc tuyen|mang|dich vu cong|online)(?: (?:duoc|khong))*",
            r"(?:qua |gui )?buu dien|buu chinh|gui ve nha",
            r"moi nhat(?: hien nay)?|hien nay|bay gio|cho hoi|xin hoi|vui long|huong dan|thuc hien thu tuc",
            r"(?:duoc|co|phai) (?:khong|ko)|duoc hay khong|co duoc|hay khong",
            r"ket qua (?:la|gi|nhan)(?: gi)?|nhan ket qua|mau (?:don|to khai)|to khai (?:nao|mau nao)|tai ve",
            r"theo (?:nghi dinh|thong tu|luat|quyet dinh|quy dinh)(?: so)?(?: \d+)*(?: [a-z]{2,4} cp)?(?: moi)?",
            r"(?:nghi dinh|thong tu) \d+(?: \d+)?|tu (?:ngay )?\d{1,2} \d{1,2} \d{4}|(?:nam )?20[12]\d",
        )
    )
    + r")\b"
)
_LAW: Final = re.compile(
    r"\b(?:(?:bi |muc |tien |xu )phat|phat (?:bao nhieu|tien|tu|the nao|nhu the nao|hanh chinh|ra sao|khong)|"
    r"xu (?:ly|phat) vi pham|vi pham hanh chinh|di tu|pham toi|toi danh|truy cuu|hinh su|bi xu|hanh vi|"
    r"trai phep|khong dung quy dinh|co vi pham)\b"
)
_TRAFFIC: Final = re.compile(
    r"\b(?:vuot den do|nong do con|khong doi mu|khong that day|dung xe|do xe|chay qua toc do|lan lan|nguoc chieu)\b"
)


@dataclass(frozen=True)
class Masks:
    """For each token: whether it may say what the question is about, and whether a frame holds it."""

    subject: tuple[bool, ...]
    frame: tuple[bool, ...]


def masks(tokens: Sequence[str]) -> Masks:
    """Tell the subject from the rest; where nothing would be left, frames and then stop words count after all."""
    joined = " ".join(tokens)
    in_frame = [False] * len(tokens)
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        begins[offset] = index
        offset += len(token)
        ends[offset] = index
        offset += 1
    for match in _FRAMES.finditer(joined):
        start, end = match.span()
        while end > start and joined[end - 1] == " ":
            end -= 1
        while start < end and joined[start] == " ":
            start += 1
        first, last = begins.get(start), ends.get(end)
        if first is not None and last is not None:
            in_frame[first : last + 1] = [True] * (last + 1 - first)
    kept = [not held and token not in STOP for held, token in zip(in_frame, tokens, strict=True)]
    if any(keep and token not in _LIGHT for keep, token in zip(kept, tokens, strict=True)):
        return Masks(tuple(kept), tuple(in_frame))
    return Masks(tuple(token not in STOP for token in tokens), (False,) * len(tokens))


def subject(tokens: Sequence[str]) -> list[str]:
    """The tokens that may say what the question is about."""
    return [token for token, keep in zip(tokens, masks(tokens).subject, strict=True) if keep]


def law_cues(tokens: Sequence[str]) -> int:
    """How many signs of a question about fines, offences or traffic rules there are."""
    joined = " ".join(tokens)
    return len(_LAW.findall(joined)) + len(_TRAFFIC.findall(joined))
