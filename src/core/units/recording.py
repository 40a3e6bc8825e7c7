"""What a look leaves behind: the unit as it is known now, and rows of its history."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from ...ports.units import Checked, Cycle, MachineState, Outcome, Step, Unit, UnitEvent, UnitWatch
from .gates import GATES, Config, Context, closed_gate, opens_at

T = TypeVar("T")

#: The specification's words for a unit that is up and one that is down.
WORDS = {Outcome.ONLINE: "on", Outcome.OFFLINE: "off"}
#: A boot so soon after a power cycle, or before its end, is that one's.
BOOT = timedelta(minutes=5)
#: Who does what the machine decides.
AUTO = "auto"


def seen(before: UnitWatch, checked: Checked, state: MachineState, now: datetime) -> UnitWatch:
    """The unit after a look.  What a look did not tell stays as it was known."""
    online = checked.outcome is Outcome.ONLINE
    return attrs.evolve(
        before,
        state=state,
        last_checked_at=now,
        outcome=checked.outcome,
        cause=checked.cause,
        last_error_message=None if online else checked.detail or checked.cause,
        disk_usage_percent=_known(checked.disk_percent, before.disk_usage_percent),
        line_stats=_known(checked.lines, before.line_stats),
        peers=checked.peers or before.peers,
        uptime_s=checked.uptime_s if online else before.uptime_s,
        calls=checked.calls if online else None,
        version=_known(checked.version, before.version),
        since=now if state.last_status is not before.state.last_status or before.since is None else before.since,
    )


def gated(watch: UnitWatch, config: Config, context: Context, now: datetime) -> UnitWatch:
    """The same, with the gate that keeps its power from being cut now, and when it may open."""
    gate = closed_gate(config, watch.state, context, now)
    return attrs.evolve(watch, gate=gate, next_possible_at=opens_at(config, watch.state, gate))


def unseen(
    unit: Unit, before: UnitWatch, after: UnitWatch, actions: Iterable[str], now: datetime, unseen_after: timedelta
) -> list[UnitEvent]:
    """The rows that say from when to when nobody saw how a unit is: looks that tell nothing, or none at all."""
    if before.outcome is None or before.last_checked_at is None or after.last_checked_at == before.last_checked_at:
        return []
    found, was = [], before.state.last_status
    blind, gap = before.outcome is Outcome.UNKNOWN, now - before.last_checked_at > unseen_after
    if not blind and (gap or after.outcome is Outcome.UNKNOWN):
        begun = before.last_checked_at if gap else now
        row = _event(unit, after, begun, "status_change", extra_info={"why": "not_looked_at"} if gap else None)
        found.append(
            attrs.evolve(
                row,
                prev_status=None if was is None else WORDS[was],
                error_message=None if gap else after.last_error_message,
            )
        )
    status = after.state.last_status
    if (blind or gap) and after.outcome is not Outcome.UNKNOWN and status is not None and not _changes(actions):
        found.append(attrs.evolve(_event(unit, after, now, "status_change"), new_status=WORDS[status]))
    return found


def rows(
    unit: Unit, before: UnitWatch, after: UnitWatch, actions: Sequence[str], now: datetime, unseen_after: timedelta
) -> list[UnitEvent]:
    """The rows of the history that actions, and what was seen, bring."""
    found = unseen(unit, before, after, actions, now, unseen_after)
    if found or before.outcome is Outcome.UNKNOWN:
        # It was not seen when it changed.
        before = attrs.evolve(before, state=attrs.evolve(before.state, last_status=None))
    found += [row for action in actions if (row := _row(unit, before, after, action, now)) is not None]
    if restarted(before, after) and not _was_cycled(after, now):
        found.append(
            _event(unit, after, now, "restarted", extra_info={"uptime_s": after.uptime_s, "before_s": before.uptime_s})
        )
    return found


def restarted(before: UnitWatch, after: UnitWatch) -> bool:
    """Whether its Asterisk started anew between two looks that both found it online."""
    if before.outcome is not Outcome.ONLINE or after.outcome is not Outcome.ONLINE:
        return False
    return None not in (before.uptime_s, after.uptime_s) and (after.uptime_s or 0) < (before.uptime_s or 0)


def _was_cycled(watch: UnitWatch, now: datetime) -> bool:
    """Whether what booted lately did so since its power was cut, too fast for a look in between."""
    cut, booted = watch.state.last_cycle_at, now - timedelta(seconds=watch.uptime_s or 0)
    return cut is not None and cut - BOOT <= booted <= cut + BOOT


def cycle_of(unit: Unit, now: datetime) -> Cycle | None:
    """The power cycle that the machine decided upon."""
    if unit.plug is None:
        return None
    return Cycle(0, unit.enterprise_number, unit.plug, AUTO, "scheduler", now, Step.PRECHECK, now)


def _row(unit: Unit, before: UnitWatch, after: UnitWatch, action: str, now: datetime) -> UnitEvent | None:
    name, _, reason = action.partition(":")
    match name:
        case "history_down" | "history_up":
            prev = before.state.last_status
            row = _event(unit, after, now, "status_change")
            return attrs.evolve(
                row,
                prev_status=None if prev is None else WORDS[prev],
                new_status="off" if name[8:] == "down" else "on",
            )
        case "suppress":
            return _event(unit, after, now, "suppress", extra_info={"gate": reason, "why": GATES.get(reason, reason)})
        case "escalate":
            return _event(unit, after, now, "escalate", extra_info={"why": reason})
        case "notify" if reason:
            return _event(unit, after, now, reason, result="fail")
        case "power_cycle":
            return _event(unit, after, now, "power_cycle", extra_info={"plug": str(unit.plug)})
        case "ensure_on":
            return _event(unit, after, now, "ensure_on", extra_info={"plug": str(unit.plug)})
        case _:
            # Notices are the alerts' to give, and a restart of the service has its row when it was done.
            return None


def _event(
    unit: Unit, watch: UnitWatch, now: datetime, action: str, *, result: str | None = None,
    extra_info: dict[str, object] | None = None,
) -> UnitEvent:  # fmt: skip
    return UnitEvent(
        at=now,
        enterprise_number=unit.enterprise_number,
        failure_counter=watch.state.failure_counter,
        error_message=watch.last_error_message,
        action_type=action,
        action_result=result,
        action_time=now,
        user_initiator=AUTO,
        extra_info=extra_info or {},
    )


def _changes(actions: Iterable[str]) -> bool:
    return any(action in ("history_down", "history_up") for action in actions)


def _known(new: T | None, old: T | None) -> T | None:
    return old if new is None else new
