"""The signature of Zalo's webhooks.

`X-ZEvent-Signature: mac=<hex>`, hex = SHA-256 of app id, raw body, timestamp and the account's secret key, one after
the other (https://developers.zalo.me/docs/official-account/webhook/xac-thuc-webhook). Whether the timestamp is that in
the body or that of a header is disputed among those who have built it: either is accepted, and which one is counted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Literal

Variant = Literal["body", "header"]
HEADER = "X-ZEvent-Signature"
_TIMES = ("X-ZEvent-Timestamp", "X-ZEvent-Time", "Timestamp")
_MARK = "mac="
_LONGEST_TIME = 32


def mac(app_id: str, body: bytes, timestamp: str, secret: str) -> str:
    """The signature's hex digits."""
    # What came may hold half a character, which has no bytes of its own.
    moment = timestamp.encode(errors="surrogatepass")
    return hashlib.sha256(app_id.encode() + body + moment + secret.encode()).hexdigest()


def check(headers: Mapping[str, str], body: bytes, *, app_id: str, secret: str) -> Variant | None:
    """Which timestamp a request is rightly signed with; None when it is not."""
    given = headers.get(HEADER, "")
    if not given.startswith(_MARK):
        return None
    digits = given[len(_MARK) :].strip().lower().encode(errors="replace")
    found: Variant | None = None
    for variant, timestamp in _timestamps(headers, body):
        # Every candidate is compared, so that the time taken tells nothing.
        if hmac.compare_digest(digits, mac(app_id, body, timestamp, secret).encode()):
            found = found or variant
    return found


def _timestamps(headers: Mapping[str, str], body: bytes) -> Iterator[tuple[Variant, str]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    stamp = content.get("timestamp") if isinstance(content, dict) else None
    if isinstance(stamp, str | int) and not isinstance(stamp, bool) and len(str(stamp)[:64]) <= _LONGEST_TIME:
        yield "body", str(stamp)
    for name in _TIMES:
        value = headers.get(name, "")
        if value and len(value) <= _LONGEST_TIME:
            yield "header", value
