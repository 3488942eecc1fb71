"""Fixed sentences the front door says on its own, in Vietnamese."""

from __future__ import annotations

TOO_LONG = "Tin nhắn dài quá 2.000 ký tự. Anh/chị viết ngắn lại hoặc chia thành nhiều tin giúp tôi."
CUT = "Tin nhắn của anh/chị dài quá, tôi chỉ đọc được 2.000 ký tự đầu."
EMPTY = "Tin nhắn chưa có chữ nào. Anh/chị gõ câu hỏi rồi gửi lại giúp tôi."
NO_SESSION = "Phiên trò chuyện đã hết hạn. Anh/chị tải lại trang rồi gửi lại giúp tôi."
TOO_FAST = "Anh/chị gửi nhanh quá. Xin chờ một chút rồi gửi tiếp."
BUSY = "Hiện có rất nhiều người đang hỏi. Xin anh/chị gửi lại sau ít phút."
TOO_MANY_TABS = "Anh/chị đang mở trang này ở quá nhiều nơi. Xin đóng bớt rồi tải lại."
BUTTON_GONE = "Nút này không còn dùng được nữa. Anh/chị gõ lại câu hỏi giúp tôi nhé."
UNSUPPORTED = (
    "Tôi chỉ đọc được chữ, vị trí, nhận được ảnh và tệp PDF; chưa nghe được ghi âm, xem được video hay nhãn dán. "
    "Anh/chị gõ câu hỏi bằng chữ giúp tôi nhé."
)
NO_FILES = "Ở đây tôi chưa nhận được ảnh và tệp. Anh/chị gõ câu hỏi bằng chữ giúp tôi nhé."
NOT_THEIRS = "Số này của người khác nên tôi không lưu. Anh/chị gửi số của chính mình, hoặc ghi số giúp tôi."
APOLOGY = "Xin lỗi anh/chị, tôi chưa xử lý được tin nhắn này. Anh/chị thử viết lại theo cách khác giúp tôi."
REDUCED = (
    "Hệ thống đang có trục trặc nên tôi trả lời ở **chế độ rút gọn**, chỉ tra thẳng trong danh mục thủ tục. "
    "Anh/chị có thể hỏi lại sau ít phút để được trả lời đầy đủ hơn."
)
REDUCED_NOTHING = (
    "Hệ thống đang có trục trặc nên tôi đang ở **chế độ rút gọn** và chưa trả lời được tin này. "
    "Xin anh/chị gửi lại sau ít phút, hoặc hỏi bộ phận một cửa nơi anh/chị ở."
)
LOCATION = "📍 Vị trí của tôi"
PRESSED = "(đã bấm một nút)"
PRIVATE = "(nội dung không được lưu lại để giữ kín)"
ATTACHMENT = "(tệp đính kèm)"
FILE = "📎 {name}"
FILE_IN_CASE = "Đã nhận tệp, kèm vào phiếu **{code}**. Cán bộ sẽ xem."
FILE_IN_FORM = "Đã nhận tệp, sẽ kèm vào phiếu anh/chị đang lập. Anh/chị trả lời tiếp câu hỏi ở trên giúp tôi."
FILE_WAITS = (
    "Đã nhận tệp. Tôi không đọc được nội dung trong ảnh; tệp sẽ đi kèm phiếu mà anh/chị gửi cán bộ trong {hours:.0f} "
    "giờ tới, quá thời gian đó tệp tự xóa.\nAnh/chị muốn gửi phản ánh kèm tệp này không?"
)
FILE_NOT_FETCHED = "Tôi chưa tải được tệp anh/chị gửi. Anh/chị gửi lại giúp tôi, hoặc gửi trên trang của phiếu."
IN_PRIVATE = (
    "Việc này cần hỏi thông tin riêng của anh/chị nên tôi không hỏi trong nhóm. Anh/chị nhắn riêng cho tôi giúp:"
)
SEND_FEEDBACK = "Gửi phản ánh"
SERVER_ERROR = "Máy chủ gặp lỗi. Xin anh/chị thử lại sau ít phút."
DATABASE_AWAY = "Hệ thống đang tạm ngừng nhận tin. Tin này chưa được ghi nhận; xin anh/chị gửi lại sau ít phút."
NO_SPACE = "Máy chủ sắp hết chỗ lưu nên chưa nhận thêm tin và tệp được. Xin anh/chị gửi lại sau ít lâu."
