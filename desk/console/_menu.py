"""The menu: groups in the first row, the pages of one group in the second, so that no row has to wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from desk.access import Right

Group = Literal["Bàn việc", "Danh mục", "Quản trị"]
GROUPS: tuple[Group, ...] = get_args(Group)
_GROUPS: dict[Right, Group] = {
    "reader": "Danh mục",
    "editor": "Danh mục",
    "approver": "Danh mục",
    "administrator": "Quản trị",
    "desk.settings": "Quản trị",
    "accounts": "Quản trị",
}


def group_of(right: Right) -> Group:
    """Where a page stands whose readers need this right."""
    return _GROUPS.get(right, "Bàn việc")


@dataclass(frozen=True)
class Link:
    """An entry of the menu, shown to those who have the right."""

    title: str
    path: str
    right: Right = "reader"
    group: Group = "Danh mục"

    def holds(self, path: str) -> bool:
        """Whether a page is this entry's own or lies under it."""
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


@dataclass(frozen=True)
class Menu:
    """The menu as one person sees it on one page.

    Attributes:
        groups: name and first page of each group that holds something for them.
        group: the one that the page belongs to.
        links: its entries.
        here: the entry whose page this is; empty: none.
    """

    groups: tuple[tuple[Group, str], ...]
    group: Group | None
    links: tuple[Link, ...]
    here: str


def menu_of(links: Sequence[Link], path: str) -> Menu:
    """The menu of who may use these entries, on a page.

    A page that no entry holds shows no group's entries but those of the only group there is.
    """
    groups = tuple((name, found[0].path) for name in GROUPS if (found := [one for one in links if one.group == name]))
    # Of `/` and `/cases` the longer one holds `/cases/MC-…`; `/` itself holds only its own page.
    held = [one for one in links if (one.holds(path) if one.path != "/" else path == "/")]
    here = max(held, key=lambda one: len(one.path), default=None)
    group = here.group if here else (groups[0][0] if len(groups) == 1 else None)
    return Menu(groups, group, tuple(one for one in links if one.group == group), here.path if here else "")
