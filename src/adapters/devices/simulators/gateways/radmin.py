"""A simulated remote administration server (RADMIN): the list of units, and a port for each."""

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

from .goip import SimulatedGoip
from .knobs import HUGE, ListKnobs
from .listener import Listener, Talks
from .talk import converse, nothing
from .tunnel import Entry, Kind
from .visitor import Visitor
from .world import World

_ODD = 0.5


class SimulatedRadmin:
    """The server; units join it by ``dial_in``."""

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ports: tuple[int, int] | None = None,
        login: tuple[str, str] = ("admin", "radmin"),
        realm: str = "Please Login",
        encoding: str = "utf-8",
        white: tuple[str, ...] = (),
        knobs: ListKnobs | None = None,
    ) -> None:
        """Set the server up; nothing listens yet.

        Args:
            world: Whose time it lives in.
            host: Where it listens.
            port: Of the list; 0 is any free one.
            ports: First and last port for the units, handed out in turn; ``None``: any free ones.
            login: Of the list.
            realm: Of the login.
            encoding: In which names of units come, and go out as they came.
            white: Addresses that may come to the units without having seen the list, at most two.
            knobs: What is wrong with it.
        """
        self.world = world
        self.host = host
        self.port = port
        self.login = login
        self.encoding = encoding
        self.knobs = knobs or ListKnobs()
        self.talks = Talks()
        #: Requests by their words: ``GET /``.
        self.hits: Counter[str] = Counter()
        #: Requests that nobody should ever send: ``GET /?del=…``, ``GET /?cfg=…``.
        self.harm: list[str] = []
        self.entries: dict[tuple[bytes, Kind], Entry] = {}
        self.realm = realm
        self._white = white[:2]
        self._allowed: dict[str, float] = {}
        self._ports = ports
        self._next = ports[0] if ports else 0
        self._given: set[int] = set()
        self._list: Listener | None = None
        self._gateways: dict[SimulatedGoip, Callable[[], None]] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        #: Whether the program runs.
        self.up = False

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: The address is taken or may not be used.
        """
        self.up = True
        self._changed()

    async def close(self) -> None:
        """Hang up and listen no more."""
        self.up = False
        for timer in self._timers:
            timer.cancel()
        self._empty()
        if self._list:
            self._list.close()
            self._list = None
        await self.talks.stop()

    def turn(self, **knobs: Any) -> None:
        """Turn knobs: ``turn(half=True)``; ``huge=True`` is ten megabytes.

        Raises:
            TypeError: There is no such knob.
        """
        if knobs.get("huge") is True:
            knobs["huge"] = HUGE
        self.knobs = self.knobs.turned(**knobs)
        self._changed()

    def join(self, gateway: SimulatedGoip) -> None:
        """A unit dials in, now and whenever it comes back."""
        self._gateways[gateway] = lambda: self._told(gateway)
        gateway.watchers.append(self._gateways[gateway])
        self._dial_in(gateway)

    def leave(self, gateway: SimulatedGoip) -> None:
        """A unit dials in no more and is off the list at once, as after half an hour."""
        watcher = self._gateways.pop(gateway)
        if watcher in gateway.watchers:
            gateway.watchers.remove(watcher)
        entry = self.entry(gateway.name)
        if entry:
            self.drop(entry)

    def add(self, name: str, kind: Kind, address: str = "192.0.2.40") -> Entry:
        """Put a row of another kind on the list; nobody answers behind it."""
        return self._add(name.encode(self.encoding), kind, address, None)

    def entry(self, name: str) -> Entry | None:
        """Return the row of a unit, if it is on the list."""
        return self.entries.get((name.encode(self.encoding), Kind.WEB))

    def cross(self, one: str, other: str) -> None:
        """Let each of two units answer on the port that the list gives for the other.

        Raises:
            KeyError: One of them is not on the list.
        """
        first, second = (self.entries[name.encode(self.encoding), Kind.WEB] for name in (one, other))
        first.gateway, second.gateway = second.gateway, first.gateway

    def drop(self, entry: Entry) -> None:
        """Take a row off the list; its port is closed and can be another's."""
        entry.close()
        self.entries.pop((entry.name, entry.kind), None)

    def restart(self) -> None:
        """Crash and come back: nobody is on the list or allowed, and every unit will have another port."""
        self.up = False
        self._empty()
        self._allowed.clear()
        self._changed()
        self._later(self.world.times.restart_s, self._restarted)

    def allows(self, source: str) -> bool:
        """Whether an address may come to the units' ports."""
        return source in self._white or self._allowed.get(source, -1.0) > self.world.now()

    def next_port(self, came: Callable[[socket.socket, str], None], backlog: int) -> Listener:
        """Return a listener on the next free port.

        Raises:
            OSError: All ports are taken.
        """
        if self._ports is None:
            return self._any_port(came, backlog)
        first, last = self._ports
        for _ in range(first, last + 1):
            port = self._next
            self._next = first if port >= last else port + 1
            try:
                return Listener(self.host, port, came, backlog=backlog)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        raise OSError(errno.EADDRINUSE, f"all ports from {first} to {last} are taken")

    def welcome(self, source: str) -> None:
        """Allow an address to come to the units' ports, for a day."""
        self._allowed[source] = self.world.now() + self.world.times.allowed_s

    def rows(self, *kinds: Kind) -> list[Entry]:
        """Return the rows in the order of their bytes."""
        found = sorted((entry for entry in self.entries.values() if entry.kind in kinds), key=_place)
        if self.knobs.empty:
            return []
        return found[::2] if self.knobs.half else found

    def delete(self, name: bytes, kind: str) -> None:
        """Do what a Del link does: hang up on a unit, which will dial in again."""
        for entry in [*self.entries.values()]:
            if entry.name == name and str(entry.kind.value) == kind:
                self.drop(entry)
                if entry.gateway is not None:
                    self._lost_by(entry.gateway)

    def _came(self, sock: socket.socket, source: str) -> None:
        if self.knobs.closed:
            sock.close()
            return
        self.talks.begin(sock, converse(sock, Visitor(self, source), first_byte=nothing, last_byte=nothing))

    def _changed(self) -> None:
        """Listen for the list, or do not."""
        if self.up and not self.knobs.refuse:
            if self._list is None:
                self._list = Listener(self.host, self.port, self._came)
                self.port = self._list.port
        elif self._list:
            self._list.close()
            self._list = None

    def _restarted(self) -> None:
        self.up = True
        self._changed()

    def _empty(self) -> None:
        entries = [*self.entries.values()]
        for entry in entries:
            self.drop(entry)
            if entry.gateway is not None:
                self._lost_by(entry.gateway)

    def _told(self, gateway: SimulatedGoip) -> None:
        """A unit went, came, or had its knobs turned."""
        entry = self.entry(gateway.name)
        if gateway.online:
            self._dial_in(gateway)
        elif entry:
            entry.lost(cleanly=gateway.went_cleanly)

    def _lost_by(self, gateway: SimulatedGoip) -> None:
        """A unit finds that the server has hung up, and starts anew."""
        wait = self.world.times.lost_s * (1 + self.world.chance.random() * _ODD)
        self._later(wait, lambda: self._dial_in(gateway))

    def _dial_in(self, gateway: SimulatedGoip) -> None:
        if gateway not in self._gateways or not gateway.online:
            return
        if not self.up:
            self._lost_by(gateway)
            return
        entry = self.entry(gateway.name)
        if entry is None:
            entry = self._add(gateway.name.encode(self.encoding), Kind.WEB, gateway.address, gateway)
        entry.dialed()

    def _add(self, name: bytes, kind: Kind, address: str, gateway: SimulatedGoip | None) -> Entry:
        entry = Entry(self, name, kind, address, gateway)
        self.entries[name, kind] = entry
        return entry

    def _any_port(self, came: Callable[[socket.socket, str], None], backlog: int) -> Listener:
        """Return a listener on a port that was never given before, as far as the system has one."""
        refused = []
        try:
            for _ in range(50):
                listener = Listener(self.host, 0, came, backlog=backlog)
                if listener.port not in self._given:
                    break
                refused.append(listener)
        finally:
            for other in refused:
                other.close()
        self._given.add(listener.port)
        return listener

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = loop.call_later(seconds, run)
        self._timers.add(timer)


def _place(entry: Entry) -> tuple[bytes, int]:
    return entry.name, entry.kind.value
