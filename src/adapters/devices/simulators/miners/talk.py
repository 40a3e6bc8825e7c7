"""One connection to a miner: wait for the request, say the reply, hang up."""

import asyncio
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .reactor import Reactor

#: A client that was accepted has so long to send its request, and then to take the reply.
REQUEST_S, REPLY_S = 10.0, 60.0
#: How many may wait behind the one that is served, as in cgminer's listen().
BACKLOG = 100
_READ = selectors.EVENT_READ
_WRITE = selectors.EVENT_WRITE


class Reply:
    """What a door says to a request: pieces of bytes with pauses, or silence."""

    __slots__ = ("delay_s", "keep_open", "pause_s", "pieces")

    def __init__(
        self, pieces: Iterator[bytes], delay_s: float = 0.0, pause_s: float = 0.0, keep_open: bool = False
    ) -> None:
        self.pieces = pieces
        self.delay_s = delay_s
        self.pause_s = pause_s
        #: Whether another request may follow on the same connection.
        self.keep_open = keep_open


class Door(Protocol):
    """What is behind a listening socket."""

    #: Whether clients are served one after the other.
    one_by_one: bool
    #: Connections that are open here or wait.
    talks: "list[Talk]"

    def opened(self) -> bool:
        """A client has come; ``False`` resets the connection at once."""

    def take(self, buffer: bytearray) -> bytes | None:
        """Return a whole request and remove it from the buffer, or ``None`` while there is none."""

    def answer(self, request: bytes) -> Reply | None:
        """Return what to say, or ``None`` to say nothing until the client goes."""

    @property
    def idle_s(self) -> float:
        """How long a connection may wait for a request."""


class Talk:
    """One connection."""

    __slots__ = ("buffer", "deadline", "door", "left", "mask", "reactor", "reply", "sock", "waiting")

    def __init__(self, reactor: "Reactor", sock: socket.socket, door: Door) -> None:
        self.reactor = reactor
        self.sock = sock
        self.door = door
        self.buffer = bytearray()
        self.reply: Reply | None = None
        self.left = b""
        self.mask = 0
        #: Behind another one that is served.
        self.waiting = False
        self.deadline = 0.0

    def promote(self) -> None:
        """Serve a client that waited, if it still does."""
        if self.waiting and self.sock.fileno() >= 0:
            self.waiting = False
            self.begin()

    def begin(self) -> None:
        """Wait for the request; most have sent it already."""
        self.deadline = time.monotonic() + self.door.idle_s
        self._read()

    def turn(self, mask: int) -> None:
        """Go on where the socket has become ready."""
        if mask & _WRITE:
            self._write()
        elif mask & _READ:
            self._read()

    def gone(self) -> bool:
        """Whether the client has hung up."""
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self, reset: bool = False) -> None:
        """Hang up; the next one in the line is served."""
        if self.sock.fileno() < 0:
            return
        self._want(0)
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        self.reactor.talks.discard(self)
        talks = self.door.talks
        talks.remove(self)
        if self.door.one_by_one and talks and talks[0].waiting:
            asyncio.get_running_loop().call_soon(talks[0].promote)

    def _want(self, mask: int) -> None:
        """Be called when the socket is ready for ``mask``."""
        if mask == self.mask:
            return
        selector = self.reactor.selector
        if not self.mask:
            selector.register(self.sock, mask, self)
        elif not mask:
            selector.unregister(self.sock)
        else:
            selector.modify(self.sock, mask, self)
        self.mask = mask

    def _read(self) -> None:
        try:
            data = self.sock.recv(4095)
        except BlockingIOError:
            self._want(_READ)
            return
        except OSError:
            self.close()
            return
        if not data:
            self.close()
            return
        if self.reply is not None:  # it is silent, and stays so
            return
        self.buffer += data
        self._next()

    def _next(self) -> None:
        if self.sock.fileno() < 0:
            return
        request = self.door.take(self.buffer)
        if request is None:
            self._want(_READ)
            return
        reply = self.door.answer(request)
        if reply is None:
            self.deadline = time.monotonic() + 10 * REPLY_S
            self.reply = _SILENCE
            self._want(_READ)
            return
        self.reply = reply
        self.deadline = time.monotonic() + reply.delay_s + REPLY_S
        if reply.delay_s > 0:
            self._want(0)
            asyncio.get_running_loop().call_later(reply.delay_s, self._write)
        else:
            self._write()

    def _write(self) -> None:
        reply = self.reply
        if reply is None or self.sock.fileno() < 0:
            return
        try:
            while True:
                if not self.left:
                    piece = next(reply.pieces, None)
                    if piece is None:
                        break
                    self.left = piece
                sent = self.sock.send(self.left)
                self.left = self.left[sent:]
                if self.left:
                    self._want(_WRITE)
                    return
                if reply.pause_s:
                    self._want(0)
                    asyncio.get_running_loop().call_later(reply.pause_s, self._write)
                    return
        except BlockingIOError:
            self._want(_WRITE)
            return
        except OSError:  # the client did not want to hear it all
            self.close()
            return
        if not reply.keep_open:
            self.close()
            return
        self.reply = None
        self.deadline = time.monotonic() + self.door.idle_s
        self._want(0)
        asyncio.get_running_loop().call_soon(self._next)


_SILENCE = Reply(iter(()))
