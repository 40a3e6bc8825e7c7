"""Power cycles carried out: whatever breaks, the plug is ON at the end, and OFF left once."""

from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import attrs
import pytest

from lineman.core.units.cycling import Cycling
from lineman.core.units.machine import CycleEnded
from lineman.ports.errors import Unavailable
from lineman.ports.power import Plug, PlugKind, PlugState, QuotaUsedUp, Startup, SwitchFailed, SwitchLost
from lineman.ports.units import Cycle, CycleResult, Step, UnitEvent

pytestmark = pytest.mark.anyio
PLUG = Plug(PlugKind.EWELINK, "1000011001")
NEW = Cycle(1, "0123", PLUG, "auto", "scheduler", datetime(2026, 1, 1, tzinfo=UTC))


class Killed(BaseException):
    """The process is gone: nothing more of it runs."""


@attrs.define(eq=False)
class World:
    """A plug, a database and a clock that outlive the process."""

    on: bool = True
    row: Cycle = NEW
    history: list[UnitEvent] = attrs.field(factory=list)
    sent: list[str] = attrs.field(factory=list)
    #: The process dies before its so-many-th act (save or command); after it, if ``late``.
    dies_at: int | None = None
    late: bool = False
    acts: int = 0
    dead: bool = False
    now: datetime = NEW.requested_at

    def act(self) -> None:
        if self.dead:
            raise Killed
        self.acts += 1
        if self.acts == self.dies_at and not self.late:
            self.dead = True
            raise Killed

    def acted(self) -> None:
        if self.acts == self.dies_at and self.late:
            self.dead = True
            raise Killed


@attrs.define(eq=False)
class Switch:
    world: World
    #: What ON and OFF are answered with, one after the other; then well.
    troubles: list[Exception] = attrs.field(factory=list)
    offline: bool = False

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        self.world.act()
        seen = PlugState(self.world.on, not self.offline)
        self.world.acted()
        return seen

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        self.world.act()
        self.world.sent.append("on" if on else "off")
        if self.troubles:
            raise self.troubles.pop(0)
        self.world.on = on
        self.world.acted()

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        raise NotImplementedError


@attrs.define(eq=False)
class Store:
    world: World
    away: bool = False

    async def begin(self, cycle: Cycle) -> Cycle:
        raise NotImplementedError

    async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
        self.world.act()
        if self.away:
            raise Unavailable("the database is away")
        if not self.world.row.finished_at:
            self.world.row = cycle
        self.world.history += events
        self.world.acted()

    async def open(self) -> Sequence[Cycle]:
        return [] if self.world.row.finished_at else [self.world.row]

    async def get(self, cycle_id: int, *, visible: frozenset[str] | None = None) -> Cycle:
        return self.world.row

    async def of_unit(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, limit: int = 100
    ) -> Sequence[Cycle]:
        raise NotImplementedError


@attrs.define(eq=False)
class Clock:
    world: World
    slept: list[float] = attrs.field(factory=list)

    def now(self) -> datetime:
        return self.world.now

    def monotonic(self) -> float:
        return self.world.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.now += timedelta(seconds=seconds)
        await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def alone(device: Hashable) -> AsyncGenerator[None]:
    yield


def process(world: World, switch: Switch | None = None, store: Store | None = None) -> tuple[Cycling, list[CycleEnded]]:
    told: list[CycleEnded] = []

    async def tell(cycle: Cycle, ended: CycleEnded) -> None:
        told.append(ended)

    return Cycling(
        cycle_store=store or Store(world), switch=switch or Switch(world), clock=Clock(world), alone=alone, told=tell
    ), told


async def test_off_and_on_and_every_step_written_down() -> None:
    world = World()
    cycling, told = process(world)
    ended = await cycling.carry_out(NEW)
    assert (ended.result, world.on, world.sent) == (CycleResult.SUCCESS, True, ["off", "on"])
    assert [(row.action_type, row.action_result) for row in world.history] == [
        ("ewelink_toggle_off", "success"), ("ewelink_toggle_on", "success"),
    ]  # fmt: skip
    assert [one.result for one in told] == [CycleResult.SUCCESS]
    assert world.row.finished_at


@pytest.mark.parametrize("late", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("act", range(1, 13))
async def test_a_process_killed_at_any_act_leaves_the_power_on_in_the_end_and_cycles_once(act: int, late: bool) -> None:
    world = World(dies_at=act, late=late)
    with pytest.raises(Killed):
        await process(world)[0].carry_out(NEW)
    world.dead, world.dies_at = False, None
    assert world.on or world.row.step is not Step.PRECHECK
    for cycle in await Store(world).open():
        await process(world)[0].carry_out(cycle)
    assert world.on
    # Written down, then killed before it left: nobody knows, so it counts as sent and is never sent again.
    assert world.sent.count("off") <= 1
    assert world.row.finished_at


async def test_there_are_twelve_acts_to_be_killed_at() -> None:
    world = World()
    await process(world)[0].carry_out(NEW)
    assert world.acts == 12


async def test_a_process_that_has_to_stop_switches_on_first() -> None:
    world = World()
    cycling, _ = process(world)

    @attrs.define(eq=False)
    class Stopping(Clock):
        async def sleep(self, seconds: float) -> None:
            raise anyio.get_cancelled_exc_class()

    cycling.clock = Stopping(world)
    with pytest.raises(anyio.get_cancelled_exc_class()):
        await cycling.carry_out(NEW)
    assert (world.on, world.sent) == (True, ["off", "on"])
    assert not world.row.finished_at


async def test_the_last_on_of_a_process_is_tried_again_when_the_cloud_stumbles() -> None:
    world = World()
    switch = Switch(world)
    cycling, _ = process(world, switch)

    @attrs.define(eq=False)
    class Stopping(Clock):
        async def sleep(self, seconds: float) -> None:
            switch.troubles.append(SwitchLost("no answer"))
            raise anyio.get_cancelled_exc_class()

    cycling.clock = Stopping(world)
    with pytest.raises(anyio.get_cancelled_exc_class()):
        await cycling.carry_out(NEW)
    assert (world.sent, world.on) == (["off", "on", "on"], True)


async def test_a_database_that_goes_away_after_off_does_not_keep_the_power_off() -> None:
    world = World()
    store = Store(world)

    @attrs.define(eq=False)
    class Breaking(Switch):
        async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
            store.away = not on
            await super().switch(plug, on, deadline=deadline)

    ended = await process(world, Breaking(world), store)[0].carry_out(NEW)
    assert (ended.result, world.on) == (CycleResult.SUCCESS, True)
    assert [row.action_type for row in world.history] == ["ewelink_toggle_off", "ewelink_toggle_on"]


async def test_without_a_database_nothing_is_sent() -> None:
    world = World()
    with pytest.raises(Unavailable):
        await process(world, store=Store(world, away=True))[0].carry_out(NEW)
    assert world.sent == []


async def test_on_is_tried_without_end_and_the_alarm_comes_at_the_fourth_go() -> None:
    world = World()
    switch = Switch(world)
    cycling, told = process(world, switch)
    off = attrs.evolve(NEW, step=Step.ON_SENT)
    world.on, world.row = False, off
    switch.troubles = [SwitchFailed("no", number="4002"), SwitchLost("lost")] * 4
    ended = await cycling.carry_out(off)
    assert [one.result for one in told] == [CycleResult.STUCK_OFF, CycleResult.SUCCESS]
    assert (world.on, ended.result, len(world.sent)) == (True, CycleResult.SUCCESS, 9)


async def test_what_a_person_gives_up_is_not_tried_again_and_its_unit_is_told() -> None:
    off = attrs.evolve(NEW, step=Step.ON_SENT)
    world = World(on=False, row=off)
    switch = Switch(world, [SwitchLost("lost")] * 99)
    cycling, told = process(world, switch)

    async def tell(cycle: Cycle, ended: CycleEnded) -> None:
        told.append(ended)
        if ended.result is CycleResult.STUCK_OFF:
            world.row = attrs.evolve(world.row, result=CycleResult.GIVEN_UP, finished_at=world.now)

    cycling.told = tell
    ended = await cycling.carry_out(off)
    assert [one.result for one in told] == [CycleResult.STUCK_OFF, CycleResult.GIVEN_UP]
    assert (ended.result, len(world.sent)) == (CycleResult.GIVEN_UP, cycling.limits.on_tries)


@pytest.mark.parametrize(
    ("trouble", "number"), [(SwitchFailed("no", number="4002"), "4002"), (QuotaUsedUp("none left"), "412")]
)
async def test_a_refusal_is_told_by_its_number(trouble: Exception, number: str) -> None:
    world = World()
    ended = await process(world, Switch(world, [trouble]))[0].carry_out(NEW)
    assert (ended.result, ended.error, world.on) == (CycleResult.FAILED_OFF, number, True)


async def test_the_fleet_has_two_new_cycles_at_once_and_what_was_left_behind_never_waits() -> None:
    world = World()
    rows = [attrs.evolve(NEW, id=number, plug=Plug(PlugKind.EWELINK, f"{number}")) for number in range(1, 5)]
    rows += [attrs.evolve(NEW, id=9, step=Step.HOLD)]
    started: list[int] = []
    gate = anyio.Event()

    @attrs.define(eq=False)
    class Many(Store):
        async def open(self) -> Sequence[Cycle]:
            return rows

        async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
            started.append(cycle.id)
            await gate.wait()

    cycling, _ = process(world, store=Many(world))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cycling.run)
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert sorted(set(started)) == [1, 2, 9]
        tasks.cancel_scope.cancel()
