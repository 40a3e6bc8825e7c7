"""TCP 4028: one request in one segment, one reply, and the miner closes."""

import asyncio
from typing import cast

from .....ports.miners import ReplyTooLarge
from .....ports.miners.where import host_port
from .failures import silent, unreachable

#: cgminer reads once, at most this much.
_REQUEST_LIMIT = 4095


class _Exchange(asyncio.Protocol):
    """Sends at once and collects until the miner closes; read sizes and NULs mean nothing."""

    __slots__ = ("_done", "_limit", "_parts", "_request", "_size", "_transport")

    def __init__(self, request: bytes, limit: int, done: asyncio.Future[Exception | None]) -> None:
        self._request = request
        self._limit = limit
        self._done = done
        self._parts: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            # What came is enough to know; the rest stays with the miner.
            self._transport.abort()
            return
        self._parts.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(exc)

    @property
    def too_large(self) -> bool:
        return self._size > self._limit

    def received(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


async def exchange(host: str, port: int, request: bytes, limit: int) -> bytes:
    """Send a request and read to the close.  The caller bounds the time.

    Raises:
        Unreachable: There is no connection.
        NoReply: It ended before anything came.
        ReplyTooLarge: More than ``limit`` bytes came.
    """
    if len(request) > _REQUEST_LIMIT:
        raise ValueError(f"a request of {len(request)} bytes, cgminer reads {_REQUEST_LIMIT}")
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Exception | None] = loop.create_future()
    protocol = _Exchange(request, limit, done)
    try:
        transport, _ = await loop.create_connection(lambda: protocol, host, port)
    except OSError as error:
        raise unreachable(error, host_port(host, port)) from error
    try:
        lost = await done
    finally:
        transport.abort()
    if protocol.too_large:
        raise ReplyTooLarge(f"{host_port(host, port)} sends more than the {limit} bytes that a reply may have")
    data = protocol.received()
    if not data:
        raise silent(host_port(host, port), lost)
    return data
