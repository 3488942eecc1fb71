"""Vietnamese for what the rooms below say in English to programs and to the command line."""

from __future__ import annotations

from store.errors import Conflict, MotcuaError, NotFound, Unavailable

STATES = {
    "staged": "chờ duyệt",
    "approved": "đã duyệt",
    "rejected": "bị từ chối",
    "building": "đang dựng",
    "ready": "đã dựng, chưa dùng",
    "published": "đã từng dùng",
    "failed": "dựng không thành",
    "removed": "đã gỡ tệp",
}
EVENTS = {
    "staged": "nạp lên",
    "approved": "duyệt",
    "rejected": "từ chối",
    "built": "dựng xong",
    "published": "đưa vào dùng",
    "rolled_back": "quay về bản trước",
    "failed": "dựng không thành",
    "interrupted": "dựng bị ngắt giữa chừng",
    "removed": "gỡ tệp",
}
COLUMNS = {
    "code": "mã thủ tục",
    "name": "tên thủ tục",
    "field": "lĩnh vực",
    "promulgator": "cơ quan ban hành",
    "executing_agencies": "cơ quan thực hiện",
    "authority": "cơ quan có thẩm quyền",
    "levels": "cấp thực hiện",
    "subjects": "đối tượng",
    "decision_no": "số quyết định công bố",
    "decision_date": "ngày quyết định",
    "status": "tình trạng",
    "url": "đường dẫn",
    "receiving_address": "địa chỉ tiếp nhận",
    "steps": "trình tự thực hiện",
    "channels": "cách thức nộp",
    "time": "thời hạn giải quyết",
    "fee": "phí, lệ phí",
    "documents": "thành phần hồ sơ",
    "conditions": "yêu cầu, điều kiện",
    "results": "kết quả",
    "legal_codes": "căn cứ pháp lý",
    "description": "mô tả",
    "everyday": "cách gọi thường ngày",
}
"""What a column of a table may mean (`knowledge.importers._headings.FIELDS`)."""
STAGES = {
    "reading": "đọc tệp",
    "province layer": "ghép phần riêng của tỉnh",
    "comparing": "so sánh với bản đang dùng",
    "staged": "đã nạp",
    "pairs": "soạn câu hỏi để học",
    "training": "huấn luyện",
    "index": "lập chỉ mục",
    "calibration": "hiệu chỉnh",
    "checking": "kiểm tra",
    "golden questions": "hỏi thử bộ câu hỏi chuẩn",
    "switching": "đổi bản",
    "live": "đã đổi",
    "done": "xong",
}
"""Steps that `knowledge.catalogue` tells the progress of."""
SEVERITIES = {"error": "bỏ ra", "warning": "cần xem lại", "fixed": "đã sửa"}


def in_vietnamese(error: MotcuaError) -> str:
    """A sentence for staff; what the rooms below wrote in English is kept behind it, since it says what exactly."""
    if _is_vietnamese(error.message):
        return error.message
    if isinstance(error, NotFound):
        return f"Không tìm thấy dữ liệu được hỏi. ({error.message})"
    if isinstance(error, Conflict):
        return f"Có việc khác đang làm hoặc dữ liệu vừa đổi; anh/chị thử lại sau. ({error.message})"
    if isinstance(error, Unavailable):
        return f"Danh mục chưa sẵn sàng. ({error.message})"
    return f"Chưa làm được. ({error.message})"


def _is_vietnamese(text: str) -> bool:
    """Whether most of a sentence is Vietnamese: an English one may quote a Vietnamese name or question."""
    words = text.split()
    return sum(not word.isascii() for word in words) > len(words) / 3
