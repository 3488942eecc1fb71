"""The versions of the catalogue: the list, one of them, and what is done with it."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select

from desk.console._access import may, needs, who
from desk.console._frame import FORM, PARTS, WORKS, Parts, add_to_menu, field_of, go, page
from desk.console._words import EVENTS, STATES
from desk.console._work import Progress
from knowledge.catalogue import Version
from store.errors import Conflict, Invalid, NotFound
from store.tables import catalogue_live

_LONGEST_REASON = 1000
_EVENTS_SHOWN = 2000


def add_routes(app: web.Application) -> None:
    """Pages of the versions."""
    add_to_menu(app, "Các bản danh mục", "/versions")
    app.router.add_get("/versions", list_)
    app.router.add_get("/versions/{id}", show)
    app.router.add_post("/versions/{id}/approve", approve)
    app.router.add_post("/versions/{id}/reject", reject)
    app.router.add_post("/versions/{id}/publish", publish)
    app.router.add_get("/rollback", confirm_rollback)
    app.router.add_post("/rollback", rollback)


@needs("reader")
async def list_(request: web.Request) -> web.StreamResponse:
    """Every version, the newest first."""
    parts = request.app[PARTS]
    versions = await parts.catalogue.list()
    _, previous = await _live(parts)
    return page(
        request,
        "versions.html",
        title="Các bản danh mục",
        versions=versions,
        live=next((version for version in versions if version.live), None),
        previous=previous,
        states=STATES,
    )


@needs("reader")
async def show(request: web.Request) -> web.StreamResponse:
    """One version, what it changes, and what may be done with it."""
    parts = request.app[PARTS]
    version = await parts.catalogue.version(request.match_info["id"])
    events = [event for event in await parts.catalogue.events(limit=_EVENTS_SHOWN) if event.version_id == version.id]
    staged_by = version.actor
    person = who(request)
    approver = may(person, "approver")
    live, _ = await _live(parts)
    # What went live since the comparison makes it worthless: it has to be looked at and approved again.
    current = version.base_id == live
    buildable = (current or version.published_at is not None) and version.state not in {"building", "rejected"}
    waits = version.published_at is None and version.state in {"staged", "approved", "failed", "ready"}
    own = parts.two_persons and staged_by == person.name
    confirmed = not parts.two_persons or version.approved_by is not None or version.published_at is not None
    return page(
        request,
        "version.html",
        title=f"Bản {version.id}",
        version=version,
        counts=version.diff,
        events=events,
        states=STATES,
        event_names=EVENTS,
        may_approve=approver and waits and not own and not (version.approved_by and current),
        stale=waits and not current,
        may_reject=approver and waits,
        may_publish=approver and confirmed and buildable and not version.live,
        may_force=may(person, "administrator"),
        own=own and waits,
        work=request.app[WORKS].of_key(f"publish {version.id}"),
    )


@needs("approver")
async def approve(request: web.Request) -> web.StreamResponse:
    """Say that a version may be used."""
    version = await request.app[PARTS].catalogue.approve(request.match_info["id"], actor=who(request).name)
    raise go(request, f"/versions/{version.id}", "Đã duyệt. Bản này chưa được dùng cho tới khi đưa vào dùng.")


@needs("approver")
async def reject(request: web.Request) -> web.StreamResponse:
    """Say that a version must not be used, and why."""
    reason = field_of(request[FORM], "reason", longest=_LONGEST_REASON)
    if not reason:
        raise Invalid("Anh/chị ghi lý do từ chối (tối đa 1.000 ký tự), để người nạp biết mà sửa.")
    version = await request.app[PARTS].catalogue.reject(
        request.match_info["id"], actor=who(request).name, reason=reason
    )
    raise go(request, f"/versions/{version.id}", "Đã từ chối bản này. Bản đang dùng không thay đổi.")


@needs("approver")
async def publish(request: web.Request) -> web.StreamResponse:
    """Build a version and make it live, in the background."""
    parts = request.app[PARTS]
    version = await parts.catalogue.version(request.match_info["id"])
    person = who(request)
    force = request[FORM].get("force") == "1" and may(person, "administrator")

    async def run(progress: Progress) -> str:
        made: Version = await parts.catalogue.publish(version.id, actor=person.name, progress=progress, force=force)
        return f"/versions/{made.id}"

    work = request.app[WORKS].start(
        f"Đưa bản {version.id} vào dùng",
        run,
        actor=person.name,
        link=f"/versions/{version.id}",
        key=f"publish {version.id}",
    )
    raise go(request, f"/work/{work.id}")


@needs("approver")
async def confirm_rollback(request: web.Request) -> web.StreamResponse:
    """What going back would do."""
    parts = request.app[PARTS]
    live, previous = await _live(parts)
    if live is None or previous is None:
        raise NotFound("Chưa có bản nào được dùng trước bản này, nên không có bản để quay về.")
    return page(
        request,
        "rollback.html",
        title="Quay về bản trước",
        live=await parts.catalogue.version(live),
        previous=await parts.catalogue.version(previous),
    )


@needs("approver")
async def rollback(request: web.Request) -> web.StreamResponse:
    """Go back to the version that was live before."""
    parts = request.app[PARTS]
    live, _ = await _live(parts)
    # A button pressed twice must not go back and forth again.
    if field_of(request[FORM], "live") != live:
        raise Conflict("Bản đang dùng vừa được đổi. Anh/chị xem lại danh sách các bản rồi hãy quyết định.")
    version = await parts.catalogue.rollback(actor=who(request).name)
    raise go(request, f"/versions/{version.id}", "Đã quay về bản này. Người dân được trả lời theo bản này.")


async def _live(parts: Parts) -> tuple[str | None, str | None]:
    """Ids of the version that is live and of the one before it."""
    async with parts.db.connect() as connection:
        row = (await connection.execute(select(catalogue_live))).mappings().one_or_none()
    return (row["version_id"], row["previous_id"]) if row else (None, None)
