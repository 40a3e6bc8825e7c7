"""The state machine of a unit: ``step(config, state, event)`` gives the state that follows and what is to be done.

Neither clock nor I/O in here.  Every rule is one of section 4 of the facts, and
a case of the fixtures.  The new state is stored before the actions are done: a
crash in between loses a notice, never a guard (the done flag stands, so that no
second cycle follows).
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import attrs

from ...ports.units import CycleResult, MachineState, Outcome
from .gates import DAY, Config, Context, closed_gate

#: What is to be done, by the names of the facts: ``power_cycle``, ``suppress:maintenance`` ….
Action: TypeAlias = str
Step: TypeAlias = tuple[MachineState, tuple[Action, ...]]


@attrs.frozen
class Look:
    """A unit was looked at."""

    at: datetime
    outcome: Outcome
    context: Context = Context()  # noqa: RUF009  frozen, and without anything that could change


@attrs.frozen
class CycleEnded:
    """A power cycle came to an end."""

    at: datetime
    result: CycleResult
    #: A person asked for it, so that it is none of the machine's attempts.
    by_hand: bool = False


@attrs.frozen
class Rearmed:
    """An operator says: forget what was tried in this outage."""

    at: datetime


Event: TypeAlias = Look | CycleEnded | Rearmed


def step(config: Config, state: MachineState, event: Event) -> Step:
    """What follows from an event."""
    if isinstance(event, CycleEnded):
        return _cycle_ended(config, state, event)
    if isinstance(event, Rearmed):
        return attrs.evolve(
            state, ewelink_action_done=False, attempts=0, suppressed=(), escalated=False, retry_at=None,
            restarted_service=False,
        ), ()  # fmt: skip
    if event.outcome is Outcome.UNKNOWN:
        return state, ()
    if event.outcome is Outcome.ONLINE:
        return _online(config, state)
    return _offline(config, state, event)


def _online(config: Config, state: MachineState) -> Step:
    came_back = state.last_status is Outcome.OFFLINE
    after = attrs.evolve(
        state, last_status=Outcome.ONLINE, failure_counter=0, success_streak=state.success_streak + 1, seen_online=True,
        seen_at=config.address,
    )  # fmt: skip
    if not config.guarded:
        return _closed(after), ()
    actions = ["history_up"] if came_back else []
    if after.success_streak >= config.recover_threshold:
        if state.incident:
            actions.append("notify_up")
        after = _closed(after)
    return after, tuple(actions)


def _closed(state: MachineState) -> MachineState:
    """The outage is over."""
    return attrs.evolve(
        state, ewelink_action_done=False, incident=False, incident_since=None, attempts=0, grace_until=None,
        retry_at=None, suppressed=(), escalated=False, restarted_service=False,
    )  # fmt: skip


def _offline(config: Config, state: MachineState, event: Look) -> Step:
    actions: list[Action] = []
    if config.guarded and state.last_status is not Outcome.OFFLINE:
        actions.append("history_down")
    # A cycle that an outage ended may have to stay in the count of the day, but no longer.
    recent = tuple(at for at in state.cycles if event.at - at < DAY)
    after = attrs.evolve(state, last_status=Outcome.OFFLINE, success_streak=0, cycles=recent)
    if config.guarded and state.grace_until is not None and _boots(config, state.grace_until, event.at):
        return after, tuple(actions)
    after = attrs.evolve(after, failure_counter=after.failure_counter + 1)
    if after.failure_counter < config.failure_threshold:
        return after, tuple(actions)
    if config.guarded and not after.incident:
        after = attrs.evolve(after, incident=True, incident_since=event.at)
        actions.append("notify_down")
    if after.ewelink_action_done and not config.guarded:
        return after, tuple(actions)
    decide: Callable[[Config, MachineState, Look], Step] = _decide if config.guarded else _decide_as_before
    after, decided = decide(config, after, event)
    return after, (*actions, *decided)


def _boots(config: Config, until: datetime, at: datetime) -> bool:
    """Whether the grace lasts.  One that would last longer than any is of a clock that was ahead then."""
    return at < until <= at + max(config.boot_grace, config.service_grace)


def _decide_as_before(config: Config, state: MachineState, event: Look) -> Step:
    """The rules of the service that lineman replaces, fired at or above the threshold."""
    if closed_gate(config, state, event.context, event.at) is not None:
        return state, ()
    return _cycling(config, state, event.at), ("power_cycle",)


def _decide(config: Config, state: MachineState, event: Look) -> Step:
    gate = closed_gate(config, state, event.context, event.at)
    if gate is None:
        if event.context.asterisk_down and config.may_restart_service and not state.restarted_service:
            grace = event.at + config.service_grace
            return attrs.evolve(state, restarted_service=True, grace_until=grace), ("restart_service",)
        return _cycling(config, state, event.at), ("power_cycle",)
    if gate == "attempts_exhausted":
        return _escalated(state, "still_down_after_power_cycle")
    if gate == "disk_full":
        return _escalated(state, "disk_full")
    if gate in state.suppressed:
        return state, ()
    return attrs.evolve(state, suppressed=(*state.suppressed, gate)), (f"suppress:{gate}",)


def _cycling(config: Config, state: MachineState, at: datetime) -> MachineState:
    return attrs.evolve(
        state, ewelink_action_done=True, attempts=state.attempts + 1, cycles=(*state.cycles, at), last_cycle_at=at,
        grace_until=at + config.boot_grace,
    )  # fmt: skip


def _escalated(state: MachineState, why: str) -> Step:
    """Call for a person, once in an outage."""
    if state.escalated:
        return state, ()
    return attrs.evolve(state, escalated=True), (f"escalate:{why}",)


def _cycled_by_hand(config: Config, state: MachineState, event: CycleEnded) -> Step:
    """It takes nothing from what the machine may do, but the unit has to boot, and is not cut again soon after."""
    match event.result:
        case CycleResult.SUCCESS:
            return attrs.evolve(state, grace_until=event.at + config.boot_grace, last_cycle_at=event.at), ()
        case CycleResult.STUCK_OFF:
            after, actions = _escalated(state, "power_still_off")
            return after, ("ensure_on", *actions)
        case _:
            return state, ()


def _cycle_ended(config: Config, state: MachineState, event: CycleEnded) -> Step:
    if event.by_hand:
        return _cycled_by_hand(config, state, event)
    match event.result:
        case CycleResult.SUCCESS:
            return attrs.evolve(state, grace_until=event.at + config.boot_grace), ()
        case CycleResult.FAILED_PRECHECK | CycleResult.PLUG_WAS_OFF | CycleResult.CALLED_OFF:
            # Nothing was sent, so it was no attempt.
            earlier = state.cycles[:-1]
            after = attrs.evolve(
                state, ewelink_action_done=False, attempts=max(0, state.attempts - 1), cycles=earlier,
                last_cycle_at=earlier[-1] if earlier else None, grace_until=None,
                retry_at=event.at + config.precheck_retry,
            )  # fmt: skip
            return after, () if event.result is CycleResult.CALLED_OFF else ("notify:plug_not_usable",)
        case CycleResult.FAILED_OFF:
            after, actions = _escalated(attrs.evolve(state, grace_until=None), "power_off_refused")
            return after, actions
        case CycleResult.STUCK_OFF:
            after, actions = _escalated(attrs.evolve(state, grace_until=None), "power_still_off")
            return after, ("ensure_on", *actions)
        case CycleResult.GIVEN_UP:
            return state, ()
