"""Whether a unit waits for a person."""

from ...ports.units import Cause, Outcome, UnitWatch
from .config import DISK_CRITICAL

#: What keeps us from looking, and will until somebody mends it.
SHUT_OUT = frozenset({Cause.DENIED, Cause.HOST_KEY, Cause.NAME, Cause.NO_COMMAND, Cause.GARBLED})
#: Gates that time does not open.
STAY_CLOSED = frozenset({"not_enabled", "no_device", "never_seen_online", "disk_full"})


def needs_person(watch: UnitWatch) -> bool:
    """Whether nothing but a person helps: lineman has done what it may, or may do nothing, or is not let in."""
    if watch.state.escalated:
        return True
    if watch.disk_usage_percent is not None and watch.disk_usage_percent >= DISK_CRITICAL:
        return True
    if watch.outcome is Outcome.UNKNOWN:
        return watch.cause in SHUT_OUT
    return watch.state.incident and watch.gate in STAY_CLOSED
