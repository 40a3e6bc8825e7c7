"""A port that can listen, refuse, or be dead, and keeps its number meanwhile."""

import asyncio
import socket
from collections.abc import Callable
from enum import StrEnum

_BACKLOG = 128


class Mode(StrEnum):
    """What happens to who comes."""

    ANSWER = "answer"
    #: The connection is refused at once.
    REFUSE = "refuse"
    #: No connection is made, and nothing is said.
    DARK = "dark"


class Port:
    """One TCP port of loopback."""

    def __init__(self, host: str, number: int, came: Callable[[socket.socket], None]) -> None:
        """Take the number; 0 is any free one.  Refuses until it is told otherwise.

        Raises:
            OSError: It is taken or may not be used.
        """
        self._came = came
        self._loop = asyncio.get_running_loop()
        self._filler: socket.socket | None = None
        self.host = host
        self._sock = _bound(host, number)
        self.number: int = self._sock.getsockname()[1]
        self.mode = Mode.REFUSE

    def turn(self, mode: Mode) -> None:
        """Change what happens to who comes.

        Raises:
            OSError: Somebody took the number in the wink between two sockets.
        """
        if mode is self.mode:
            return
        if self.mode is not Mode.REFUSE:
            # Only a new socket stops to listen; the number is taken again at once.
            self._drop()
            self._sock = _bound(self.host, self.number)
        self.mode = mode
        if mode is Mode.ANSWER:
            self._sock.listen(_BACKLOG)
            self._loop.add_reader(self._sock, self._turn)
        elif mode is Mode.DARK:
            # A queue of one that is full: whoever knocks from now on hears nothing.
            self._sock.listen(0)
            self._filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._filler.setblocking(False)
            self._filler.connect_ex((self.host, self.number))

    def close(self) -> None:
        """Give the number back."""
        self._drop()
        self.mode = Mode.REFUSE

    def _drop(self) -> None:
        if self.mode is Mode.ANSWER:
            self._loop.remove_reader(self._sock)
        if self._filler is not None:
            self._filler.close()
            self._filler = None
        self._sock.close()

    def _turn(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:  # it left again, or no file descriptor is free for it
            return
        sock.setblocking(False)
        self._came(sock)


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
