"""A portal on an origin of its own that embeds the chat with one line, under a strict content security policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cổng thông tin xã Mẫu</title><link rel="stylesheet" href="/portal.css"></head>
<body>
<header><strong>CỔNG THÔNG TIN ĐIỆN TỬ XÃ MẪU</strong>
<nav><a href="#tin">Tin tức</a> <a href="#tt">Thủ tục</a></nav></header>
<main><h1 id="tt">Thủ tục hành chính</h1>
<p>Giờ làm việc: 7 giờ đến 11 giờ và 13 giờ đến 17 giờ, từ thứ Hai đến thứ Sáu.</p>
<article><h2>Đăng ký khai sinh</h2>
<p>Nộp tại Trung tâm Phục vụ hành chính công của xã, hoặc nộp trực tuyến.</p></article>
<article><h2>Xác nhận tình trạng hôn nhân</h2><p>Nộp tại nơi thường trú, có kết quả trong 3 ngày làm việc.</p></article>
<article><h2>Đăng ký hộ kinh doanh</h2><p>Nộp tại Trung tâm Phục vụ hành chính công của xã.</p></article>
<button id="mine" type="button">Nút của cổng</button></main>
<script src="{chat}/embed.js" async{options}></script>
</body></html>"""
_STYLE = """
html { font-size: 62.5%; }
body { margin: 0; font: 1.7rem/1.6 Georgia, serif; color: #222; background: #f5f1ea; }
header { display: flex; justify-content: space-between; padding: 2rem 6vw; color: #fff; background: #8c1d18; }
header a { color: #fff; margin-left: 2rem; }
main { padding: 2rem 6vw; max-width: 70rem; }
article { margin: 1.5rem 0; padding: 1rem 2rem; background: #fff; border-left: 5px solid #8c1d18; }
h1 { font-size: 3rem; } h2 { font-size: 2rem; margin: 0; }
"""
# What old portals do to everything inside them, and worse.
_HOSTILE = """
* { font-family: cursive !important; letter-spacing: 9px !important; color: red !important;
  text-transform: uppercase !important;
  box-sizing: content-box !important; --ink: red; --rem: 90px; --base: 90px; --card: lime; direction: rtl; }
body > * { display: none !important; position: static !important; opacity: 0 !important;
  width: 1px !important; zoom: 3; }
button, textarea, .row, .bubble, .chip, #app, #launcher { display: none !important; visibility: hidden !important; }
"""


@dataclass
class Portal:
    """The portal; what a test sets holds from the next request on.

    Attributes:
        origin: its own.
        chat: origin of the chat that it embeds.
        options: more attributes of the script.
        hostile: its styles spoil whatever they reach.
        styles: what its policy allows for styles besides its own.
        policy: it has one at all.
    """

    origin: str
    chat: str = ""
    options: str = ""
    hostile: bool = False
    styles: str = ""
    policy: bool = True

    async def page(self, _request: web.Request) -> web.Response:
        text = _PAGE.replace("{chat}", self.chat).replace("{options}", f" {self.options}" if self.options else "")
        policy = (
            f"default-src 'none'; script-src {self.chat}; connect-src {self.chat}; img-src {self.chat} data:; "
            f"style-src 'self' {self.styles}; base-uri 'none'; form-action 'none'"
        )
        headers = {"Content-Security-Policy": policy} if self.policy else {}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE + (_HOSTILE if self.hostile else ""), content_type="text/css")


async def _nothing(_request: web.Request) -> web.Response:
    return web.Response(status=204)


@asynccontextmanager
async def portal(host: str = "127.0.0.1") -> AsyncIterator[Portal]:
    """A portal on a free port.

    Args:
        host: how browsers name it; `localhost` is another site than `127.0.0.1`.
    """
    made = Portal("")
    app = web.Application()
    app.add_routes(
        [web.get("/", made.page), web.get("/portal.css", made.style), web.get("/favicon.ico", _nothing)],
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://{host}:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
