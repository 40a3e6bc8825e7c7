"""uvicorn, run as a task among others in our own event loop."""

import errno
import importlib.util
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import anyio
import uvicorn
from starlette.types import ASGIApp

from ...ports.errors import Unavailable

#: Seconds that requests under way get to end when the server is told to stop.
GRACE = 10
#: Seconds that an idle connection is kept.
KEEP_ALIVE = 10
#: Seconds that a client may take for the head of a request; uvicorn itself would wait for ever.
HEAD_WITHIN = 20
#: Connections at a time; what comes on top is answered 503.  Each is an open file.
CONNECTIONS = 900
#: Bytes of a request's line and headers.
HEADER_BYTES = 64 * 1024
BACKLOG = 2048


class CannotBind(Unavailable):
    """The address cannot be served on."""


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals, and with a word when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def fast_loop() -> dict[str, bool]:
    """``backend_options`` for ``anyio.run``: uvloop where it is installed."""
    return {"use_uvloop": importlib.util.find_spec("uvloop") is not None}


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    stop: anyio.Event,
    ready: Callable[[str], None] = lambda url: None,
    sockets: Sequence[socket.socket] | None = None,
    forwarded_allow: str = "127.0.0.1",
    grace: int = GRACE,
    connections: int = CONNECTIONS,
    head_within: float = HEAD_WITHIN,
) -> None:
    """Serve until ``stop`` is set, then let requests under way end within ``grace`` seconds.

    Args:
        app: The application.
        host: A name or address to bind.
        port: 0 for any free one.
        stop: Set it to end; signals are the caller's business.
        ready: Called with the URL once connections are accepted.
        sockets: Bound sockets (from ``bind``) instead of ``host`` and ``port``.
        forwarded_allow: Proxies whose forwarding headers are believed, separated by commas.
        grace: Seconds.
        connections: How many at a time.
        head_within: Seconds that a client may take for the head of a request.

    Raises:
        CannotBind: The address is not ours, or in use.
    """
    bound = list(sockets) if sockets is not None else await bind(host, port)
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools" if importlib.util.find_spec("httptools") else "h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=forwarded_allow,
        backlog=BACKLOG,
        limit_concurrency=connections,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=grace,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    server = _Server(config, lambda: ready(url_of(bound[0])))

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        tasks.start_soon(_sweep, server, head_within)
        await server.serve(sockets=bound)
        tasks.cancel_scope.cancel()


async def _sweep(server: uvicorn.Server, head_within: float) -> None:
    """Close the connections of those who open them and say nothing, or never come to the end of a head."""
    connections: set[Any] = server.server_state.connections
    waiting: dict[Any, tuple[Any, float]] = {}
    while True:
        await anyio.sleep(head_within / 4)
        now = anyio.current_time()
        seen = waiting
        waiting = {}
        for connection in connections:
            # A cycle is a request and its answer; without an open one, the client's word is awaited.
            cycle = connection.cycle
            if cycle is None or cycle.response_complete:
                before, since = seen.get(connection, (cycle, now))
                waiting[connection] = (cycle, since if before is cycle else now)
        for connection, (_, since) in waiting.items():
            if now - since > head_within:
                connection.transport.close()


async def bind(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for all addresses of ``host``, all on the same port.

    Raises:
        CannotBind
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    bound: list[socket.socket] = []
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for number, (family, _, _, _, address) in enumerate(found):
            try:
                bound.append(_bound(family, address[0], bound[0].getsockname()[1] if bound else port))
            except OSError as error:
                # A name may stand for an IPv6 address on a host that has none.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} or (
                    number + 1 == len(found) and not bound
                ):
                    raise
    except OSError as error:
        for sock in bound:
            sock.close()
        raise CannotBind(f"{place}: {error.strerror or error}; choose another --host or --port.") from error
    return bound


def _bound(family: int, address: str | int, port: int) -> socket.socket:
    # With the protocol named, asyncio's own loop switches Nagle off, too (uvicorn issue 3149).
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """Where a bound socket is reached from this host."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here, only spelled
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
