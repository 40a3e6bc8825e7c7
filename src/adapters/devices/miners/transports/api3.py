"""Whatsminer's API 3 on TCP 4433: four bytes of length, little-endian, before each request and reply."""

import asyncio
from collections.abc import Sequence
from typing import cast

from .....ports.errors import DeviceError
from .....ports.miners import NotJson, ReplyTooLarge, Truncated
from .....ports.miners.where import host_port
from .failures import silent, unreachable

_HEAD = 4


class _Conversation(asyncio.Protocol):
    """Sends the next request when the last was answered, and takes what heartbeats come between."""

    def __init__(self, requests: Sequence[bytes], limit: int, done: asyncio.Future[Exception | None]) -> None:
        self._waiting = list(reversed(requests))
        self._limit = limit
        self._done = done
        self._buffer = bytearray()
        self.replies: list[bytes] = []
        self.too_large: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._waiting.pop())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEAD:
            length = int.from_bytes(self._buffer[:_HEAD], "little")
            if length > self._limit:
                self.too_large = length
                self._transport.abort()
                return
            if len(self._buffer) < _HEAD + length:
                return
            reply = bytes(self._buffer[_HEAD : _HEAD + length])
            del self._buffer[: _HEAD + length]
            if length:
                self._answered(reply)

    def _answered(self, reply: bytes) -> None:
        self.replies.append(reply)
        if self._waiting:
            self._transport.write(self._waiting.pop())
        else:
            # Hung up before it is done, so that nobody comes while this connection is still open.
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(exc)

    @property
    def rest(self) -> bytes:
        return bytes(self._buffer)


async def converse(host: str, port: int, requests: Sequence[bytes], limit: int) -> list[bytes]:
    """Send framed requests over one connection and return what answers came, in order, at least one.

    Raises:
        Unreachable: There is no connection.
        NoReply: It ended before anything came.
        Truncated: It ended inside of the first answer.
        ReplyTooLarge: An answer announces more than ``limit`` bytes.
        NotJson: It announces a length that only another protocol's text can be.
    """
    where = host_port(host, port)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Exception | None] = loop.create_future()
    protocol = _Conversation(requests, limit, done)
    try:
        transport, _ = await loop.create_connection(lambda: protocol, host, port)
    except OSError as error:
        raise unreachable(error, where) from error
    try:
        lost = await done
    finally:
        transport.abort()
    if protocol.too_large is not None:
        raise _no_frame(where, protocol.too_large, limit)
    if protocol.replies:
        return protocol.replies
    if protocol.rest:
        raise Truncated(f"{where}: the answer was cut off after {len(protocol.rest)} bytes")
    raise silent(where, lost)


def _no_frame(where: str, length: int, limit: int) -> DeviceError:
    head = length.to_bytes(4, "little")
    if head.isascii() and head.decode().isprintable():
        return NotJson(f"{where}: the answer starts with {head.decode()!r}, which is not Whatsminer's API 3")
    return ReplyTooLarge(f"{where} announces {length} bytes, more than the {limit} that a reply may have")
