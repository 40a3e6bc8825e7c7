"""A port of the remote administration server, and the tunnel through which a unit waits behind it."""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from .door import Inside
from .goip import SimulatedGoip
from .listener import Listener
from .talk import converse, hold

if TYPE_CHECKING:
    from .radmin import SimulatedRadmin

#: As the vendor's program says it to listen(); the system lets one more in.
BACKLOG = 5


class Kind(Enum):
    """What stands behind a row of the list, as its Del link says it."""

    WEB = 1
    RLOGIN = 2
    TELNET = 3


class Tunnel(Enum):
    """How a unit waits."""

    #: It does.
    WAITING = "waiting"
    #: The last one was used; clients stand in the backlog until the unit dials in again.
    NONE = "none"
    #: The unit hung up with a word; the first client finds that out.
    CLOSED = "closed"
    #: The unit went without a word; the first client hangs.
    DEAD = "dead"


class Entry:
    """One row of the list with its port."""

    def __init__(
        self, server: "SimulatedRadmin", name: bytes, kind: Kind, address: str, gateway: SimulatedGoip | None
    ) -> None:
        self._server = server
        self.name = name
        self.kind = kind
        self.address = address
        self.gateway = gateway
        self.tunnel = Tunnel.WAITING
        self._listener: Listener | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.port = 0
        self.move()

    def move(self) -> None:
        """Take the next port."""
        self._shut()
        self._listener = self._server.next_port(self._came, BACKLOG)
        self.port = self._listener.port

    def dialed(self) -> None:
        """The unit has dialed in: whatever tunnel there was, a new one waits."""
        self._stop("ghost")
        self._stop("redial")
        gateway = self.gateway
        if gateway is not None and gateway.knobs.refuse:
            self._shut()
            return
        self.tunnel = Tunnel.WAITING
        if self._listener is None:
            self._listener = Listener(self._server.host, self.port, self._came, backlog=BACKLOG)
        self._listener.accept(True)

    def lost(self, *, cleanly: bool) -> None:
        """The unit dials in no more: it stays on the list as a ghost for a while."""
        redialing = self._stop("redial")
        if self.tunnel is Tunnel.WAITING or redialing:
            self.tunnel = Tunnel.CLOSED if cleanly else Tunnel.DEAD
            if self._listener:
                self._listener.accept(True)
        self._later("ghost", self._server.world.times.ghost_s, lambda: self._server.drop(self))

    def close(self) -> None:
        """Be off the list."""
        for name in [*self._timers]:
            self._stop(name)
        self._shut()

    def _came(self, sock: socket.socket, source: str) -> None:
        if not self._server.allows(source) or self.gateway is None:
            sock.close()
            return
        tunnel, self.tunnel = self.tunnel, Tunnel.NONE
        if self._listener:
            self._listener.accept(False)
        if tunnel is Tunnel.CLOSED:
            sock.close()
        elif tunnel is Tunnel.DEAD:
            self._server.talks.begin(sock, hold(sock))
        elif self.gateway.knobs.closed:
            sock.close()
            self._redial()
        else:
            self._server.talks.begin(sock, self._talk(sock, self.gateway))

    async def _talk(self, sock: socket.socket, gateway: SimulatedGoip) -> None:
        client = Inside(gateway, sock)
        spoke = False

        def first_byte() -> None:
            nonlocal spoke
            spoke = True
            self._redial()

        def last_byte() -> None:
            """Whoever stands in the backlog now came before this client had its answer."""
            if self._listener and self._listener.waiting() and not client.left():
                client.overlaps()

        try:
            await converse(sock, gateway, first_byte=first_byte, last_byte=last_byte)
        finally:
            client.goes()
            if not spoke:
                self._redial()

    def _redial(self) -> None:
        """The unit has found that its tunnel is used, and will open another one."""
        if self.gateway is not None and self.gateway.online:
            self._later("redial", self._server.world.times.redial_s, self._redialed)

    def _redialed(self) -> None:
        if self.gateway is not None and self.gateway.online:
            self.dialed()

    def _shut(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None

    def _later(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._stop(name)

        def run() -> None:
            self._timers.pop(name, None)
            call()

        self._timers[name] = asyncio.get_running_loop().call_later(seconds, run)

    def _stop(self, name: str) -> bool:
        """Call off what was to come; whether there was such a thing."""
        timer = self._timers.pop(name, None)
        if timer:
            timer.cancel()
        return timer is not None
