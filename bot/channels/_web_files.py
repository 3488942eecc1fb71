"""Photos and PDFs sent in the web chat: `POST /api/attachments`."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web
from sqlalchemy import select

from bot import _address, conversations, uploads
from bot.channels.web import CHANNEL, MESSAGE_ID, WebChat
from bot.http import Refused, respond
from bot.incoming import Incoming
from bot.pages import Desk
from bot.ratelimit import RateLimiter
from bot.settings import WebSettings
from desk.attachments import clean_name
from store import tables
from store.errors import Conflict


class WebFiles:
    """Takes files of the chat.

    Args:
        chat: whose sessions count.
        desk: where the files go.
    """

    def __init__(self, chat: WebChat, desk: Desk, settings: WebSettings) -> None:
        self._chat = chat
        self._desk = desk
        self._settings = settings
        self._limit = RateLimiter(settings.form_burst, settings.forms_an_hour / 3600)

    def add_routes(self, app: web.Application) -> None:
        """Put the upload into the public app."""
        app.router.add_post("/api/attachments", self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        """Take one file, in the field `files` behind the message's `id`; answers like `/api/messages`."""
        session = await self._chat.admit(request)
        wait = self._limit.take(_address.of(request, forwarded=self._settings.trust_forwarded))
        if wait:
            minutes = int(wait // 60) + 1
            raise Refused(
                429, "too_fast", f"Anh/chị gửi nhiều tệp quá; thử lại sau {minutes} phút.", retry_after_s=wait
            )
        form = await uploads.read(request, self._desk.files, most_files=1)
        identity = form.text("id")
        if not MESSAGE_ID.fullmatch(identity):
            raise Refused(400, "bad_id", "Thiếu mã tin nhắn (id) hợp lệ.")
        if len(form.files) != 1:
            raise Refused(400, "no_file", "Anh/chị chưa chọn tệp.")
        external = f"{session}:{identity}"
        checked = await self._desk.files.check(form.files[0])
        database = self._desk.database
        async with database.begin() as connection:
            conversation = await conversations.ensure(connection, CHANNEL, session)
            in_form = await connection.scalar(
                select(tables.conversations.c.in_form).where(tables.conversations.c.id == conversation)
            )
        file, code = await self._desk.files.keep(conversation, checked)
        if code is not None:
            # A case that was finished in this very moment keeps the file all the same.
            with suppress(Conflict):
                await self._desk.cases.add(code, f"Gửi tệp: {file.name} (tệp số {file.id})", key=f"file:{external}")
        body = {
            "text": clean_name(form.files[0].name),
            "file": file.id,
            "media_type": file.media_type,
            "case": code,
            "in_form": bool(in_form),
            "hours": self._desk.files.settings.wait_hours,
        }
        await self._chat.take(Incoming(CHANNEL, external, session, "file", body))
        return respond({"id": identity, "accepted": True, "name": file.name, "case": code}, status=202)
