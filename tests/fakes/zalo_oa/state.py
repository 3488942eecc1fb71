"""What the fake remembers of the account, its citizens and its files."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes._hook import Hook
from tests.fakes._platform import Platform, Refused
from tests.fakes.zalo_oa.tokens import Tokens

APP_ID = "360846524940903967"
APP_SECRET = "APP_SECRET"
OA_ID = "388613280878808645"
OA_SECRET = "OA_SECRET"

REPEATED_S = (30.0, 300.0, 900.0, 1800.0, 3600.0)
FREE_S = 48 * 3600.0
WINDOW_S = 7 * 24 * 3600.0
_FILES_S = 7 * 24 * 3600.0
_MINUTE_S = 60.0


def signature(app_id: str, body: bytes, timestamp: str, oa_secret: str) -> str:
    """The value of X-ZEvent-Signature: plain SHA-256 over the four, the body as it is sent."""
    return "mac=" + hashlib.sha256(app_id.encode() + body + timestamp.encode() + oa_secret.encode()).hexdigest()


@dataclass
class Citizen:
    """Somebody who has to do with the account.

    Attributes:
        last: when they last wrote.
        follows: None when they never followed or left.
        blocked: they do not want to hear from it.
    """

    last: float
    follows: bool | None = None
    blocked: bool = False


@dataclass(kw_only=True)
class State(Platform[str]):
    """The fake's memory.

    Attributes:
        now: the clock, in seconds; a test sets another one to let days pass.
        stamp: which timestamp the signature holds: the one in the body, or the one of X-ZEvent-Timestamp.
        minute_rate: calls a minute that one app may make.
        quota: messages that may still be sent outside the free window.
        billed: messages sent outside the free window.
        echo: the account's own messages come as events too.
        citizens: those who have written or followed, by id.
        events: every event as it was made.
        history: by citizen what was said on both sides, the oldest first, as the API shows it.
    """

    app_id: str = APP_ID
    app_secret: str = APP_SECRET
    oa_id: str = OA_ID
    oa_secret: str = OA_SECRET
    now: Callable[[], float] = time.time
    stamp: Literal["body", "header"] = "body"
    minute_rate: int = 4000
    quota: int = 500
    billed: int = 0
    echo: bool = False
    citizens: dict[str, Citizen] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: Tokens = field(init=False)
    _files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _uploads: dict[str, float] = field(default_factory=dict)
    _newest: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.app_id, self.app_secret, lambda: self.now())
        self.hook = Hook(self._signed, delays=REPEATED_S)

    def texts(self, user: str) -> list[str]:
        """What a citizen sees from the account."""
        return [text for to, text, _ in self.sent if to == user]

    def _signed(self, body: bytes) -> dict[str, str]:
        if self.stamp == "body":
            stamp = str(json.loads(body)["timestamp"])
            return {"X-ZEvent-Signature": signature(self.app_id, body, stamp, self.oa_secret)}
        stamp = self._milliseconds()
        signed = signature(self.app_id, body, stamp, self.oa_secret)
        return {"X-ZEvent-Signature": signed, "X-ZEvent-Timestamp": stamp}

    def _milliseconds(self) -> str:
        # One millisecond apart at least: no two stamps are the same.
        self._newest = max(int(self.now() * 1000), self._newest + 1)
        return str(self._newest)

    def _heard(self, user: str) -> Citizen:
        citizen = self.citizens.setdefault(user, Citizen(self.now()))
        citizen.last = self.now()
        return citizen

    def _said(self, user: str, src: int, identity: str, text: str) -> None:
        """Note what the account (`src` 0) or the citizen (1) said."""
        moment = int(self.now() * 1000)
        both = (self.oa_id, user) if src == 0 else (user, self.oa_id)
        ends = dict(zip(("from_id", "to_id"), both, strict=True))
        told = {"src": src, "time": moment, "message_id": identity, "type": "text", "message": text, **ends}
        self.history.setdefault(user, []).append(told)

    def _keep_upload(self) -> str:
        token = f"upload-{next(self._serial)}"
        self._uploads[token] = self.now()
        return token

    def _has_upload(self, token: str) -> bool:
        return token in self._uploads and self.now() - self._uploads[token] < _FILES_S

    def _check_rate(self) -> None:
        while self._recent and self.now() - self._recent[0] >= _MINUTE_S:
            self._recent.popleft()
        if len(self._recent) >= self.minute_rate:
            raise Refused(-32, "Your application reached limit call api")
        self._recent.append(self.now())

    def _check_reach(self, user: Any) -> bool:
        """Whether a message to somebody is billed; `Refused` when it cannot be sent."""
        citizen = self.citizens.get(user) if isinstance(user, str) else None
        if citizen is None:
            raise Refused(-201, "user_id is invalid")
        if citizen.blocked:
            raise Refused(-217, "User has blocked the Official Account")
        if citizen.follows is False:
            raise Refused(-213, "User has not followed OA")
        silence = self.now() - citizen.last
        if silence > WINDOW_S:
            raise Refused(-230, "User has not interacted with the OA in the past 7 days")
        if silence > FREE_S and self.quota <= 0:
            raise Refused(-211, "Out of quota")
        return silence > FREE_S
