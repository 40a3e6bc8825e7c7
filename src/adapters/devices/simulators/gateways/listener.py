"""A listening socket that can stop to accept while its backlog fills, and the talks that came of it."""

import asyncio
import select
import socket
from collections.abc import Callable, Coroutine
from typing import Any

#: What listen() says by default.
BACKLOG = 128


class Talks:
    """All open conversations of a simulator."""

    def __init__(self) -> None:
        self._open: dict[asyncio.Task[None], socket.socket] = {}

    def begin(self, sock: socket.socket, talk: Coroutine[Any, Any, None]) -> None:
        """Go on with a connection beside all others."""
        task = asyncio.get_running_loop().create_task(talk)
        self._open[task] = sock
        task.add_done_callback(self._over)

    async def stop(self) -> None:
        """Break all off."""
        tasks = [*self._open]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task).close()  # a task that never began closed nothing


class Listener:
    """One port."""

    def __init__(
        self, host: str, port: int, came: Callable[[socket.socket, str], None], *, backlog: int = BACKLOG
    ) -> None:
        """Listen, and accept.

        Raises:
            OSError: The address is taken or may not be used.
        """
        self._came = came
        self._loop = asyncio.get_running_loop()
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._accepts = False
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sock.setblocking(False)
            self._sock.bind((host, port))
            self._sock.listen(backlog)
        except OSError as error:
            self._sock.close()
            raise OSError(error.errno, f"{error.strerror}: {host} port {port}") from error
        self.port: int = self._sock.getsockname()[1]
        self.accept(True)

    def accept(self, on: bool) -> None:
        """Accept clients from now on, or leave them in the backlog."""
        if on == self._accepts or self._sock.fileno() < 0:
            return
        self._accepts = on
        if on:
            self._loop.add_reader(self._sock, self._turn)
        else:
            self._loop.remove_reader(self._sock)

    def waiting(self) -> bool:
        """Whether somebody stands in the backlog."""
        return self._sock.fileno() >= 0 and bool(select.select([self._sock], [], [], 0)[0])

    def close(self) -> None:
        """Listen no more."""
        self.accept(False)
        self._sock.close()

    def _turn(self) -> None:
        """Take one client; the next one may find the port changed."""
        try:
            sock, (source, _port) = self._sock.accept()
        except OSError:  # it left again, or no file descriptor is free for it
            return
        sock.setblocking(False)
        self._came(sock, source)
