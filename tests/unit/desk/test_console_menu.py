"""The menu: groups in the first row, the pages of one group in the second."""

from __future__ import annotations

import pytest

from desk.console._menu import Link, group_of, menu_of

LINKS = (
    Link("Phiếu", "/cases", "cases.read", "Bàn việc"),
    Link("Trò chuyện", "/live", "takeover", "Bàn việc"),
    Link("Các bản danh mục", "/versions", "reader", "Danh mục"),
    Link("Tài khoản", "/accounts", "accounts", "Quản trị"),
)


@pytest.mark.parametrize(
    ("path", "group", "here"),
    [
        ("/cases", "Bàn việc", "/cases"),
        ("/cases/MC-222222", "Bàn việc", "/cases"),
        ("/versions/x/diff", "Danh mục", "/versions"),
        ("/accounts", "Quản trị", "/accounts"),
        ("/accountsX", None, ""),
        ("/account", None, ""),
    ],
)
def test_a_page_shows_the_group_it_lies_in(path: str, group: str | None, here: str) -> None:
    menu = menu_of(LINKS, path)
    assert (menu.group, menu.here) == (group, here)
    assert [link.group for link in menu.links] == [group] * len(menu.links)
    assert menu.groups == (("Bàn việc", "/cases"), ("Danh mục", "/versions"), ("Quản trị", "/accounts"))


def test_who_has_one_group_sees_its_pages_everywhere() -> None:
    menu = menu_of(LINKS[:2], "/account")
    assert (menu.group, menu.links) == ("Bàn việc", LINKS[:2])
    assert menu_of((), "/account").links == ()


def test_of_two_entries_the_longer_one_holds_a_page() -> None:
    links = (Link("A", "/vocabulary"), Link("B", "/vocabulary/measure"), Link("C", "/"))
    assert menu_of(links, "/vocabulary/measure").here == "/vocabulary/measure"
    assert menu_of(links, "/vocabulary/5").here == "/vocabulary"
    assert menu_of(links, "/").here == "/"
    assert menu_of(links, "/elsewhere").here == ""


def test_a_page_stands_in_the_group_of_its_right() -> None:
    assert group_of("reader") == "Danh mục"
    assert group_of("cases.read") == "Bàn việc"
    assert group_of("vault") == "Bàn việc"
    assert group_of("accounts") == "Quản trị"
