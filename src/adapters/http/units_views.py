"""What the world sees of units: views, made by pure functions from what is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ...core.units import UnitRow, sentence_of
from ...core.units.config import DISK_CRITICAL, DISK_WARNING
from ...core.units.past import Why
from ...core.units.person import needs_person
from ...core.units.powering import PlugCheck
from ...ports.power import Plug, PlugKind, PlugState, Startup
from ...ports.units import (
    Cause,
    Cycle,
    CycleResult,
    LinePatterns,
    LineStats,
    Outcome,
    Peer,
    PeerKind,
    PowerPolicy,
    Step,
    UnitEvent,
)


class PlugView(msgspec.Struct, frozen=True, kw_only=True):
    kind: PlugKind
    device_id: str
    outlet: int | None


class UnitView(msgspec.Struct, frozen=True, kw_only=True):
    """A unit and what is known of it now; null is unknown.

    ``last_status`` is what counts (`online`, `offline`); ``outcome`` is what the
    last look came to, which may be `unknown` and then counts for nothing.
    ``why`` says in one line why its power is or is not cut, ``cycle_step`` how
    far the power cycle is that is under way; ``needs_person`` that lineman can
    do nothing more about it by itself.
    """

    enterprise_number: str
    name: str
    host: str
    port: int
    username: str
    has_password: bool
    has_key: bool
    via: str
    parameter_option_2: bool
    may_restart_service: bool
    parent: str | None
    host_key: str | None
    plug: PlugView | None
    failure_threshold: int | None
    patterns: LinePatterns
    second_opinion: str | None
    second_port: int | None
    paused_until: datetime | None
    paused_by: str | None
    last_status: Outcome | None
    last_checked_at: datetime | None
    failure_counter: int
    last_error_message: str | None
    disk_usage_percent: int | None
    disk_level: str | None
    line_stats: LineStats | None
    sip_peers: int | None
    ewelink_action_done: bool
    outcome: Outcome | None
    cause: Cause | None
    since: datetime | None
    uptime_s: int | None
    calls: int | None
    version: str | None
    gate: str | None
    why: str
    next_possible_at: datetime | None
    needs_person: bool
    cycling: bool
    cycle_step: Step | None
    created_at: datetime
    revision: int


class PeerView(msgspec.Struct, frozen=True, kw_only=True):
    """A peer; ``degraded``: it answers, but late."""

    name: str
    kind: PeerKind
    online: bool
    degraded: bool
    status: str
    rtt_ms: float | None
    host: str | None


class LinesView(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a unit as they were seen last, and how many were up when."""

    enterprise_number: str
    last_checked_at: datetime | None
    line_stats: LineStats | None
    peers: Sequence[PeerView]
    #: Seconds since 1970, GSM online and in all, SIP online and in all, internal online and in all, disk in percent.
    courses: Sequence[tuple[int, int, int, int, int, int, int, int | None]]


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``unit_status_history``."""

    id: int
    enterprise_number: str | None
    prev_status: str | None
    new_status: str | None
    change_time: datetime
    failure_counter: int
    error_message: str | None
    action_type: str | None
    action_result: str | None
    action_time: datetime | None
    user_initiator: str | None
    extra_info: Mapping[str, Any]


class CycleView(msgspec.Struct, frozen=True, kw_only=True):
    """A power cycle: where it is, or how it ended."""

    id: int
    enterprise_number: str | None
    plug: PlugView
    initiator: str
    by: str
    requested_at: datetime
    step: Step
    step_at: datetime | None
    result: CycleResult | None
    error: str | None
    on_tries: int
    finished_at: datetime | None


class WhyView(msgspec.Struct, frozen=True, kw_only=True):
    """Why a unit's power was or was not cut, and when it could be next."""

    enterprise_number: str
    sentence: str
    gate: str | None
    next_possible_at: datetime | None
    events: Sequence[HistoryView]


class PlugCheckView(msgspec.Struct, frozen=True, kw_only=True):
    """What a plug says of itself; nothing was switched."""

    plug: PlugView
    name: str | None
    model: str | None
    online: bool | None
    on: bool
    channels: int
    startup: Startup | None
    pulse: bool | None
    power_w: float | None
    warnings: Sequence[str]


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """The red switch, and the dry run."""

    stopped: bool
    stopped_by: str | None
    stopped_at: datetime | None
    dry_run: bool
    revision: int


def plug_view(plug: Plug) -> PlugView:
    return PlugView(kind=plug.kind, device_id=plug.device_id, outlet=plug.outlet)


def disk_level(percent: int | None) -> str | None:
    """``ok``, ``warning`` or ``critical``."""
    if percent is None:
        return None
    return "critical" if percent >= DISK_CRITICAL else "warning" if percent >= DISK_WARNING else "ok"


def unit_view(row: UnitRow) -> UnitView:
    unit, watch = row.unit, row.watch
    return UnitView(
        enterprise_number=unit.enterprise_number,
        name=row.enterprise,
        host=unit.host,
        port=unit.port,
        username=unit.username,
        has_password=unit.password is not None,
        has_key=unit.key is not None,
        via=unit.via,
        parameter_option_2=unit.parameter_option_2,
        may_restart_service=unit.may_restart_service,
        parent=unit.parent,
        host_key=unit.host_key,
        plug=None if unit.plug is None else plug_view(unit.plug),
        failure_threshold=unit.failure_threshold,
        patterns=unit.patterns,
        second_opinion=unit.second_opinion,
        second_port=unit.second_port,
        paused_until=unit.paused_until,
        paused_by=unit.paused_by,
        last_status=watch.state.last_status,
        last_checked_at=watch.last_checked_at,
        failure_counter=watch.state.failure_counter,
        last_error_message=watch.last_error_message,
        disk_usage_percent=watch.disk_usage_percent,
        disk_level=disk_level(watch.disk_usage_percent),
        line_stats=watch.line_stats,
        sip_peers=watch.sip_peers,
        ewelink_action_done=watch.state.ewelink_action_done,
        outcome=watch.outcome,
        cause=watch.cause,
        since=watch.since,
        uptime_s=watch.uptime_s,
        calls=watch.calls,
        version=watch.version,
        gate=watch.gate,
        why=sentence_of(unit, watch),
        next_possible_at=watch.next_possible_at,
        needs_person=needs_person(watch),
        cycling=row.cycle is not None,
        cycle_step=None if row.cycle is None else row.cycle.step,
        created_at=unit.created_at,
        revision=unit.revision,
    )


def peer_view(peer: Peer) -> PeerView:
    return PeerView(
        name=peer.name, kind=peer.kind, online=peer.online, degraded=peer.degraded, status=peer.status,
        rtt_ms=peer.rtt_ms, host=peer.host,
    )  # fmt: skip


def history_view(event: UnitEvent) -> HistoryView:
    return HistoryView(
        id=event.id,
        enterprise_number=event.enterprise_number,
        prev_status=event.prev_status,
        new_status=event.new_status,
        change_time=event.at,
        failure_counter=event.failure_counter,
        error_message=event.error_message,
        action_type=event.action_type,
        action_result=event.action_result,
        action_time=event.action_time,
        user_initiator=event.user_initiator,
        extra_info=event.extra_info,
    )


def cycle_view(cycle: Cycle) -> CycleView:
    return CycleView(
        id=cycle.id,
        enterprise_number=cycle.enterprise_number,
        plug=plug_view(cycle.plug),
        initiator=cycle.initiator,
        by=cycle.by,
        requested_at=cycle.requested_at,
        step=cycle.step,
        step_at=cycle.step_at,
        result=cycle.result,
        error=cycle.error,
        on_tries=cycle.on_tries,
        finished_at=cycle.finished_at,
    )


def why_view(number: str, why: Why) -> WhyView:
    return WhyView(
        enterprise_number=number,
        sentence=why.sentence,
        gate=why.gate,
        next_possible_at=why.next_possible_at,
        events=[history_view(event) for event in why.events],
    )


def state_view(plug: Plug, state: PlugState, warnings: Sequence[str] = ()) -> PlugCheckView:
    return PlugCheckView(
        plug=plug_view(plug),
        name=state.name,
        model=state.model,
        online=state.online,
        on=state.on,
        channels=state.channels,
        startup=state.startup,
        pulse=state.pulse,
        power_w=state.power_w,
        warnings=warnings,
    )


def plug_check_view(check: PlugCheck) -> PlugCheckView:
    return state_view(check.plug, check.state, check.warnings)


def policy_view(policy: PowerPolicy) -> PolicyView:
    return PolicyView(
        stopped=policy.stopped,
        stopped_by=policy.stopped_by,
        stopped_at=policy.stopped_at,
        dry_run=policy.dry_run,
        revision=policy.revision,
    )
