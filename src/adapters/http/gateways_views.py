"""What the world sees of gateways: views, made by pure functions from what is known."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs
import msgspec

from ...core.gateways.health import rebooting, why, why_line
from ...ports.gateways import (
    Command,
    CommandKind,
    CommandStatus,
    Directory,
    DirectoryOutcome,
    EventKind,
    Forward,
    Forwards,
    ForwardState,
    GatewayEvent,
    GatewayRow,
    Health,
    LineCounts,
    LineWatch,
    Reason,
    Scan,
    ScanOutcome,
    ScanStatus,
    Status,
)


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway and what is known of it now; null is unknown.

    ``port_scan_status`` is `unknown`, `active`, `inactive` or `error`, since
    ``since``; ``why`` says what is wrong and what to do, and is empty if nothing is.  ``port`` is where it is
    now, ``last_port`` where it was last.  ``stale``: the last list could not be
    read, so that all this may be out of date.  ``rebooting``: failures do not
    count, for it was told to reboot.
    """

    gateway_name: str
    enterprise_number: str
    enterprise: str
    directory: str | None
    port: int | None
    last_port: int | None
    last_port_scan: datetime | None
    port_scan_status: Status
    reason: Reason | None
    why: str
    detail: str
    since: datetime | None
    stale: bool
    rebooting: bool
    last_seen_listed: datetime | None
    last_ok: datetime | None
    public_address: str | None
    device_model: str | None
    title: str | None
    serial_last4: str | None
    firmware: str | None
    module_version: str | None
    uptime_s: int | None
    device_time: str | None
    line_count: int | None
    lines: LineCounts
    username: str | None
    has_password: bool
    created_at: datetime
    revision: int


class ForwardingsView(msgspec.Struct, frozen=True, kw_only=True):
    """The four call forwardings of a SIM."""

    unconditional: Forward
    busy: Forward
    no_reply: Forward
    not_reachable: Forward


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was read at ``seen_at``; null is unknown, never no.

    ``rssi`` is 0 to 31; ``busy_status`` is `off`, `not set`, or the number that
    calls go to while the line is busy; ``acd_s`` the mean length of a call in
    seconds, ``asr`` answered calls in percent.
    """

    gateway_name: str
    enterprise_number: str
    line: int
    health: Health
    why: str
    health_since: datetime | None
    module: bool | None
    sim: bool | None
    gsm: bool | None
    voip: bool | None
    state: str | None
    peer: str | None
    busy: bool | None
    rssi: int | None
    rssi_raw: str | None
    dbm: int | None
    weak: bool | None
    operator: str | None
    lac: str | None
    cell: str | None
    acd_s: int | None
    asr: int | None
    answered: int | None
    calls: int | None
    idle_min: int | None
    last_call_at: datetime | None
    busy_status: str | None
    call_forward: ForwardingsView | None
    authentication_id: str | None
    remaining_minutes: int | None
    unlimited: bool | None
    sms_server: bool | None
    sim_bank: bool | None
    seen_at: datetime


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a gateway, or to one ``line`` of it."""

    at: datetime
    kind: EventKind
    line: int | None
    before: str | None
    after: str | None
    detail: str


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan found at one gateway, and how long that took."""

    gateway_name: str
    status: Status
    reason: Reason | None
    detail: str
    took_ms: int


class ScanView(msgspec.Struct, frozen=True, kw_only=True):
    """A scan: ``done`` of ``total`` gateways were looked at; of one alone also what was found at each."""

    scan_id: int
    status: ScanStatus
    by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total: int
    done: int
    active: int
    inactive: int
    errors: int
    directories: tuple[DirectoryOutcome, ...]
    detail: str
    outcomes: tuple[OutcomeView, ...]


class CommandView(msgspec.Struct, frozen=True, kw_only=True):
    """One order to a gateway.

    ``accepted``: it has left; ``back``: the device was seen to have done it;
    ``failed``: ``detail`` says why.
    """

    id: int
    gateway_name: str
    kind: CommandKind
    line: int | None
    status: CommandStatus
    detail: str
    by: str
    requested_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    finished_at: datetime | None


class DirectoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A remote administration server, on whose list the gateways are; ``from_settings``: number 0, not changed here."""

    id: int
    name: str
    host: str
    port: int
    username: str | None
    has_password: bool
    is_active: bool
    from_settings: bool
    revision: int


def device_view(row: GatewayRow, now: datetime) -> DeviceView:
    """A row of the list of gateways."""
    gateway, watch = row.gateway, row.watch
    return DeviceView(
        gateway_name=gateway.name,
        enterprise_number=gateway.enterprise_number,
        enterprise=row.enterprise,
        directory=row.directory,
        port=watch.port,
        last_port=watch.last_port,
        last_port_scan=watch.scanned_at,
        port_scan_status=watch.status,
        reason=watch.reason,
        why=why(row, at=now),
        detail=watch.detail,
        since=watch.since,
        stale=watch.stale,
        rebooting=rebooting(watch, at=now),
        last_seen_listed=watch.listed_at,
        last_ok=watch.ok_at,
        public_address=watch.address,
        device_model=watch.model,
        title=watch.title,
        serial_last4=gateway.serial_last4 or watch.serial_last4,
        firmware=watch.firmware,
        module_version=watch.module_version,
        uptime_s=watch.uptime_s,
        device_time=watch.device_time,
        line_count=watch.line_count,
        lines=row.lines,
        username=gateway.username,
        has_password=gateway.password is not None,
        created_at=gateway.created_at,
        revision=gateway.revision,
    )


def line_view(watch: LineWatch) -> LineView:
    """A row of the list of lines."""
    line, forwards = watch.line, watch.forwards
    return LineView(
        gateway_name=watch.gateway,
        enterprise_number=watch.enterprise_number,
        line=line.line,
        health=watch.health,
        why=why_line(watch.health),
        health_since=watch.health_since,
        module=line.module,
        sim=line.sim,
        gsm=line.gsm,
        voip=line.voip,
        state=line.state,
        peer=line.peer,
        busy=line.busy,
        rssi=line.rssi,
        rssi_raw=line.rssi_raw,
        dbm=line.dbm,
        weak=None if watch.health is Health.UNKNOWN else watch.health is Health.WEAK_SIGNAL,
        operator=line.operator,
        lac=line.lac,
        cell=line.cell,
        acd_s=line.acd_s,
        asr=line.asr,
        answered=line.answered,
        calls=line.calls,
        idle_min=line.idle_min,
        last_call_at=None if line.idle_min is None else watch.seen_at - timedelta(minutes=line.idle_min),
        busy_status=None if forwards is None else busy_status(forwards.busy),
        call_forward=None if forwards is None else _forwardings(forwards),
        authentication_id=watch.authentication_id,
        remaining_minutes=line.remaining_min,
        unlimited=line.unlimited,
        sms_server=line.sms_server,
        sim_bank=line.sim_bank,
        seen_at=watch.seen_at,
    )


def busy_status(busy: Forward) -> str | None:
    """The specification's word for the forwarding of a busy line; ``None`` where it is unknown."""
    match busy.state:
        case ForwardState.OFF:
            return "off"
        case ForwardState.NOT_SET:
            return "not set"
        case ForwardState.ON:
            return busy.number or "on"
        case ForwardState.UNKNOWN:
            return None


def _forwardings(forwards: Forwards) -> ForwardingsView:
    return ForwardingsView(**attrs.asdict(forwards, recurse=False))


def event_view(event: GatewayEvent) -> EventView:
    """A row of a gateway's history."""
    return EventView(**attrs.asdict(event))


def scan_view(scan: Scan, outcomes: Iterable[ScanOutcome] = ()) -> ScanView:
    """A scan with what it found so far."""
    figures = attrs.asdict(scan, recurse=False)
    return ScanView(scan_id=figures.pop("id"), **figures, outcomes=tuple(outcome_view(outcome) for outcome in outcomes))


def outcome_view(outcome: ScanOutcome) -> OutcomeView:
    """What was found at one gateway."""
    return OutcomeView(
        gateway_name=outcome.gateway,
        status=outcome.status,
        reason=outcome.reason,
        detail=outcome.detail,
        took_ms=outcome.took_ms,
    )


def command_view(command: Command) -> CommandView:
    """An order as the world sees it."""
    return CommandView(
        id=command.id,
        gateway_name=command.gateway,
        kind=command.kind,
        line=command.line,
        status=command.status,
        detail=command.detail,
        by=command.by,
        requested_at=command.requested_at,
        sent_at=command.sent_at,
        accepted_at=command.accepted_at,
        finished_at=command.finished_at,
    )


def directory_view(directory: Directory) -> DirectoryView:
    """A directory without its secret."""
    return DirectoryView(
        id=directory.id,
        name=directory.name,
        host=directory.host,
        port=directory.port,
        username=directory.username,
        has_password=directory.password is not None,
        is_active=directory.is_active,
        from_settings=directory.id == 0,
        revision=directory.revision,
    )
