"""One simulated miner: its place, its life, its knobs."""

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .doors import Api3Door, ApiDoor, Door, WebDoor
from .kinds import KINDS, Kind
from .knobs import Knobs
from .life import Condition, Moment, Past, boot_before, observe, scramble, worked
from .told import Told, part_of
from .truth import truth

if TYPE_CHECKING:
    from .farm import SimulatedFarm


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
        "told",
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
        #: What it was told by clients.
        self.told = Told()

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
        found = observe(self.kind.hw, self._seed, self.index, self.condition, t, self._past, farm.started_at)
        self.told.apply(found)
        found.locked = self.knobs.locked
        return found

    def truth(self, now: float | None = None) -> dict[str, Any]:
        """Return what a reader should see at ``now`` of the farm's clock; values stand still for five seconds."""
        return truth(self.kind, self.moment(now))

    def reboot(self) -> None:
        """Start the mining process anew: counters at 0, a minute without a share."""
        self._past = replace(self._past, booted_at=self._farm.clock() - self._farm.origin)

    def sleep(self) -> None:
        """Stop hashing until it is woken."""
        if self.condition is not Condition.SLEEPING:
            self.told = replace(self.told, awake=self.condition)
            self.turn(condition=Condition.SLEEPING)

    def wake(self) -> None:
        """Hash again, as before it went to sleep; the process starts anew."""
        if self.condition is Condition.SLEEPING:
            self.turn(condition=self.told.awake)
            self.reboot()

    def limit(self, watts: int) -> None:
        """Take no more than so many watts, and make accordingly less; the process starts anew."""
        self.told = replace(self.told, limit_w=watts)
        self._past = replace(self._past, limit=part_of(watts, self.kind.hw.power_w))
        self.reboot()

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
            self.move()
            self.reboot()
        if self.knobs.refuse:
            self.close()
        elif not self.doors:
            self.open()

    def move(self, host: str | None = None) -> None:
        """Take another address, or the ports that a change of the kind or of the farm brings."""
        self.host = host or self.host
        self.port, self.web_port, self.api3_port = self._farm.ports_of(self.kind)

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
