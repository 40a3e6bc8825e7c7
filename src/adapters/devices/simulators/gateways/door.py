"""A gateway's own web server, as on its local network, and what is counted about those who come in."""

import socket

from .goip import SimulatedGoip
from .listener import Listener, Talks
from .talk import converse, gone, nothing


class Inside:
    """One client inside a gateway."""

    def __init__(self, gateway: SimulatedGoip, sock: socket.socket) -> None:
        self._gateway = gateway
        self._sock = sock
        self._counted = False
        gateway.connections += 1
        if any(not other.left() for other in gateway.inside):
            self.overlaps()
        gateway.inside.append(self)

    def left(self) -> bool:
        """Whether the client has hung up."""
        return gone(self._sock)

    def overlaps(self) -> None:
        """Count that somebody else came before this one was done; once for each."""
        if not self._counted:
            self._counted = True
            self._gateway.overlaps += 1

    def goes(self) -> None:
        """Be counted no more."""
        self._gateway.inside.remove(self)


class Door:
    """The port of a gateway that can be reached without a remote administration server."""

    def __init__(self, gateway: SimulatedGoip, talks: Talks, host: str, port: int) -> None:
        """Listen.

        Raises:
            OSError: The address is taken or may not be used.
        """
        self._gateway = gateway
        self._talks = talks
        self.host = host
        self._listener: Listener | None = Listener(host, port, self._came)
        self.port = self._listener.port
        gateway.watchers.append(self._changed)

    def close(self) -> None:
        """Listen no more."""
        if self._listener:
            self._listener.close()
            self._listener = None

    def _changed(self) -> None:
        open_ = self._gateway.online and not self._gateway.knobs.refuse
        if not open_:
            self.close()
        elif self._listener is None:
            self._listener = Listener(self.host, self.port, self._came)

    def _came(self, sock: socket.socket, source: str) -> None:
        if self._gateway.knobs.closed:
            sock.close()
            return
        self._talks.begin(sock, self._talk(sock))

    async def _talk(self, sock: socket.socket) -> None:
        client = Inside(self._gateway, sock)
        try:
            await converse(sock, self._gateway, first_byte=nothing, last_byte=nothing)
        finally:
            client.goes()
