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
    ở cho về theo rồi giờ này nọ kia đó đấy đây vậy khi nếu việc ta biết nghe hết cũng đều đã đang sẽ
    nghen hen hông hổng tụi hổm rày dậy dzậy luôn liền
    vẫn rất quá hiện tại thêm nữa có gồm nay từ đến tới lúc trong cách nên mỗi đi lên nộp xem nơi chỗ
    """
)
# The same without marks, less those that fold into a word with a meaning (đâu and đầu, từ and tử, bạn and bản).
_FOLDED: Final = _words(
    """
    toi tui minh em anh ad admin oi nhe ah uh xin chao gium dum voi la ma va hay hoac cua cac nhung nhu nao gi
    sao khong duoc phai muon de o roi gio nay kia vay khi neu viec ta biet het deu se rat hien
    cho ve theo them nua luon toi den
    """
)
# Words of two syllables, one of which looks like one of those; folded.
_WHOLE: Final = re.compile(
    r"\b(?:"
    r"nha o|cho o|noi o|o to|noi cu tru|bao ve|ve sinh|ve tinh|ma so|ma tuy|ma vach|thuoc la|"
    r"cua (?:khau|hang)|mot cua|dong cua|ban sao|trich sao|sao (?:y|luc)|hang khong|khong (?:gian|day|quan)|"
    r"de (?:nghi|an|tai|cuong|dieu|xuat)|(?:sinh|nghi|vo) de|vay von|cho vay|vay tien|cho (?:thue|muon)|"
    r"hoi cho|tang cho|"
    r"vu khi|khi (?:tuong|dot|thai|hau)|dau khi|viec lam|(?:thoi|nghi|tim|lam) viec|dac biet|het (?:han|hieu luc)|"
    r"den bu|chup anh|anh hung|tieng anh|dien anh|nhiep anh|tre em|em be|(?:chung|xac|thuyet|phat) minh|vac xin|da voi|"
    r"(?:kinh doanh|hanh nghe|nganh) duoc(?! khong| hay| chua)|duoc (?:lieu|pham|si)|day them|them nganh|lam them|"
    r"cach (?:mang|ly)|(?:tu|quy) cach|"
    r"tu (?:choi|thien|tran)|chung tu|nop (?:thue|tien|dan)|nguoi nop|cham nop|len (?:tho|lau)|"
    r"qua (?:canh|tai|kho|han|trinh)|the chap|thay the|ghi chu|bac si"
    r")\b"
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
            r" (?:giay to|ho so|giay|gi)(?: gi| nao| nhung gi| chi(?! nhanh| phi| tiet| tra| bo))*",
            r"giay to (?:gi|nao|chi)|giay (?:gi|chi)|"
            r"ho so (?:gom|can|bao gom|gi|nhu the nao|the nao)(?: nhung| co)*(?: gi)?",
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
            r"moi nhat(?: hien nay)?|hien (?:nay|tai|hanh)|bay gio|truong hop(?: nao)?|"
            r"bang (?:cach|hinh thuc)(?: nao| gi)?|(?:cac )?ban oi|(?:nho|xin) ban|hoi them|bao gom",
            r"thuc hien(?! hop dong)",
            r"(?:cho|xin|muon|toi) (?:toi |em |minh |tui )*hoi(?: ve| la)?",
            r"(?:chung|hoi) nao|(?:ba con|may (?:anh|chi|anh chi)) (?:oi|cho hoi)|hom ray|vay ta",
            # A commune has two or three syllables; what tells where is no subject.
            r"(?:(?:em|toi|tui|minh|nha|con) )?(?:o|tai) (?:xa|phuong|thi tran|huyen|thi xa|thanh pho|tinh) "
            r"(?!nao\b|khac\b|nay\b|dang\b|lam\b|co\b|thi\b|muon\b|can\b|hay\b|hoac\b)\w+ \w+",
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
# Signs of a question about what the law says, and not about how to get something done.
_GENERAL: Final = re.compile(
    r"\b(?:(?<!phi )la gi|(?:duoc )?hieu (?:nhu the nao|the nao|ra sao)|the nao la|tai sao|vi sao|khai niem|nguyen tac|"
    r"trach nhiem (?:cua|thuoc|trong)|cach tinh|tinh nhu the nao|co bat buoc|bat buoc phai|phan biet|khac nhau|"
    r"(?:theo|tai|o) (?:van ban|quy dinh|dieu|khoan) nao|noi dung nao|doi tuong nao|moi phai|tro len|"
    r"co duoc (?:lam|nhan|mang|ban|mua|su dung)|y nghia|vai tro|so sanh)\b"
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
    in_frame = _found(_FRAMES, tokens)
    whole = _found(_WHOLE, tokens)
    if marked is not None and any(not word.isascii() for word in marked):
        empty = [word in _MARKED for word in marked]
    else:
        empty = [token in _FOLDED for token in tokens]
    empty = [stop and not part for stop, part in zip(empty, whole, strict=True)]
    kept = [not held and not stop for held, stop in zip(in_frame, empty, strict=True)]
    if any(keep and token not in _LIGHT for keep, token in zip(kept, tokens, strict=True)):
        return Masks(tuple(kept), tuple(in_frame))
    return Masks(tuple(not stop for stop in empty), (False,) * len(tokens))


def _found(pattern: re.Pattern[str], tokens: Sequence[str]) -> list[bool]:
    """For each token, whether a match of the pattern over the joined tokens holds it."""
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
    for match in pattern.finditer(joined):
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


def general_cues(tokens: Sequence[str]) -> int:
    """How many signs of a question about the law in general there are: definitions, reasons, duties."""
    return len(_GENERAL.findall(" ".join(tokens)))
