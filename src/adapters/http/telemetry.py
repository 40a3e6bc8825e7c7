"""What is known of every request afterwards: an id, a line in the log, and figures by route."""

import re
import secrets
import time
from typing import Any

import attrs
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .wire import ACTOR

#: The request's id, in the ASGI scope.
REQUEST_ID = "lineman.request_id"

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Figures of the HTTP face, in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route")
        self.registry = registry
        self.requests = Counter(
            "lineman_http_requests", "Requests answered", (*labels, "status"), registry=registry
        )  # fmt: skip
        self.seconds = Histogram(
            "lineman_http_request_seconds", "Time to the last byte of the answer", labels, registry=registry,
            buckets=_BUCKETS,
        )  # fmt: skip
        # Finding a figure by its labels takes longer than counting.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request.  Routes are templates, so their number is that of the program's paths."""
        method = method if method in _METHODS else "OTHER"
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = self.requests.labels(method, route, str(status))
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._histograms[method, route] = self.seconds.labels(method, route)
        counter.inc()
        histogram.observe(seconds)


def template(scope: Scope) -> str:
    """The path as the program knows it (``/api/miners/{miner_id:int}``), or ``unknown``."""
    route = scope.get("route")
    if route is None:
        return "unknown"
    prefix: str = scope.get("root_path", "")
    return prefix if isinstance(route, Mount) else prefix + str(getattr(route, "path", ""))


@attrs.frozen
class Telemetry:
    """The outermost middleware."""

    app: ASGIApp
    metrics: Metrics
    #: Bound once: an unbound logger of structlog's puts itself together at every line.
    log: Any = attrs.field(factory=lambda: structlog.get_logger("lineman.http").bind())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope[REQUEST_ID] = request_id
        id_header = (b"x-request-id", request_id.encode())
        began = time.perf_counter()
        # A client that leaves before the answer gets none: 499, as nginx has it.
        status, size = 499, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), id_header]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            self.metrics.count(scope["method"], template(scope), status, seconds)
            self._line(scope, status, size, seconds)
            structlog.contextvars.reset_contextvars(**bound)

    def _line(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        # Without the query: people put secrets there.
        path = scope["path"][:200].encode("unicode_escape").decode()
        actor, client = scope.get(ACTOR), scope.get("client")
        write = self.log.warning if status >= 500 else self.log.info
        write(
            "request", method=scope["method"], path=path, status=status, ms=round(seconds * 1000, 2), bytes=size,
            actor=actor.name if actor else None, client=client[0] if client else None,
        )  # fmt: skip


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(given := str(value, "latin-1")):
            return given
    return secrets.token_hex(8)
