"""What keeps a unit that is down from being power-cycled: the first gate that is closed counts (facts: section 4)."""

from datetime import datetime, timedelta

import attrs

from ...ports.units import MachineState

DAY = timedelta(hours=24)


@attrs.frozen(kw_only=True)
class Config:
    """What was decided about one unit."""

    #: The owner's opt-in, and whether a plug is bound.
    parameter_option_2: bool = False
    bound: bool = False
    #: Where it is: at another place it has to be seen online first.
    address: str = ""
    #: ``seed`` = the rules of the service that lineman replaces, without any guard.
    guarded: bool = True
    failure_threshold: int = 3
    recover_threshold: int = 2
    boot_grace: timedelta = timedelta(seconds=300)
    cooldown: timedelta = timedelta(seconds=1800)
    precheck_retry: timedelta = timedelta(seconds=300)
    max_cycles_per_incident: int = 1
    max_cycles_a_day: int = 3
    require_seen_online: bool = True
    fleet_min_units: int = 3
    fleet_share: float = 0.5
    #: A restart of its Asterisk may be tried before its power is cut.
    may_restart_service: bool = False
    service_grace: timedelta = timedelta(seconds=120)


@attrs.frozen(kw_only=True)
class Context:
    """What is so around the unit at the moment of a look."""

    #: The red switch; a pause of this unit; a window of maintenance.
    stopped: bool = False
    paused: bool = False
    maintenance: bool = False
    #: One of our canaries answers.
    uplink_ok: bool = True
    parent_down: bool = False
    fleet_offline: int = 0
    fleet_total: int = 0
    #: Its disk was full when it was last seen: a power cycle would not help.
    disk_full: bool = False
    #: Its host lives, its Asterisk does not.
    asterisk_down: bool = False
    #: A power cycle of its plug is under way, by hand.
    under_way: bool = False
    #: Something else on the unit answers.
    second_opinion: bool = False
    dry_run: bool = False


#: Every gate, in the order in which they are looked at, and what it means to people.
GATES = {
    "not_enabled": "automatic power cycling is not enabled for it (parameter_option_2)",
    "no_device": "no plug is bound to it",
    "stopped": "all automatic power actions are stopped by the red switch",
    "paused": "it is paused",
    "never_seen_online": "it was never seen online at its address since it was armed",
    "maintenance": "it is in a maintenance window",
    "own_uplink_down": "our own line is down: none of the canaries answers",
    "parent_down": "the unit that it hangs on is down",
    "mass_outage": "too many units are down at once, which is almost always our own side",
    "disk_full": "its disk was full, which no power cycle mends",
    "attempts_exhausted": "it was power-cycled in this outage already",
    "retry_wait": "its plug could not be used a moment ago",
    "cooldown": "it was power-cycled a short while ago",
    "daily_limit": "it was power-cycled too often in the last 24 hours",
    "under_way": "its plug is in a power cycle already",
    "second_opinion": "something else on it still answers",
    "dry_run": "this is a dry run: it would be power-cycled now",
}


def closed_gate(config: Config, state: MachineState, context: Context, now: datetime) -> str | None:
    """The first gate that is closed; ``None`` = all are open."""
    if not config.parameter_option_2:
        return "not_enabled"
    if not config.bound:
        return "no_device"
    if not config.guarded:
        return _switched_off(context)
    return _switched_off(context) or _surroundings(config, state, context) or _limits(config, state, context, now)


def opens_at(config: Config, state: MachineState, gate: str | None) -> datetime | None:
    """When a gate that only time keeps closed will open."""
    if gate == "retry_wait":
        return state.retry_at
    if gate == "cooldown" and state.last_cycle_at is not None:
        return state.last_cycle_at + config.cooldown
    if gate == "daily_limit" and state.cycles:
        return state.cycles[-min(config.max_cycles_a_day, len(state.cycles))] + DAY
    return None


def _switched_off(context: Context) -> str | None:
    """What people switched off by hand holds in every mode."""
    if context.stopped:
        return "stopped"
    return "paused" if context.paused else None


def _surroundings(config: Config, state: MachineState, context: Context) -> str | None:
    if config.require_seen_online and not (state.seen_online and state.seen_at == config.address):
        return "never_seen_online"
    if context.maintenance:
        return "maintenance"
    if not context.uplink_ok:
        return "own_uplink_down"
    if context.parent_down:
        return "parent_down"
    enough = context.fleet_offline >= config.fleet_min_units
    if enough and context.fleet_offline >= config.fleet_share * context.fleet_total:
        return "mass_outage"
    return None


def _limits(config: Config, state: MachineState, context: Context, now: datetime) -> str | None:
    if context.disk_full:
        return "disk_full"
    if state.attempts >= config.max_cycles_per_incident:
        return "attempts_exhausted"
    if state.retry_at is not None and now < state.retry_at:
        return "retry_wait"
    if state.last_cycle_at is not None and now - state.last_cycle_at < config.cooldown:
        return "cooldown"
    if sum(now - at < DAY for at in state.cycles) >= config.max_cycles_a_day:
        return "daily_limit"
    if context.under_way:
        return "under_way"
    if context.second_opinion:
        return "second_opinion"
    return "dry_run" if context.dry_run else None
