"""Thousands of listening sockets for the price of one reader in the event loop.

The sockets of all miners hang in a selector of their own, and only that
selector hangs in the event loop (an epoll or kqueue can itself be waited for).
A miner that nobody asks costs a file descriptor a port, and no task, no
transport, no timer.
"""

import asyncio
import contextlib
import errno
import selectors
import socket
import time

from .talk import BACKLOG, REPLY_S, Door, Talk

_ACCEPTS_A_TURN = 64


class _Listener:
    """A listening socket and the door behind it."""

    __slots__ = ("door", "reactor", "sock")

    def __init__(self, reactor: "Reactor", sock: socket.socket, door: Door) -> None:
        self.reactor = reactor
        self.sock = sock
        self.door = door

    def turn(self, mask: int) -> None:
        for _ in range(_ACCEPTS_A_TURN):
            try:
                sock, _address = self.sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self.reactor.rest()
                return
            self._came(sock)

    def _came(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        door = self.door
        talk = Talk(self.reactor, sock, door)
        if door.one_by_one:
            for other in [*door.talks]:
                if not other.waiting and other.gone():
                    other.close()
        calm = door.opened()
        talk.waiting = door.one_by_one and bool(door.talks)
        door.talks.append(talk)
        self.reactor.talks.add(talk)
        talk.deadline = time.monotonic() + REPLY_S
        if not calm:
            talk.close(reset=True)
        elif not talk.waiting:
            talk.begin()
        elif len(door.talks) > BACKLOG:
            talk.close()


class Reactor:
    """All sockets of a farm, served in the running event loop."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.talks: set[Talk] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeper: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Serve from now on."""
        self._wake()
        self._sweep()

    def stop(self) -> None:
        """Hang up everywhere and serve no more."""
        if self._sweeper:
            self._sweeper.cancel()
        self._loop.remove_reader(self.selector)
        for key in [*self.selector.get_map().values()]:
            if isinstance(key.data, _Listener):
                self.deaf(key.data.sock)
        for talk in self.talks:
            talk.sock.close()
        self.talks.clear()
        self.selector.close()

    def listen(self, host: str, port: int, door: Door) -> socket.socket:
        """Open a door.

        Raises:
            OSError: The address is taken or may not be used.
        """
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setblocking(False)
            sock.bind((host, port))
            sock.listen(BACKLOG)
        except OSError:
            sock.close()
            raise
        self.selector.register(sock, selectors.EVENT_READ, _Listener(self, sock, door))
        return sock

    def deaf(self, sock: socket.socket) -> None:
        """Close a door; who is inside may finish."""
        self.selector.unregister(sock)
        sock.close()

    def rest(self) -> None:
        """Out of file descriptors: accept nobody for a moment, others will finish."""
        self._loop.remove_reader(self.selector)
        self._loop.call_later(0.05, self._wake)

    def _wake(self) -> None:
        with contextlib.suppress(ValueError):  # closed in the meantime
            self._loop.add_reader(self.selector, self._turn)

    def _turn(self) -> None:
        for key, mask in self.selector.select(0):
            if key.fileobj.fileno() >= 0:  # type: ignore[union-attr]  # only sockets are registered
                key.data.turn(mask)

    def _sweep(self) -> None:
        """Hang up on those who are too slow; one timer for all."""
        now = time.monotonic()
        for talk in [talk for talk in self.talks if talk.deadline < now]:
            talk.close()
        self._sweeper = self._loop.call_later(1.0, self._sweep)
