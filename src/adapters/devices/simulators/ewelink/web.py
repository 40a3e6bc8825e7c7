"""A small web server: requests whole, answers whole, connections kept while both sides like."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LONGEST_HEAD, _LONGEST_BODY, _IDLE_S = 16_384, 1 << 20, 75.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    target: str
    #: Names in small letters.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without what stands behind the question mark."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address, the first of each name."""
        return _first(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the body of a form."""
        return _first(self.body.decode("utf-8", "replace"))

    def json(self) -> Any:
        """Return the body; what is no JSON is ``None``."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    #: The connection is closed instead, without a byte.
    drop: bool = False
    #: Nothing is said, and the connection stays open until they go.
    mute: bool = False


def as_json(value: Any, status: int = 200) -> Reply:
    """Return an answer in JSON."""
    return Reply(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def as_page(title: str, body: str, status: int = 200) -> Reply:
    """Return an answer in HTML."""
    html = f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>\n'
    return Reply(status, html.encode(), "text/html; charset=utf-8")


class WebServer:
    """One port."""

    def __init__(self, host: str, port: int, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        self.host = host
        self.port = port
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken or may not be used.
        """
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=_LONGEST_HEAD, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up and listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            with contextlib.suppress(
                OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError
            ):
                await self._talk(reader, writer)
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_IDLE_S):
                request = await _request(reader)
            reply = await self._answer(request)
            if reply.mute:
                await reader.read()
                return
            if reply.drop:
                writer.transport.abort()
                return
            stays = request.headers.get("connection", "").lower() != "close"
            head = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'X')}"]
            head += [f"Content-Type: {reply.kind}", f"Content-Length: {len(reply.body)}"]
            head += [f"{name}: {value}" for name, value in reply.headers]
            head.append("Connection: " + ("keep-alive" if stays else "close"))
            writer.write("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + reply.body)
            await writer.drain()
            if not stays:
                return


_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
            500: "Internal Server Error", 502: "Bad Gateway"}  # fmt: skip


async def _request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, gap, value in (r.partition(":") for r in rest) if gap}
    size = int(headers.get("content-length", "0"))
    if not 0 <= size <= _LONGEST_BODY:
        raise ValueError("the body is too long")
    return Request(method, target, headers, await reader.readexactly(size))


def _first(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
