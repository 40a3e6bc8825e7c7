"""Watching units: stored before anything is done, and nothing that may be our own fault counts."""

from collections.abc import AsyncGenerator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import attrs
import pytest

from lineman.core.units import Surroundings, UnitConfig, UnitReports, Watching
from lineman.core.units.machine import CycleEnded
from lineman.core.units.past import sentence_of
from lineman.ports.alerts import Facts
from lineman.ports.errors import Unavailable
from lineman.ports.power import Plug, PlugKind
from lineman.ports.units import (
    Cause,
    Checked,
    Cycle,
    CycleResult,
    LineStats,
    Outcome,
    PowerPolicy,
    Unit,
    UnitEvent,
    UnitTarget,
    UnitWatch,
)

pytestmark = pytest.mark.anyio
T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLUG = Plug(PlugKind.EWELINK, "1000011001")
UP = Checked(Outcome.ONLINE, Cause.OK, lines=LineStats(gsm_total=8, gsm_online=5), disk_percent=40, uptime_s=9000)
DEAD = Checked(Outcome.OFFLINE, Cause.TIMED_OUT, "no answer within 15 s")
LOCKED = Checked(Outcome.UNKNOWN, Cause.DENIED, "it does not take the password")


@attrs.define(eq=False)
class World:
    """Everything that a watcher talks to."""

    units_: list[Unit]
    says: Checked = UP
    away: bool = False
    #: Whether a cycle that was decided upon is begun, or somebody took it back meanwhile.
    wanted: bool = True
    now_: datetime = T0
    stored: dict[str, UnitWatch] = attrs.field(factory=dict)
    history_: list[UnitEvent] = attrs.field(factory=list)
    cycles: list[Cycle] = attrs.field(factory=list)
    facts: list[Facts] = attrs.field(factory=list)
    pinned: list[tuple[str, str]] = attrs.field(factory=list)
    restarts: int = 0
    under_way: list[Cycle] = attrs.field(factory=list)
    policy: PowerPolicy = attrs.field(factory=PowerPolicy)
    canary: bool = True
    canaries_asked: int = 0

    def now(self) -> datetime:
        return self.now_

    def monotonic(self) -> float:
        return self.now_.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now_ += timedelta(seconds=seconds)

    async def all(self, *, visible: frozenset[str] | None = None) -> Sequence[Unit]:
        return self.units_

    async def version(self) -> int:
        return len(self.units_)

    async def pin(self, number: str, host_key: str) -> None:
        self.pinned.append((number, host_key))

    async def watches(self) -> Mapping[str, UnitWatch]:
        return self.stored

    async def watch(self, number: str) -> UnitWatch:
        return self.stored.get(number, UnitWatch())

    async def keep(
        self, seen: Mapping[str, UnitWatch], events: Sequence[UnitEvent] = (), cycles: Sequence[Cycle] = ()
    ) -> int:
        if self.away:
            raise Unavailable("the database is away")
        self.stored |= seen
        self.history_ += events
        begun = cycles if self.wanted else []
        self.cycles += begun
        return len(begun)

    async def append(self, event: UnitEvent) -> UnitEvent:
        self.history_.append(event := attrs.evolve(event, id=len(self.history_) + 1))
        return event

    async def settle(self, event: UnitEvent) -> None:
        self.history_[[row.id for row in self.history_].index(event.id)] = event

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        return self.says

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        self.restarts += 1

    async def get(self) -> PowerPolicy:
        return self.policy

    async def open(self) -> Sequence[Cycle]:
        return self.under_way

    async def windows(self) -> Sequence[Any]:
        return []

    async def answers(self, host: str, port: int, *, how: str = "tcp", deadline: float) -> bool:
        self.canaries_asked += 1
        return self.canary

    async def report(self, facts: Sequence[Facts]) -> None:
        self.facts += facts


@asynccontextmanager
async def alone(device: Hashable) -> AsyncGenerator[None]:
    yield


def unit(number: str = "0123", **fields: Any) -> Unit:
    chosen: dict[str, Any] = {"parameter_option_2": True, "plug": PLUG, "id": 1} | fields
    return Unit(number, "192.0.2.7", T0, **chosen)


async def watcher(world: World, **config: Any) -> Watching:
    chosen, anything = UnitConfig(**config), cast("Any", world)
    watching = Watching(
        unit_store=anything, watch_store=anything, probe=anything, clock=anything, alone=alone, config=chosen,
        reports=UnitReports(anything, clock=anything),
        surroundings=Surroundings(
            policy_store=anything, rule_store=anything, cycle_store=anything, opinion=anything, clock=anything,
            config=chosen,
            in_maintenance=lambda windows, subject, at: False,
        ),
    )  # fmt: skip
    await watching.reload()
    return watching


async def go(world: World, watching: Watching, *said: Checked) -> UnitWatch:
    watch = UnitWatch()
    for world.says in said:
        world.now_ += timedelta(seconds=60)
        watch = await watching.look(world.units_[0])
    return watch


async def test_a_unit_that_dies_is_cycled_once_and_the_decision_is_stored_with_its_cycle() -> None:
    world = World([unit()])
    watch = await go(world, await watcher(world), UP, UP, DEAD, DEAD, DEAD, DEAD)
    [cycle] = world.cycles
    assert (cycle.plug, cycle.enterprise_number, cycle.initiator) == (PLUG, "0123", "auto")
    assert [row.action_type for row in world.history_] == ["status_change", "power_cycle"]
    assert (world.history_[0].prev_status, world.history_[0].new_status) == ("on", "off")
    assert watch.state.ewelink_action_done
    assert (watch.line_stats, watch.disk_usage_percent) == (UP.lines, 40), "what is not told stays as it was known"
    assert "was cut in this outage" in sentence_of(world.units_[0], watch)


async def test_while_a_person_cycles_its_plug_no_second_cycle_is_decided_upon() -> None:
    world = World([unit()], under_way=[Cycle(1, "0123", PLUG, "user", "anna", T0)])
    watching = await watcher(world)
    watch = await go(world, watching, UP, UP, DEAD, DEAD, DEAD)
    assert (watch.gate, world.cycles, watch.state.attempts) == ("under_way", [], 0)
    world.under_way = []
    await go(world, watching, DEAD)
    assert len(world.cycles) == 1


async def test_a_cycle_that_is_passed_over_was_no_attempt() -> None:
    world = World([unit()], wanted=False)
    watching = await watcher(world)
    watch = await go(world, watching, UP, UP, DEAD, DEAD, DEAD)
    assert (world.cycles, watch.state.ewelink_action_done, watch.state.attempts) == ([], False, 0)
    assert (world.history_[-1].action_result, world.history_[-1].error_message) == ("fail", "not_wanted")
    assert "was cut" not in sentence_of(world.units_[0], watch)
    world.wanted = True
    await go(world, watching, *[DEAD] * 5)
    assert len(world.cycles) == 1, "after a while it is tried anew"


async def test_what_cannot_be_stored_is_neither_believed_nor_done() -> None:
    world = World([unit()])
    watching = await watcher(world)
    await go(world, watching, UP, UP, DEAD, DEAD)
    world.away = True
    with pytest.raises(Unavailable):
        await go(world, watching, DEAD)
    assert not world.cycles
    world.away = False
    await go(world, watching, DEAD)
    assert len(world.cycles) == 1


async def test_a_changed_password_is_no_outage() -> None:
    world = World([unit()])
    watch = await go(world, await watcher(world), UP, UP, *[LOCKED] * 9)
    assert (watch.state.failure_counter, watch.state.last_status, world.cycles) == (0, Outcome.ONLINE, [])
    assert watch.last_error_message == "it does not take the password"
    assert world.facts[-1].values["looked"] == 0
    assert "up" not in world.facts[-1].values


def became(world: World) -> list[tuple[int, str | None, str | None]]:
    """When its status changed, in minutes, and how."""
    return [
        (int((row.at - T0).total_seconds() // 60), row.prev_status, row.new_status)
        for row in world.history_
        if row.action_type == "status_change"
    ]


async def test_what_was_not_seen_is_in_the_history_from_when_to_when() -> None:
    world = World([unit()])
    await go(world, await watcher(world), UP, UP, LOCKED, LOCKED, UP, LOCKED, DEAD, DEAD, LOCKED, DEAD)
    assert became(world) == [
        (3, "on", None), (5, None, "on"), (6, "on", None), (7, None, "off"), (9, "off", None), (10, None, "off"),
    ]  # fmt: skip
    assert world.history_[0].error_message == "it does not take the password"


async def test_a_time_in_which_nobody_looked_was_not_seen() -> None:
    world = World([unit()])
    await go(world, await watcher(world), UP, UP)
    world.now_ += timedelta(hours=3)
    watching = await watcher(world)
    await watching.rearmed(world.units_[0], "anna")
    assert became(world) == [], "nobody has looked yet"
    await go(world, watching, UP)
    world.now_ += timedelta(minutes=9)
    await go(world, watching, UP)
    assert became(world) == [(2, "on", None), (183, None, "on")]
    world.now_ += timedelta(hours=1)
    await go(world, watching, DEAD)
    assert became(world)[2:] == [(193, "on", None), (254, None, "off")]


async def test_a_host_that_has_shut_us_out_is_not_taken_for_dead() -> None:
    world = World([unit()])
    watching = await watcher(world)
    watch = await go(world, watching, UP, UP, LOCKED, *[DEAD] * 6)
    assert (watch.gate, world.cycles) == ("never_seen_online", [])
    await go(world, watching, LOCKED)
    assert watching.delay(1) > 200, "it is asked seldom, or it would shut us out"
    await go(world, watching, UP, *[DEAD] * 3)
    assert len(world.cycles) == 1


async def test_a_look_that_ended_long_after_its_deadline_tells_of_us_and_not_of_the_unit() -> None:
    world = World([unit()])
    watching = await watcher(world, timeout=15.0)
    stalled = attrs.evolve(DEAD, took_ms=20_000)
    watch = await go(world, watching, UP, UP, *[stalled] * 6)
    assert (watch.outcome, watch.cause, watch.state.failure_counter) == (Outcome.UNKNOWN, Cause.STALLED, 0)
    refused = attrs.evolve(stalled, cause=Cause.REFUSED)
    in_time = attrs.evolve(DEAD, took_ms=15_300)
    assert (await go(world, watching, refused, in_time)).state.failure_counter == 2


async def test_our_own_line_is_asked_about_only_when_a_decision_is_near() -> None:
    world = World([unit()], canary=False)
    watching = await watcher(world, canaries=(("192.0.2.1", 443),))
    await go(world, watching, UP, UP, DEAD, DEAD)
    assert world.canaries_asked == 0
    watch = await go(world, watching, DEAD)
    assert (world.cycles, watch.gate, world.canaries_asked) == ([], "own_uplink_down", 1)
    world.canary = True
    await go(world, watching, DEAD)
    assert len(world.cycles) == 1


async def test_half_a_fleet_that_dies_at_once_is_our_own_side() -> None:
    world = World([unit(f"{number:04}", id=number) for number in range(1, 5)])
    watching = await watcher(world)
    for says in (UP, UP, DEAD, DEAD, DEAD, DEAD):
        world.says = says
        for one in world.units_:
            world.now_ += timedelta(seconds=15)
            await watching.look(one)
    assert not world.cycles
    assert {row.extra_info["gate"] for row in world.history_ if row.action_type == "suppress"} == {"mass_outage"}


async def test_the_red_switch_holds_within_two_seconds() -> None:
    world = World([unit()], policy=PowerPolicy(stopped=True))
    watching = await watcher(world)
    assert (await go(world, watching, UP, UP, DEAD, DEAD, DEAD)).gate == "stopped"
    world.policy = PowerPolicy()
    await go(world, watching, DEAD)
    assert len(world.cycles) == 1


async def test_a_dead_service_on_a_living_host_is_restarted_before_power_is_cut() -> None:
    world = World([unit(may_restart_service=True)])
    down = attrs.evolve(DEAD, cause=Cause.ASTERISK_DOWN)
    watching = await watcher(world)
    await go(world, watching, UP, UP, down, down, down)
    assert (world.restarts, world.cycles) == (1, [])
    assert world.history_[-1].action_type == "service_restart"
    await go(world, watching, down, down, down)
    assert (world.restarts, len(world.cycles)) == (1, 1)


async def test_the_first_host_key_is_pinned_when_the_unit_was_well() -> None:
    world = World([unit()])
    await go(world, await watcher(world), attrs.evolve(LOCKED, host_key="SHA256:x"))
    assert world.pinned == []
    await go(world, await watcher(world), attrs.evolve(UP, host_key="SHA256:x"))
    assert world.pinned == [("0123", "SHA256:x")]


async def test_lines_and_restarts_between_two_looks_are_told() -> None:
    world = World([unit()])
    await go(world, await watcher(world), UP, attrs.evolve(UP, uptime_s=30))
    assert world.facts[-1].values["gsm_down"] == 3
    assert world.facts[-1].words["gsm_down"] == "3 of 8 GSM lines down"
    assert [row.action_type for row in world.history_] == ["restarted"]


async def test_a_unit_that_boots_between_two_looks_since_a_person_cycled_it_did_not_start_by_itself() -> None:
    world = World([unit()])
    watching = await watcher(world)
    await go(world, watching, UP)
    by_hand = Cycle(1, "0123", PLUG, "user", "anna", world.now_)
    await watching.ended(by_hand, CycleEnded(world.now_, CycleResult.SUCCESS, by_hand=True))
    await go(world, watching, attrs.evolve(UP, uptime_s=30))
    assert world.history_ == []
    world.now_ += timedelta(hours=1)
    await go(world, watching, attrs.evolve(UP, uptime_s=25))
    assert [row.action_type for row in world.history_][-1:] == ["restarted"]
