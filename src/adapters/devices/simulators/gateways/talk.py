"""One connection: wait for the request, say the reply, hang up."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Protocol

from .wire import Reply, Request, complete, parsed

#: Seconds between two reads of a request, and until a reply must have been taken.
REQUEST_S, REPLY_S = 3.0, 120.0
#: A silent one keeps a connection that long, if the client does.
SILENCE_S = 600.0


class Speaker(Protocol):
    """Who answers."""

    def answer(self, request: Request | None) -> Reply:
        """Return what to say; ``None`` is a request that is none."""


def gone(sock: socket.socket) -> bool:
    """Whether the client has hung up."""
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def nothing() -> None:
    """Do nothing at a byte that nobody waits for."""


async def converse(
    sock: socket.socket, speaker: Speaker, *, first_byte: Callable[[], None], last_byte: Callable[[], None]
) -> None:
    """Serve one client; the socket is closed at the end, whatever happens.

    Args:
        first_byte: Called when the client has said something.
        last_byte: Called before the connection is closed.
    """
    try:
        with contextlib.suppress(OSError, TimeoutError):
            raw = await _request(sock, first_byte)
            if raw is None:
                return
            reply = speaker.answer(parsed(raw))
            await _say(sock, reply)
            last_byte()
            if reply.then is not None:
                reply.then()
    finally:
        sock.close()


async def hold(sock: socket.socket) -> None:
    """Keep a connection that nobody answers until the client goes."""
    loop = asyncio.get_running_loop()
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(SILENCE_S):
                while await loop.sock_recv(sock, 4096):
                    pass
    finally:
        sock.close()


async def _request(sock: socket.socket, first_byte: Callable[[], None]) -> bytes | None:
    loop = asyncio.get_running_loop()
    buffer = bytearray()
    while not complete(buffer):
        async with asyncio.timeout(REQUEST_S):
            data = await loop.sock_recv(sock, 8192)
        if not data:
            return None
        if not buffer:
            first_byte()
        buffer += data
    return bytes(buffer)


async def _say(sock: socket.socket, reply: Reply) -> None:
    if reply.silent:
        await hold(sock)
        return
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(REPLY_S + reply.delay_s):
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        for piece in reply.pieces:
            await loop.sock_sendall(sock, piece)
            if reply.pause_s:
                await asyncio.sleep(reply.pause_s)
