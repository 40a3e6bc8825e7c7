"""Logging: structlog for people on a terminal, JSON for machines, secrets for nobody."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from ..ports.journal import Entry

#: Keys whose values are never written, whatever they hold.
SECRET_KEYS = re.compile(r"passw|secret|token|authorization|cookie|api_?key|credential|csrf", re.IGNORECASE)
#: Credentials inside texts: in URLs, headers and query strings.
SECRET_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]+:)[^\s@/]+@"), r"\1***@"),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w+/=.~-]{8,}"), r"\1 ***"),
    (re.compile(r"(?i)\b((?:password|passwd|token|secret|api_?key)=)[^&\s]+"), r"\1***"),
    (re.compile(r"\blm_[\w-]{8,}"), "lm_***"),
)


def masked(text: str) -> str:
    """A text without the credentials that it may hold."""
    for pattern, shown in SECRET_TEXT:
        text = pattern.sub(shown, text)
    return text


def mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no secret passes."""
    for key, value in event.items():
        if SECRET_KEYS.search(key) and isinstance(value, str | bytes):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = masked(value)
    return event


def unwritten(entry: Entry, error: str) -> None:
    """Say at least here what the journal could not take."""
    structlog.get_logger().error(
        "journal not written", actor=entry.actor, action=entry.action, subject=entry.subject, detail=entry.detail,
        error=error,
    )  # fmt: skip


def configure(level: str = "info", form: str = "auto") -> None:
    """Send structlog and the standard library's loggers to stderr."""
    console = sys.stderr.isatty() if form == "auto" else form == "console"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    trace = structlog.dev.plain_traceback if console else None
    last: list[structlog.typing.Processor] = (
        [mask, structlog.dev.ConsoleRenderer(colors=console and sys.stderr.isatty(), exception_formatter=trace)]
        if trace
        else [structlog.processors.format_exc_info, mask, structlog.processors.JSONRenderer()]
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_record, *last], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    # psycopg would set its own level, below what was asked for.
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "psycopg"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def _drop_record(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event
