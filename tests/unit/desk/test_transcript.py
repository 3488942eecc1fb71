"""What staff read of a message that is no plain text."""

from __future__ import annotations

from typing import Any

import pytest

from desk.transcript import described


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "text", "text": "xin chào"}, "xin chào"),
        ({"kind": "command", "text": "/start"}, "/start"),
        ({"kind": "button", "button": "x1", "title": "Lệ phí", "payload": "/fee"}, "▸ Lệ phí"),
        ({"kind": "button", "button": "x1"}, "▸ (nút đã hết hạn)"),
        ({"kind": "location", "lat": 10.38, "lon": 105.43}, "📍 Vị trí: 10.38, 105.43"),
        ({"kind": "file", "text": "anh.jpg", "file": 7}, "📎 anh.jpg"),
        ({"kind": "private"}, "(Nội dung không được lưu lại để giữ kín.)"),
        ({"kind": "unsupported"}, "(tệp hoặc ghi âm mà chương trình không nhận)"),
        ({"kind": "unsupported", "text": "chú thích"}, "chú thích"),
        ({"kind": "flood", "text": "nhanh"}, "nhanh"),
        ({"kind": "what a newer release writes"}, ""),
        ({}, ""),
    ],
)
def test_every_kind_of_message_has_words(body: dict[str, Any], said: str) -> None:
    assert described(body) == said
