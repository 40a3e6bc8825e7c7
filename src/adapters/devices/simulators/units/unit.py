"""One simulated Asterisk unit: its power, its boot, its peers, and the two ports where it answers."""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from .knobs import UnitKnobs, UnitTimes
from .manager import ManagerServer
from .peers import FOREIGN, Channel, PeerSeen, channels_of, peers_of
from .port import Mode, Port
from .ssh import SshServer, fingerprint

#: How many calls there are in so many seconds.
_CALLS, _CALL_SLOT_S = (0, 0, 0, 0, 1, 1, 2, 3), 90.0
_LATE_MS = 2104


class SimulatedUnit:
    """``async with SimulatedUnit(seed=7) as unit: unit.port, unit.login; unit.power(False)``.

    What it says follows from its seed, its clock and its knobs.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        manager_port: int = 0,
        login: tuple[str, str] = ("root", "unit-secret"),
        authorized: str | None = None,
        manager_login: tuple[str, str] = ("lineman", "manager-secret"),
        knobs: UnitKnobs | None = None,
        times: UnitTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put a unit up, long booted; nothing listens yet.

        Args:
            seed: Which of all possible units.
            host: Where it listens, a loopback address.
            port: Of SSH; 0 is any free one.
            manager_port: Of the manager; 0 is any free one.
            login: User and password of SSH.
            authorized: A public key that may log in as that user, in OpenSSH's format.
            manager_login: User and secret of the manager's port.
            knobs: What is wrong with it.
            times: How long things take.
            clock: Seconds.

        Raises:
            ValueError: The address is not one of loopback.
        """
        if not host.startswith("127."):
            raise ValueError(f"{host} is not a loopback address (127.0.0.0/8)")
        self.seed = seed
        self.host = host
        self.login = login
        self.authorized = authorized
        self.manager_login = manager_login
        self.knobs = knobs or UnitKnobs()
        self.times = times or UnitTimes()
        self.peers = peers_of(seed)
        #: What was run over SSH, what was asked of the manager, and who tried to log in.
        self.commands: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.logins: list[str] = []
        #: When it got and lost its power, in the seconds of its clock.
        self.powered: list[tuple[float, bool]] = []
        self.restarts = 0
        self._clock = clock
        draw = random.Random(f"{seed} life")
        self._disk = draw.randint(18, 74)
        #: When it got its power; ``None``: it has none.
        self._on_at: float | None = clock() - draw.uniform(3600, 40 * 86_400) - self.times.boot_s
        self._restarted_at = -math.inf
        self._wanted_ports = (port, manager_port)
        self._ssh = SshServer(self)
        self._manager = ManagerServer(self)
        self._ports: tuple[Port, Port] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: A port is taken or may not be used.
        """
        first = Port(self.host, self._wanted_ports[0], self._ssh.listen)
        try:
            second = Port(self.host, self._wanted_ports[1], self._manager.listen)
        except OSError:
            await first.close()
            raise
        self._ports = first, second
        self._settle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        ports, self._ports = self._ports or (), None
        for port in ports:
            await port.close()
        self._hang_up()
        await self._ssh.close()
        await self._manager.close()

    @property
    def port(self) -> int:
        """Of SSH."""
        return self._ports[0].number if self._ports else self._wanted_ports[0]

    @property
    def manager_port(self) -> int:
        """Of the manager."""
        return self._ports[1].number if self._ports else self._wanted_ports[1]

    @property
    def host_key(self) -> str:
        """The fingerprint of the key that it shows now."""
        return fingerprint(self.seed, self.knobs.other_key)

    def turn(self, **knobs: Any) -> None:
        """Turn knobs: ``turn(hung=True)``.

        Raises:
            TypeError: There is no such knob.
        """
        key = self.knobs.other_key
        self.knobs = self.knobs.turned(**knobs)
        if self.knobs.hung or self.knobs.refuse or self.knobs.dark:
            self._hang_up()
        if self._ports is not None and self.knobs.other_key is not key:
            # Who listens shows the key that it began with.
            self._ports[0].turn(Mode.REFUSE)
        self._settle()

    def power(self, on: bool) -> None:
        """Give it power or take it away.  A boot puts right what a boot can."""
        if on == self.has_power:
            return
        now = self._clock()
        self.powered.append((now, on))
        self._on_at = now if on else None
        self._restarted_at = -math.inf
        if on:
            self.knobs = self.knobs.cured()
        self._hang_up()
        self._settle()

    def restart_asterisk(self) -> None:
        """Restart its Asterisk, not its host."""
        self.restarts += 1
        if not self.knobs.stubborn:
            self.knobs = self.knobs.turned(asterisk_down=False, console_mute=False)
        self._restarted_at = self._clock()
        self._manager.hang_up()
        self._settle()

    @property
    def has_power(self) -> bool:
        """Whether power is there."""
        return self._on_at is not None

    @property
    def host_up(self) -> bool:
        """Whether it has booted so far that its network and SSH are up."""
        return self._on_at is not None and self._clock() >= self._on_at + self.times.boot_s * self.times.host_part

    @property
    def asterisk_runs(self) -> bool:
        """Whether its Asterisk answers."""
        return self.host_up and not self.knobs.asterisk_down and self._clock() >= self._asterisk_at()

    def uptime_s(self) -> int:
        """Return the whole seconds since its Asterisk started."""
        return max(0, int(self._clock() - self._asterisk_at()))

    def disk_percent(self) -> int:
        """Return how full its disk is."""
        return self._disk if self.knobs.disk_percent is None else self.knobs.disk_percent

    def calls(self) -> int:
        """Return how many calls are in progress."""
        if self.knobs.calls is not None:
            return self.knobs.calls
        if self.uptime_s() < self.times.register_s:
            return 0
        return random.Random(f"{self.seed} calls {self._clock() // _CALL_SLOT_S}").choice(_CALLS)

    def channels(self) -> tuple[Channel, ...]:
        """Return the legs of the calls in progress."""
        return channels_of(self.seed, self.peers, self.calls(), self._clock())

    def seen(self) -> tuple[PeerSeen, ...]:
        """Return its peers as they are at this moment."""
        peers = self.peers + (FOREIGN if self.knobs.foreign else ())
        order = random.Random(f"{self.seed} trouble").sample(range(len(self.peers)), len(self.peers))
        late = {*order[: math.ceil(self.knobs.lagged * len(order))]}
        gone = {*order[len(order) - math.ceil(self.knobs.unreachable * len(order)) :]}
        since = self._clock() - self._asterisk_at()
        found: list[PeerSeen] = []
        for place, peer in enumerate(peers):
            known = not peer.dynamic or (not peer.idle and since >= peer.turn * self.times.register_s)
            if not peer.monitored:
                found.append(PeerSeen(peer, "Unmonitored", known=known))
            elif not known or since < 0:
                found.append(PeerSeen(peer, "UNKNOWN", known=known))
            elif place in gone:
                found.append(PeerSeen(peer, "UNREACHABLE"))
            elif place in late:
                found.append(PeerSeen(peer, "LAGGED", _LATE_MS + peer.rtt_ms))
            else:
                found.append(PeerSeen(peer, "OK", peer.rtt_ms))
        return tuple(found)

    def cuts(self) -> bool:
        """Whether the table that is being said ends in the middle; a number counts down."""
        left = self.knobs.cut
        if left is not True and left > 0:
            self.knobs = self.knobs.turned(cut=left - 1)
        return bool(left)

    def _asterisk_at(self) -> float:
        booted = math.inf if self._on_at is None else self._on_at + self.times.boot_s
        return max(booted, self._restarted_at + self.times.restart_s)

    def _settle(self) -> None:
        """Let both ports do what they do in this state, and look again when that ends by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ports is None:
            return
        knobs, now = self.knobs, self._clock()
        if knobs.dark or not self.host_up:
            modes = Mode.DARK, Mode.DARK
        elif knobs.refuse or knobs.hung or knobs.closed:
            mode = Mode.REFUSE if knobs.refuse else Mode.HANG if knobs.hung else Mode.CLOSE
            modes = mode, mode
        else:
            modes = Mode.ANSWER, Mode.ANSWER if self.asterisk_runs else Mode.REFUSE
        for port, mode in zip(self._ports, modes, strict=True):
            port.turn(mode)
        if self._on_at is not None:
            moments = (self._on_at + self.times.boot_s * self.times.host_part, self._asterisk_at())
            if (left := [moment - now for moment in moments if moment > now]) and min(left) < 1e6:
                self._timer = asyncio.get_running_loop().call_later(min(left) + 0.001, self._settle)

    def _hang_up(self) -> None:
        self._ssh.hang_up()
        self._manager.hang_up()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
