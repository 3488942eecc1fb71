"""Structured logs, one JSON object a line, with one processor that masks personal data."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from knowledge.text import mask

# Keys whose values are ours (ids, times), not words of citizens; masking them would cut ids apart.
_OWN_KEYS = frozenset({"timestamp", "level", "logger", "inbox_id", "outbox_id"})


def mask_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide identity numbers, telephone numbers and e-mail addresses in every value of a log line."""
    return {key: value if key in _OWN_KEYS else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(key)): _masked(inner) for key, inner in value.items()}
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
