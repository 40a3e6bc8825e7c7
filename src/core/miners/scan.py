"""One run of a discovery: many addresses in lanes, each knocked at first, and only who opens is asked who he is."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import anyio
import attrs

from ...ports.errors import Declined, DeviceError, LinemanError
from ...ports.miners import (
    Doors,
    Fingerprint,
    Job,
    Knocked,
    Maker,
    Miner,
    MinerDriver,
    MinerProbe,
    NoReply,
    NotAMiner,
    NotJson,
    Target,
    TimedOut,
    Truncated,
    Watch,
)
from .polling import target_of
from .verdicts import Sighting, next_door, open_door, suspects

#: Addresses knocked at, and devices asked who they are, at the same time.
AT_ONCE, ASKED_AT_ONCE = 512, 100
#: Seconds that a knock waits.
PATIENCE = 1.0
#: What may be a bad moment, and is asked for once more.
_AGAIN = (TimedOut, Truncated, NoReply)


@attrs.define(eq=False)
class Scan:
    """Where to look, and what has been seen so far."""

    driver: MinerDriver
    probe: MinerProbe
    job: Job
    hosts: Iterator[str]
    #: What is written down, and what was last seen of those that are polled.
    miners: Sequence[Miner]
    watches: Mapping[int, Watch]
    #: Whether a miner answered so lately that it need not be disturbed.
    fresh: Callable[[Watch], bool]
    deadline: float = 5.0
    probed: int = 0
    answered: int = 0
    sightings: list[Sighting] = attrs.field(factory=list)

    _there: dict[str, list[Miner]] = attrs.field(init=False)
    _asking: anyio.CapacityLimiter = attrs.field(init=False, factory=lambda: anyio.CapacityLimiter(ASKED_AT_ONCE))

    @_there.default
    def _by_host(self) -> dict[str, list[Miner]]:
        there: dict[str, list[Miner]] = defaultdict(list)
        for miner in self.miners:
            there[miner.ip_address].append(miner)
        return there

    @property
    def found(self) -> int:
        """How many are miners."""
        return sum(sighting.fingerprint is not None for sighting in self.sightings)

    async def run(self) -> None:
        """Look everywhere."""
        async with anyio.create_task_group() as lanes:
            for _ in range(min(AT_ONCE, self.job.addresses)):
                lanes.start_soon(self._lane)

    async def _lane(self) -> None:
        for host in self.hosts:
            try:
                await self._visit(host)
            except LinemanError:
                raise
            # The top of a visit: what one strange device brings about must not end the search.
            except Exception as fault:  # noqa: BLE001  it is told with the find
                self.sightings.append(Sighting(host, self.job.doors.port, detail=f"lineman failed: {fault!r}"[:500]))
            self.probed += 1

    async def _visit(self, host: str) -> None:
        there = self._there.get(host)
        if there is None:
            await self._look(host, Target(host, self.job.doors.port), self.job.doors)
        for miner in there or ():
            await self._look_again(miner)

    async def _look_again(self, miner: Miner) -> None:
        """At a miner that is written down: those that are polled are not disturbed."""
        watch = self.watches.get(miner.id)
        if watch is not None and watch.fingerprint is not None and self.fresh(watch):
            self.answered += 1
            # What it said of itself once is remembered with the miner.
            known = attrs.evolve(watch.fingerprint, hardware_id=watch.fingerprint.hardware_id or miner.hardware_id)
            self.sightings.append(Sighting(miner.ip_address, miner.port, known))
            return
        usual = self.job.doors
        web = miner.port if miner.manufacturer is Maker.ELPHAPEX else miner.web_port
        main = usual.port if miner.manufacturer is Maker.ELPHAPEX else miner.port
        doors = Doors(main, miner.api3_port or usual.api3_port, web or usual.web_port)
        await self._look(miner.ip_address, target_of(miner), doors)

    async def _look(self, host: str, device: Target, doors: Doors) -> None:
        knocks: list[tuple[int, Knocked]] = []
        while (port := next_door(knocks, doors)) is not None:
            knocks.append((port, await self.probe.knock(device, port, patience=PATIENCE)))
        door = open_door(knocks)
        if door is None:
            return
        self.answered += 1
        async with self._asking:
            if (sighting := await self._identified(host, door, device, doors)) is not None:
                self.sightings.append(sighting)

    async def _identified(self, host: str, door: int, device: Target, doors: Doors) -> Sighting | None:
        username, password = (device.username, device.password)
        if username is None and password is None:
            username, password = self.job.username, self.job.password
        unclear: Sighting | None = None
        for target in suspects(host, door, doors, username, password):
            try:
                return Sighting(host, target.port, await self._ask(target))
            except (NotAMiner, NotJson):
                continue
            except DeviceError as error:
                # Behind HTTP alone may be anything; only who wants a login may be a miner.
                if unclear is None and (door != doors.web_port or isinstance(error, Declined)):
                    unclear = Sighting(host, target.port, detail=error.detail)
        return unclear

    async def _ask(self, target: Target) -> Fingerprint:
        try:
            return await self._ask_once(target)
        except _AGAIN:
            return await self._ask_once(target)

    async def _ask_once(self, target: Target) -> Fingerprint:
        try:
            # The driver keeps the deadline; this is for the day on which one does not.
            with anyio.fail_after(self.deadline + 1):
                return (await self.driver.poll(target, deadline=self.deadline)).fingerprint
        except TimeoutError as error:
            raise TimedOut(f"{target.where} did not answer in {self.deadline:g} s") from error
