"""Zalo's authorisation server: pairs of tokens, each refresh token good for one use."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes._platform import Refused

_CODE_S = 600.0
_REFRESH_S = 90 * 24 * 3600.0


@dataclass
class Tokens:
    """The tokens of one Official Account.

    Attributes:
        now: the clock, in seconds.
        life_s: how long an access token is good, 25 hours.
        access: the newest access token.
        refresh: the refresh token that is good at present.
        used: refresh tokens that were used.
        refreshed: how often a pair was made from a refresh token.
    """

    app_id: str
    app_secret: str
    now: Callable[[], float]
    life_s: float = 90_000.0
    access: str = ""
    refresh: str = ""
    used: list[str] = field(default_factory=list)
    refreshed: int = 0
    _good: dict[str, float] = field(default_factory=dict)
    _refresh_until: float = 0.0
    _codes: dict[str, tuple[float, str]] = field(default_factory=dict)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._renew()

    def authorize(self, challenge: str = "") -> str:
        """A code as after an administrator's consent, good once and for ten minutes.

        Args:
            challenge: base64url of the SHA-256 of the verifier that has to come with the code; empty: none has to.
        """
        code = f"code-{next(self._serial)}"
        self._codes[code] = (self.now() + _CODE_S, challenge)
        return code

    def expire(self) -> None:
        """End every access token at once."""
        self._good = dict.fromkeys(self._good, 0.0)

    def revoke(self) -> None:
        """End the refresh token as well: an administrator has to consent again."""
        self.expire()
        self._refresh_until = 0.0

    def check(self, token: str | None) -> None:
        """Whether an access token is good.

        Raises:
            Refused: it is not.
        """
        until = self._good.get(token or "")
        if until is None:
            raise Refused(-216, "Access token is invalid")
        if self.now() >= until:
            raise Refused(-216, "Access token has expired")

    def exchange(self, secret: str | None, form: Mapping[str, Any]) -> dict[str, str]:
        """The answer to a request for a pair.

        Raises:
            Refused: with Zalo's code.
        """
        if form.get("app_id") != self.app_id:
            raise Refused(-14002, "Invalid appId")
        if secret != self.app_secret:
            raise Refused(-14004, "Invalid secret key")
        match form.get("grant_type"):
            case "refresh_token":
                self._use_refresh(str(form.get("refresh_token", "")))
            case "authorization_code":
                self._use_code(str(form.get("code", "")), str(form.get("code_verifier", "")))
            case _:
                raise Refused(-14018, "Invalid grant type")
        self._renew()
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expires_in": str(int(self.life_s)),
            "refresh_token_expires_in": str(int(_REFRESH_S)),
        }

    def _use_refresh(self, given: str) -> None:
        if given != self.refresh or self.now() >= self._refresh_until:
            raise Refused(-14014, "Invalid refresh token")
        self.used.append(given)
        self.refreshed += 1

    def _use_code(self, given: str, verifier: str) -> None:
        until, challenge = self._codes.pop(given, (0.0, ""))
        if self.now() >= until:
            raise Refused(-14005, "Invalid authorization code")
        if challenge and challenge_of(verifier) != challenge:
            raise Refused(-14005, "Invalid code verifier")

    def _renew(self) -> None:
        serial = next(self._serial)
        self.access = f"access-{serial}"
        self.refresh = f"refresh-{serial}"
        self._good[self.access] = self.now() + self.life_s
        self._refresh_until = self.now() + _REFRESH_S


def challenge_of(verifier: str) -> str:
    """The challenge of a code verifier, as of RFC 7636 (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
