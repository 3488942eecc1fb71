"""Reading a citizen's question: which facets it asks about, which place and code it names, and what is left.

A question may ask two things at once ("cần giấy gì, bao nhiêu tiền"), so the facets are a set. The cues are matched on
folded text, hence with and without diacritics alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge import text as texts
from knowledge.places import Gazetteer, Mention


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


# Longer cues first within a facet; every cue is folded syllables. `re` alternation takes the first that fits.
_CUES: dict[Facet, str] = {
    Facet.documents: (
        r"(?:can|nop|chuan bi|mang|dem|gom|kem|bo tuc|bo sung)(?: theo| co| them| nhung| cac| du)*"
        r" (?:giay to|giay|ho so|to khai|don)(?: gi| nao| nhung gi)?|"
        r"ho so (?:gom|can|bao gom|nhu the nao|gi|nao|ra sao)(?: co| nhung| gi| nao)*|"
        r"giay to (?:gi|nao|can thiet|kem theo|gom)|thanh phan ho so|nhung giay to|giay gi|loai giay to|"
        r"can (?:nhung )?gi|can chuan bi|to khai (?:nao|gi|mau nao)|mau don|bieu mau|ho so (?:xin|de nghi)"
    ),
    Facet.fee: (
        r"le phi|(?:het|mat|ton|dong|nop|tra|thu) (?:bao nhieu|may|nhieu) tien|bao nhieu tien|ton tien|mat tien|"
        r"may tien|phi (?:bao nhieu|the nao|la|may|gi|het)|muc phi|muc thu|chi phi|gia bao nhieu|mien phi|ton phi|"
        r"dong tien|(?:co|phai) (?:thu|dong|tra) phi|bao nhieu (?:dong|ngan|k)\b|ton kem|mac khong|phi khong"
    ),
    Facet.time: (
        r"bao lau|may ngay|bao nhieu ngay|may bua|khi nao (?:xong|co|nhan|lay|tra)|chung nao (?:xong|co|nhan|lay|tra)|"
        r"thoi (?:gian|han)|(?:ngay|bua) nao (?:co|lay|nhan|xong)|mat may (?:ngay|tuan|thang)|lau khong|"
        r"may tuan|may thang|may hom|hen ngay|bao gio (?:xong|co|lay|nhan)|trong (?:vong )?may"
    ),
    Facet.online: (
        r"online|onlai|truc tuyen|qua mang|tren mang|internet|dich vu cong|vneid|nop tu xa|nop o nha|lam o nha|"
        r"tren dien thoai|toan trinh|mot phan|muc do (?:3|4|may)"
    ),
    Facet.post: r"buu dien|buu chinh|gui thu|chuyen phat|ship|gui ve nha|tra (?:tai|ve) nha|gui qua duong|viettel post",
    Facet.result: (
        r"ket qua (?:la|gi|nhan|tra|ra)(?: gi)?|nhan (?:duoc )?(?:ket qua|cai gi|giay gi)|"
        r"duoc cap (?:cai )?(?:gi|giay gi)|ra giay gi|ra cai gi"
    ),
    Facet.law: (
        r"can cu phap ly|co so phap ly|theo luat nao|luat nao|nghi dinh nao|thong tu nao|van ban nao|quy dinh nao|"
        r"quy dinh (?:o|tai) dau|can cu vao dau|theo quy dinh gi"
    ),
    Facet.how: (
        r"nhu the nao|lam sao|the nao|ra sao|lam cach nao|cach (?:lam|thuc|nop)|trinh tu|cac buoc|tung buoc|"
        r"huong dan|quy trinh|may buoc|bat dau tu dau"
    ),
    Facet.where: (
        r"o dau|tai dau|cho nao|noi nao|(?:di|den|toi|len|ra|nop|lam|xin|hoi|gap) dau|co quan nao|phong nao|"
        r"(?:xa|huyen|tinh|phuong) hay (?:xa|huyen|tinh|phuong)|dia chi|dia diem|noi (?:nop|lam|tiep nhan)|"
        r"gap ai|ai (?:giai quyet|cap|lam|nhan)|cho (?:nop|lam)|nop cho ai|ben nao (?:lam|nhan|giai quyet)"
    ),
}
_PATTERNS = {facet: re.compile(rf"(?<!\w)(?:{cues})(?!\w)") for facet, cues in _CUES.items()}

# Words that carry no subject: politeness, pronouns, what glues a question together.
_FILLER = frozenset(
    ["a", "ad", "ah", "ak", "alo", "anh", "ay", "ba", "ban", "bang", "bao", "bay", "bi", "biet", "boi", "bua", "cac", "cai", "can", "chac", "chi", "chieu", "cho", "chu", "chua", "chung", "co", "coi", "con", "cua", "cung", "cung", "da", "dang", "dau", "dc", "de", "den", "di", "dien", "dieu", "do", "duoc", "em", "gap", "gi", "giay", "gio", "giup", "gium", "ha", "hay", "hen", "het", "hoi", "hom", "ho", "hong", "hoi", "huong", "khi", "khoan", "khong", "kia", "la", "lai", "lam", "lau", "len", "lo", "loai", "luc", "luon", "lun", "ma", "may", "mat", "met", "minh", "moi", "mot", "muon", "nao", "nay", "ne", "nen", "nha", "nhan", "nhat", "nhe", "nhi", "nhieu", "nhu", "nhung", "no", "noi", "nop", "nua", "o", "oi", "phai", "qua", "ra", "ro", "roi", "sao", "sap", "so", "ta", "tai", "tat", "the", "them", "theo", "thi", "thoi", "thu", "thua", "to", "toi", "trong", "tu", "tui", "tuc", "uh", "ui", "va", "van", "vay", "ve", "voi", "vo", "vui", "xin", "xong", "y", "vi", "viec", "hoac", "neu", "thay", "cam", "on", "dum", "giay", "to", "ho", "so", "thu", "tuc", "truong", "hop", "hien", "nay", "nam"]
)


@dataclass(frozen=True)
class Question:
    """A citizen's question, taken apart.

    Attributes:
        text: as written, normalised (`knowledge.text.normalise`).
        facets: what is asked; empty when the question only names a procedure.
        codes: procedure codes spotted in it.
        places: place mentions with their resolutions.
        subject: the text without the place mentions, for the search.
        words: folded syllables of the subject that carry meaning; empty when the question names no procedure
            ("bao nhiêu tiền vậy?"), which makes it a follow-up.
    """

    text: str
    facets: tuple[Facet, ...]
    codes: tuple[str, ...]
    places: tuple[Mention, ...]
    subject: str
    words: tuple[str, ...]

    @property
    def only_place(self) -> bool:
        """Whether the text names a place and nothing else."""
        return bool(self.places) and not self.words and not self.facets and not self.codes

    @property
    def follow_up(self) -> bool:
        """Whether it asks facets of something named before."""
        return bool(self.facets) and not self.words and not self.codes


def read(text: str, on: date | None = None) -> Question:
    """Take a question apart.

    Args:
        text: what the citizen wrote, any length.
        on: the day for which places are resolved; today without it.
    """
    normal = texts.normalise(text[:2000])
    places = Gazetteer.load().find(normal, on)
    subject = normal
    for mention in sorted(places, key=lambda found: found.start, reverse=True):
        subject = f"{subject[: mention.start]} , {subject[mention.end :]}"
    subject = re.sub(r"\s*(?:(?<=\s)(?:ở|tại|o|tai)\s*)?,\s*", " , ", subject).strip(" ,")
    folded = " ".join(texts.tokens(subject))
    facets = tuple(facet for facet, pattern in _PATTERNS.items() if pattern.search(folded))
    rest = folded
    for facet in facets:
        rest = _PATTERNS[facet].sub(" ", rest)
    words = tuple(word for word in rest.split() if word not in _FILLER and not word.isdigit())
    order = list(Facet)
    return Question(
        text=normal,
        facets=tuple(sorted(facets, key=order.index)),
        codes=tuple(texts.codes(normal)),
        places=places,
        subject=subject,
        words=words,
    )
