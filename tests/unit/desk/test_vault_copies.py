"""The copy of a denunciation that is sent on tells nothing of who wrote it."""

from __future__ import annotations

import pytest

from desk.vault import HIDDEN, Identity, stripped

WHO = Identity("Nguyễn Văn An", "ấp Mỹ Khánh, xã Mỹ Hòa Hưng", "0912 345 678, an.nguyen@example.vn")


@pytest.mark.parametrize(
    "text",
    [
        "Tôi là Nguyễn Văn An, ở ấp Mỹ Khánh, thấy ông trưởng ấp lấy tiền.",
        "toi la nguyen van an o ap my khanh thay ong truong ap lay tien",
        "NGUYỄN VĂN AN, số 0912345678, căn cước 089123456789",
        "Gọi tôi 0912 345 678 hoặc an.nguyen@example.vn. Nguyễn\nVăn  An",
        "Hôm đó chú An ở xã Mỹ Hòa Hưng có thấy",
    ],
)
def test_name_address_and_contact_are_blotted_out(text: str) -> None:
    copy = " ".join(stripped(text, WHO).lower().split())
    for known in ("nguyễn văn an", "nguyen van an", "mỹ khánh", "my khanh", "0912345678", "0912 345 678", "@example"):
        assert known not in copy
    assert "089123456789" not in copy
    assert "chú an " not in copy


def test_what_is_told_stays_readable() -> None:
    text = "Ông trưởng ấp ăn chặn 5.000.000 đồng tiền hỗ trợ hộ nghèo ở An Giang ngày 02/03/2026."
    assert stripped(text, WHO) == text


def test_who_says_nothing_of_themselves_loses_no_word() -> None:
    assert stripped("Cán bộ nhận tiền", Identity()) == "Cán bộ nhận tiền"
    assert HIDDEN not in stripped("Cán bộ nhận tiền", Identity(name=" ", address=",", contact=" ; "))
