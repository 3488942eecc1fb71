"""The shapes of a portal's answers: a page of its list, a procedure's detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.sync._portal import Refused

_MAX_ID = 200


@dataclass(frozen=True)
class Page:
    """One page of the list.

    Attributes:
        rows: its procedures, only those parts that are objects.
        total: how many procedures the portal counts in all, if it says so.
        pages: how many pages there are, if it says so.
        last_id: where the next page begins, if it says so.
    """

    rows: tuple[Mapping[str, Any], ...]
    total: int | None
    pages: int | None
    last_id: str | None


def page(answer: Any) -> Page:
    """Read a page: a bare list, or an envelope whose `data` is a list or holds `rows`, `items` or `content`.

    Raises:
        Refused: it is none of these.
    """
    data = _unwrapped(answer)
    about: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    rows = data
    for name in ("rows", "items", "content"):
        if name in about:
            rows = about[name]
            break
    if not isinstance(rows, list):
        raise Refused("it holds no list of procedures")
    last = about.get("lastId")
    if last and len(str(last)) > _MAX_ID:
        raise Refused("what it calls the last id is too long for one")
    return Page(
        rows=tuple(row for row in rows if isinstance(row, Mapping)),
        total=_count(about.get("total", about.get("totalElements"))),
        pages=_count(about.get("totalPages")),
        last_id=str(last) if last else None,
    )


def id_of(row: Mapping[str, Any]) -> str | None:
    """The id by which a listed procedure's detail is asked for; None when it has none that can be used."""
    for name in ("formalityId", "id"):
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value)
            if text and len(text) <= _MAX_ID and text.isprintable() and not set(text) & set("/?#%\\ "):
                return text
    return None


def detail(answer: Any, id_: str) -> Mapping[str, Any]:
    """Read a procedure's detail, bare or in its envelope.

    Raises:
        Refused: it is none, or that of another procedure.
    """
    data = _unwrapped(answer)
    if not isinstance(data, Mapping) or not data:
        raise Refused("it holds no procedure")
    if "id" in data and str(data["id"]) != id_:
        raise Refused(f"it is the detail of another procedure ({str(data['id'])[:60]})")
    if "code" not in data and "codeNotation" not in data and "name" not in data:
        raise Refused("it holds no procedure")
    return data


def _unwrapped(answer: Any) -> Any:
    if not isinstance(answer, Mapping) or "data" not in answer:
        return answer
    said = answer.get("code")
    if said not in (None, "OK", 0, 200, "200", "SUCCESS"):
        raise Refused(f"the portal says {str(said)[:60]}: {str(answer.get('message') or '')[:200]}")
    return answer["data"]


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
