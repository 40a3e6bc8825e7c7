"""Watches units: looks, judges by the state machine, stores, and only then acts."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import LinemanError
from ...ports.units import (
    Cause,
    Checked,
    Cycle,
    CycleResult,
    Outcome,
    Unit,
    UnitEvent,
    UnitProbe,
    UnitStore,
    UnitTarget,
    UnitWatch,
    UnitWatchStore,
)
from ..resilience import spread
from .config import UnitConfig, rules_of
from .gates import Context
from .machine import CycleEnded, Event, Look, Rearmed, step
from .recording import AUTO, cycle_of, gated, rows, seen
from .reporting import UnitReports
from .stalls import believed
from .surroundings import Surroundings

#: What a person has to see to, and how many seconds such a unit is left alone.
SHUT_OUT, DENIED_WAIT = frozenset({Cause.DENIED, Cause.HOST_KEY}), 300.0
#: Seconds that a restart of a service may take.
RESTART = 30.0


def target_of(unit: Unit) -> UnitTarget:
    """Where a unit is, and how to get in."""
    return UnitTarget(
        unit.enterprise_number, unit.host, unit.port, unit.username, unit.password, unit.key, unit.host_key, unit.via,
        unit.patterns,
    )  # fmt: skip


@attrs.frozen
class WatchingStats:
    """How the watching goes, since the process started."""

    units: int
    checks: int
    #: Looks that found a unit offline, and those that counted for nothing.
    offline: int
    unknown: int
    cycles: int


@attrs.define(kw_only=True, eq=False)
class Watching:
    """The units that this process looks at, while it holds the lease.

    What follows from a look is stored in one transaction, with the power cycle
    that it may begin, before anything is done: a crash before that loses the
    look, one after it nothing but a restart of a service or a notice.
    """

    unit_store: UnitStore
    watch_store: UnitWatchStore
    probe: UnitProbe
    surroundings: Surroundings
    reports: UnitReports
    clock: Clock
    #: Nobody else talks to the unit while the block lasts.
    alone: Callable[[Hashable], AbstractAsyncContextManager[None]]
    config: UnitConfig = attrs.field(factory=UnitConfig)
    #: Says in the log what happened.
    say: Callable[[str, str, str], None] = lambda what, number, detail: None

    _units: dict[int, Unit] = attrs.field(init=False, factory=dict)
    _watches: dict[str, UnitWatch] = attrs.field(init=False, factory=dict)
    _locks: dict[str, anyio.Lock] = attrs.field(init=False, factory=dict)
    _version: int | None = attrs.field(init=False, default=None)
    _counts: dict[str, int] = attrs.field(
        init=False, factory=lambda: dict.fromkeys(("checks", "offline", "unknown", "cycles"), 0)
    )

    async def reload(self) -> None:
        """Learn which units there are.  What is in memory of them is newer than the store, and stays."""
        version = await self.unit_store.version()
        if version == self._version:
            return
        units, stored = await self.unit_store.all(), await self.watch_store.watches()
        before, self._units = self._units, {unit.id: unit for unit in units}
        self._watches = {
            # One that was removed and added again begins anew.
            number: (self._watches.get(number) if unit.id in before else None) or stored.get(number) or UnitWatch()
            for unit in units
            if (number := unit.enterprise_number)
        }
        self._version = version

    def forget(self) -> None:
        """Drop the memory, because another process works now."""
        self._units, self._watches, self._version = {}, {}, None

    def keys(self) -> Iterable[int]:
        """The ids of the units to visit."""
        return self._units.keys()

    def delay(self, key: int, *, first: bool = False) -> float:
        """Seconds until a unit wants its next look: each has its own place in the interval.

        One that does not take our login is asked seldom: a host that counts
        failed logins would soon shut us out, which looks as if it were dead.
        """
        unit = self._units.get(key)
        watch = None if unit is None else self._watches.get(unit.enterprise_number)
        if not first and watch is not None and watch.cause in SHUT_OUT:
            return max(DENIED_WAIT, self.config.interval) * (0.9 + 0.2 * spread("denied", key))
        now, interval = self.clock.monotonic(), self.config.interval
        gap = (spread("unit", key) * interval - now) % interval
        return gap if gap > interval / 10 else gap + interval

    async def visit(self, key: int) -> None:
        """Look at a unit whose time has come."""
        if (unit := self._units.get(key)) is not None:
            await self.look(unit)

    async def look(self, unit: Unit) -> UnitWatch:
        """Look at a unit, store what that means, and act upon it.

        Raises:
            TooManyRequests: Several wait for the unit already.
            Unavailable: It cannot be stored now; nothing was done.
        """
        async with self.alone(unit.enterprise_number):
            checked = await self.probe.check(target_of(unit), deadline=self.config.timeout)
        checked = believed(checked, self.config.timeout)
        self._counts["checks"] += 1
        if checked.outcome is not Outcome.ONLINE:
            self._counts[checked.outcome] += 1
        watch, actions = await self._judged(unit, checked)
        if unit.host_key is None and checked.host_key is not None and checked.outcome is Outcome.ONLINE:
            await self.unit_store.pin(unit.enterprise_number, checked.host_key)
        if "restart_service" in actions:
            await self._restart(unit, watch)
        await self.reports.seen(unit, watch, checked)
        return watch

    async def ended(self, cycle: Cycle, event: CycleEnded) -> None:
        """Let a unit's machine know how its power cycle went.  Raises ``Unavailable``."""
        unit = self.of(cycle.enterprise_number)
        if unit is not None:
            watch, _ = await self._step(unit, event)
            await self.reports.cycled(unit, watch, cycle)

    async def rearmed(self, unit: Unit, by: str) -> UnitWatch:
        """Forget what was tried in this outage.  Raises ``Unavailable``."""
        now = self.clock.now()
        row = UnitEvent(
            at=now, enterprise_number=unit.enterprise_number, action_type="rearm", action_result="success",
            action_time=now, user_initiator="user", extra_info={"by": by},
        )  # fmt: skip
        watch, _ = await self._step(unit, Rearmed(now), row)
        return watch

    def of(self, number: str | None) -> Unit | None:
        """A unit that is watched here, by its enterprise."""
        return next((unit for unit in self._units.values() if unit.enterprise_number == number), None)

    def watches(self) -> Mapping[str, UnitWatch]:
        """What is known now, by enterprise."""
        return self._watches

    def units(self) -> Sequence[Unit]:
        return list(self._units.values())

    def stats(self) -> WatchingStats:
        """How it goes."""
        return WatchingStats(units=len(self._units), **self._counts)

    async def _judged(self, unit: Unit, checked: Checked) -> tuple[UnitWatch, tuple[str, ...]]:
        rules = rules_of(self.config, unit)
        async with self._lock(unit):
            before = await self._known(unit)
            context = await self.surroundings.around(unit, before, checked, self._watches, rules)
            now = self.clock.now()
            state, actions = step(rules, before.state, Look(now, checked.outcome, context))
            if checked.cause in SHUT_OUT:
                # What looks dead from now on may be a host that has shut us out: it is armed by a good look only.
                state = attrs.evolve(state, seen_online=False, success_streak=0)
            after = gated(seen(before, checked, state, now), rules, context, now)
            after = await self._keep(unit, before, after, actions)
        return after, actions

    async def _step(self, unit: Unit, event: Event, *more: UnitEvent) -> tuple[UnitWatch, tuple[str, ...]]:
        rules = rules_of(self.config, unit)
        async with self._lock(unit):
            before = await self._known(unit)
            state, actions = step(rules, before.state, event)
            after = gated(attrs.evolve(before, state=state), rules, Context(), self.clock.now())
            after = await self._keep(unit, before, after, actions, *more)
        return after, actions

    async def _keep(
        self, unit: Unit, before: UnitWatch, after: UnitWatch, actions: Sequence[str], *more: UnitEvent
    ) -> UnitWatch:
        now = self.clock.now()
        cycle = cycle_of(unit, now) if "power_cycle" in actions else None
        events = [*rows(unit, before, after, actions, now, self.config.unseen_after), *more]
        begun = await self.watch_store.keep({unit.enterprise_number: after}, events, [cycle] if cycle else [])
        self._watches[unit.enterprise_number] = after
        self._counts["cycles"] += begun
        for action in actions:
            self.say(action, unit.enterprise_number, after.last_error_message or "")
        return after if cycle is None or begun else await self._passed_over(unit, after, now)

    async def _passed_over(self, unit: Unit, watch: UnitWatch, now: datetime) -> UnitWatch:
        """A cycle was decided upon that nobody wants any more, or that is under way by hand: it was no attempt."""
        rules = rules_of(self.config, unit)
        state, _ = step(rules, watch.state, CycleEnded(now, CycleResult.CALLED_OFF))
        after = gated(attrs.evolve(watch, state=state), rules, Context(), now)
        row = UnitEvent(
            at=now, enterprise_number=unit.enterprise_number, failure_counter=state.failure_counter,
            error_message="not_wanted", action_type="ewelink_toggle", action_result="fail", action_time=now,
            user_initiator=AUTO, extra_info={"plug": str(unit.plug)},
        )  # fmt: skip
        await self.watch_store.keep({unit.enterprise_number: after}, [row])
        self._watches[unit.enterprise_number] = after
        return after

    async def _restart(self, unit: Unit, watch: UnitWatch) -> None:
        """The gentler step: the service, not the host."""
        row = await self.watch_store.append(
            UnitEvent(
                at=self.clock.now(), enterprise_number=unit.enterprise_number,
                failure_counter=watch.state.failure_counter, action_type="service_restart", user_initiator="auto",
            )
        )  # fmt: skip
        error: str | None = None
        try:
            async with self.alone(unit.enterprise_number):
                await self.probe.restart_service(target_of(unit), deadline=RESTART)
        except LinemanError as failed:
            error = failed.detail
        await self.watch_store.settle(
            attrs.evolve(
                row, error_message=error, action_result="fail" if error else "success", action_time=self.clock.now()
            )
        )

    async def _known(self, unit: Unit) -> UnitWatch:
        """What is known of a unit; of one that this process does not watch, what is stored."""
        if (watch := self._watches.get(unit.enterprise_number)) is not None:
            return watch
        return await self.watch_store.watch(unit.enterprise_number)

    def _lock(self, unit: Unit) -> anyio.Lock:
        return self._locks.setdefault(unit.enterprise_number, anyio.Lock())
