"""What is so around a unit: the red switch, windows, our own line, its parent, the fleet, and what else answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import anyio
import attrs

from ...ports.alerts import RuleStore, Subject, Window
from ...ports.clock import Clock
from ...ports.units import (
    Cause,
    Checked,
    CycleStore,
    Outcome,
    PowerPolicy,
    PowerPolicyStore,
    SecondOpinion,
    Unit,
    UnitWatch,
)
from .config import DISK_FULL, UnitConfig
from .gates import Config, Context

#: Whose subjects units are, for alerts and maintenance.
UNITS = "units"
#: Seconds between two looks at what people set, and how long canaries are believed.
LOOK_EVERY, BELIEVED = 2.0, 5.0
#: Seconds that one canary, or a second opinion, may take.
PATIENCE = 3.0

#: Whether any of the windows covers a subject at a moment.
InMaintenance = Callable[[Iterable[Window], Subject, datetime], bool]


def subject_of(unit: Unit, name: str = "") -> Subject:
    """A unit among the subjects of alerts."""
    return Subject(UNITS, unit.id, name or f"unit {unit.enterprise_number}", enterprise_number=unit.enterprise_number)


@attrs.define(kw_only=True, eq=False)
class Surroundings:
    """Asks for what gates need to know; only when a decision is near, and never more often than it changes."""

    policy_store: PowerPolicyStore
    rule_store: RuleStore
    cycle_store: CycleStore
    opinion: SecondOpinion
    in_maintenance: InMaintenance
    clock: Clock
    config: UnitConfig
    policy: PowerPolicy = attrs.field(init=False, factory=PowerPolicy)
    _windows: Sequence[Window] = attrs.field(init=False, default=())
    _read_at: float | None = attrs.field(init=False, default=None)
    _uplink: bool = attrs.field(init=False, default=True)
    _asked_at: float | None = attrs.field(init=False, default=None)

    async def refresh(self) -> None:
        """Read what people set.  Raises ``Unavailable``."""
        now = self.clock.monotonic()
        if self._read_at is not None and now - self._read_at < LOOK_EVERY:
            return
        self.policy = await self.policy_store.get()
        self._windows = await self.rule_store.windows()
        self._read_at = now

    async def around(
        self, unit: Unit, watch: UnitWatch, checked: Checked, fleet: Mapping[str, UnitWatch], rules: Config
    ) -> Context:
        """The context of one look.  Raises ``Unavailable``."""
        await self.refresh()
        now = self.clock.now()
        parent = fleet.get(unit.parent or "")
        known = Context(
            stopped=self.policy.stopped,
            dry_run=self.policy.dry_run,
            paused=unit.paused_until is not None and now < unit.paused_until,
            maintenance=self.in_maintenance(self._windows, subject_of(unit), now),
            parent_down=parent is not None and parent.state.last_status is Outcome.OFFLINE,
            fleet_offline=sum(one.state.last_status is Outcome.OFFLINE for one in fleet.values())
            + (checked.outcome is Outcome.OFFLINE and watch.state.last_status is not Outcome.OFFLINE),
            fleet_total=len(fleet),
            disk_full=watch.disk_usage_percent is not None and watch.disk_usage_percent >= DISK_FULL,
            asterisk_down=checked.cause is Cause.ASTERISK_DOWN,
        )
        near = checked.outcome is Outcome.OFFLINE and watch.state.failure_counter + 1 >= rules.failure_threshold
        if not near or not rules.guarded:
            return known
        return attrs.evolve(
            known,
            uplink_ok=await self.uplink(),
            under_way=unit.plug is not None and any(one.plug == unit.plug for one in await self.cycle_store.open()),
            second_opinion=await self._second(unit, rules),
        )

    async def uplink(self) -> bool:
        """Whether our own line is up: one of the canaries answers, or there are none."""
        now = self.clock.monotonic()
        if not self.config.canaries:
            return True
        if self._asked_at is None or now - self._asked_at >= BELIEVED:
            self._uplink, self._asked_at = await self._any_canary(), now
        return self._uplink

    async def _any_canary(self) -> bool:
        answered = False

        async def ask(host: str, port: int) -> None:
            nonlocal answered
            if await self.opinion.answers(host, port, deadline=PATIENCE):
                answered = True
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for host, port in self.config.canaries:
                tasks.start_soon(ask, host, port)
        return answered

    async def _second(self, unit: Unit, rules: Config) -> bool:
        if unit.second_opinion is None or unit.second_port is None or not (rules.parameter_option_2 and rules.bound):
            return False
        return await self.opinion.answers(unit.host, unit.second_port, how=unit.second_opinion, deadline=PATIENCE)
