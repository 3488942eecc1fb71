"""Structured logs, one JSON object a line, with one processor that masks personal data and secrets."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from knowledge.text import mask as mask_people

# Keys whose values are ours (ids, times), not words of citizens; masking them would cut ids apart.
_OWN_KEYS = frozenset({"timestamp", "level", "logger", "inbox_id", "outbox_id"})

_SECRET_KEY = re.compile(r"(?i)(^|_)(token|secret|password|authorization|cookie)$")
# A bot's token (Telegram, Zalo Bot), the password of an address, and what stands behind a name that says it is secret.
_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{16,}")
_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s/]+@")
_NAMED = re.compile(
    r"(?i)((?:access|refresh|bot)?_?token|api_?key|secret(?:_key|_token)?|password|authorization)"
    r"(\"?'?\s*[:=]\s*\"?'?(?:bearer\s+)?)([^\s\"'&,;})]+)"
)


def mask(text: str) -> str:
    """A text without secrets of platforms, identity numbers, telephone numbers and e-mail addresses."""
    text = _TOKEN.sub("[token]", text)
    text = _PASSWORD.sub(r"\1:[password]@", text)
    return mask_people(_NAMED.sub(r"\1\2[secret]", text))


def mask_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets, identity numbers, telephone numbers and e-mail addresses in every value of a log line."""
    return {key: value if key in _OWN_KEYS else _valued(key, value) for key, value in event.items()}


def _valued(key: str, value: Any) -> Any:
    return "[secret]" if isinstance(value, str) and value and _SECRET_KEY.search(key) else _masked(value)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(key)): _valued(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    if value is None or isinstance(value, bool | float):
        return value
    # Numbers of people come as integers too; anything else is written as its repr, which may hold a message.
    text = mask(str(value) if isinstance(value, int) else repr(value))
    return value if isinstance(value, int) and text == str(value) else text


def configure(level: str = "INFO") -> None:
    """Send our logs and those of the libraries through the same processors to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_personal_data,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their INFO lines repeat every request, with tokens in the addresses.
    for name in ("httpx", "httpcore", "telegram", "aiohttp.access", "rasa_sdk"):
        logging.getLogger(name).setLevel("WARNING")
