"""What every page is made with: the parts, the templates, the menu, the message after a change."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from desk.attachments import Attachments
from desk.cases import Cases
from desk.console._access import PERSON, ROLE_NAMES, Right, may
from desk.console._menu import Group, Link, group_of, menu_of
from desk.console._static import StaticFiles
from desk.console._work import Works
from desk.handling import Handling
from desk.sealing import Seal
from desk.settings import ConsoleSettings, ReportSettings
from desk.sign_in import Session
from desk.takeover import Takeovers
from desk.texts import VIET_NAM
from knowledge.catalogue import Catalogue
from knowledge.places import Gazetteer
from store.engine import Database

_MOST_TOLD = 1000


@dataclass(frozen=True)
class Parts:
    """What the pages work on.

    Attributes:
        db: the database.
        catalogue: the versions of the catalogue.
        gazetteer: the communes and offices.
        settings: the console's own.
        uploads: folder for files until they are imported.
        seal: seals what identifies people, and the secrets of second factors.
        takeovers: conversations that want a person.
        cases: the citizens' side of the cases.
        handling: what staff do with cases.
        files: the files of cases.
        two_persons: whether another person than who staged a version has to approve it.
        reports: the desk's reports.
        forget_dialogue: has the dialogue manager forget conversations.
    """

    db: Database
    catalogue: Catalogue
    gazetteer: Gazetteer
    settings: ConsoleSettings
    uploads: Path
    seal: Seal
    takeovers: Takeovers
    cases: Cases
    handling: Handling
    files: Attachments
    two_persons: bool = False
    reports: ReportSettings = field(default_factory=ReportSettings)
    forget_dialogue: Callable[[Sequence[str]], object] = len


@dataclass
class Told:
    """Messages for a session's next page, in memory: a restart may lose one, never a change."""

    messages: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)

    def add(self, session: str, message: str) -> None:
        """Keep a message until the next page."""
        self.messages.setdefault(session, []).append(message)
        if len(self.messages) > _MOST_TOLD:
            self.messages.popitem(last=False)

    def take(self, session: str) -> list[str]:
        """The messages, told once."""
        return self.messages.pop(session, [])


PARTS = web.AppKey("parts", Parts)
STATIC = web.AppKey("static", StaticFiles)
MENU = web.AppKey("menu", list[Link])
WORKS = web.AppKey("works", Works)
TOLD = web.AppKey("told", Told)
TEMPLATES = web.AppKey("templates", Environment)
FORM: web.RequestKey[Mapping[str, Any]] = web.RequestKey("form", Mapping)
"""The fields of a posted form; its token was checked."""
HALF = web.RequestKey("half", Session)
"""Who has given the password and owes the code of the second factor; such a request has no `PERSON`."""
TOKEN = web.RequestKey("token", str)
"""The session's secret, or before sign-in that of the form cookie."""


def templates(folder: Path = Path(__file__).parent / "templates") -> Environment:
    """The templates: everything put into them is escaped, a name they do not get is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(when=when, day=day, number=number, role_name=lambda role: ROLE_NAMES[role])
    made.globals["role_names"] = ROLE_NAMES
    return made


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page from a template.

    Every template also gets `person` (None before sign-in), `may(right)`, `csrf()` (the hidden field that each form
    carries), `static(name)`, `menu` (see `Menu`), `here` (the path), `told` (messages about what was just changed) and
    `url(path, **query)`.
    """
    app = request.app
    person = request.get(PERSON)
    token = request.get(TOKEN, "")
    body = (
        app[TEMPLATES]
        .get_template(template)
        .render(
            person=person,
            may=partial(_may, request),
            csrf=lambda: csrf_token(token),
            static=app[STATIC].url,
            menu=menu_of([link for link in app[MENU] if _may(request, link.right)], request.path),
            here=request.path,
            told=app[TOLD].take(_session(token)) if person else [],
            url=url,
            **context,
        )
    )
    response = web.Response(text=body, status=status, content_type="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def go(request: web.Request, path: str, told: str = "") -> web.HTTPSeeOther:
    """The answer to a form that changed something: raise it, the browser then asks for `path`.

    Args:
        told: what the next page says was done.
    """
    if told:
        request.app[TOLD].add(_session(request.get(TOKEN, "")), told)
    return web.HTTPSeeOther(path)


def add_to_menu(
    app: web.Application, title: str, path: str, right: Right = "reader", *, group: Group | None = None
) -> None:
    """Put a page into the menu, in the order of the calls.

    Args:
        right: who sees it.
        group: where it stands; None: by its right (`desk.console._menu.group_of`).
    """
    app[MENU].append(Link(title, path, right, group or group_of(right)))


def csrf_token(token: str) -> str:
    """What a session's forms carry: only our own pages can know it. Not the session's secret itself."""
    return hashlib.sha256(f"form:{token}".encode()).hexdigest()


def url(path: str, /, **query: object) -> str:
    """A path with those query values that are set."""
    kept = {name: str(value) for name, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(kept)}" if kept else path


def field_of(form: Mapping[str, Any], name: str, *, longest: int = 5000) -> str:
    """A text field of a form, stripped; empty when it is missing, is a file or is too long to be meant."""
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    # Browsers send the end of a line as two characters; PostgreSQL takes no NUL in a text.
    value = value.replace("\r\n", "\n").replace("\0", "")
    return value.strip() if len(value) <= longest else ""


def when(moment: datetime | None) -> str:
    """A moment in Viet Nam's time, as people there write it."""
    return "" if moment is None else f"{moment.astimezone(VIET_NAM):%H:%M %d/%m/%Y}"


def day(value: date | str | None) -> str:
    """A day as people in Viet Nam write it; text that is no ISO date stays as it is."""
    if not isinstance(value, str):
        return "" if value is None else f"{value:%d/%m/%Y}"
    try:
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    except ValueError:
        return value


def number(value: float) -> str:
    """A number with points between thousands and a comma before decimals."""
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


def _may(request: web.Request, right: Right) -> bool:
    person = request.get(PERSON)
    return person is not None and may(person, right)


def _session(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
