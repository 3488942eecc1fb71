"""The signed session cookie of the web chat."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from store import keys
from store.errors import Invalid

COOKIE = "motcua_session"
_KEY_FILE = "session.key"
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9]{1,11})\.([A-Za-z0-9_-]{43})")


def secret(given: str | None, data_dir: Path) -> bytes:
    """The key that signs cookies: the one given, or one made once and kept in the data folder.

    Raises:
        Invalid: the one given is too short to be safe, or the kept one is damaged.
    """
    if given:
        if len(given) < keys.LEAST:
            raise Invalid(f"MOTCUA_BOT__WEB__COOKIE_SECRET needs at least {keys.LEAST} characters")
        return given.encode()
    return keys.kept(data_dir / _KEY_FILE).encode()


class Sessions:
    """Makes and checks cookies.

    Args:
        key: signs them.
        days: how long one is good for.
        clock: seconds since 1970.
    """

    def __init__(self, key: bytes, days: int, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self.seconds = days * 86400
        self._clock = clock

    def new(self) -> str:
        """The id of a fresh session: nobody can guess it."""
        return secrets.token_hex(16)

    def cookie(self, session: str) -> str:
        """The cookie's value for a session, good from now."""
        head = f"{session}.{int(self._clock())}"
        return f"{head}.{self._sign(head)}"

    def header(self, session: str, *, secure: bool, cross_site: bool) -> str:
        """The Set-Cookie header for a session, good from now.

        Args:
            secure: over https only.
            cross_site: also in pages of other sites, one session for each of those; needs `secure`.
        """
        # Written out: http.cookies knows Partitioned from Python 3.14 on only.
        parts = [f"{COOKIE}={self.cookie(session)}", f"Max-Age={self.seconds}", "Path=/", "HttpOnly"]
        parts += ["Secure"] if secure else []
        parts += ["SameSite=None", "Partitioned"] if cross_site else ["SameSite=Lax"]
        return "; ".join(parts)

    def mark(self, session: str) -> str:
        """Tells sessions apart and gives none away: what a page may know of its own."""
        return self._sign(f"mark.{session}")[:12]

    def read(self, value: str | None) -> str | None:
        """The session of a cookie; None when it is missing, forged or too old."""
        match = _FORM.fullmatch(value or "")
        if not match:
            return None
        session, issued, signature = match.groups()
        if not hmac.compare_digest(signature, self._sign(f"{session}.{issued}")):
            return None
        return session if self._clock() - int(issued) <= self.seconds else None

    def _sign(self, head: str) -> str:
        digest = hmac.new(self._key, head.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
