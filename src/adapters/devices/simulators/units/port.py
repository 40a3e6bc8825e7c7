"""A port that can listen, hang, close, refuse, or be dead, and keeps its number meanwhile.

Connections are accepted by the loop itself: sockets of our own, handed to
uvloop afterwards, are closed twice when the other side resets them early.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

_BACKLOG = 128


class Mode(StrEnum):
    """What happens to who comes."""

    ANSWER = "answer"
    #: The connection is made, and nothing is said.
    HANG = "hang"
    #: The connection is made, and closed without a word.
    CLOSE = "close"
    #: The connection is refused at once.
    REFUSE = "refuse"
    #: No connection is made, and nothing is said.
    DARK = "dark"


class Opened(Protocol):
    """A server that accepts."""

    def close(self) -> None:
        """Accept no more, and close the socket."""


class Port:
    """One TCP port of loopback."""

    def __init__(self, host: str, number: int, opens: Callable[[socket.socket], Awaitable[Opened]]) -> None:
        """Take the number; 0 is any free one.  Refuses until it is told otherwise.

        Args:
            host: An address of loopback.
            number: The number.
            opens: Serves what comes to a listening socket, which it owns from then on.

        Raises:
            OSError: The number is taken or may not be used.
        """
        self._opens = opens
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._server: Opened | None = None
        self._filler: socket.socket | None = None
        self.host = host
        self._sock: socket.socket | None = _bound(host, number)
        self.number: int = self._sock.getsockname()[1]
        self.mode = Mode.REFUSE

    def turn(self, mode: Mode) -> None:
        """Change what happens to who comes.

        Raises:
            OSError: Somebody took the number in the wink between two sockets.
        """
        if mode is self.mode or self._sock is None:
            return
        if self.mode is not Mode.REFUSE:
            # Only a new socket stops to listen; the number is taken again at once.
            self._drop(self._sock)
            self._sock = _bound(self.host, self.number)
        self.mode = mode
        if mode is not Mode.REFUSE:
            self._sock.listen(0 if mode is Mode.DARK else _BACKLOG)
        if mode is Mode.ANSWER:
            # Who comes before it accepts waits in the queue.
            task = self._loop.create_task(self._open(self._sock))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        elif mode is Mode.CLOSE:
            self._loop.add_reader(self._sock, _shut, self._sock)
        elif mode is Mode.DARK:
            # A queue of one that is full: whoever knocks from now on hears nothing.
            self._filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._filler.setblocking(False)
            self._filler.connect_ex((self.host, self.number))

    async def close(self) -> None:
        """Give the number back."""
        if self._sock is not None:
            self._drop(self._sock)
            self._sock = None
        await asyncio.gather(*self._opening)

    def _drop(self, sock: socket.socket) -> None:
        if self._filler is not None:
            self._filler.close()
            self._filler = None
        if self._server is not None:
            self._server.close()
            self._server = None
        elif self.mode is Mode.ANSWER:
            # It is being opened: it listens no more from now on, and is closed when that is over.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        else:
            if self.mode is Mode.CLOSE:
                self._loop.remove_reader(sock)
            sock.close()

    async def _open(self, sock: socket.socket) -> None:
        try:
            server = await self._opens(sock)
        except OSError:
            sock.close()
            return
        if self._sock is sock:
            self._server = server
        else:
            server.close()


def _shut(sock: socket.socket) -> None:
    try:
        came, _ = sock.accept()
    except OSError:  # it left again, or no file descriptor is free for it
        return
    came.close()


def _bound(host: str, number: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((host, number))
    except OSError:
        sock.close()
        raise
    return sock
