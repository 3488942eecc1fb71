"""Messages that no procedure answers, written for the calibration of the decision."""

from __future__ import annotations

from typing import Final

CHAT: Final = """
hôm nay trời có mưa không
hôm nay trời đẹp quá
thời tiết An Giang ngày mai thế nào
giá vàng hôm nay bao nhiêu
giá lúa bữa nay bao nhiêu một ký
đội tuyển Việt Nam đá mấy giờ
kết quả xổ số An Giang hôm nay
cách nấu bún mắm ngon
quán lẩu mắm nào ngon ở Châu Đốc
đường đi chùa Bà Chúa Xứ núi Sam
bạn tên gì vậy
bạn bao nhiêu tuổi
ai tạo ra bạn
kể chuyện cười đi
hát cho tôi nghe một bài
tôi buồn quá
anh yêu em
chán quá không biết làm gì
đau đầu uống thuốc gì cho hết
bị sốt ba ngày rồi có sao không
bệnh viện nào chữa xương khớp tốt
mua điện thoại ở đâu rẻ
chỉ tôi cách cài zalo
sửa wifi nhà tôi
làm sao để giảm cân
dịch giùm câu này sang tiếng anh
thủ đô nước Pháp là gì
hai cộng hai bằng mấy
viết bài văn tả cơn mưa
cách trồng xoài cát cho ra trái
cá tra bị bệnh gan thận chữa sao
xe máy đề không nổ phải làm sao
vé xe Long Xuyên đi Sài Gòn bao nhiêu
tàu cao tốc đi Phú Quốc mấy giờ chạy
khách sạn gần núi Cấm
ngân hàng nào lãi suất cao
chứng khoán hôm nay lên hay xuống
bitcoin giá bao nhiêu
chúc mừng năm mới
cảm ơn bạn nhiều lắm
ok để tôi coi lại
à không có gì
alo có ai không
trả lời lâu quá vậy
đồ ngu
bot dở quá
asdfgh qwerty
xin số điện thoại chủ tịch xã
hôm nay cán bộ có làm việc không
chiều thứ bảy xã có mở cửa không
ngày mai có cúp điện không
nước sông hôm nay lên chưa
sạt lở chỗ nào vậy
đường nhà tôi ngập nước hoài
đèn đường hư mấy bữa rồi chưa sửa
hàng xóm hát karaoke ồn quá
chó hàng xóm cắn con tôi
rác không ai hốt
chồng tôi ngoại tình thì làm sao
con tôi không chịu học bài
mượn tiền không trả thì kiện được không
bị lừa đảo qua mạng thì báo ai
lịch âm hôm nay
phim gì đang chiếu rạp
mua vé số online
tìm phòng trọ giá rẻ ở Mỹ Phước
tuyển công nhân may ở Bình Hòa không
""".strip().split("\n")  # fmt: skip

LAW: Final = """
vượt đèn đỏ phạt bao nhiêu tiền
không đội mũ bảo hiểm bị phạt bao nhiêu
nồng độ cồn bao nhiêu thì bị phạt
chạy xe không có bằng lái phạt sao
đánh người gây thương tích bị tội gì
đánh bài ăn tiền bị xử lý thế nào
xây nhà không phép bị phạt bao nhiêu
đốt đồng có bị phạt không
xả rác ra kênh phạt bao nhiêu
bán hàng giả bị phạt như thế nào
không đăng ký tạm trú bị phạt bao nhiêu
đăng ký khai sinh trễ có bị phạt không
lấn chiếm vỉa hè bị xử phạt thế nào
trốn nghĩa vụ quân sự đi tù mấy năm
vay nặng lãi có phạm tội không
ai có quyền ra quyết định xử phạt vi phạm hành chính
thẩm quyền của ủy ban nhân dân cấp xã là gì
nhiệm vụ của sở tư pháp là gì
bao nhiêu tuổi thì được kết hôn
hai người cùng họ có được lấy nhau không
con riêng có được hưởng thừa kế không
đất ruộng có được xây nhà không
luật đất đai mới có gì khác
lương tối thiểu vùng là bao nhiêu
nghỉ lễ quốc khánh mấy ngày
một ngày làm tối đa mấy tiếng
công ty nợ lương thì làm sao
bị đuổi việc có được bồi thường không
hợp đồng miệng có giá trị không
thế nào là hành vi tham nhũng
""".strip().split("\n")  # fmt: skip
