"""Shorthand of chats and offices, and what it stands for. Written for this project; pure data.

Only what has one meaning when it stands alone is in SLANG and OFFICE; what depends on its neighbours is in CONTEXTS.
Pronouns (e, a, c), "tt", "ct", "gt" and the like are left as they are: expanding them would be guessing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_SLANG_TEXT: Final = """
ko không|kô không|hok không|hông không|hôg không|hổng không|khg không|khum không|dc được|đc được|đx được
dx được|đựoc được|đuợc được|j gì|gj gì|jì gì|zì gì|z vậy|zậy vậy|dzậy vậy|vầy vậy|ntn như thế nào
nvay như vậy|nhìu nhiều|nhiu nhiêu|bn bao nhiêu|bnh bao nhiêu|bnhiu bao nhiêu|bnhiêu bao nhiêu
bnhieu bao nhiêu|rùi rồi|ròi rồi|vs với|vơi với|vz vậy|trc trước|trog trong|cx cũng|cũg cũng|cug cũng
mún muốn|mik mình|thik thích|thíck thích|wá quá|wa qua|wên quên|lm làm|bit biết|bít biết|bik biết|bjk biết
fải phải|fai phải|đag đang|dag đang|đug đúng|thui thôi|ngta người ta|ng người|hqua hôm qua|hnay hôm nay
bh bao giờ|bjo bây giờ|bgio bây giờ|kím kiếm|ròy rồi|chx chưa|vk vợ|cty công ty
"""

_OFFICE_TEXT: Final = """
ubnd ủy ban nhân dân|ub ủy ban|hdnd hội đồng nhân dân|hđnd hội đồng nhân dân|ubmttq ủy ban mặt trận tổ quốc
mttq mặt trận tổ quốc|cccd căn cước công dân|cmnd chứng minh nhân dân|cmt chứng minh nhân dân
cmtnd chứng minh nhân dân|gks giấy khai sinh|gkt giấy khai tử|gkh giấy kết hôn|gcnkh giấy chứng nhận kết hôn
gdkkh giấy đăng ký kết hôn|gđkkh giấy đăng ký kết hôn|dky đăng ký|đky đăng ký|đkí đăng ký|dki đăng ký
đki đăng ký|dkks đăng ký khai sinh|đkks đăng ký khai sinh|dkkt đăng ký khai tử|đkkt đăng ký khai tử
dkkh đăng ký kết hôn|đkkh đăng ký kết hôn|dktt đăng ký thường trú|đktt đăng ký thường trú
dktv đăng ký tạm vắng|đktv đăng ký tạm vắng|dklkh đăng ký lại kết hôn|dkkd đăng ký kinh doanh
đkkd đăng ký kinh doanh|dkdn đăng ký doanh nghiệp|đkdn đăng ký doanh nghiệp|dkx đăng ký xe|đkx đăng ký xe
tthn tình trạng hôn nhân|xntthn xác nhận tình trạng hôn nhân|xn xác nhận|gxn giấy xác nhận
tthc thủ tục hành chính|hcc hành chính công|tthcc trung tâm hành chính công
ttpvhcc trung tâm phục vụ hành chính công|ttpvhc trung tâm phục vụ hành chính công
pvhcc phục vụ hành chính công|bpmc bộ phận một cửa|dvc dịch vụ công|dvctt dịch vụ công trực tuyến
onl trực tuyến|online trực tuyến|onlai trực tuyến|onlien trực tuyến|hso hồ sơ|hồsơ hồ sơ|gcn giấy chứng nhận
gp giấy phép|gpkd giấy phép kinh doanh|gpxd giấy phép xây dựng|cpxd cấp phép xây dựng|gplx giấy phép lái xe
blx bằng lái xe|gtlq giấy tờ liên quan|lltp lý lịch tư pháp|pltp phiếu lý lịch tư pháp
gpld giấy phép lao động|gplđ giấy phép lao động|hkd hộ kinh doanh|kd kinh doanh|htx hợp tác xã
dntn doanh nghiệp tư nhân|tnhh trách nhiệm hữu hạn|qsdd quyền sử dụng đất|qsdđ quyền sử dụng đất
gcnqsdđ giấy chứng nhận quyền sử dụng đất|gcnqsdd giấy chứng nhận quyền sử dụng đất
cnqsdđ chứng nhận quyền sử dụng đất|bds bất động sản|bđs bất động sản|đđ đất đai|mđsd mục đích sử dụng
cmđ chuyển mục đích|vpdkdd văn phòng đăng ký đất đai|vpđkđđ văn phòng đăng ký đất đai
vpcc văn phòng công chứng|cnvpđk chi nhánh văn phòng đăng ký|bhxh bảo hiểm xã hội|bhyt bảo hiểm y tế
bhtn bảo hiểm thất nghiệp|tnld tai nạn lao động|tnlđ tai nạn lao động|bnn bệnh nghề nghiệp
nld người lao động|nlđ người lao động|nct người cao tuổi|nkt người khuyết tật|btxh bảo trợ xã hội
tnxp thanh niên xung phong|nvqs nghĩa vụ quân sự|pccc phòng cháy chữa cháy|attp an toàn thực phẩm
atttp an toàn thực phẩm|vsattp vệ sinh an toàn thực phẩm|vsat vệ sinh an toàn|bvmt bảo vệ môi trường
đtm đánh giá tác động môi trường|tnmt tài nguyên môi trường|gdđt giáo dục và đào tạo
gddt giáo dục và đào tạo|thpt trung học phổ thông|thcs trung học cơ sở|xkld xuất khẩu lao động
xklđ xuất khẩu lao động|csgt cảnh sát giao thông|cax công an xã|tncn thu nhập cá nhân
tndn thu nhập doanh nghiệp|gtgt giá trị gia tăng|mst mã số thuế|tkhq tờ khai hải quan|lp lệ phí|tg thời gian
sdt số điện thoại|sđt số điện thoại|sodt số điện thoại|cbcc cán bộ công chức|cb cán bộ
tphcm thành phố hồ chí minh|tp thành phố|xd xây dựng|lđ lao động|sd sử dụng|ttxh trật tự xã hội
ldtbxh lao động thương binh và xã hội
"""


def _set(text: str) -> frozenset[str]:
    return frozenset(word.replace("_", " ") for word in text.split())


def _read(text: str) -> dict[str, str]:
    pairs = (entry.split(" ", 1) for line in text.split("\n") for entry in line.split("|") if entry)
    return dict(pairs)


# Slang counts only in small letters ("KH" in an office's name is no "không"); office abbreviations in any case.
SLANG: Final[dict[str, str]] = _read(_SLANG_TEXT)
OFFICE: Final[dict[str, str]] = _read(_OFFICE_TEXT)


class Context(NamedTuple):
    """An abbreviation read by its neighbours, both compared without diacritics.

    Attributes:
        after: what it means behind one of these words ("#" is any number).
        before: what it means in front of one of these words ("" is the end of the text).
        otherwise: what it means elsewhere; None leaves it as it was written.
    """

    after: dict[str, str]
    before: dict[str, str]
    otherwise: str | None


def _each(words: str, value: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), value)


_PAPERS: Final = "giay lam dk đk dang ky ki ban sao luc so"

CONTEXTS: Final[dict[str, Context]] = {
    # "5k", "1 kg": a number in front makes them money and weight.
    "k": Context({"#": "k"}, {}, "không"),
    "kg": Context({"#": "kg"}, {}, "không"),
    "kh": Context(_each("dk ky ki giay gcn", "kết hôn"), {}, "không"),
    # "so hong" is the pink land book, "bi hong" is broken; before a verb or at the end it is the southern "không".
    "hong": Context(
        _each("so giay bia mau hoa ba chi co ong anh be thi em la bi hu may da lam", "hong"),
        _each("biet bit can duoc dc phai thay muon hieu ro cho ai a ta ha vay", "không") | {"": "không"},
        None,
    ),
    "hk": Context(_each("so nhap cat tach chuyen giay xoa", "hộ khẩu"), {}, None),
    "dk": Context(_each("du", "điều kiện"), _each("gi can nao de", "điều kiện"), "đăng ký"),
    "đk": Context(_each("du", "điều kiện"), _each("gi can nao de", "điều kiện"), "đăng ký"),
    "ks": Context(_each(_PAPERS + " khai", "khai sinh"), {}, None),
    "kt": Context(_each(_PAPERS, "khai tử"), {}, None),
    "tv": Context(_each("dk đk ky ki", "tạm vắng"), {}, None),
    "hs": Context(_each("nop bo tra cuu rut nhan lam giai gui", "hồ sơ"), _each("gom can", "hồ sơ"), None),
    "đt": Context(_each("so", "điện thoại"), {}, None),
    # "h. Phú Tân" is a district.
    "h": Context(_each("may bay tan", "giờ"), _each("nay lam moi mo hanh", "giờ"), None),
    "r": Context({}, {}, "rồi"),
    "cc": Context(_each("the lam cap doi", "căn cước"), {}, None),
}

# Words that look like Telex keys but are words of other languages people use, or units and names.
NOT_TELEX: Final[frozenset[str]] = _set(
    """as is us or has his was were are bar bus car gas max min tax box mix fix six sex tex lux ex ox ax her for
    far visa taxi maxi pos sos dos ads os ios test post tour star sms gps web www hr pr ar er ir bos los las les des der
    mar mas pas pass mass miss less boss toss kiss loss gym app add off wifi free ok sis sir tis this its lox
    cos yes gmail err vips tips tops chips nas ups laos vegas sars covid rasa bees fees sees tees see fee bee
    tee too zoo boo moo noon soon moon room food foot book good door poor tool cool pool school boot root law
    raw saw draw now how low row view new few down town own two tow twin"""
)

# Words that stand before a number, so a digit glued to them is that number and no VNI tone key ("to1" is tổ 1).
NUMBERED: Final[frozenset[str]] = _set(
    """to ap so lop khu phuong quan mau cau chon cap muc hang lan bac dieu khoan loai buoc dot thang ngay xa tt thu
    o p q x a b c d e f g h k khom kenh duong hem ngo ban phieu bai tap nam tuoi cai con nguoi mon"""
)

# Two-syllable words of the domain: once keys had to be decoded, their usual marks are restored (đang ký -> đăng ký).
PAIRS: Final[frozenset[str]] = _set(
    """đăng_ký khai_sinh khai_tử kết_hôn giấy_phép giấy_tờ hồ_sơ hộ_khẩu hộ_tịch thủ_tục lệ_phí tạm_trú thường_trú
    căn_cước kinh_doanh xây_dựng sổ_đỏ sổ_hồng bảo_hiểm chứng_thực bản_sao trích_lục nộp_hồ bao_nhiêu ở_đâu
    xác_nhận độc_thân thời_gian ủy_ban nhân_dân đất_đai làm_lại bị_mất khiếu_nại tố_cáo phản_ánh trợ_cấp lái_xe
    ly_hôn"""
)
