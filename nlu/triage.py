"""Which of the desk's ways a message asks for, where a guess would send it down the wrong one. Pure rules on the words.

"Thưa", "kiện", "tố" and anger say that something is wrong, not whether the citizen wants khiếu nại, tố cáo or a plain
phản ánh: each has its own law, so the citizen is asked. Who names the way ("khiếu nại", "tố cáo") is taken at their
word, and who asks how such a procedure goes gets the answer about the procedure. Runs inside Rasa on CPython 3.10;
standard library and `knowledge.text` only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from knowledge import text as texts

_READ = 1_500


def _any(*lines: str) -> str:
    return "(?:" + "|".join("|".join(line.split(", ")) for line in lines) + ")"


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)")


# Spellings that are other words than the ones meant here; without diacritics the neighbours have to tell.
_OTHERS = {"thua": "thưa", "kien": "kiện kiến", "to": "tố tờ", "tuc": "tức tục", "buc": "bực bức"}
_ALLOWED = {folded: frozenset(words.split()) for folded, words in _OTHERS.items()}
_WANT = _any(
    "muon, di, phai, se, dinh, tinh, can, doi, cho toi, cho tui, quyet, don, lam don, viet don, nop don, gui don, keu",
    "de toi, de tui, toi, tui, bi, cung, se di, biet duong, cach, lam sao, cho, xin, duoc, tui se, dua don",
)
_THEM = _any(
    "tui no, tui bay, tui nay, tui kia, no, nha nuoc, ong, ba, thang, con, cai, may ong, may ba, may thang, may anh",
    "ho",
    "can bo, uy ban, xa, phuong, chu tich, truong ap, truong khom, cong an, hang xom, nguoi, vu, viec, len, ra, toi",
    "tap the, cho",
    "quyet dinh, cong ty, chu, anh, chi, dia chinh, ben, tung, cao, cua, tien, lai, toa, to, cho no, chet, het",
    "gium, giup, may",
)
_SUE = _compiled(
    r"thua kien|kien thua|kien cao|thua gui|di kien|doi kien|bi kien|kien ra toa|kien len|kien tung|don thua|"
    r"don kien|khieu kien|kien tui|thua tui",
    rf"(?:muon|dinh|tinh|quyet|se|phai|doi|cho toi|cho tui|de toi|de tui|can|di|xin|cach) (?:di )?(?:thua|"
    rf"kien)(?: {_THEM})?",
    r"(?:toi|tui|em|con|minh|dan|ba con) (?:se |di |phai |dang )*(?:thua|kien) " + _THEM,
    r"(?:lam|viet|nop|gui|dua) (?:cai )?don (?:thua|kien)|(?:thua|"
    r"kien) (?:no|tui no|tui bay|len tren|len tinh|len huyen|len xa|ra toa|ra phap luat|toi noi toi chon)",
)
_ACCUSE = _compiled(
    r"(?:muon|dinh|tinh|se|phai|di|"
    r"can) to (?:no|tui no|ong|ba|thang|can bo|uy ban|chu tich|truong ap|truong khom|cong an|giac|len|vu|viec|hanh vi|"
    r"nguoi|may)",
)
_ACCUSE_SPELLED = re.compile(r"(?<!\w)(?<!yếu )(?<!nhân )(?<!nguyên )tố (?!cáo|giác|tụng|chất|nga|nữ|lốc|quyên)\w+")
# "Kiến nghị", "điều kiện" and their like, and the polite "thưa".
_NO_SUE = _compiled(
    r"(?:dieu|su|linh|buu|phu|van|du|dai|tai|vu|do|mot|ra|y|sang|chung|dinh|thanh|xay|cau|con|1|2|moi) kien",
    r"kien (?:toan|hang|truc|nghi|thuc|giang|luong|tri|quyet|dinh|cuong|tap|an)",
    r"(?:da|kinh|xin|bam|chao|vang) thua|thua (?:anh|chi|co|chu|quy|ban|can bo|em|bac|ad|lanh dao|"
    r"cac)(?: \w+){0,3} (?:cho|xin|em|con|toi|minh|lam)",
    r"thua (?:lo|xa|kem|ke|ro|dat|ruong|so|trang|bac|bai|do|tien)|(?:hop|tach|so|lo|mot) thua",
)

# Between citizens: the court's, not the desk's.
_COURT = _compiled(
    "ly hon, ly di, quyt no, giat hui, vay no, doi no, thieu no, thua ke, di chuc, tien no, tien luong".replace(
        ", ", "|"
    )
)
_DENOUNCE = _compiled("to cao", "to giac")
_COMPLAIN = _compiled("khieu nai")
_FEEDBACK = _compiled(
    "phan anh", "phan anh hien truong", "phan hoi", "gop y", "kien nghi", "de nghi", "de xuat", "khen", "tuyen duong"
)

_ANGRY = _compiled(
    _any(
        "buc qua, buc minh, buc boi, buc xuc, buc tuc, buc muon chet, tuc qua, tuc chet, tuc muon chet, tuc minh",
        "tuc ghe",
        "tuc dien, buc dien, dien tiet, noi dien, phat dien, chiu het noi, chiu khong noi, het chiu noi, chiu het xiet",
        "het muc chiu dung, khong chiu noi, qua dang, qua quac, qua te, te qua, te het suc, te hai, qua ban, ngan qua",
        "ngan tan co, chan tui bay, that vong, lam an kieu gi, lam viec kieu gi, lam an gi ky, lam an kieu do",
        "kieu gi vay troi, kieu gi ma, lam an vay ha, vo trach nhiem, tac trach, an hai, an bam, hanh dan, hanh ha dan",
        "hanh toi, hanh tui, coi thuong dan, khinh dan, coi dan, khong coi ai ra gi, mat day, vo van hoa, vo hoc",
        "bo lao",
        "lao ca, khon nan, do khon, do dien, dien ha, khung ha, ngu qua, ngu nhu, do ngu, qua ngu, ngu vay, oc cho",
        "dm, dkm, dcm, dmm, vcl, vl, vai lon, clgt, cc gi, deo, deo hieu, di me, du me, do me, dit me, me no, me kiep",
        "con me no, cha no, ma no, quan quat, cua quyen, hach sach, lam kho lam de, lam kho de, nhung nhieu, dun day",
        "lua dao, lua dan, xao lo, hua leo, hua lao, noi xao, cham nhu rua, cham chap, lau lac qua, cho dai co",
        "tra loi cung nhu khong, hoi cung nhu khong, vo dung, vo ich, vo tich su, nham nhi, xam qua, dep tiem, dep di",
        "that la, met moi, met qua, on on gi, quan lieu, vo cam, bat cong, oan uc, uat uc, bat nhan, ac qua, sao ky",
        "buc lam, buc roi, buc ghe, tuc lam, tuc roi, chan may nguoi, chan may ong, hach dich, hong hach, coc can",
        "nam lan bay luot",
        "di toi di lui, hen toi hen lui, hen len hen xuong, hen hoai, len len xuong xuong, khong hoi am, bat bo",
        "ep gia",
        "tui may, tui bay, bon may, bon bay, chung may, bay coi dan, tra tien dan, an tien dan, dan nuoi, cai quai gi",
    )
)
_AT_BOT = _compiled(
    r"(?:bot|robot|chatbot|tro ly|cai may|cai may nay)(?: \w+){0,3} (?:ngu|dot|te|dien|khung|vo dung|xam|do hoi|"
    r"do ec|cui bap|vo tich su)",
    r"(?:do|cai) (?:bot|may|robot) (?:ngu|dot|dien|te|vo dung)|may (?:ngu|dot|vo dung)",
    r"tra loi (?:ngu|tao lao|xam|tam bay|lung tung)|noi chuyen voi may (?:chan|buc|met|tuc)",
)
# Insults with nothing else: they can only be meant for whoever answered last.
_INSULT = re.compile(
    r"(?:may |tui may |bot |ua |oi |troi |sao |cai |thang |con |ma )*(?:do |bi |qua )*(?:ngu|dien|khung|ngoc|oc cho|"
    r"mat day|vo dung|dot|"
    r"khon nan|dm|dkm|dcm|dmm|vcl|clgt|di me|du me|dit me|cc)(?: (?:qua|vay|ha|the|si|nhu bo|nhu heo|nhu cho|luon|a|"
    r"ghe|may|me))*"
)
# Behind these words stands what happened to papers, at an office: what complaints and denunciations are about.
_OFFICE = _compiled(
    _any(
        "can bo, nhan vien, uy ban, ubnd, xa, phuong, mot cua, hanh chinh cong, trung tam, chu tich, bi thu, truong ap",
        "truong khom, cong an, dia chinh, tu phap, ho so, giay to, quyet dinh, den bu, boi thuong, thu hoi, cuong che",
        "tro cap, ho ngheo, so do, bien lai, thu tien, hen, tra ket qua, tiep dan, don, nha nuoc, co quan, sep",
        "lanh dao",
    )
)
_OFFICE_WORK = _compiled(
    _any(
        "can bo, nhan vien, tra ho so, mot cua, hanh chinh cong, quyet dinh, den bu, boi thuong, thu hoi, cuong che",
        "tiep dan",
        "truong ap, truong khom, chu tich, hen, thai do, bien lai, thu tien, don cua toi, khong nhan ho so, hanh dan",
    )
)
_HOW = _compiled(
    _any(
        "thu tuc, trinh tu, quy trinh, ho so gom, ho so can, can ho so, can giay, giay to gi, giay gi, mau don",
        "to khai",
        "thoi han, thoi hieu, bao lau, may ngay, bao nhieu ngay, trong vong, le phi, bao nhieu, ton tien, mien phi",
        "tham quyen, ai giai quyet, co quan nao, gui cho ai, nop cho ai, gui cho co quan, nop o dau, nop cho nao",
        "gui o dau, gui don o dau, nop don o dau",
        "gui ve dau, o dau nhan, o dau tiep nhan, noi nao tiep nhan, quy dinh, luat, nghi dinh, thong tu, dieu kien",
        "the nao la, la gi, khac nhau, khac gi, phan biet, lan dau, lan hai, lan 2, duoc bao ve, bao ve nguoi",
        "quyen cua",
        "nghia vu cua, rut don, uy quyen, nhu the nao, ra sao, lam sao, the nao, truc tuyen",
        "gom nhung gi, gom gi, gom nhung, dang ky tiep dan, lich tiep dan, tiep cong dan o dau, can gi",
        "can nhung gi, co can",
    )
)
_DONE_BEFORE = _compiled(
    r"(?:da|tung|(?<!gui )(?<!nop )(?<!lam )(?<!viet )don|giai quyet|ket luan|noi dung|nguoi|bi|ket qua|quyen|luat|"
    r"thoi hieu|sau khi) (?:to cao|to giac|khieu nai)"
)


# What everybody uses, what is wrong with it, and the wish that somebody sees to it: phản ánh, however formally written.
_THING = _compiled(
    _any(
        "duong, lo, via he, gach via he, thieu gach, le duong, nap cong, cong, ho ga, mieng cong, ranh, muong, kenh",
        "bo song, bo ke, be ke",
        "den duong, den giao thong, den do, den tin hieu, den, tru dien, cot dien, day dien, bien bao, bien cam, rac",
        "bang ten, nga tu, nga ba, hem, kiet, ngo, ngach, cong cho, ngoai cho, cong vien, truong hoc",
        "truong tieu hoc, cay xanh",
        "nha ve sinh, ben xe, ben do, tram y te, karaoke, loa keo, nuoc thai, nuoc may, thung rac, bai rac",
        "xe tai, o to, phuong tien, vach ke duong, go giam to, le giam toc, dai phan cach, cau di bo, san van dong",
        "cay cau, cau van, chan cau, dau cau, cau khi, mat duong, cong trinh, lo gach, nha may, xuong, trai heo",
        "bai giu xe, tuyen duong, co to quoc",
    )
)
_TROUBLE = _compiled(
    _any(
        "hu, hu hong, gay, bi vo, sut lun, sup, sup lun, lun, sat lo, ngap, ngap nuoc, nghet, tac nghen, un tac, o ga",
        "o voi, ket xe, tac duong, tac dai, nguy hiem, mat an toan, mat ve sinh, o nhiem, hoi thoi, hoi hot",
        "hoi qua, on ao, on qua, lan chiem",
        "can tro, che khuat, che phu, qua thap, qua cao, long thong, roi ren, sa xuong, xuong cap, khong sang",
        "khong thoat",
        "bi gay, bi be, bi hong, khong hoat dong, khong dua vao hoat dong, my quan, do sai, dau sai, do bua bai, te xe",
        "mat nap, chan loi, toi thui, thieu, khong treo, hien trang, qua tai, khoi bui, chua lap, bi lat, tai nan",
        "de bi vap, vap",
    )
)
_WISH = _compiled(
    _any(
        "de nghi, kinh de nghi, kinh mong, mong, rat mong, kien nghi, phan anh, yeu cau, nen dat, nen lap, nen gan",
        "can lap",
        "kinh gui, nho co quan, de xuat, gop y, xin co quan, co quan chuc nang, xem xet, som giai quyet, khac phuc",
    )
)
_FEWEST = 5
# What the classifier takes formal reports for; anything else is believed where it is sure.
_MAYBE_REPORT = frozenset({"ask_procedure", "triage", "complain", "give_feedback"})
_SURE = 0.5
# An errand of one's own, not of the street.
_OWN = _compiled(
    _any(
        "lam giay, xin giay, giay phep, cap giay, cap phep, dang ky, sang ten, ho so, thu tuc, khai sinh, khai tu",
        "cap lai",
        "doi bang, bang lai, can cuoc, so do, cap so, tach thua, ho khau, tam tru, bao hiem, tro cap, xay nha",
        "mua xe, nop thue",
    )
)


def reports(text: str) -> bool:
    """Whether a message tells of something wrong in public, as phản ánh do."""
    return _reports(_words(text))


def _reports(said: str) -> bool:
    if said.count(" ") + 1 < _FEWEST or _OWN.search(said) or _ASKED.search(said):
        return False
    return sum(part.search(said) is not None for part in (_THING, _TROUBLE, _WISH)) >= 2


_ASKED = _compiled(
    _any(
        "bao nhieu, may tien, nhieu tien, nop o dau, o dau vay, lam sao de, bi phat, phat bao, phat sao",
        "xu ly the nao, xu phat",
        "thi sao, lien he co quan nao, co quan nao, xin tien, xin phep, bi phat khong, luat, thu tuc gi",
        "can giay gi, can gi, the nao la, la gi, hay khong, xu ly sao, phat gi, boi thuong khong",
    )
)


@lru_cache(maxsize=4)
def _words(text: str) -> str:
    """Folded words; one that is written as another word than ours becomes `_`."""
    found = []
    for word in re.findall(r"[^\W_]+", texts.normalise(text[:_READ]).lower()):
        folded = texts.fold(word)
        allowed = _ALLOWED.get(folded)
        found.append("_" if allowed is not None and word != folded and word not in allowed else folded)
    return " ".join(found)


def denounces(text: str) -> bool:
    """Whether a message says by its own words that it denounces somebody; "đã tố cáo" and the like only mention it."""
    said = _words(text)
    return bool(_DENOUNCE.search(_DONE_BEFORE.sub(" _ ", said))) and not _asks_how(said)


def angry(text: str) -> bool:
    """Whether a message is written in anger."""
    said = _words(text)
    return bool(_ANGRY.search(said) or _AT_BOT.search(said) or _INSULT.fullmatch(said))


def sues(text: str) -> bool:
    """Whether a message wants to "thưa", "kiện" or "tố" somebody without saying which way."""
    said = _words(text)
    if _DENOUNCE.search(said) or _COMPLAIN.search(said) or _COURT.search(said):
        return False
    plain = _NO_SUE.sub(" _ ", said)
    if _SUE.search(plain) or _ACCUSE.search(plain):
        return True
    return not text.isascii() and _ACCUSE_SPELLED.search(texts.normalise(text[:_READ]).lower()) is not None


def _asks_how(said: str) -> bool:
    return _HOW.search(said) is not None


def read(text: str, ranking: Sequence[tuple[str, float]]) -> tuple[str, dict[str, object]] | None:
    """Intent and entities where the classifier's reading must not stand; None leaves it.

    Args:
        text: as typed.
        ranking: the classifier's intents with confidence, best first, without `nlu_fallback`.
    """
    name, score = ranking[0] if ranking else ("", 0.0)
    said = _words(text)
    named = _DENOUNCE.search(said), _COMPLAIN.search(said)
    if any(named):
        if name in ("check_case", "stop", "handoff", "correct") and score >= 0.5:
            return None
        if _asks_how(said):
            return None if name in ("ask_law", "ask_procedure", "followup") else ("ask_procedure", {})
        if all(named):
            # Both words: which of the two is for the citizen to say.
            return "triage", {}
        mentioned = _DONE_BEFORE.search(said)
        if named[0]:
            return ("triage", {"private": True}) if mentioned else ("denounce", {})
        return None if name == "check_case" else ("complain", {})
    if _reports(said) and (score < _SURE or name in _MAYBE_REPORT) and not sues(text) and not _OFFICE_WORK.search(said):
        return "give_feedback", {}
    angry_ = any(words.search(said) for words in (_ANGRY, _AT_BOT)) or _INSULT.fullmatch(said) is not None
    tone: dict[str, object] = {"tone": "angry"} if angry_ else {}
    if sues(text):
        if name in ("ask_law", "ask_procedure") and _asks_how(said):
            return None
        return "triage", {**tone, "private": True} if _ACCUSE.search(said) else tone
    if name == "denounce":
        # The words tell of a wrong, not of the way: it may hold a name, so it is kept from everybody.
        return "triage", {**tone, "private": True}
    if name == "complain":
        return "triage", tone
    if name == "triage":
        return ("triage", tone) if score >= 0.4 or angry_ else None
    if not angry_:
        return None
    if _INSULT.fullmatch(said) or (_AT_BOT.search(said) and not _OFFICE.search(said)):
        return "triage", {"tone": "bot"}
    if name == "give_feedback" and score >= 0.5 and (_FEEDBACK.search(said) or not _OFFICE.search(said)):
        return None
    if name in ("ask_procedure", "followup", "ask_law", "handoff", "check_case", "correct", "stop") and score >= 0.5:
        # What is asked in anger is answered all the same, unless it is only about how one was treated.
        return None if _asks_how(said) or name in ("handoff", "check_case", "correct", "stop") else ("triage", tone)
    return "triage", tone
