"""Which messages cannot wait for an office: fire, crime, injury, a life at risk. Pure rules on the words.

Whoever writes "cháy nhà rồi" must read 114 at once, and whoever asks about "phòng cháy chữa cháy" must not. What
happened alone does not tell (it may be long past, or on a form), so three things are weighed: what happens, whether it
happens now, and whether papers are asked for. Written diacritics count: "chạy" is no "cháy". Runs inside Rasa on
CPython 3.10; standard library and `knowledge.text` only.
"""

from __future__ import annotations

import re

from knowledge import text as texts

_READ = 600
"""Characters that are looked at: nobody in danger writes more, and the first ones hold it."""
_DEFINITE = 30
"""Words up to which something that happens needs no word saying that it happens now."""

# What a word may be where its diacritics were written; any other spelling of the same letters is another word.
_MEANT = {
    "chay": "cháy", "danh": "đánh", "dam": "đâm đấm đám", "chem": "chém", "cuu": "cứu", "chet": "chết", "giet": "giết",
    "tu": "tự tử từ", "ngat": "ngất ngạt", "ran": "rắn", "can": "cắn cần căn", "te": "té", "dang": "đang", "lua": "lửa",
    "cuop": "cướp", "rot": "rớt", "sap": "sắp sập", "tho": "thở", "ket": "kẹt kết", "giat": "giật", "chim": "chìm",
    "hiep": "hiếp", "doa": "dọa", "vua": "vừa", "moi": "mới", "song": "sông sống", "trom": "trộm", "vo": "vợ vỡ vô",
    "no": "nó nổ", "duoi": "đuối đuổi", "bom": "bom", "cau": "cầu", "dot": "đốt đột", "qui": "quị quỵ", "nam": "năm "
    "nam", "doc": "độc",
}  # fmt: skip
_ALLOWED = {folded: frozenset(words.split()) for folded, words in _MEANT.items()}


def _any(*lines: str) -> str:
    return "(?:" + "|".join("|".join(line.split(", ")) for line in lines) + ")"


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)")


_WHO = _any(
    "toi, tui, em, con, chau, minh, chi, anh, ba, ma, me, cha, tia, vo, chong, ong, ong noi, ba noi, ba ngoai, no, be",
    "nguoi, nguoi ta, ai do, co nguoi, ban toi, hang xom, nguoi nha, dua nho, dua be, con nit, tre em, nan nhan, em be",
    "con toi, con tui, vo toi, vo tui, chong toi, chong tui, ma tui, ba tui, cha toi, me toi, ca nha, con gai",
    "con trai",
)
_BUILDING = _any(
    "nha, can nha, bep, cho, tiem, xuong, kho, tro, phong tro, day tro, quan, rung, can ho, chung cu, ham xe, kho hang",
    "cay xang, tram xang, binh ga, binh gas, o dien, tram dien, hang xom, ben canh, ke ben, xom, lo gas, truong hoc",
)
_NOW = _compiled(
    _any(
        "dang, cuu voi, cuu toi, cuu tui, cuu em, cuu nguoi, cuu mang, giup voi, khan cap, gap lam, gap qua",
        "gap gap, lien",
        "mau len, nhanh len, le len, bay gio, ngay bay gio, vua moi, moi vua, troi oi, lam oi, ba con oi, oi",
        "nguy kich",
        "bat tinh, hap hoi, sap chet, khong tho duoc, toi ngay, den ngay, voi, cap toc, roi, qua troi, chay mau",
        "tim tai",
    )
)
_CALLS = _compiled(
    _any(
        "cuu voi, cuu toi, cuu tui, cuu em, cuu con, cuu nguoi, cuu mang, khan cap, nguy kich, hap hoi, sap chet, dang"
    )
)
# Papers, money and rules: what happened is the reason of a question then, not the matter.
_PAPERS = _compiled(
    _any(
        "thu tuc, ho so, giay to, giay phep, giay chung, cap lai, lam lai, cap doi, cap phep, tro cap, phu cap, ho tro",
        "bao hiem, bhyt, bhxh, boi thuong, che do, dang ky, xac nhan, nop don, lam don, mau don, khai sinh, khai tu",
        "bao tu, tham duyet, nghiem thu, chung nhan, chung chi, tap huan, dien tap, quy dinh, tieu chuan, thiet ke",
        "le phi, muc phat, phat bao nhieu, phat nhieu, bi phat, xu ly sao, xu ly the nao, xu phat, bi toi gi, di tu",
        "di tu khong, luat, nghi dinh, trach nhiem, thong tin ve, giai quyet, tim hieu, cho hoi, vay von, tuyen bo",
        "sach",
        "de nghi, kien nghi, phan anh, khieu nai, to cao, gop y, co quan chuc nang, so do, can cuoc, cccd, ly lich",
        "mat tich bao lau",
        "phong chay, dich vu, hop dong, kinh doanh, san xuat, mua ban, xe co dang ky, cap the, mien giam, chi tra",
        "duoc huong",
        "giam dinh, ly hon, phong chong, cach phong, gay thuong tich, so may, trieu tap, toa an, khoi to, ket an",
        "tim viec, hoc phi, phim, bai hat, truyen, game, bong da, tran dau",
    )
)
_LONG_AGO = _compiled(
    _any(
        "hom qua, hom truoc, hom kia, hom bua, hom no, hom roi, tuan truoc, tuan roi, thang truoc, thang roi",
        "nam ngoai",
        "nam roi, nam truoc, bua truoc, bua hom, bua kia, bua no, hoi nam, hoi thang, hoi truoc, hoi xua, hoi do",
        "hoi nho",
        "lau roi, thuong xuyen, lien tiep, lien tuc, nhieu lan, nhieu vu, hay bi, tung, truoc day, truoc kia, moi lan",
        "may lan, de gay, co the gay, gay nguy hiem, tiem an, nguy co, ngay xua, kiep truoc, so bi, neu bi, neu, lo so",
        "phong khi, luc truoc, duoc may thang, xong roi, da mat, qua doi, het chay roi, dap tat roi, da dap tat",
    ),
    r"(?:nam|thang|ngay|hoi) \d+",
    r"\d+ (?:nam|thang|tuan|ngay|bua|hom)",
    r"(?:may|hai|ba|bon|nam|vai) (?:nam|thang|tuan|ngay|bua|hom) (?:nay|truoc|roi)",
)
# Idioms and names in which the words mean something else.
_IDIOMS = _compiled(
    r"(?:phong chay )?chua chay (?:giay|ho so|cho|tam|kip|thoi|don|the|cai)\w*",
    r"phong(?: chong)? chay(?: chua chay)?(?: no)?",
    r"chay (?:xe|than|hang|ve|tui|may|show|giao an|pho|don|den|dien thoai|bong den|phim|tien|nang)",
    r"cap cuu (?:\w+ ){0,2}(?:ho so|giay to|don|so do|giay phep|du an|kinh te)",
    r"(?:benh vien|khoa|phong|vien phi|the|tien) cap cuu",
    r"(?:tuc|buc|met|nong|cho|doi|mac cuoi|cuoi|dau dau|ham|ghet|mac|kho|ban|thuong|so|lanh|doi bung|ngop) muon chet",
    r"(?:danh|an) (?:gia|may|bac|bai|bat|thue|so|dau|vi|rong|giay)",
    r"(?:bi|ban) an (?:\w+ )?\w+|cai chet|chet (?:may|cho roi|ngac|tiet|tien|ngay|nguoi ta)|muc chet",
    r"xe cuop|cuop (?:cong|loi|dat|ruong|tien cua dan)",
    r"tuc chet|chan chet|doi chet|cuoi chet|vui chet|met chet",
)

_FIRE = _compiled(
    rf"{_BUILDING}(?: \w+){{0,3}} (?:dang |bi |da |lai |moi |vua |bat |tu )*(?:phat |boc |bung )?chay",
    rf"chay {_BUILDING}",
    r"(?:co |dam |vu |mot )(?:dam |vu )?chay(?: lon| to| nha| du doi)?",
    r"(?:boc|phat|bung|dang boc) (?:chay|lua|hoa)|hoa hoan|chay (?:lon|du doi|ung uc|lan)|bat lua vao",
    r"(?:lua|khoi)(?: \w+)? (?:boc|chay|lan|bung|ngut|ben|bao|mu mit)(?: \w+)?|khoi lua",
    r"(?:xi|ro ri|bi xi) (?:khi )?(?:ga|gas)|(?:ga|gas) (?:bi |dang )?(?:xi|ro ri|no)|no (?:binh )?(?:ga|gas)",
    r"(?:keu|goi|can|nho|so) (?:\w+ )?(?:xe |doi |linh )?(?:chua chay|cuu hoa)|chay roi|chay chay",
    r"(?:xe|ghe|tau|o to|xe tai|xe may|cano) (?:\w+ ){0,3}(?:boc|bi|phat|bung) chay",
)
_WATER = _compiled(
    r"(?:bi )?duoi nuoc|chet duoi|sap chim|bi nuoc cuon|nuoc cuon troi|troi mat",
    rf"{_WHO}(?: \w+){{0,3}} (?:te|rot|nga|lot)(?: xuong)? (?:song|kinh|ao|gieng|ho|kenh|rach|muong|cong)",
    r"(?:chim|lat|up|xe roi xuong) (?:ghe|xuong|do|tau|pha|ca no|cano|sa lan)|(?:ghe|xuong|do|tau|pha|"
    r"sa lan)(?: \w+){0,2} (?:bi )?(?:chim|lat|up)(?! \w*phi)",
    r"(?:rot|te|nhay) xuong (?:nuoc|song|kinh|ao)|(?:nha|tuong|cau|gian giao)(?: \w+){0,1} (?:sap|"
    r"do)(?: \w+){0,2} (?:nguoi|ket|de)",
    r"(?:bi )?(?:mac ket|ket o|con ket|ket trong|bi ket|vui lap|bi vui|bi chon|de trung)",
    rf"{_BUILDING}(?: \w+){{0,2}} (?:dang |vua |moi |bi )+(?:sap|sup|do sap|troi|sat lo)",
)
_CRIME = _compiled(
    r"dang (?:bi )?trom|nguoi bi (?:de|vui|ket|danh|chem|dam)|co nguoi (?:nam|_) (?:duoi|tren|giua|ngoai)",
    r"(?:dang|bi)(?: \w+){0,4} (?:danh|dam|chem|ruot|ruot chem|hanh hung|hiep|hiep dam|bat coc|bop co|danh dap|cuop|"
    r"giut|giat do|khong che)",
    r"bi (?:danh|dam|chem|cuop|giut|giat|hanh hung|bat coc|truy sat|doa giet|rach mat|khong che)(?: \w+){0,2}",
    r"(?:danh|chem|dam|ban) (?:nhau|lon|lon nhau|lon xon|nguoi|chet|lien tuc)|hon chien|am da|au da",
    rf"(?:chong|cha|cha duong|duong|con trai|anh|thang \w+|ong \w+|no|ba \w+|ba|vo|ho|tui no|"
    rf"may thang)(?: \w+){{0,3}} (?:danh|dap|dam|chem|bop co|doi giet|doa giet) {_WHO}",
    r"(?:cam|xach|vac|rut) (?:dao|ma tau|sung|hung khi|mac|bua|cay)|doa giet|doi giet|giet nguoi|hiep dam|"
    r"cuong hiep|bat coc|bat con tin",
    r"(?:trom|cuop|ke la|nguoi la)(?: \w+){0,3} (?:vo nha|trong nha|dot nhap|pha cua|cay cua|leo vo|leo rao)|(?:bi |"
    r"co )?(?:cuop|giut do|giat do|giat day chuyen|giat tui)",
    r"(?:dap|pha|tong) cua (?:nha|xong)|(?:keu|goi|can|nho) (?:\w+ )?(?:cong an|canh sat) (?:gap|lien|toi|den|voi|"
    r"ngay|giup)",
    r"(?:co|thay|phat hien) (?:\w+ ){0,2}(?:bom|luu dan|dau dan|xac chet|tu thi)|qua bom|trai bom",
    r"dot nha(?: \w+){0,2}|(?:quay pha|dap pha)(?: \w+){0,2} (?:nha|quan|tiem)",
)
_BODY = _compiled(
    r"(?:keu|goi|can|cho|nho|dieu|xin) (?:\w+ ){0,2}(?:xe )?cap cuu(?: \w+)?|cap cuu (?:gap|voi|nguoi|giup|toi|tui|"
    r"cho|ngay)|^cap cuu$",
    r"cuu thuong|dot (?:quy|qui|quy roi)|bat tinh|ngat xiu|ngat (?:roi|di)|hon me|co giat|tim (?:ngung|ngung dap)|"
    r"ngung tho",
    r"(?:kho tho|khong tho duoc|nghet tho|ngat tho|ngat khoi|tho khong noi)(?: \w+)?|dau nguc(?: \w+)?|"
    r"len con (?:dau|hen|co giat|suyen)(?: \w+)?|dau tim|tim tai",
    r"chay_? mau (?:nhieu|qua|khong|dau|hoai|dam dia|mui)|mau (?:chay|ra) (?:nhieu|qua|khong|hoai)|bang huyet",
    r"dien giat|ran(?: \w+)? can|ong(?: \w+){0,2} chich|bi ran|ngo doc|uong nham|soc thuoc|soc phan ve",
    rf"{_WHO}(?: \w+){{0,2}} (?:sap|dang|dau|tro da) (?:sanh|sinh|de|chuyen da|bung de)|vo (?:nuoc )?oi|sanh rot|"
    rf"chuyen da",
    r"(?:bi |co |gap |xay ra |vua |vu |dang )(?:\w+ ){0,2}tai nan(?: \w+){0,3}|tai nan (?:giao thong |xe )?(?:roi|"
    r"nang|nghiem trong|chet nguoi|cuu|gap|o|ngay|tren|truoc)",
    r"(?:dung xe|tong xe|xe tong|xe dung|xe can|lat xe|te xe)(?: \w+){0,4} (?:nam|bat tinh|chay_? mau|mau me|gay|"
    r"nang|chet|bi thuong|cuu)|mau me|co nguoi (?:nam|_) (?:duoi|tren|giua|ngoai|bat)",
    r"(?:te|nga|rot) (?:lau|gian giao|cay dua|tu tren|cau thang)(?: \w+)?|gay (?:chan|tay|co|xuong)(?: roi)?|"
    r"bi thuong (?:nang|roi)|hoc (?:xuong|di vat|hat|keo)|mac nghen",
    rf"{_WHO} (?:sap|gan|co the) chet|hap hoi|nguy kich",
)
_SELF = _compiled(
    rf"(?:{_WHO}|dang|dinh|muon|doi|co|se|vua|moi|di|nghi toi|nghi den)(?: \w+){{0,2}} (?:tu tu|tu sat|tu van|"
    rf"treo co|cat (?:co )?tay|ket lieu|quyen sinh|nhay (?:cau|song|lau))",
    r"tu tu (?:bang|gap|cuu)|tu sat|treo co|ket lieu (?:doi|cuoc song)|quyen sinh",
    rf"{_WHO} (?:chi |khong con |that su |met moi |bay gio |luc nay |cung |chac )*muon chet",
    r"khong (?:muon|thiet|con muon) song(?: nua)?|chan song|het (?:muon|thiet) song|chet (?:cho xong|quach|"
    r"di cho roi|cho khuat)",
    r"(?:uong|nuot) (?:\w+ )?(?:thuoc sau|thuoc ray|thuoc chuot|thuoc tru sau|thuoc diet co|thuoc ngu|thuoc doc|"
    r"nhieu thuoc)",
)
_CHILD = _compiled(
    r"hoc tro|hoc tro nho|be|em be|con nit|tre em|tre nho|dua nho|dua be|chau be|chau|con gai|con trai|con toi|"
    r"con tui|con em|hoc sinh|"
    r"tre con|may dua nho|be gai|be trai"
)
_CHILD_HARM = _compiled(
    r"(?:bao hanh|xam hai|xam pham|dam o|hiep dam|bo doi|bo roi|hanh ha|danh dap|danh|mat tich|di lac|bi lac|"
    r"bat coc|lam dung)"
)
_ABUSE = _compiled("bao hanh", "xam hai", "dam o", "hanh ha", "danh dap", "lam dung")
_LOST_CHILD = _compiled(
    r"(?:con|chau|be|em be|con gai|con trai)(?: \w+){0,3} (?:bi |vua |moi |di )*(?:lac|mat tich|bat coc|"
    r"di lac)(?: \w+){0,2}"
)
_ALONE = re.compile(
    r"(?:troi oi |oi |lam oi |ba con oi |a |alo )*(?:cuu|keu cuu|help|sos|giup)"
    r"(?: (?:toi|tui|em|con|minh|voi|nguoi|mang|gap|cuu|giup|oi|troi|di|a))*"
)


def read(text: str) -> tuple[str, ...]:
    """What kinds of help a message needs at once: `fire`, `rescue`, `police`, `medical`, `life`, `child`; mostly "
    "none."""
    words = _words(text[:_READ])
    if not words:
        return ()
    said = " ".join(words)
    if _ALONE.fullmatch(said) and words[0] not in ("giup", "help") and said != "cuu":
        return ("police", "fire", "medical")
    plain = _IDIOMS.sub(" _ ", said)
    found = [kind for kind, what in _KINDS if what.search(plain)]
    if (
        _CHILD.search(plain)
        and _CHILD_HARM.search(plain)
        and (found or _LOST_CHILD.search(plain) or _ABUSE.search(plain))
    ):
        found = list(dict.fromkeys([*found, "police", "child"]))
    if not found or _LONG_AGO.search(plain):
        return ()
    now = _NOW.search(plain) is not None
    if _PAPERS.search(plain):
        return tuple(found) if now and _CALLS.search(plain) and not _QUESTION.search(plain) else ()
    return tuple(found) if now or len(words) <= _DEFINITE else ()


_KINDS = (("fire", _FIRE), ("rescue", _WATER), ("life", _SELF), ("police", _CRIME), ("medical", _BODY))
_QUESTION = _compiled(
    _any(
        "o dau, bao nhieu, bao lau, the nao, lam sao, ra sao, can gi, giay gi, duoc khong, duoc hong, la gi, may ngay",
        "thu tuc, ho so gom, phat, nop, bi gi, di tu khong, so may",
    )
)


def _words(text: str) -> list[str]:
    """Folded words; one that is written as another word than ours becomes `_`."""
    found = []
    for word in re.findall(r"[^\W_]+", texts.normalise(text).lower()):
        folded = texts.fold(word)
        allowed = _ALLOWED.get(folded)
        if word == "chảy":
            # Of all that flows only blood matters here.
            found.append("chay_")
            continue
        found.append("_" if allowed is not None and word != folded and word not in allowed else folded)
    return found
