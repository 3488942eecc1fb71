"""Questions as people of the south type them, and what each asks about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import questions
from knowledge.text import fold

DAY = date(2026, 11, 22)

# Facets expected, then the question; every row is also asked without diacritics.
ASKED = """
where       | lam giay khai sinh cho con o dau, em o xa my hoa hung
documents   | xin giấy xác nhận độc thân cần giấy gì
fee         | mất cccd làm lại bao nhiêu tiền
online      | e mún đăng ký kết hôn nộp online dc hok
time        | sang tên sổ đỏ mất bao lâu
where       | xin giấy phép xây nhà ở chợ mới nộp chỗ nào
where       | cha tôi mất, báo tử ở đâu
-           | đăng ký hộ kinh doanh ở Châu Đốc

where       | ra đâu làm cccd vậy ad
where       | ko bít ra đâu làm giấy độc thân lun
where       | nộp hồ sơ ở đâu
where       | nộp đơn ly hôn chỗ nào zậy
where       | đổi bằng lái thì lên đâu
where       | làm hộ chiếu lên tỉnh hay huyện
where       | đăng ký tạm trú ở xã được không
where       | làm lại khai sinh có phải lên tỉnh không
where       | cơ quan nào cấp giấy phép xây dựng
where       | chứng thực chữ ký gặp ai
where       | ai ký giấy xác nhận hộ nghèo
where       | hồ sơ này nộp cho ai
where       | cho em xin địa chỉ nộp hồ sơ bảo hiểm thất nghiệp
where       | địa chỉ làm hộ chiếu ở đâu vậy
where       | em muốn sang tên xe thì tới đâu
where       | xã có làm giấy này không
where       | phòng nào nhận hồ sơ đất đai
where       | bên nào giải quyết trợ cấp người cao tuổi
where       | đi đâu để đăng ký xe máy
where       | muốn xin trợ cấp thì liên hệ cơ quan nào
where       | làm căn cước cho bé 6 tuổi ở chỗ nào gần nhất
where       | nộp hồ sơ xin việc làm ở trung tâm nào

documents   | làm khai sinh cần giấy tờ j
documents   | cần giấy gì
documents   | giấy tờ j z
documents   | hs gồm j
documents   | hồ sơ đăng ký kết hôn gồm những gì
documents   | đi làm cccd đem theo giấy tờ gì
documents   | mang theo cái gì khi đi đăng ký thường trú
documents   | cần chuẩn bị những gì để xin giấy phép xây dựng
documents   | đăng ký kinh doanh cần những gì
documents   | làm sổ đỏ lần đầu phải có giấy gì
documents   | xin trợ cấp khuyết tật thì hồ sơ như thế nào
documents   | giấy tờ cần thiết để đăng ký xe
documents   | cho hỏi hồ sơ sang tên sổ đỏ
documents   | có cần đem hộ khẩu không
documents   | làm khai sinh có cần giấy chứng sinh hông
documents   | có cần công chứng gì không
where documents | tờ khai ở đâu có mẫu không, cho xin mẫu tờ khai
documents   | mẫu đơn xin xác nhận độc thân
documents   | thành phần hồ sơ cấp lại bằng lái
documents   | con tôi nhập học cần những giấy tờ nào
documents   | bổ sung thêm giấy tờ gì nữa
documents   | giay to chi vay
documents   | cần phải có gì

fee         | hết nhiu tiền
fee         | làm lại bằng lái mất bao nhiu
fee         | bn tiền z
fee         | lệ phí bnhiu
fee         | đăng ký kết hôn tốn bao nhiêu
fee         | đổi căn cước có mất phí không
fee         | làm giấy này có tốn tiền hông
fee         | công chứng hợp đồng phí bao nhiêu
fee         | cấp hộ chiếu hết mấy trăm
fee         | khai sinh miễn phí phải không
fee         | lệ phí cấp lại sổ đỏ
fee         | phí công chứng hợp đồng mua bán nhà
fee         | làm hộ chiếu giá sao
fee         | làm cái đó mắc không ad
fee         | đóng bao nhiêu
fee         | xin trích lục khai sinh đóng mấy tiền
fee         | chi phí làm sổ đỏ
fee         | đăng ký xe hết khoảng bao nhiêu tiền
fee         | lệ phí thế nào

time        | bao lâu có
time        | làm cccd mấy bữa lấy
time        | chừng nào có hộ chiếu
time        | khi nào mới lấy được sổ
time        | sang tên đất mấy ngày xong
time        | mấy ngày thì có kết quả
time        | thời gian giải quyết hồ sơ xây dựng
time        | thời hạn cấp phiếu lý lịch tư pháp là bao lâu
time        | đăng ký kết hôn có lâu không
time        | làm giấy độc thân lấy liền được không
time        | bao nhiêu ngày thì xong
time        | nộp rồi bữa nào lấy
time        | bao giờ có sổ hồng
time        | hẹn mấy ngày
time        | thời gian làm căn cước
time        | mất mấy tuần
time        | xin giấy phép lao động mất mấy tháng
time        | trong vòng mấy ngày

online      | nộp qua mạng được không
online      | đăng ký kinh doanh online
online      | khai sinh làm trên mạng dc k
online      | đăng ký tạm trú trên vneid được không
online      | ở nhà nộp được không hay nộp tại nhà được không
online      | thủ tục này có làm trên dịch vụ công được không
online      | thủ tục này là toàn trình hay một phần
online      | nộp trên điện thoại được hông
online      | đặt lịch online làm hộ chiếu
online      | khỏi ra xã làm được không
online      | xin lý lịch tư pháp qua mạng
online      | mức độ mấy vậy

post        | gửi bưu điện được không
post        | kết quả gửi bưu điện về nhà được hông
post        | nộp hồ sơ qua đường bưu điện
post        | có ship về nhà không
post        | gửi kết quả về nhà được không
post        | ra bưu điện nộp được không
post        | giao tận nhà được không
post        | bưu điện có nhận không
post        | trả kết quả qua bưu chính công ích

how         | lm ntn
how         | đăng ký khai sinh làm như thế nào
how         | mất sổ đỏ thì làm sao
how         | làm sao để nhập hộ khẩu cho vợ
how         | thủ tục thế nào
how         | hướng dẫn em đăng ký hộ kinh doanh
how         | các bước sang tên sổ đỏ
how         | cách làm hộ chiếu
how         | trình tự thực hiện thủ tục kết hôn với người nước ngoài
how         | con mới sinh cần làm gì
how         | bắt đầu từ đâu
how         | xin cấp lại bằng tốt nghiệp ra sao
how         | quy trình xin giấy phép xây dựng
how         | chỉ em cách đăng ký tạm vắng

result      | kết quả là gì
result      | làm xong được giấy gì
result      | nộp xong nhận được cái gì
result      | được cấp giấy gì

law         | căn cứ pháp lý của thủ tục này
law         | theo luật nào
fee law     | nghị định nào quy định lệ phí này vậy, theo thông tư nào
law         | dựa vào đâu mà thu
law         | quy định ở văn bản nào

documents fee    | cần giấy gì, bao nhiêu tiền
where documents  | làm khai sinh ở đâu cần giấy gì
fee time         | hết bao nhiêu tiền, mấy ngày có
where fee        | nộp ở đâu lệ phí bao nhiêu
documents time   | ly hôn cần giấy tờ gì và bao lâu xong
fee time         | làm hộ chiếu mất bao lâu, tốn bao nhiêu
where documents fee time | ở đâu, giấy tờ gì, bao nhiêu tiền, mấy ngày
online post      | nộp online được không hay phải gửi bưu điện
online fee       | đăng ký kết hôn online có mất phí không
where online     | nộp ở đâu, có nộp qua mạng được không
how documents    | làm sao để nhập hộ khẩu, cần giấy gì
documents online | hồ sơ gồm những gì, nộp trực tuyến được không
documents law    | hồ sơ cần gì, theo nghị định nào
fee time         | lệ phí, thời gian
where time       | nộp chỗ nào, chừng nào lấy được
documents fee    | đem giấy gì hết nhiu tiền
"""

# What only looks like a question about a facet.
NOT_ASKED = """
tôi muốn xin giấy xác nhận độc thân
giấy xác nhận độc thân
xác nhận thời gian đóng bảo hiểm
lệ phí trước bạ đất
hỗ trợ chi phí mai táng
hỗ trợ chi phí học tập
đổi địa chỉ công ty
lập địa điểm kinh doanh
gia hạn đất hết thời hạn
thẻ hướng dẫn viên du lịch
bán hàng online
mở khóa tài khoản VNeID
xin luật sư miễn phí
bổ sung hồ sơ nghĩa vụ quân sự
nộp hồ sơ vô lớp 6
xin giới thiệu chỗ làm
đăng ký đầu tư
người cao tuổi được hưởng bao nhiêu tiền
chạy quá tốc độ bị phạt bao nhiêu tiền
giấy xác nhận độc thân có giá trị bao lâu
giấy phép phòng giao dịch bưu điện
nhà nước thu hồi đất
thời gian làm việc của ủy ban
mất sổ đỏ
con mới sanh
dạ cảm ơn
"""

FOLLOW_UPS = """
còn lệ phí thì sao
vậy bao lâu xong
nộp online được không
cần giấy gì
bao nhiêu tiền vậy?
hết nhiu tiền z ad
rồi nộp ở đâu
giấy tờ gì vậy anh
gửi bưu điện được không
vậy còn thời gian thì sao em
làm như thế nào
mấy ngày có vậy
có mất phí không
ra đâu nộp
ở đâu dậy mn
hồ sơ gồm những gì zậy bạn
shop ơi bao nhiêu tiền
dạ cho em hỏi thêm là mấy ngày có
thế lệ phí
hồ sơ gồm những gì
"""

PLACES = """
xã Mỹ Hòa Hưng
em ở Châu Đốc
dạ em ở xã Mỹ Hòa Hưng nha
my hoa hung
tui ở Long Xuyên á
nhà tôi ở Châu Đốc
hiện đang sống ở Phú Quốc
ở chợ mới
"""


CUE_WORDS = re.findall(r"\w+", "can giay gi bao nhieu tien lau o dau nop truc tuyen duoc khong gui buu dien le phi lam")


def _lines(table: str) -> list[str]:
    return [line.strip() for line in table.splitlines() if line.strip()]


def _rows() -> Iterator[tuple[frozenset[str], str]]:
    for line in _lines(ASKED):
        facets, text = line.split("|", 1)
        yield frozenset(facets.replace("-", " ").split()), text.strip()


def _facets(text: str) -> frozenset[str]:
    return frozenset(facet.value for facet in questions.read(text, DAY).facets)


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(list(_rows())) >= 120


@pytest.mark.parametrize(("facets", "text"), list(_rows()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_question_is_read_for_what_it_asks(facets: frozenset[str], text: str) -> None:
    assert _facets(text) == facets


@pytest.mark.parametrize(("facets", "text"), list(_rows()), ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_holds_without_diacritics(facets: frozenset[str], text: str) -> None:
    assert _facets(fold(text)) == facets


@pytest.mark.parametrize("text", _lines(NOT_ASKED))
def test_words_of_procedures_are_no_questions(text: str) -> None:
    assert _facets(text) == frozenset()
    assert _facets(fold(text)) == frozenset()


@pytest.mark.parametrize("text", _lines(FOLLOW_UPS))
def test_a_question_that_names_no_procedure_is_a_follow_up(text: str) -> None:
    question = questions.read(text, DAY)
    assert question.follow_up, question
    assert questions.read(fold(text), DAY).follow_up
    assert not question.only_place


@pytest.mark.parametrize("text", _lines(PLACES))
def test_a_place_alone_is_known_as_such(text: str) -> None:
    question = questions.read(text, DAY)
    assert question.only_place, question
    assert questions.read(fold(text), DAY).only_place
    assert not question.follow_up


@pytest.mark.parametrize(("facets", "text"), [row for row in _rows() if len(row[1].split()) > 6][:40])
def test_a_question_that_names_a_procedure_is_no_follow_up_and_no_place(facets: frozenset[str], text: str) -> None:
    assert not questions.read(text, DAY).only_place


def test_facets_come_in_a_fixed_order_and_once() -> None:
    question = questions.read("bao nhiêu tiền, hết bao nhiêu, ở đâu, nộp chỗ nào, mấy ngày, cần giấy gì", DAY)
    assert [facet.value for facet in question.facets] == ["where", "documents", "fee", "time"]


def test_the_place_is_taken_out_of_what_is_searched_for() -> None:
    question = questions.read("đăng ký hộ kinh doanh ở Châu Đốc", DAY)
    assert question.subject == "đăng ký hộ kinh doanh"
    assert [mention.text for mention in question.places] == ["Châu Đốc"]
    assert "kinh" in question.words
    assert "chau" not in question.words


def test_a_place_in_the_middle_leaves_both_sides() -> None:
    question = questions.read("xin giấy phép xây nhà ở chợ mới nộp chỗ nào", DAY)
    assert "chợ mới" not in question.subject
    assert question.subject.startswith("xin giấy phép xây nhà")
    assert question.subject.endswith("nộp chỗ nào")


def test_codes_are_spotted_and_make_it_no_follow_up() -> None:
    question = questions.read("1.001193 bao nhiêu tiền", DAY)
    assert question.codes == ("1.001193",)
    assert not question.follow_up


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "👍👍",
        "...",
        "\x00",
        "/start",
        "a" * 5_000,
        "bao nhiêu tiền " * 2_000,
        "\u0301" * 4_000,
        "1" * 3_000,
    ],
)
def test_nothing_that_people_can_send_breaks_the_reading(text: str) -> None:
    question = questions.read(text, DAY)
    assert len(question.text) <= 30_000
    assert len(set(question.facets)) == len(question.facets)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(text: str) -> None:
    question = questions.read(text, DAY)
    assert not (question.only_place and question.follow_up)
    assert all(word.isascii() for word in question.words)


@given(st.lists(st.sampled_from(CUE_WORDS), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_order_of_question_words_is_read_the_same_each_time(words: list[str]) -> None:
    text = " ".join(words)
    assert questions.read(text, DAY) == questions.read(text, DAY)


def test_reading_takes_linear_time() -> None:
    # Both are cut to the same length before any pattern runs, so the longer one cannot cost more work than its cut.
    assert questions.read("giấy " * 400 + "x" * 100_000, DAY).text == questions.read("giấy " * 400, DAY).text
