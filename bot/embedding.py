"""The chat in pages of other origins: which may have it, and what their browsers are told (CORS)."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

SCRIPT = "/embed.js"
"""Address of the script that a page embeds."""
_API = "/api/"
_FILES = "/static/"
_METHODS = frozenset({"GET", "POST"})
# Long enough for a conversation; an origin that is struck off the list is out within minutes.
_PREFLIGHT_S = 600


class Embedding:
    """The origins that may embed the chat.

    Args:
        origins: scheme://host[:port], in any case.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.lower() for origin in origins)

    def may_post(self, request: web.Request) -> bool:
        """Whether the request is one of the chat embedded in a page that may have it."""
        return request.path.startswith(_API) and self._known(request)

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a browser that asks before it sends; None when it does not ask, or may not."""
        wanted = request.headers.get("Access-Control-Request-Method")
        if request.method != "OPTIONS" or wanted not in _METHODS or not self.may_post(request):
            return None
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(sorted(_METHODS)),
                "Access-Control-Allow-Headers": "Content-Type",
                "Access-Control-Max-Age": str(_PREFLIGHT_S),
            },
        )

    def mark(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say in an answer who may read it: exactly the page that asked, if it is on the list."""
        public = request.path == SCRIPT or request.path.startswith(_FILES)
        if not self._origins or not (public or request.path.startswith(_API)):
            return
        # Also where no origin was given: a cache must not hand that answer to a page that is.
        vary = response.headers.get("Vary")
        response.headers["Vary"] = f"{vary}, Origin" if vary else "Origin"
        if public:
            # A page loads the script and the logo without saying who it is; they hold nothing of anybody.
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if self._known(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Origin", "").lower() in self._origins
