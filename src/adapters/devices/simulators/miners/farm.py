"""Many simulated miners on loopback addresses, with knobs to turn while they run."""

import errno
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import TracebackType
from typing import Any, Self

from ..room import make_room
from .kinds import Kind, shared_out
from .knobs import Knobs
from .life import Condition
from .miner import SimulatedMiner
from .racks import drawn, hosts
from .reactor import Reactor

MIX: Mapping[str, float] = {"whatsminer": 40, "antminer": 40, "avalon": 10, "elphapex": 10}
#: What a farm of some hundred miners usually suffers from, as parts of 1.
LIVELY: Mapping[str, float] = {
    "dead-board": 0.01,
    "overheating": 0.01,
    "sleeping": 0.02,
    "bad-chips": 0.04,
    "fan-stopped": 0.01,
}
#: How often a free block of addresses is looked for.
_TRIES = 20
_HUGE = 64 * 1024 * 1024
_FAULTS = {item.name for item in fields(Knobs) if item.type is bool} | {"huge"}


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
            conditions: Conditions to the part of the miners that have them; all are healthy by default.
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
            for name, places in drawn(order, count, faults)
            for place in places
        }
        all_conditions = {
            place: Condition(name)
            for name, places in drawn(order, count, conditions, lambda name, place: kinds[place].hw.can(name))
            for place in places
        }
        base = knobs or Knobs()
        addresses = hosts(address or "127.0.0.1", count)
        self.miners = [
            SimulatedMiner(
                self,
                index,
                addresses[index],
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
        """Open all doors.  Where the address is left to chance, so is the port, once the real one is taken all over."""
        make_room(sum(miner.kind.doors for miner in self.miners))
        for tried in range(1, _TRIES + 1):
            if self._address is None:
                self._move(real_ports=tried <= _TRIES / 2)
            try:
                for miner in self.miners:
                    miner.open()
            except OSError as error:
                for miner in self.miners:
                    miner.close()
                if self._address is not None or tried == _TRIES or error.errno != errno.EADDRINUSE:
                    raise
            else:
                return

    def _move(self, *, real_ports: bool) -> None:
        if not real_ports:
            base = random.randrange(10_000, 30_000)
            self._ports = (base, base + 1, base + 2)
        block = f"127.{random.randrange(64, 255)}.{random.randrange(256)}.1"
        for miner, host in zip(self.miners, hosts(block, len(self.miners)), strict=True):
            miner.move(host)
