"""Whether a power cycle that was decided upon is still to be done when its turn comes."""

from datetime import datetime, timedelta

import attrs

from ...ports.alerts import RuleStore
from ...ports.clock import Clock
from ...ports.units import Cycle, Outcome, PowerPolicyStore, Unit, UnitStore, UnitWatchStore, UnknownUnit
from .recording import AUTO
from .surroundings import InMaintenance, subject_of

#: A cycle that could not begin for so long is not begun any more: what it was decided upon is past.
STALE = timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Wanted:
    """Looks once more right before OFF: a cycle may have waited behind others, or for a process that works."""

    unit_store: UnitStore
    watch_store: UnitWatchStore
    policy_store: PowerPolicyStore
    rule_store: RuleStore
    in_maintenance: InMaintenance
    clock: Clock
    #: ``False`` = the rules of the service that lineman replaces, which know no windows.
    guarded: bool = True

    async def __call__(self, cycle: Cycle) -> str | None:
        """Why it is not wanted any more; ``None`` = it is.  Raises ``Unavailable``."""
        policy, now = await self.policy_store.get(), self.clock.now()
        if policy.stopped:
            return "stopped"
        # A clock that was set back hides how long it has waited.
        if abs(now - cycle.requested_at) > STALE:
            return "too_late"
        if cycle.enterprise_number is None:
            return None
        try:
            unit = await self.unit_store.get(cycle.enterprise_number)
        except UnknownUnit:
            return "unit_removed"
        if unit.plug != cycle.plug:
            # It may feed something else by now, also if a person asked for it.
            return "other_plug"
        if cycle.initiator != AUTO:
            return None
        if policy.dry_run:
            return "dry_run"
        return await self._forbidden(unit, now) or await self._well(unit)

    async def _forbidden(self, unit: Unit, now: datetime) -> str | None:
        """What people said meanwhile."""
        if not unit.parameter_option_2:
            return "not_enabled"
        if unit.paused_until is not None and now < unit.paused_until:
            return "paused"
        if self.guarded and self.in_maintenance(await self.rule_store.windows(), subject_of(unit), now):
            return "maintenance"
        return None

    async def _well(self, unit: Unit) -> str | None:
        """What was seen meanwhile: one that refuses our login lives."""
        watch = await self.watch_store.watch(unit.enterprise_number)
        if watch.state.last_status is Outcome.ONLINE:
            return "came_back"
        return "not_seen" if watch.outcome is Outcome.UNKNOWN else None
