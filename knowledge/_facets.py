"""What a question asks about a procedure: cues on folded text, hence with and without diacritics alike.

Many words of citizens' questions are also words of procedures' names: "xác nhận thời gian đóng bảo hiểm", "lệ phí
trước bạ", "đổi địa chỉ công ty", "giấy xác nhận độc thân". So a noun alone is a cue only where questions have it (at
the start or the end of a clause, beside a question word), and interrogatives count wherever they stand.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from knowledge import text as texts


class Facet(StrEnum):
    """What about a procedure is asked."""

    where = "where"
    how = "how"
    documents = "documents"
    fee = "fee"
    time = "time"
    online = "online"
    post = "post"
    result = "result"
    law = "law"


# Folded clauses are joined by " | "; a cue that was read is replaced by "~".
# What may stand in front of a noun at the start of a clause, and behind one at its end.
_START = (
    r"(?:(?<=\| )|(?<=~ )|^)(?:(?:a|ad|anh|ba|ban|biet|ca|cai|can|chi|cho|chu|co|con|cung|da|dc|duoc|dum|em|gio|giup|"
    r"gium|hay|hoi|la|luon|minh|muon|nhu|oi|roi|the|them|thi|thong tin|toi|tu van|tui|va|van|vay|ve|voi|xin) )*"
)
_END = (
    r"(?= (?:a|ad|ah|anh|ban|bac|cam on|chi|co|da|duoc|dum|em|giup|gium|ha|hay|hen|hong|khong|la|luon|minh|nao|"
    r"nay|nha|"
    r"nhe|nua|oi|sao|ta|the|thi|toi|tui|vay|voi|z)(?= |$)| [|~]|$)"
)
_NO = rf"(?:khong|hong|chua){_END}"
# A few words in between, never over the end of a clause.
_FEW = r"(?: [a-z0-9]+){0,3}?"
_HOW = r"(?:nhu the nao|nhu nao|the nao|ra sao|thi sao|sao)"

_PAPER = r"(?:giay to|loai giay to|giay|ho so|tai lieu|to khai|mau don|bieu mau|mau|don)"
_WHICH = rf"(?:nhung )?(?:gi|nao|chi{_END})"
_BRING = (
    r"(?:dem|mang|nop|photo|ban sao|ban chinh|ban goc|so ho khau|ho khau|hinh|anh the|chup hinh|cong chung|"
    r"chung thuc|"
    r"can cuoc|chung minh|giay|xac nhan|to khai|don|cha me|nguoi lam chung|nhan chung)"
)
_PLEA = (
    r"(?:lam|xin|de nghi|dang ky|khai|cap|doi|chuyen|thanh lap|thuc hien|mo|sang ten|tach|hop|xoa|ly hon|ket hon|thi)"
)
_NET = r"(?:truc tuyen|qua mang|tren mang|qua internet|tren internet|online)"
_HAND_IN = r"(?:nop|lam|gui|khai|dang ky|xin|dat lich|dat hen|thuc hien|doi|cap lai|cap|nhan|tra)"
_SITE = r"(?:tren|qua|len|vo)(?: trang| web| cong| app| ung dung| he thong)*"
_OFFICE = r"(?:xa|phuong|huyen|tinh|thi tran|thanh pho|uy ban nhan dan|uy ban|cong an|trung tam)"
_POST = r"buu (?:dien|chinh|cuc|pham)"

# What has the words of a cue and asks for none: amounts one is paid or fined, how long a paper is valid, subjects.
_OTHER: Final = re.compile(
    r"(?<![a-z0-9])(?:"
    r"(?:phat|huong|lanh|linh|tro cap|ho tro|den bu|boi thuong|luong|"
    r"vay von)(?: [a-z0-9]+){0,4}? bao nhieu(?: tien| dong)?|"
    r"(?:gia tri|hieu luc|thoi han su dung|han su dung)(?: [a-z0-9]+){0,3}? (?:bao lau|bao nhieu)|bao lau (?:thi|"
    r"la) het han|"
    r"(?:het|truoc|co|gia han|vo) thoi han|thoi han (?:so huu|su dung|tam tru|hieu luc|hoat dong|cua giay)|"
    r"(?:them|xac nhan|xac nhan ve|mot) thoi gian|thoi gian (?:lam viec|dong|tham gia|o|tu|cong tac|huong|su dung|"
    r"hoat dong|"
    r"khoi cong|mo cua|nghi)|may (?:thang )?luong|may thang (?:tuoi|luong)|"
    r"le phi truoc ba|(?:khai|toan|thue)(?: \|)* phi(?: \|)* le phi|chi phi (?:mai tang|hoc tap|kham|dao tao|ve|"
    r"cho|mua)|"
    r"(?:luat su|tu van|phap luat|hoc nghe|bao chua|tro giup) mien phi|muc thu nhap|nha mat tien|mat tien duong|"
    r"(?:doi|thay doi|sai|cap nhat|sua|hoac) dia chi|(?:lap|doi|thay doi) dia diem|dia diem (?:kinh doanh|"
    r"sinh hoat|hop phap)|"
    r"huong dan (?:vien|khach|ho so)|sao (?:y|luc|chup|ke|lai)|"
    r"(?:ban hang|mua hang|ban|mua|(?<!ho )(?<!dang ky )kinh doanh|dau gia|tro choi|tro choi dien tu|hop|hoc|day|"
    r"quang cao|"
    r"thong tin|g[1-4]|cung cap|mang|len|bao) (?:truc tuyen|tren mang|qua mang|online)|"
    r"bang dich vu cong(?: truc tuyen)?(?: mot phan| toan trinh)?|truc tuyen toan trinh doi voi|dat hang truc tuyen|"
    r"tren mang (?:vien thong|xa hoi)|"
    r"(?:mo khoa|khoa|mo lai)(?: [a-z0-9]+){0,3}? (?:tren )?(?:vneid|dien thoai)|"
    rf"(?:phong giao dich|hoat dong|dich vu|van hoa|diem) {_POST}|"
    r"(?:dang ky|lay|dong|van tay|khac) dau (?:van|nghiep|moi)|(?:o|den|toi|lien quan den) dau (?:tu|thau|gia)|"
    r"(?:lam|xin|ra|viet) (?:loai )?(?:giay to|giay|don) (?:gi|nao)"
    r")(?![a-z0-9])"
)

# Facets are looked for in this order, and what one has read is not there for the next: "hồ sơ như thế nào" asks for
# papers, not for the way.
_CUES: Final[dict[Facet, str]] = {
    Facet.law: (
        r"can cu phap ly|co so phap ly|theo luat nao|luat (?:nao|gi)|nghi dinh (?:nao|so may|bao nhieu|gi)|"
        r"thong tu (?:nao|so may|gi)|van ban nao|quy dinh nao|quy dinh (?:o|tai) (?:dau|luat nao|van ban nao)|"
        r"(?:can cu|dua) (?:vao|theo) (?:dau|luat nao|cai gi)|theo quy dinh (?:gi|nao)|dieu luat nao"
    ),
    Facet.documents: (
        rf"(?:can|chuan bi|mang|dem|gom|kem|nop|bo tuc|bo sung|thieu|phai co|xuat trinh|photo)"
        rf"(?: theo| co| them| nhung| cac| du| vo| den| may| loai| phai| nop| xuat trinh|"
        rf" chuan bi)* {_PAPER} {_WHICH}|"
        rf"(?<!cap )(?<!nhan )(?<!duoc )(?<!thanh ){_PAPER} {_WHICH}|"
        rf"ho so (?:gom|bao gom|can|phai co|{_HOW}|co gi|co nhung|yeu cau)"
        r"(?: (?:co|nhung|gi|nao|cac|loai|giay to|giay|can|chuan bi|phai))*|"
        rf"(?:bao gom|gom)(?: co| nhung| cac)* (?:gi|chi{_END})|"
        rf"{_START}(?:thu tuc |tron bo |bo )?(?:ho so|mau don|mau to khai|bieu mau)(?= {_PLEA} )|"
        rf"{_START}(?:nhung |cac )?(?:giay to|ho so) (?:can thiet|can co|can chuan bi|kem theo|thi sao)|"
        rf"{_START}(?:nhung |cac |danh sach )?giay to{_END}|thanh phan ho so|nhung giay to|"
        rf"can (?:dem |mang |chuan bi |nop |co |phai co |theo )*(?:nhung |cai )?(?:gi|chi{_END})|"
        r"(?:dem|mang|chuan bi|phai co|phai nop)(?: theo| san| nhung| cai| truoc)* gi|"
        rf"(?:co )?can (?:phai |them |co |kem )*{_BRING}{_FEW} {_NO}|"
        rf"(?:mau don|bieu mau|mau to khai|to khai){_END}|co mau (?:san |don )?{_NO}|(?:tai|xin|in) mau{_END}|"
        r"(?:tai|lay|xin|mua|in) (?:cai |ve )?(?:mau don|bieu mau|mau to khai|to khai)"
    ),
    Facet.fee: (
        r"(?:(?:het|mat|ton|dong|nop|tra|thu|lay) (?:khoang |tam |chung )?)?(?:bao nhieu|may|bao) tien|"
        r"(?:het|mat|ton|dong|nop) nhieu tien|"
        r"(?:het|mat|ton|dong|gia|phi)(?: la| khoang| tam| chung| cong| het| ca)* (?:bao nhieu|nhieu khong|"
        r"nhieu hong)"
        r"(?! (?:ngay|thang|tuan|gio|lau|giay|ban|nguoi|buoc|nam|lan|loai|hom|thoi gian|buoi))|"
        r"bao nhieu (?:dong|ngan|nghin|tram|trieu|k|vnd)|may (?:dong|tram|trieu|chuc)|bao nhieu(?= [|~]|"
        r"$)(?<!la bao nhieu)|"
        rf"le phi(?: {_HOW})?|muc phi|muc thu|"
        rf"{_START}(?:chi phi|gia ca|gia tien|tien phi)(?= (?:{_PLEA}|bao nhieu|khoang|{_HOW}|cong chung)|{_END[3:]}|"
        rf"chi phi (?:bao nhieu|{_HOW}|het|la|khoang)|"
        rf"{_START}phi (?:bao nhieu|{_HOW}|la|may|gi|het|cong chung|chung thuc|{_PLEA})|"
        rf"(?:co|phai|thu|dong|tinh|mat|ton|nop|het|khong) (?:phai )?(?:(?:dong|nop|thu|tra|mat|ton) )?(?:phi|"
        rf"tien|le phi)"
        rf"{_FEW} {_NO}|(?:ton|dong|mat|nop) (?:phi|tien) (?:gi|nhieu)|phi {_NO}|ton kem|mien phi (?:khong|hong|"
        rf"ha|phai)|"
        rf"(?:co|duoc) mien phi|(?:gia )?(?:mac|re) {_NO}|gia (?:bao nhieu|{_HOW})|cho (?:xin|hoi) (?:cai )?gia"
    ),
    Facet.time: (
        r"(?:(?:mat|het|ton|trong|cho|doi) (?:khoang |tam |chung )?)?"
        r"(?:bao lau|bao nhieu (?:ngay|lau|thoi gian|tuan|hom|gio|buoi)|may (?:ngay|bua|tuan|hom|gio dong ho|thang))|"
        r"(?:khi nao|chung nao|bao gio|luc nao|ngay nao|bua nao|hom nao)"
        r"(?: (?:moi|thi|se|duoc|toi|minh|em|no|co the|den|ra))* (?:xong|co|nhan|lay|tra|ra|cap|giai quyet|rut)"
        r"(?! (?:hieu luc|con nuoi))|"
        rf"thoi (?:gian|han) (?:giai quyet|xu ly|tra|cap|lam|bao lau|nhan|cho doi|hoan thanh|thuc hien|la|may|"
        rf"{_HOW}|lay|hen|ra)|"
        rf"{_START}thoi (?:gian|han)|thoi (?:gian|han){_END}|"
        rf"(?<!bao )lau (?:(?:khong|hong){_END}|lac)|nhanh {_NO}|lam (?:lau|nhanh){_END}|hen (?:ngay|may ngay|"
        rf"bao lau)|"
        rf"lay lien (?:duoc )?{_NO}|lay (?:trong|lien) (?:ngay|buoi)|trong (?:vong |khoang )?may"
    ),
    Facet.online: (
        rf"(?:muc do|cap do) (?:3|4|may)|nop tu xa|(?:nop|lam|khai) (?:o|tai) nha(?= (?:duoc|co|luon|khong|hong|"
        rf"hay)| [|~]|$)|"
        rf"{_HAND_IN}(?: ho so| don| to khai)? (?:{_NET}|tu xa)|"
        rf"(?:truc tuyen|online|qua mang|qua internet)|(?:tren mang|tren internet|toan trinh){_END}|"
        rf"{_HAND_IN}(?: [a-z0-9]+){{0,7}}? (?:{_SITE}|bang) (?:dich vu cong|vneid|dien thoai|may tinh|zalo|"
        rf"internet)|"
        rf"{_SITE} (?:dich vu cong|vneid|dien thoai) (?:duoc|co|lam|nop)|{_START}dich vu cong (?:duoc|co)|"
        rf"vneid duoc {_NO}|"
        rf"(?:co|la|dich vu cong) (?:toan trinh|mot phan) (?:khong|hong|hay)|toan trinh hay mot phan|"
        r"(?:khoi|khong can|khong phai) (?:ra|di|len|den) (?:xa|phuong|uy ban|trung tam)"
    ),
    Facet.post: (
        r"(?:gui|nop|nhan|tra|chuyen|qua|bang|duong|o|tai|ra|lam)(?: ho so| ket qua| giay to| giay| don| ve| theo|"
        r" cho)* "
        rf"(?:qua |bang |theo |o |tai |ra )?(?:duong )?{_POST}|"
        rf"{_START}{_POST}(?= (?:duoc|co|tra|gui|nhan|thi|chuyen)|{_END[3:]}|gui thu(?! tuc)|"
        r"(?:gui|tra|giao|ship|nhan|chuyen)(?: ket qua| giay| giay to| the| so)? (?:ve |toi |den |tan |"
        r"tai )+nha(?! nuoc)|"
        r"(?:gui|nop|tra|nhan|chuyen) (?:qua |bang )?chuyen phat|(?<!tau )ship(?! hang)|viettel post"
    ),
    Facet.where: (
        r"(?:o|tai) dau(?! (?:hem|duong|cau|tien|nam|thang))|"
        rf"(?:cho|noi|phong|ban|co quan|ben|don vi|trung tam|uy ban|van phong|so|cap|quay) nao{_END}|"
        r"(?:cho|noi|phong|co quan|ben|don vi|trung tam|uy ban|van phong) nao|"
        r"(?:di|den|toi|len|ra|vo|nop|lam|xin|hoi|gap|chay|gui|bao|tim|kiem) dau(?! (?:tu|thau|gia|tien|nam|thang|"
        r"moi|noi|vao))|"
        rf"dang ky dau{_END}|(?:toi|den|ra|len|tim|gap|lien he|hoi) ai|"
        rf"{_OFFICE} hay (?:la )?(?:len |ra |o )?{_OFFICE}|"
        rf"(?:o|tai|ra|len|toi|den|ve|cho|duoi|tren) {_OFFICE}{_FEW} (?:duoc|co duoc|co nhan|co lam|phai) {_NO}|"
        rf"{_OFFICE} co (?:lam|nhan|cap|giai quyet){_FEW} {_NO}|"
        rf"(?:co )?phai (?:len|ra|toi|den|ve|di) {_OFFICE}{_FEW} {_NO}|"
        r"dia (?:chi|diem) (?:o dau|nao|nop|noi|cho|tiep nhan ho so|lam ho so|trung tam|co quan|van phong|cong an|"
        r"uy ban)|"
        rf"{_START}dia (?:chi|diem){_END}|(?:noi|cho) (?:nop|tiep nhan)|"
        r"(?:noi|cho) lam (?:giay|ho so|thu tuc|can cuoc|ho chieu|bang|the)|"
        r"ai (?:giai quyet|cap|nhan|ky|tiep nhan|co tham quyen)|nop cho ai|thuoc tham quyen (?:nao|cua ai)"
    ),
    Facet.result: (
        r"ket qua (?:se |duoc |nhan |tra |lam |ra |la |co )*(?:gi|giay gi|cai gi)|"
        r"(?:ket qua|xong) (?:thi )?(?:duoc|nhan|nhan duoc|co) (?:cai )?(?:gi|giay gi)|"
        rf"nhan (?:duoc )?(?:cai gi|giay gi|gi){_END}|duoc cap (?:cai |giay )?gi|"
        r"(?:duoc|thanh) (?:cai |to )?giay gi|ra_giay_gi|ra cai gi|xong (?:co|duoc|nhan) gi"
    ),
    Facet.how: (
        r"(?:lam |nop |xin |dang ky |thu tuc )?(?:nhu the nao|nhu nao|lam sao|the nao|ra sao|kieu gi|"
        r"bang cach nao|lam cach nao)|"
        rf"(?:phai|can|thi|nen) (?:phai )?(?:lam|thuc hien) (?:nhung |cai |thu tuc )?(?:gi|chi{_END})|"
        rf"lam gi (?:truoc|dau tien)|"
        r"cach (?:lam|nop|xin|dang ky|khai|thuc hien|doi|dien)|cach thuc (?:nop|lam|thuc hien|dang ky|nhu)|"
        rf"trinh tu (?:lam|thu tuc|thuc hien|cac buoc|nop|giai quyet|dang ky|cap)|trinh tu{_END}|"
        r"cac buoc|tung buoc|may buoc|nhung buoc nao|bat dau (?:tu|o) dau|thu tuc (?:sao|lam sao|gom)|"
        rf"{_START}(?:huong dan|chi(?= (?:toi|em|minh|cach) ))|"
        rf"{_START}quy trinh(?! thuc hien tha)|quy trinh (?:lam|{_HOW}|thuc hien|cap|dang ky)|"
        rf"{_START}thu tuc(?= [|~]|$)|(?:lam|dang ky|doi|nop) sao{_END}"
    ),
}
_PATTERNS: Final = {facet: re.compile(rf"(?<![a-z0-9])(?:{cues})(?![a-z0-9])") for facet, cues in _CUES.items()}
_CLAUSE_END: Final = re.compile(r"[,.;:?!…()\[\]\"“”‘’|/\\]+(?=\D|$)|\s[-–—]\s|\n")
_ORDER: Final = list(Facet)


def read(text: str) -> tuple[tuple[Facet, ...], list[list[str]]]:
    """The facets that a text asks about, in the order of `Facet`, and the runs of folded syllables between their cues.

    Args:
        text: normalised text (`knowledge.text.normalise`), at most a few thousand characters.
    """
    parts = (" ".join(texts.tokens(part)) for part in _CLAUSE_END.split(text))
    rest = _OTHER.sub(_glued, " | ".join(part for part in parts if part))
    found = []
    for facet, pattern in _PATTERNS.items():
        rest, count = pattern.subn("~", rest)
        if count:
            found.append(facet)
    runs = [run.replace("_", " ").split() for run in re.split(r"[|~]", rest)]
    return tuple(sorted(found, key=_ORDER.index)), runs


def _glued(found: re.Match[str]) -> str:
    # The words stay, as words of the subject, and no longer fit a cue.
    return found.group().replace(" ", "_")
