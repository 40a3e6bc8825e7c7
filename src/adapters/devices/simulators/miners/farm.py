"""Many simulated miners on loopback addresses, with knobs to turn while they run."""

import ipaddress
import math
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from types import TracebackType
from typing import Any, Self

from .doors import Api3Door, ApiDoor, Door, WebDoor
from .kinds import KINDS, Kind, shared_out
from .knobs import Knobs
from .life import Condition, Moment, Past, boot_before, observe, scramble, worked
from .reactor import Reactor, make_room
from .truth import truth

MIX: Mapping[str, float] = {"whatsminer": 40, "antminer": 40, "avalon": 10, "elphapex": 10}
#: What a farm of some hundred miners usually suffers from, as parts of 1.
LIVELY: Mapping[str, float] = {
    "dead-board": 0.01,
    "overheating": 0.01,
    "sleeping": 0.02,
    "bad-chips": 0.04,
    "fan-stopped": 0.01,
}
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_HUGE = 64 * 1024 * 1024
_FAULTS = {item.name for item in fields(Knobs) if item.type is bool} | {"huge"}


class SimulatedMiner:
    """One miner of a farm."""

    __slots__ = (
        "_farm",
        "_past",
        "_seed",
        "_sockets",
        "api3_port",
        "condition",
        "connections",
        "doors",
        "host",
        "index",
        "kind",
        "knobs",
        "overlaps",
        "port",
        "served",
        "web_port",
    )

    def __init__(
        self, farm: "SimulatedFarm", index: int, host: str, kind: Kind, knobs: Knobs, condition: Condition
    ) -> None:
        self._farm = farm
        self._seed = scramble(farm.seed, index)
        self._past = Past(boot_every_s=knobs.reboot_minutes * 60)
        self._sockets: list[socket.socket] = []
        self.index = index
        self.host = host
        #: What it is: its plate (``kind.hw``) and how it speaks.
        self.kind = kind
        self.knobs = knobs
        self.condition = condition
        #: The maker's main port: the web's for a maker without a port 4028.
        self.port, self.web_port, self.api3_port = farm.ports_of(kind)
        #: Clients that came.
        self.connections = 0
        #: Requests that were answered.
        self.served = 0
        #: Clients that came while another one was inside, which no good reader does.
        self.overlaps = 0
        self.doors: tuple[Door, ...] = ()

    @property
    def maker(self) -> str:
        """``Whatsminer``, ``AntMiner``, ``Avalon`` or ``Elphapex``."""
        return self.kind.hw.maker

    @property
    def model(self) -> str:
        """As the device names itself."""
        return self.kind.hw.model

    @property
    def login(self) -> tuple[str, str]:
        """Name and password of the web pages."""
        return self._farm.login

    def chance(self) -> float:
        """Return a number in [0, 1) by chance."""
        return self._farm.chance.random()

    def moment(self, now: float | None = None) -> Moment:
        """Return all that can be read at ``now`` of the farm's clock."""
        farm = self._farm
        t = (farm.clock() if now is None else now) - farm.origin
        return observe(self.kind.hw, self._seed, self.index, self.condition, t, self._past, farm.started_at)

    def truth(self, now: float | None = None) -> dict[str, Any]:
        """Return what a reader should see at ``now`` of the farm's clock; values stand still for five seconds."""
        return truth(self.kind, self.moment(now))

    def reboot(self) -> None:
        """Start the mining process anew: counters at 0, a minute without a share."""
        self._past = replace(self._past, booted_at=self._farm.clock() - self._farm.origin)

    def turn(self, kind: str | None = None, condition: str | None = None, **knobs: Any) -> None:
        """Turn knobs, change the condition, or put another kind of miner in the place.

        Raises:
            TypeError: There is no such knob.
            ValueError: There is no such kind or condition.
        """
        self.knobs = self.knobs.turned(**knobs)
        t = self._farm.clock() - self._farm.origin
        if condition is not None:
            turned = Condition(condition)
            boot = boot_before(self._seed, t, self._past)
            done = worked(self.kind.hw, self._seed, self.condition, t, self._past, boot)
            self._past = replace(self._past, turned_at=t, worked_s=done)
            self.condition = turned
        self._past = replace(self._past, boot_every_s=self.knobs.reboot_minutes * 60)
        if kind is not None:
            if kind not in KINDS:
                raise ValueError(f"there is no miner {kind!r}: say one of {', '.join(KINDS)}")
            self.close()
            self.kind = KINDS[kind]
            self.port, self.web_port, self.api3_port = self._farm.ports_of(self.kind)
            self.reboot()
        if self.knobs.refuse:
            self.close()
        elif not self.doors:
            self.open()

    def open(self) -> None:
        """Listen."""
        reactor = self._farm.reactor
        if reactor is None or self.knobs.refuse:
            return
        kind, doors = self.kind, list[tuple[int, Door]]()
        if kind.api:
            doors.append((self.port, ApiDoor(self, kind.api)))
        if kind.api3:
            doors.append((self.api3_port, Api3Door(self)))
        if kind.web:
            doors.append((self.web_port, WebDoor(self, kind.web)))
        for port, door in doors:
            self._sockets.append(reactor.listen(self.host, port, door))
        self.doors = tuple(door for _, door in doors)

    def close(self) -> None:
        """Listen no more; who is inside may finish."""
        reactor = self._farm.reactor
        for sock in self._sockets if reactor else ():
            reactor.deaf(sock)  # type: ignore[union-attr]  # the loop is empty without one
        self._sockets = []
        self.doors = ()


class SimulatedFarm:
    """Miners on the real wire: ``async with SimulatedFarm({"s9": 1, "m30s": 1}, count=4) as farm: farm.miners[0]``.

    The n-th miner has the n-th address from ``address`` on, within 127.0.0.0/8,
    and its maker's ports, the web's moved to ``web_port`` (80 needs root).
    The same seed, clock and start give the same miners, to the last digit.
    """

    def __init__(
        self,
        mix: Mapping[str, float] = MIX,
        count: int = 1,
        *,
        seed: int = 1,
        address: str | None = None,
        port: int = 4028,
        web_port: int = 8081,
        api3_port: int = 4433,
        knobs: Knobs | None = None,
        faults: Mapping[str, float] | None = None,
        conditions: Mapping[str, float] | None = None,
        login: tuple[str, str] = ("root", "root"),
        clock: Callable[[], float] = time.monotonic,
        started_at: float | None = None,
    ) -> None:
        """Put the miners in their racks; nothing listens yet.

        Args:
            mix: Makers or kinds to weights, as in ``{"whatsminer": 40, "s9": 10}``.
            count: How many miners.
            seed: Which farm of all possible ones.
            address: Of the first miner; ``None``: a block that nobody uses, by chance.
            port: Of the cgminer API.
            web_port: Of the web pages.
            api3_port: Of Whatsminer's API 3.
            knobs: Of every miner.
            faults: Knobs of on and off (``mute``, ``cut``, ``huge`` …) to the part of the miners that have them on.
            conditions: Conditions to the part of the miners that have them; all are healthy by default, and so are
                those that could not show each of them (an S9 cannot sleep, an M66S has no fans).
            login: Name and password of the web pages.
            clock: Seconds; the miners live by it.
            started_at: What the miners' own clocks say at the start, epoch seconds; ``None``: the true time.

        Raises:
            ValueError: Unknown names, parts above 1, or an address that is not loopback.
        """
        self.seed = seed
        self.login = login
        self.clock = clock
        self.origin = clock()
        self.started_at = time.time() if started_at is None else started_at
        self.chance = random.Random(seed)
        self.reactor: Reactor | None = None
        self._ports = (port, web_port, api3_port)
        self._address = address
        for name in faults or ():
            if name not in _FAULTS:
                raise ValueError(f"there is no knob of on and off {name!r}: say one of {', '.join(sorted(_FAULTS))}")
        for name in conditions or ():
            Condition(name)
        order = random.Random(f"{seed} racks")
        kinds = shared_out(dict(mix), count)
        order.shuffle(kinds)
        all_knobs = {
            place: {name: _HUGE if name == "huge" else True}
            for name, places in _drawn(order, range(count), faults)
            for place in places
        }
        able = [place for place, kind in enumerate(kinds) if kind.hw.sleeps and kind.hw.fans]
        all_conditions = {
            place: Condition(name) for name, places in _drawn(order, able, conditions, count) for place in places
        }
        base = knobs or Knobs()
        hosts = _hosts(address or "127.0.0.1", count)
        self.miners = [
            SimulatedMiner(
                self,
                index,
                hosts[index],
                kinds[index],
                base.turned(**all_knobs[index]) if index in all_knobs else base,
                all_conditions.get(index, Condition.HEALTHY),
            )
            for index in range(count)
        ]

    def ports_of(self, kind: Kind) -> tuple[int, int, int]:
        """Return main port, web port and API 3 port of a kind of miner here."""
        port, web_port, api3_port = self._ports
        return (web_port if kind.hw.maker == "Elphapex" else port), web_port, api3_port

    async def __aenter__(self) -> Self:
        """Listen at every address.

        Raises:
            OSError: An address is taken, or a port below 1024 needs root.
        """
        self.reactor = Reactor()
        try:
            self._open()
        except OSError:
            self.reactor.stop()
            self.reactor = None
            raise
        self.reactor.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        if self.reactor:
            for miner in self.miners:
                miner.close()
            self.reactor.stop()
            self.reactor = None

    def set(self, index: int, *, kind: str | None = None, condition: str | None = None, **knobs: Any) -> None:
        """Turn a miner's knobs, change its condition, or put another kind in its place: ``farm.set(3, mute=True)``."""
        self.miners[index].turn(kind, condition, **knobs)

    def reboot(self, index: int) -> None:
        """Start one miner's process anew."""
        self.miners[index].reboot()

    @property
    def overlaps(self) -> int:
        """How often a client came to a miner while another one was inside."""
        return sum(miner.overlaps for miner in self.miners)

    def _open(self) -> None:
        make_room(sum(miner.kind.doors for miner in self.miners))
        for left in range(20 if self._address is None else 1, 0, -1):
            if self._address is None:
                block = f"127.{random.randrange(64, 255)}.{random.randrange(256)}.1"
                for miner, host in zip(self.miners, _hosts(block, len(self.miners)), strict=True):
                    miner.host = host
            try:
                for miner in self.miners:
                    miner.open()
            except OSError:
                for miner in self.miners:
                    miner.close()
                if left == 1:
                    raise
            else:
                return


def _hosts(first: str, count: int) -> list[str]:
    start = ipaddress.IPv4Address(first)
    if count < 1:
        raise ValueError("a farm has at least one miner")
    if start not in _LOOPBACK or start + count - 1 not in _LOOPBACK:
        raise ValueError(f"{first} and the {count - 1} addresses behind it are not all loopback (127.0.0.0/8)")
    return [str(start + n) for n in range(count)]


def _drawn(
    order: random.Random, places: Sequence[int], parts: Mapping[str, float] | None, whole: int | None = None
) -> list[tuple[str, list[int]]]:
    """Return for each name which places have it: at least one for a part above 0, and no place has two names."""
    parts = parts or {}
    if any(part < 0 for part in parts.values()) or sum(parts.values()) > 1.0 + 1e-9:
        raise ValueError("the parts are of 1 together")
    left = list(places)
    order.shuffle(left)
    drawn = []
    for name, part in parts.items():
        many = math.ceil(part * (whole or len(places)) - 1e-9)
        drawn.append((name, left[:many]))
        left = left[many:]
    return drawn
