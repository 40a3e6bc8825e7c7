"""Polling by the clock and by hand: one conversation, one memory, nothing lost."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest

from lineman.core.miners.backlog import Backlog
from lineman.core.miners.events import AvailabilityChanged, Event
from lineman.core.miners.polling import Polling
from lineman.ports.clock import Clock
from lineman.ports.errors import DeviceError, NotAllowed, TooManyRequests, Unavailable
from lineman.ports.identity import Actor, Role
from lineman.ports.journal import Entry, Journal
from lineman.ports.miners import (
    Answer,
    Availability,
    Fingerprint,
    Maker,
    Miner,
    MinerDriver,
    MinerPage,
    MinerQuery,
    MinerStore,
    NewMiner,
    Observation,
    Reading,
    Refusing,
    Snapshot,
    State,
    Target,
    TimedOut,
    Totals,
    UnknownMiner,
    Watch,
    WatchStore,
)

pytestmark = pytest.mark.anyio

OPERATOR = Actor("olga", Role.OPERATOR)
START = datetime(2026, 11, 1, tzinfo=UTC)


@attrs.define
class Time(Clock):
    passed: float = 0

    def now(self) -> datetime:
        self.passed += 1
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@attrs.define
class Lines(Journal):
    lines: list[Entry] = attrs.field(factory=list)

    async def write(self, entry: Entry) -> None:
        self.lines.append(entry)

    async def read(
        self, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        return self.lines

    async def count(self, *, action: str | None = None, subject: str | None = None) -> int:
        return len(self.lines)

    async def prune(self, *, before: datetime, now: datetime) -> int:
        raise NotImplementedError


@attrs.define
class Memory(MinerStore):
    """Miners and what was kept of them; ``full`` is a full disk."""

    miners: dict[int, Miner] = attrs.field(factory=dict)
    kept: list[Observation] = attrs.field(factory=list)
    revision: int = 1
    full: bool = False

    def put(self, *miners: Miner) -> None:
        self.miners.update({miner.id: miner for miner in miners})
        self.revision += 1

    async def find(self, query: MinerQuery) -> MinerPage:
        raise NotImplementedError

    async def add(self, new: NewMiner, *, at: datetime) -> Miner:
        raise NotImplementedError

    async def change(self, miner: Miner) -> Miner:
        raise NotImplementedError

    async def remove(self, miner_id: int) -> None:
        del self.miners[miner_id]
        self.revision += 1

    async def version(self) -> int:
        return self.revision

    async def get(self, miner_id: int, *, visible: frozenset[int] | None = None) -> Miner:
        if miner_id not in self.miners:
            raise UnknownMiner(f"there is no miner {miner_id}")
        return self.miners[miner_id]

    async def active(self) -> Sequence[tuple[Miner, Watch]]:
        return [(miner, self.last(miner.id)) for miner in self.miners.values() if miner.is_active]

    def last(self, miner_id: int) -> Watch:
        watches = [seen.watch for seen in self.kept if seen.watch.miner_id == miner_id]
        return watches[-1] if watches else Watch(miner_id)

    async def keep(self, observations: Sequence[Observation]) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        self.kept.extend(observations)


@attrs.define
class Watches(WatchStore):
    """The watch store's face of ``Memory``."""

    memory: Memory

    async def active(self) -> Sequence[tuple[Miner, Watch]]:
        return await self.memory.active()

    async def keep(self, observations: Sequence[Observation]) -> None:
        await self.memory.keep(observations)

    async def get(self, miner_id: int) -> Snapshot:
        return Snapshot(self.memory.last(miner_id))

    async def raw(self, miner_id: int) -> Mapping[str, Any]:
        raise NotImplementedError

    async def totals(self, *, visible: frozenset[int] | None = None) -> Sequence[Totals]:
        raise NotImplementedError


@attrs.define
class Farm(MinerDriver):
    """Answers as told; notes who was asked, and whether ever twice at once."""

    failing: DeviceError | None = None
    hold: anyio.Event | None = None
    asked: list[Target] = attrs.field(factory=list)
    broken: bool = False
    hardware_id: str | None = None
    talking: int = 0
    most: int = 0

    async def poll(self, target: Target, known: Fingerprint | None = None, *, deadline: float = 5.0) -> Answer:
        self.asked.append(target)
        self.talking += 1
        self.most = max(self.most, self.talking)
        try:
            if self.hold is not None:
                await self.hold.wait()
            if self.broken:
                raise ZeroDivisionError
            if self.failing is not None:
                raise self.failing
        finally:
            self.talking -= 1
        fingerprint = Fingerprint(Maker.AVALON, hardware_id=self.hardware_id)
        return Answer(Reading(Maker.AVALON, State.MINING, hash_rate_hs=1e14), fingerprint, b'{"summary":{}}')


@attrs.define
class House:
    memory: Memory = attrs.field(factory=Memory)
    farm: Farm = attrs.field(factory=Farm)
    journal: Lines = attrs.field(factory=Lines)
    told: list[tuple[int, Event]] = attrs.field(factory=list)

    def polling(self, *, bound: int = 100, deadline: float = 5.0) -> Polling:
        watches = Watches(self.memory)
        backlog = Backlog(watches, lambda miner, event: self.told.append((miner.id, event)), batch=2, bound=bound)
        return Polling(self.farm, self.memory, watches, self.journal, Time(), backlog, deadline=deadline)


def miner(miner_id: int = 1, **fields: Any) -> Miner:
    plain = Miner(
        miner_id, f"m{miner_id}", "10.0.0.1", 4000 + miner_id, None, None, Maker.AVALON, None, None, True, START
    )
    return attrs.evolve(plain, **fields)


@pytest.fixture
def house() -> House:
    house = House()
    house.memory.put(miner(1), miner(2), miner(3))
    return house


async def test_what_is_polled_is_kept_in_batches_and_told_after(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    for miner_id in polling.watches():
        await polling.visit(miner_id)
    assert (house.memory.kept, house.told) == ([], [])
    assert await polling.flush() == 3
    assert [seen.watch.availability for seen in house.memory.kept] == ["online"] * 3
    assert house.told[0] == (1, AvailabilityChanged(Availability.UNKNOWN, Availability.ONLINE))
    stats = polling.stats()
    assert (stats.miners, stats.polls, stats.misses, stats.kept, stats.waiting) == (3, 3, 0, 3, 0)


async def test_while_the_disk_is_full_everything_waits_in_order_and_only_the_newest_whole(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    house.memory.full = True
    for _ in range(3):
        await polling.visit(1)
        with pytest.raises(Unavailable):
            await polling.flush()
        assert polling.backlog.failing
    house.memory.full = False
    assert await polling.flush() == 3
    assert not polling.backlog.failing
    times = [seen.sample.at for seen in house.memory.kept]
    assert times == sorted(times)
    assert [seen.raw is not None for seen in house.memory.kept] == [False, False, True]
    # Their figures stay: the next poll's deltas are taken from them.
    assert all(seen.reading is not None and seen.reading.hash_rate_hs == 1e14 for seen in house.memory.kept)


async def test_a_full_backlog_drops_the_oldest_and_counts_them(house: House) -> None:
    polling = house.polling(bound=4)
    await polling.reload()
    house.memory.full = True
    for _ in range(6):
        await polling.visit(2)
    house.memory.full = False
    assert await polling.flush() == 4
    assert polling.stats().dropped == 2
    assert house.memory.kept[-1].watch == polling.watches()[2]


async def test_a_poll_by_hand_is_stored_even_if_it_is_a_miss(house: House) -> None:
    polling = house.polling()
    house.farm.failing = Refusing("10.0.0.1:4001 refuses the connection")
    with pytest.raises(Refusing):
        await polling.poll(OPERATOR, 1)
    assert [(seen.sample.error, seen.reading) for seen in house.memory.kept] == [("refusing", None)]
    house.farm.failing = None
    observation = await polling.poll(OPERATOR, 1)
    assert observation.reading is not None
    assert [(line.action, line.subject, line.outcome) for line in house.journal.lines] == [
        ("miners.poll", "miner 1", "failed"),
        ("miners.poll", "miner 1", "ok"),
    ]


async def test_a_poll_by_hand_and_a_lane_share_one_memory_and_never_talk_at_once(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    polling.unplanned()
    house.farm.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(polling.visit, 1)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(polling.poll, OPERATOR, 1)
        await anyio.wait_all_tasks_blocked()
        # Not asked a second time: somebody is at it.
        await polling.visit(1)
        assert len(house.farm.asked) == 1
        house.farm.hold.set()
    assert (len(house.farm.asked), house.farm.most) == (2, 1)
    assert polling.watches()[1] == house.memory.last(1)
    assert polling.unplanned() == {1}
    assert polling.unplanned() == frozenset()


async def test_only_a_few_may_wait_for_one_miner(house: House) -> None:
    polling = house.polling()
    house.farm.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(polling.poll, OPERATOR, 1)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(TooManyRequests):
            await polling.poll(OPERATOR, 1)
        house.farm.hold.set()


async def test_a_driver_that_forgets_its_deadline_is_a_miss(house: House) -> None:
    polling = house.polling(deadline=-1.0)
    house.farm.hold = anyio.Event()
    with pytest.raises(TimedOut):
        await polling.poll(OPERATOR, 1)
    assert polling.stats().in_flight == 0
    assert house.memory.last(1).error == "timed-out"


async def test_a_reload_adds_moves_and_forgets_but_keeps_what_is_newer_in_memory(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    assert not await polling.changed()
    house.farm.failing = TimedOut("10.0.0.1 is silent")
    for _ in range(3):
        for miner_id in (1, 2):
            await polling.visit(miner_id)
    polling.unplanned()
    house.memory.put(miner(1, name="renamed"), miner(2, ip_address="10.0.0.9"), miner(3, is_active=False), miner(4))
    assert await polling.changed()
    await polling.reload()
    watches = polling.watches()
    assert watches[1].availability is Availability.OFFLINE
    assert (watches[2].availability, watches[2].misses) == (Availability.UNKNOWN, 0)
    assert set(watches) == {1, 2, 4}
    assert polling.unplanned() == {2, 4}


async def test_a_device_is_learnt_once_and_never_replaced_by_what_answers_later(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    for house.farm.hardware_id in (None, "aa:00:00:00:00:01", "aa:00:00:00:00:01", "bb:00:00:00:00:02"):
        await polling.visit(1)
    await polling.flush()
    assert [seen.hardware_id for seen in house.memory.kept] == [None, "aa:00:00:00:00:01", None, None]


async def test_another_login_or_another_device_is_identified_anew_and_a_miners_own_login_goes_first(
    house: House,
) -> None:
    house.memory.put(*(miner(number, hardware_id="aa:00:00:00:00:01") for number in (1, 2, 3)))
    polling = house.polling()
    await polling.reload()
    for number in (1, 2, 3):
        await polling.visit(number)
    polling.unplanned()
    house.memory.put(
        miner(1, hardware_id="aa:00:00:00:00:01", group_id=1, group_username="shared"),
        miner(2, hardware_id="bb:00:00:00:00:02", username="own", group_username="shared"),
        miner(3),
    )
    await polling.reload()
    known = {number: watch.fingerprint is not None for number, watch in polling.watches().items()}
    assert known == {1: False, 2: False, 3: True}
    assert polling.watches()[1].availability is Availability.ONLINE
    assert polling.unplanned() == {1, 2}
    house.farm.asked.clear()
    for number in (1, 2):
        await polling.visit(number)
    assert [target.username for target in house.farm.asked] == ["shared", "own"]


async def test_an_answer_from_where_the_miner_no_longer_is_counts_for_nothing(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    house.farm.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(polling.visit, 1)
        await anyio.wait_all_tasks_blocked()
        house.memory.put(miner(1, ip_address="10.0.0.9"))
        await polling.reload()
        house.farm.hold.set()
    assert polling.watches()[1].availability is Availability.UNKNOWN
    assert await polling.flush() == 0


async def test_an_inactive_miner_can_be_polled_by_hand_but_gets_no_lane(house: House) -> None:
    house.memory.put(miner(5, is_active=False))
    polling = house.polling()
    await polling.reload()
    await polling.poll(OPERATOR, 5)
    assert house.memory.last(5).availability is Availability.ONLINE
    assert set(polling.keys()) == {1, 2, 3}


async def test_a_fault_of_ours_is_raised_but_the_miner_is_not_taken_for_healthy(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    await polling.visit(1)
    house.farm.broken = True
    with pytest.raises(ZeroDivisionError):
        await polling.visit(1)
    assert polling.watches()[1].availability is Availability.STALE
    assert polling.watches()[1].error == "internal"


async def test_what_answers_is_visited_once_an_interval_and_what_is_gone_disturbs_nobody(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    assert all(0 < polling.delay(key, first=True) <= 66 for key in (1, 2, 3))
    assert polling.delay(99) == 60
    await polling.visit(99)


async def test_who_may_not_poll_does_not_reach_the_miner(house: House) -> None:
    polling = house.polling()
    with pytest.raises(NotAllowed):
        await polling.poll(Actor("carl", Role.CLIENT, container_ids=frozenset({1})), 1)
    assert house.farm.asked == []


async def test_a_process_that_gives_up_the_work_forgets(house: House) -> None:
    polling = house.polling()
    await polling.reload()
    polling.forget()
    assert not polling.watches()
    assert await polling.changed()
