"""Accounts of staff: who may sign in, with which roles, in which unit. A page of administrators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from desk import _passwords, second_factor, sign_in, staff, units
from desk.console._access import ROLE_NAMES, needs, who
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.console._lists import sent
from desk.staff import Event, Person, Role
from store.errors import Conflict, Invalid, MotcuaError, NotFound
from store.tables import now

ROLE_HELP = {
    Role.officer: "nhận và trả lời phiếu của đơn vị mình, trò chuyện trực tiếp với người dân",
    Role.supervisor: "như cán bộ xử lý, và phân việc, chuyển đơn vị, duyệt câu trả lời, xem báo cáo",
    Role.vault: "đọc và xử lý đơn tố cáo; không ai khác thấy các đơn này",
    Role.catalogue_editor: "nạp và sửa danh mục thủ tục",
    Role.catalogue_approver: "duyệt và đưa danh mục vào dùng",
    Role.administrator: "quản lý tài khoản, đơn vị, cài đặt, danh mục; không đọc được phiếu của người dân",
}
_ROLES = {role.value: name for role, name in ROLE_NAMES.items()}
_EVENTS = {
    "added": "tạo tài khoản",
    "password_set": "đặt mật khẩu",
    "roles_set": "đổi vai trò",
    "desk_set": "đổi đơn vị hoặc việc duyệt câu trả lời",
    "disabled": "khóa hẳn",
    "enabled": "mở lại",
    "signed_in": "đăng nhập",
    "signed_out": "đăng xuất",
    "sign_in_failed": "sai mật khẩu",
    "second_factor_failed": "sai mã xác nhận",
    "second_factor_set": "cài ứng dụng tạo mã",
    "second_factor_reset": "bỏ ứng dụng tạo mã để cài lại",
    "recovery_codes_renewed": "tạo lại mã dự phòng",
    "signed_out_elsewhere": "đăng xuất các nơi khác",
    "locked": "tạm khóa vì sai nhiều lần",
    "unlocked": "gỡ tạm khóa",
}
_CHANGES: dict[str, tuple[Callable[..., Awaitable[Person]], str]] = {
    "second-factor-reset": (second_factor.reset, "Đã bỏ ứng dụng tạo mã; lần đăng nhập tới sẽ cài lại."),
    "unlock": (sign_in.unlock, "Đã gỡ tạm khóa."),
    "disable": (staff.disable, "Đã khóa tài khoản."),
    "enable": (staff.enable, "Đã mở lại tài khoản."),
}


def add_routes(app: web.Application) -> None:
    """The list, one account, its changes."""
    add_to_menu(app, "Tài khoản", "/accounts", "accounts")
    app.router.add_get("/accounts", show_all)
    app.router.add_post("/accounts", add)
    app.router.add_get("/accounts/{name}", show)
    app.router.add_post("/accounts/{name}", change)
    app.router.add_post("/accounts/{name}/password", new_password)
    app.router.add_post("/accounts/{name}/{change}", do)


@needs("accounts")
async def show_all(request: web.Request) -> web.StreamResponse:
    """Every account, and the form for a new one."""
    return await _list(request)


@needs("accounts")
async def add(request: web.Request) -> web.StreamResponse:
    """Make an account; its first password is made up and shown once."""
    form, password = request[FORM], _passwords.made_up()
    try:
        person = await staff.add(
            request.app[PARTS].db,
            field_of(form, "name", longest=100),
            password,
            _roles(request),
            actor=who(request).name,
            unit=field_of(form, "unit", longest=40) or None,
            reviewed="reviewed" in form,
        )
    except (Invalid, Conflict, NotFound) as error:
        return await _list(request, error)
    return page(request, "account_password.html", title="Tài khoản mới", account=person, password=password, made=True)


@needs("accounts")
async def show(request: web.Request) -> web.StreamResponse:
    """One account."""
    return await _one(request, await _asked(request))


@needs("accounts")
async def change(request: web.Request) -> web.StreamResponse:
    """Give it the roles and the unit of the form."""
    person, form, db, by = await _asked(request), request[FORM], request.app[PARTS].db, who(request).name
    try:
        roles = _roles(request)
        if frozenset(roles) != person.roles:
            await staff.set_roles(db, person.name, roles, actor=by)
        unit, reviewed = field_of(form, "unit", longest=40) or None, "reviewed" in form
        if (unit, reviewed) != (person.unit_code, person.reviewed):
            await staff.set_desk(db, person.name, unit=unit, reviewed=reviewed, actor=by)
    except (Invalid, Conflict, NotFound) as error:
        return await _one(request, person, error)
    raise go(request, f"/accounts/{person.name}", "Đã lưu.")


@needs("accounts")
async def new_password(request: web.Request) -> web.StreamResponse:
    """Make a new password up; shown once."""
    person, password = await _asked(request), _passwords.made_up()
    await staff.set_password(request.app[PARTS].db, person.name, password, actor=who(request).name)
    return page(request, "account_password.html", title="Mật khẩu mới", account=person, password=password, made=False)


@needs("accounts")
async def do(request: web.Request) -> web.StreamResponse:
    """Unlock, disable, enable, take the second factor away."""
    person = await _asked(request)
    found = _CHANGES.get(request.match_info["change"])
    if found is None:
        raise web.HTTPNotFound
    work, told = found
    try:
        await work(request.app[PARTS].db, person.name, actor=who(request).name)
    except Conflict as error:
        return await _one(request, person, error)
    raise go(request, f"/accounts/{person.name}", told)


async def _list(request: web.Request, error: MotcuaError | None = None) -> web.StreamResponse:
    form: Any = request.get(FORM) or {}
    return page(
        request,
        "accounts.html",
        status=error.status if error else 200,
        title="Tài khoản",
        message=error.message if error else "",
        accounts=await staff.list_(request.app[PARTS].db),
        name=field_of(form, "name", longest=100),
        chosen=set(_roles(request)) if form else set(),
        unit=field_of(form, "unit", longest=40),
        reviewed="reviewed" in form,
        **await _choices(request),
    )


async def _one(request: web.Request, person: Person, error: MotcuaError | None = None) -> web.StreamResponse:
    happened = await staff.events(request.app[PARTS].db, person.name, limit=50)
    return page(
        request,
        "account_edit.html",
        status=error.status if error else 200,
        title=f"Tài khoản {person.name}",
        message=error.message if error else "",
        account=person,
        locked=person.locked_until is not None and person.locked_until > now(),
        events=[(one, _EVENTS.get(one.what, one.what), _detail(one)) for one in happened],
        **await _choices(request),
    )


async def _choices(request: web.Request) -> dict[str, Any]:
    held = await units.list_(request.app[PARTS].db)
    return {"roles": ROLE_HELP, "units": held, "unit_names": {unit.code: unit.name for unit in held}}


async def _asked(request: web.Request) -> Person:
    return await staff.get(request.app[PARTS].db, request.match_info["name"])


def _roles(request: web.Request) -> list[Role]:
    wanted = [str(value) for value in sent(request).getall("role", [])]
    return [role for role in Role if role.value in wanted]


def _detail(event: Event) -> str:
    data = event.data
    shown = [", ".join(_ROLES.get(role, role) for role in data["roles"])] if data.get("roles") else []
    if data.get("unit"):
        shown.append(f"đơn vị {data['unit']}")
    if data.get("reviewed"):
        shown.append("cần duyệt câu trả lời")
    if data.get("by") == "recovery":
        shown.append("bằng mã dự phòng")
    if data.get("address"):
        shown.append(f"từ {data['address']}")
    return "; ".join(shown)
