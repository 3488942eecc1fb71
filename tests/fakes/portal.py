"""A portal's JSON API on a real socket, in the shapes of the national one: a list in pages, a detail per procedure.

It is strict where a real one is: it knows only its own paths and parameters, wants to know who asks, and counts what it
is asked. It misbehaves on demand.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Literal

from aiohttp import web

LIST = "/api/v1/submitting/formality/list-all-formality-by-citizen"
DETAIL = "/api/v1/configuring/formality/get-formality-by-citizen"
# In the order of the list's fields as the portal sends them.
_LISTED = ("id", "name", "code", "codeNotation", "state", "type")


@dataclass(frozen=True)
class Trouble:
    """One wrong answer: a status, with headers; or bytes in place of JSON; or a connection that breaks."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drop: bool = False


def detail(number: int, name: str = "", **more: Any) -> dict[str, Any]:
    """A made-up procedure as the portal sends it, with a commune's committee as its office."""
    return {
        "id": f"00000000-0000-7000-8000-{number:012d}",
        "code": f"1.{number:06d}",
        "codeNotation": f"1.{number:06d}",
        "name": name or f"Thủ tục thử nghiệm số {number}",
        "categoriesDetails": [{"name": "Thử nghiệm"}],
        "departmentPromulgateName": "Bộ Tư pháp",
        "unitGroupsExecuting": [{"name": "Ủy ban nhân dân cấp xã"}],
        "isWard": True,
        "executionSteps": [{"name": "", "description": f"Nộp hồ sơ thử nghiệm {number}."}],
        "executionMethods": [
            {
                "submissionMethod": "DIRECT",
                "processingTime": 3,
                "processingTimeUnit": "WORKING_DAY",
                "fees": [{"value": 8000, "currencyName": "Đồng"}],
            }
        ],
        "executionCases": [{"name": "", "profileComponents": [{"name": "Tờ khai", "originalQty": 1, "copyQty": 0}]}],
        "isFullProcess": False,
        "isInternal": False,
        "state": "ACTIVE",
        "type": "STANDARD",
        **more,
    }


class FakePortal:
    """The server; use it as an asynchronous context.

    Args:
        details: what it holds, as raw answers.
        paging: by cursor (`lastId`) or by number (`page`).
        conditional: `etag` or `date`: what its answers can be asked conditionally by; None: neither.
        answered: called before each answer with the number of requests so far; may change `details`.

    Attributes:
        asked: how often each path and id was asked for.
        times: the monotonic second of each request.
        agents: what callers called themselves.
        unchanged: how many answers said that nothing has changed.
        most_at_once: requests under way at the same time, at most.
        troubles: wrong answers still to give, by the id of a procedure or `list`.
    """

    def __init__(
        self,
        details: Sequence[Mapping[str, Any]] = (),
        *,
        paging: Literal["cursor", "page"] = "cursor",
        conditional: Literal["etag", "date"] | None = "etag",
        answered: Callable[[int], None] | None = None,
    ) -> None:
        self.details: dict[str, Mapping[str, Any]] = {str(one["id"]): one for one in details}
        self.paging = paging
        self.conditional = conditional
        self.answered = answered
        self.asked: Counter[str] = Counter()
        self.times: list[float] = []
        self.agents: set[str] = set()
        self.tokens: set[str] = set()
        self.unchanged = 0
        self.most_at_once = 0
        self.troubles: dict[str, list[Trouble]] = {}
        self.delay_s = 0.0
        self._now = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> FakePortal:
        app = web.Application()
        app.router.add_route("*", LIST, self._list)
        app.router.add_route("*", DETAIL, self._detail)
        app.router.add_route("*", DETAIL + "/{id}", self._detail)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/api/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def requests(self) -> int:
        """Requests so far."""
        return len(self.times)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        asked = await self._parameters(request)
        cursor = asked.pop("lastId", "") if self.paging == "cursor" else asked.pop("page", "1")
        limit = int(asked.pop("limit"))
        asked.pop("departmentCode", None)
        if asked:
            raise web.HTTPBadRequest(text=f"unknown parameters {sorted(asked)}")
        return await self._answer(request, "list", lambda: self._page(str(cursor), limit))

    async def _detail(self, request: web.Request) -> web.StreamResponse:
        asked = await self._parameters(request)
        id_ = request.match_info.get("id") or asked.pop("id")
        if asked:
            raise web.HTTPBadRequest(text=f"unknown parameters {sorted(asked)}")
        return await self._answer(request, id_, lambda: self.details.get(id_))

    async def _parameters(self, request: web.Request) -> dict[str, str]:
        if request.method == "POST":
            body = await request.json()
            return {name: str(value) for name, value in body.items()}
        if request.method == "GET":
            return dict(request.query)
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])

    def _page(self, cursor: str, limit: int) -> dict[str, Any]:
        ids = sorted(self.details)
        after = [id_ for id_ in ids if id_ > cursor]
        rest = after if self.paging == "cursor" else ids[(int(cursor) - 1) * limit :]
        rows = [self._row(self.details[id_]) for id_ in rest[:limit]]
        page: dict[str, Any] = {"rows": rows, "total": len(ids)}
        if self.paging == "page":
            page["totalPages"] = -(-len(ids) // limit)
        elif rows:
            page["lastId"] = rows[-1]["id"]
        return page

    @staticmethod
    def _row(one: Mapping[str, Any]) -> dict[str, Any]:
        row = {name: one[name] for name in _LISTED if name in one}
        offices = [group["name"] for group in one.get("unitGroupsExecuting") or [] if isinstance(group, dict)]
        return {**row, "departments": offices, "departmentPromulgate": one.get("departmentPromulgateName")}

    async def _answer(self, request: web.Request, key: str, made: Callable[[], Any]) -> web.StreamResponse:
        agent = request.headers.get("User-Agent", "")
        if not agent or agent.startswith("Python/"):
            raise web.HTTPForbidden(text="who are you?")
        self.asked[key] += 1
        self.times.append(time.monotonic())
        self.agents.add(agent)
        self.tokens.add(request.headers.get("Authorization", ""))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.answered is not None:
                self.answered(self.requests)
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            return self._made(request, key, made())
        finally:
            self._now -= 1

    def _made(self, request: web.Request, key: str, data: Any) -> web.StreamResponse:
        waiting = self.troubles.get(key)
        if waiting:
            trouble = waiting.pop(0)
            if trouble.drop:
                assert request.transport is not None
                request.transport.abort()
            return web.Response(status=trouble.status, headers=trouble.headers, body=trouble.body or b"")
        if data is None:
            return web.json_response({"code": "NOT_FOUND", "message": "không tìm thấy"}, status=404)
        body = json.dumps({"code": "OK", "data": data, "message": ""}).encode()
        headers = {}
        if self.conditional == "etag":
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                self.unchanged += 1
                return web.Response(status=304 if request.method == "GET" else 412, headers=headers)
        elif self.conditional == "date":
            # Some second of the last years, another one for another answer.
            second = int(hashlib.sha256(body).hexdigest()[:8], 16) % 100_000_000
            headers["Last-Modified"] = format_datetime(datetime.fromtimestamp(1_690_000_000 + second, UTC), usegmt=True)
            if request.method == "GET" and request.headers.get("If-Modified-Since") == headers["Last-Modified"]:
                self.unchanged += 1
                return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers, content_type="application/json")
