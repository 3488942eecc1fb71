"""Photos and PDFs sent in the web chat: `POST /api/attachments`."""

from __future__ import annotations

from aiohttp import web

from bot import _address, conversations, uploads
from bot.channels.web import CHANNEL, MESSAGE_ID, WebChat
from bot.files import Files
from bot.http import Refused, respond
from bot.incoming import Incoming
from bot.pages import Desk
from bot.ratelimit import RateLimiter
from bot.settings import WebSettings


class WebFiles:
    """Takes files of the chat.

    Args:
        chat: whose sessions count.
        desk: where the files go.
    """

    def __init__(self, chat: WebChat, desk: Desk, settings: WebSettings) -> None:
        self._chat = chat
        self._desk = desk
        self._files = Files(desk.database, desk.files, desk.cases)
        self._settings = settings
        self._limit = RateLimiter(settings.form_burst, settings.forms_an_hour / 3600)

    def add_routes(self, app: web.Application) -> None:
        """Put the upload into the public app."""
        app.router.add_post("/api/attachments", self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        """Take one file, in the field `files` behind the message's `id`; answers like `/api/messages`."""
        session = await self._chat.admit(request)
        address = _address.of(request, forwarded=self._settings.trust_forwarded)
        wait = self._limit.take(address)
        if wait:
            minutes = int(wait // 60) + 1
            raise Refused(
                429, "too_fast", f"Anh/chị gửi nhiều tệp quá; thử lại sau {minutes} phút.", retry_after_s=wait
            )
        form = await uploads.read(request, self._desk.files, most_files=1, whose=address)
        identity = form.text("id")
        if not MESSAGE_ID.fullmatch(identity):
            raise Refused(400, "bad_id", "Thiếu mã tin nhắn (id) hợp lệ.")
        if len(form.files) != 1:
            raise Refused(400, "no_file", "Anh/chị chưa chọn tệp.")
        external = f"{session}:{identity}"
        async with self._desk.database.begin() as connection:
            conversation = await conversations.ensure(connection, CHANNEL, session)
        body = await self._files.keep(conversation, external, form.files[0])
        await self._chat.take(Incoming(CHANNEL, external, session, "file", body))
        return respond({"id": identity, "accepted": True, "name": body["text"], "case": body["case"]}, status=202)
