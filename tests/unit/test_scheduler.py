"""Time turned into calls: pace, deadlines, slow lanes, and one worker at a time."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import anyio
import pytest

from lineman.adapters.clock import SystemClock
from lineman.adapters.scheduler import Job, Pacer, under_lease
from lineman.core.lease import Permit, WorkingLease
from lineman.ports.errors import Unavailable
from lineman.ports.lease import Lease

pytestmark = pytest.mark.anyio


class Miners:
    """Things to visit, each every 20 ms; key 13 hangs, key 7 fails."""

    def __init__(self, keys: Iterable[int]) -> None:
        self.all = set(keys)
        self.visits: Counter[int] = Counter()
        self.inside: Counter[int] = Counter()
        self.overlaps = 0

    def keys(self) -> Iterable[int]:
        return self.all

    def delay(self, key: int, *, first: bool) -> float:
        return 0.0 if first else 0.02

    async def visit(self, key: int) -> None:
        self.inside[key] += 1
        self.overlaps += self.inside[key] > 1
        self.visits[key] += 1
        try:
            if key == 7:
                raise RuntimeError("a fault of ours")
            await anyio.sleep(60 if key == 13 else 0.001)
        finally:
            self.inside[key] -= 1


async def test_a_hung_visit_costs_its_own_lane_and_a_failing_one_nothing() -> None:
    miners = Miners(range(14))
    pacer = Pacer(miners, lanes=3, clock=SystemClock(), tick=0.001)
    pacer.refresh()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pacer.run)
        with anyio.fail_after(10):
            while min(miners.visits[key] for key in range(13)) < 3:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert miners.visits[13] == 1
    assert miners.overlaps == 0


async def test_what_is_gone_is_not_visited_again_and_what_is_new_is_visited_once_a_turn() -> None:
    miners = Miners([1, 2])
    pacer = Pacer(miners, lanes=2, clock=SystemClock(), tick=0.001)
    pacer.refresh()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pacer.run)
        with anyio.fail_after(10):
            while miners.visits[1] < 2:
                await anyio.sleep(0.005)
            miners.all = {2, 3}
            pacer.refresh()
            await anyio.sleep(0.05)
            before = miners.visits[1]
            while miners.visits[3] < 3:
                await anyio.sleep(0.005)
        tasks.cancel_scope.cancel()
    assert miners.visits[1] == before
    assert miners.overlaps == 0


async def test_the_end_of_the_work_finds_lanes_that_are_on_their_way() -> None:
    miners = Miners(range(200))
    pacer = Pacer(miners, lanes=20, clock=SystemClock(), tick=0)
    for _ in range(30):
        pacer.refresh()
        with anyio.move_on_after(0.005):
            await pacer.run()
    assert pacer.busy == 0
    assert miners.overlaps == 0


class Naps(SystemClock):
    """A clock on which sleeping takes no time and is written down."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        await anyio.lowlevel.checkpoint()


async def test_a_failing_job_runs_ever_more_rarely_and_recovers() -> None:
    clock, runs = Naps(), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs <= 4:
            raise Unavailable("the disk is full")
        if runs == 6:
            scope.cancel()
            await anyio.lowlevel.checkpoint()

    with anyio.CancelScope() as scope:
        await Job("roll-up", every=10, run=run, slowest=100).repeat(clock, Random(1))
    rounded = [round(nap / 10) for nap in clock.naps]
    assert rounded == pytest.approx([1, 2, 4, 8, 10, 1], abs=1)
    assert clock.naps[5] < 12


async def test_a_job_that_hangs_ends_at_its_deadline() -> None:
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            scope.cancel()
        await anyio.sleep(60)

    with anyio.fail_after(10), anyio.CancelScope() as scope:
        await Job("hang", every=0, run=run, deadline=0.01, slowest=0).repeat(SystemClock(), Random(1))
    assert runs == 2


class Rows:
    """The lease's row in memory; ``broken`` makes the database go away."""

    def __init__(self) -> None:
        self.row: Lease | None = None
        self.broken: set[str] = set()

    async def take(self, holder: str, address: str, *, now: datetime, term: timedelta) -> Lease:
        if holder in self.broken:
            raise Unavailable("the database is away")
        if self.row is None or self.row.holder == holder or self.row.expires_at <= now:
            self.row = Lease(holder, address, now + term)
        return self.row

    async def release(self, holder: str) -> None:
        if self.row is not None and self.row.holder == holder:
            self.row = None

    async def current(self, *, now: datetime) -> Lease | None:
        return self.row if self.row is not None and self.row.expires_at > now else None


async def test_work_that_fails_is_tried_again_and_ends_nothing_else() -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("the database is away") if tries == 1 else RuntimeError("a fault of ours")
        scope.cancel()

    lease = WorkingLease(Rows(), SystemClock(), "a", term=timedelta(seconds=0.1))
    with anyio.fail_after(10), anyio.CancelScope() as scope:
        await under_lease(lease, work, clock=SystemClock(), random=Random(1))
    assert tries == 3


async def test_a_lease_that_is_just_being_taken_when_its_taker_is_cancelled_is_given_back() -> None:
    class Slow(Rows):
        async def take(self, holder: str, address: str, *, now: datetime, term: timedelta) -> Lease:
            await super().take(holder, address, now=now, term=term)
            taker.cancel()
            await anyio.sleep_forever()
            raise AssertionError

    rows = Slow()
    with anyio.CancelScope() as taker:
        async with Permit(WorkingLease(rows, SystemClock(), "a")).borrowed():
            raise AssertionError("nobody is there to work")
    assert taker.cancelled_caught
    assert rows.row is None


class Stage(SystemClock):
    """A clock that stands until it is moved; who sleeps wakes in turn."""

    def __init__(self) -> None:
        self.at = 0.0
        self.sleepers: list[tuple[float, anyio.Event]] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken = anyio.Event()
        self.sleepers.append((self.at + seconds, woken))
        await woken.wait()

    async def passes(self, seconds: float) -> None:
        until = self.at + seconds
        await anyio.wait_all_tasks_blocked()
        while self.sleepers and (first := min(self.sleepers, key=lambda one: one[0]))[0] <= until:
            self.sleepers.remove(first)
            self.at, woken = first
            woken.set()
            await anyio.wait_all_tasks_blocked()
        self.at = until


async def test_one_works_and_the_other_takes_over_only_after_the_first_has_stopped() -> None:
    rows, clock, working, most = Rows(), Stage(), set[str](), 0

    async def run(name: str) -> None:
        async def work() -> None:
            nonlocal most
            working.add(name)
            most = max(most, len(working))
            try:
                await anyio.sleep_forever()
            finally:
                working.discard(name)

        lease = WorkingLease(rows, clock, name, term=timedelta(seconds=30))
        await under_lease(lease, work, clock=clock, random=Random(name))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, "a")
        await clock.passes(0)
        assert working == {"a"}
        tasks.start_soon(run, "b")
        await clock.passes(300)
        assert working == {"a"}, "b waits as long as a renews"
        rows.broken.add("a")
        await clock.passes(60)
        assert working == {"b"}
        tasks.cancel_scope.cancel()
    assert most == 1
    assert await rows.current(now=clock.now()) is None, "the lease is given back at the end"
