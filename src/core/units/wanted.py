"""Whether a power cycle that was decided upon is still to be done when its turn comes."""

from datetime import timedelta

import attrs

from ...ports.clock import Clock
from ...ports.units import Cycle, Outcome, PowerPolicyStore, UnitStore, UnitWatchStore, UnknownUnit
from .recording import AUTO

#: A cycle that could not begin for so long is not begun any more: what it was decided upon is past.
STALE = timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Wanted:
    """Looks once more right before OFF: a cycle may have waited behind others, or for a process that works."""

    unit_store: UnitStore
    watch_store: UnitWatchStore
    policy_store: PowerPolicyStore
    clock: Clock

    async def __call__(self, cycle: Cycle) -> str | None:
        """Why it is not wanted any more; ``None`` = it is.  Raises ``Unavailable``."""
        policy, now = await self.policy_store.get(), self.clock.now()
        if policy.stopped:
            return "stopped"
        if now - cycle.requested_at > STALE:
            return "too_late"
        if cycle.initiator != AUTO or cycle.enterprise_number is None:
            return None
        if policy.dry_run:
            return "dry_run"
        try:
            unit = await self.unit_store.get(cycle.enterprise_number)
        except UnknownUnit:
            return "unit_removed"
        if unit.plug != cycle.plug:
            return "other_plug"
        if not unit.parameter_option_2:
            return "not_enabled"
        if unit.paused_until is not None and now < unit.paused_until:
            return "paused"
        watch = await self.watch_store.watch(cycle.enterprise_number)
        return "came_back" if watch.state.last_status is Outcome.ONLINE else None
