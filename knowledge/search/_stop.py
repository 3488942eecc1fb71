"""What a question says besides its subject: politeness, question words, what about it is asked.

Callers may have cut such words out already; what is left here does no harm then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


# Words without a subject, as they are written with marks.
_MARKED: Final = _words(
    """
    tôi tui mình em anh chị bạn ad admin cô chú bác cậu ơi nhé nha nhỉ hả ạ à á ừ ờ dạ vâng thưa xin chào hỏi giùm dùm
    với thì là mà và hay hoặc của các những như thế nào gì sao đâu ai mấy không được phải cần muốn ra vô vào để
    ở cho về theo rồi giờ này nọ kia đó đấy đây vậy khi nếu thủ tục quy định việc ta biết nghe hết cũng đều đã đang sẽ
    vẫn rất quá hiện hướng dẫn thực tại nhất tìm hiểu thêm nữa có thể chi tiết gồm bao luôn nay từ đến tới lúc
    trong trường hợp cách nên tự chỉ mỗi đi lên nộp xem hồ sơ nơi chỗ bằng
    """
)
# The same without marks, less those that fold into a word with a meaning (từ and tử, bao and báo, cần and căn).
_FOLDED: Final = _words(
    """
    toi tui minh em anh ban ad admin oi nhe ah uh vang xin chao gium dum voi la ma va hay hoac cua cac nhung nhu nao gi
    sao dau may khong duoc phai muon de o roi gio nay kia vay khi neu viec ta biet nghe het cung deu se van rat hien
    cho ve theo them nua luon toi den truong hop
    """
)
# Said by themselves these are no subject; beside one they may belong to it.
_LIGHT: Final = _words("moi con bi qua ba ong co chu bac ho do giay lam don mau chua cu lai so xa")

_FRAMES: Final = re.compile(
    r"\b(?:"
    + "|".join(
        (
            r"(?:het |mat |ton |can |phai )*(?:dong |nop |tra )?bao nhieu (?:tien|lau|ngay|phi|thoi gian)(?: le phi)?",
            r"(?:mat|ton|het|trong|khoang) (?:bao lau|may (?:ngay|tuan|thang)|bao nhieu|nhieu tien|tien khong|tien)",
            r"bao lau(?: thi)?(?: (?:co|xong|duoc|nhan))*|may ngay(?: (?:co|xong|duoc))*",
            r"(?:can|nop|chuan bi|gom|mang|co|dem|bao gom)(?: theo| nhung| cac| co| du| them)*"
            r" (?:giay to|ho so|giay|gi)(?: gi| nao| nhung gi)*",
            r"giay to (?:gi|nao)|giay gi|ho so (?:gom|can|bao gom|gi|nhu the nao|the nao)(?: nhung| co)*(?: gi)?",
            r"(?:quy dinh|muc thu|muc)? ?(?:ve )?(?:phi )?le phi(?: (?:la|bao nhieu))*|muc phi",
            r"chi phi (?:bao nhieu|het|la|khoang|the nao)",
            r"thoi (?:gian|han)(?: (?:giai quyet|xu ly|thuc hien))?",
            r"thanh phan (?:va so luong )?ho so|so luong ho so|trinh tu(?: thu tuc)?(?: thuc hien)?|"
            r"cach thuc(?: thuc hien)?|can cu phap ly|co so phap ly|yeu cau,? dieu kien|dieu kien (?:gi|nao|de)|"
            r"quy trinh(?: thuc hien)?",
            r"co quan (?:nao )?(?:co )?tham quyen|co quan (?:nao|thuc hien|giai quyet)(?: (?:thuc hien|giai quyet))?",
            r"(?:o|tai|den|toi|ra) dau(?: de)?|cho nao|noi nao|phong nao|dau vay|nop dau|lam dau",
            r"(?:nhu )?the nao|lam sao(?: de)?|ra sao|the nao|lam gi|la gi|can lam gi",
            r"(?:nop |lam |qua |tren |bang )?(?:truc tuyen|dich vu cong|online)(?: (?:duoc|khong))*|(?:qua|tren) mang",
            r"(?:qua |gui )?buu dien|buu chinh|gui ve nha",
            r"moi nhat(?: hien nay)?|hien nay|bay gio|(?:cho|xin|muon|toi) (?:toi |em |minh |tui )*hoi(?: ve| la)?",
            r"vui long|huong dan(?! vien)|thuc hien thu tuc|thu tuc(?: hanh chinh)?|quy dinh(?: moi)?|phap luat",
            r"xin chao|chao (?:ad|anh|chi|ban)|co the|chi tiet|tim hieu|nhu vay|ho so|(?:lam|can) don|viec gi",
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


def masks(tokens: Sequence[str], marked: Sequence[str] | None = None) -> Masks:
    """Tell the subject from the rest; where nothing would be left, frames and then stop words count after all.

    Args:
        tokens: folded syllables.
        marked: the same as they were typed; where they bear marks, these tell stop words from their look-alikes.
    """
    in_frame = _in_frames(tokens)
    if marked is not None and any(not word.isascii() for word in marked):
        empty = [word in _MARKED for word in marked]
    else:
        empty = [token in _FOLDED for token in tokens]
    kept = [not held and not stop for held, stop in zip(in_frame, empty, strict=True)]
    if any(keep and token not in _LIGHT for keep, token in zip(kept, tokens, strict=True)):
        return Masks(tuple(kept), tuple(in_frame))
    return Masks(tuple(not stop for stop in empty), (False,) * len(tokens))


def _in_frames(tokens: Sequence[str]) -> list[bool]:
    joined = " ".join(tokens)
    found = [False] * len(tokens)
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
            found[first : last + 1] = [True] * (last + 1 - first)
    return found


def subject(tokens: Sequence[str]) -> list[str]:
    """The tokens that may say what the question is about."""
    return [token for token, keep in zip(tokens, masks(tokens).subject, strict=True) if keep]


def law_cues(tokens: Sequence[str]) -> int:
    """How many signs of a question about fines, offences or traffic rules there are."""
    joined = " ".join(tokens)
    return len(_LAW.findall(joined)) + len(_TRAFFIC.findall(joined))
