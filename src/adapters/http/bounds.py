"""What holds for every request: a sane Host, a body of bounded size, an end in time, and no fault that shows."""

import re
from typing import Any

import anyio
import attrs
import structlog
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...ports.errors import LinemanError, TooLarge, Unavailable
from .problems import bad_request, problem, status_of, unexpected
from .telemetry import REQUEST_ID

#: Answers below so many bytes are not worth compressing.
GZIP_FROM = 1024
GZIP_LEVEL = 5
#: Seconds from the first byte of a request to the first of its answer.  A poll by hand is the longest.
DEADLINE = 75.0

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.%]{2,60}\])(?::\d{1,5})?")

#: No scripts, styles or frames but our own; nothing inline.  Data URLs are for small pictures only.
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Caches must not give what is compressed to those who cannot read it.
    (b"vary", b"accept-encoding"),
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


@attrs.frozen
class Shield:
    """Adds the security headers that an answer does not bring itself."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = (*_HEADERS, _STRICT_TRANSPORT) if scope.get("scheme") == "https" else _HEADERS

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                there = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in wanted if header[0] not in there)]
            await send(message)

        await self.app(scope, receive, shielded)


class Compress:
    """gzip for those who ask for it; the others do not even pay for the question."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._zipped = GZipMiddleware(app, minimum_size=GZIP_FROM, compresslevel=GZIP_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and any(
            name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
        )
        await (self._zipped if asked else self.app)(scope, receive, send)


@attrs.frozen
class Bounds:
    """Ends what takes too long, refuses what is too large, and turns faults into answers that show nothing."""

    app: ASGIApp
    body_limit: int
    deadline: float = DEADLINE
    log: Any = attrs.field(factory=lambda: structlog.get_logger("lineman.http"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        hosts, length = [], b"0"
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"content-length":
                length = value
        if wrong := _malformed(hosts, length, scope.get("http_version")):
            await bad_request(wrong)(scope, receive, send)
            return
        started = False
        read = 0

        async def noted(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                # From here on it is the client who takes his time; a stream may take hours.
                clock.deadline = float("inf")
            await send(message)

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.body_limit:
                raise self._too_large()
            return message

        with anyio.move_on_after(self.deadline) as clock:
            try:
                if int(length) > self.body_limit:
                    raise self._too_large()
                await self.app(scope, limited, noted)
            except LinemanError as error:
                if status_of(type(error)) == 500:
                    self.log.exception("request failed", path=scope["path"])
                if started:
                    raise
                await problem(error, scope.get(REQUEST_ID, "?"))(scope, receive, noted)
            except Exception:
                # The top of a request: whatever it was, the client gets an answer and the log the rest.
                self.log.exception("request failed", path=scope["path"])
                if started:
                    raise
                await unexpected(scope.get(REQUEST_ID, "?"))(scope, receive, noted)
        if clock.cancelled_caught and not started:
            late = Unavailable(f"This took longer than {self.deadline:g} s and was given up.", retry_after=5)
            await problem(late)(scope, receive, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body has more than {self.body_limit} bytes; LINEMAN_BODY_LIMIT allows more, if that is meant."
        )


def _malformed(hosts: list[bytes], length: bytes, version: str | None) -> str | None:
    if not hosts and version == "1.0":
        hosts = [b"localhost"]  # Old devices speak so; nothing of ours needs their Host.
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return "The request needs one Host header that names a host."
    if not length.isdigit():
        return "Content-Length is a number of bytes."
    return None
