"""Signed values: the cookie that opens one case for a while, and the tokens of forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable

_PASS = re.compile(r"(MC-[0-9A-Z]{6})\.([0-9]{1,11})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")
_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9]{1,11})\.([A-Za-z0-9_-]{43})")


class Passes:
    """Makes and checks them.

    Args:
        key: of the program; what is signed here is told apart from what others sign with it.
        minutes: how long a case stays open.
        form_hours: how long a form may be filled in.
        clock: seconds since 1970.
    """

    def __init__(
        self, key: bytes, *, minutes: int, form_hours: int = 24, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = hmac.digest(key, b"motcua pages", "sha256")
        self.seconds = minutes * 60
        self._form_seconds = form_hours * 3600
        self._clock = clock

    def cookie(self, code: str) -> str:
        """The cookie's value that opens a case from now."""
        head = f"{code}.{int(self._clock())}.{secrets.token_hex(8)}"
        return f"{head}.{self._sign('case', head)}"

    def opened(self, cookie: str | None) -> str | None:
        """The code of the case that a cookie opens; None when it is missing, forged or too old."""
        match = _PASS.fullmatch(cookie or "")
        if match is None:
            return None
        code, issued, nonce, signature = match.groups()
        right = hmac.compare_digest(signature, self._sign("case", f"{code}.{issued}.{nonce}"))
        return code if right and self._clock() - int(issued) <= self.seconds else None

    def token(self, what: str) -> str:
        """A value for the hidden field of a form, new each time.

        Args:
            what: which form it is for, with the code of the case when it belongs to one.
        """
        head = f"{secrets.token_hex(16)}.{int(self._clock())}"
        return f"{head}.{self._sign(what, head)}"

    def form(self, what: str, token: str) -> str | None:
        """What makes this very form unlike any other, for its idempotency key; None when we did not make its token."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        nonce, issued, signature = match.groups()
        right = hmac.compare_digest(signature, self._sign(what, f"{nonce}.{issued}"))
        return nonce if right and self._clock() - int(issued) <= self._form_seconds else None

    def _sign(self, what: str, head: str) -> str:
        digest = hmac.digest(self._key, f"{what}:{head}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
