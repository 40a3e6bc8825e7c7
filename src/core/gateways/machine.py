"""The life of a gateway: everything that changes what is known of one lives here.

    unknown --its pages are read--> active --the list has no row, or a row without a port--> inactive
                                      |  ^
          a row, but no good pages of it '--> error: auth, unreachable, bad_page, identity

A list that cannot be read changes nothing but ``stale``.  A list that is
suddenly under half its size has begun anew with its server, and whoever is
not on it waits one more scan.  For three minutes after an accepted reboot
failures do not count.
"""

from datetime import datetime
from typing import assert_never

import attrs

from ...ports.gateways import (
    EventKind,
    GatewayEvent,
    GatewayWatch,
    Identity,
    Listed,
    Reason,
    Seen,
    Status,
    Watched,
)
from . import lines
from .config import GatewayConfig
from .events import Absent, Event, ListedNoLink, ListFailed, Probed, ProbeFailed, RebootAccepted
from .health import rebooting
from .planning import expected_last4

#: Characters of a detail that are kept; devices may say anything.
LONGEST_DETAIL = 500


def observe(watched: Watched, event: Event, *, at: datetime, config: GatewayConfig) -> Seen:
    """Take what was seen at ``at`` into account: what is known then, and what happened."""
    watch = watched.watch
    match event:
        case ListFailed():
            return _seen(watched, attrs.evolve(watch, stale=True), at)
        case Absent():
            return _seen(watched, _absent(_listed(watch, None, at), event, at), at)
        case ListedNoLink(listed):
            here = _listed(watch, listed, at)
            if rebooting(watch, at=at):
                return _seen(watched, here, at)
            return _seen(watched, _gone(here, Reason.NO_RADMIN, "", at), at)
        case ProbeFailed(reason, detail, listed):
            return _seen(watched, _failed(watch, reason, detail, listed, at), at)
        case Probed():
            return _probed(watched, event, at)
        case RebootAccepted(before, listed):
            here = _on_port(_listed(watch, listed, at), listed.port)
            after = _status(_known(here, before), Status.ACTIVE, None, "", at)
            return _seen(watched, attrs.evolve(after, ok_at=at, rebooting_until=at + config.rebooting), at)
        case _:
            assert_never(event)


def waiting(watch: GatewayWatch) -> bool:
    """Whether it was missing on a list that had shrunk, and the next scan tells."""
    return watch.missing > 0 and watch.status is not Status.INACTIVE


def word_of(watch: GatewayWatch) -> str:
    """A status with its reason."""
    return watch.status.value if watch.reason is None else f"{watch.status.value}: {watch.reason.value}"


def _listed(watch: GatewayWatch, listed: Listed | None, at: datetime) -> GatewayWatch:
    """The list was read well, and this is its row, if it has one."""
    watch = attrs.evolve(watch, scanned_at=at, stale=False)
    if not rebooting(watch, at=at):
        watch = attrs.evolve(watch, rebooting_until=None)
    if listed is None:
        return watch
    return attrs.evolve(watch, listed_at=at, missing=0, address=listed.address or watch.address)


def _absent(watch: GatewayWatch, event: Absent, at: datetime) -> GatewayWatch:
    if rebooting(watch, at=at):
        return watch
    if not event.scan and (event.shrunk or waiting(watch)):
        return watch
    missed = attrs.evolve(watch, missing=watch.missing + 1)
    if event.shrunk and not watch.missing:
        return missed
    return _gone(missed, Reason.NOT_LISTED, "", at)


def _gone(watch: GatewayWatch, reason: Reason, detail: str, at: datetime) -> GatewayWatch:
    watch = attrs.evolve(watch, last_port=watch.port or watch.last_port, port=None)
    return _status(watch, Status.INACTIVE, reason, detail, at)


def _failed(watch: GatewayWatch, reason: Reason, detail: str, listed: Listed, at: datetime) -> GatewayWatch:
    here = _listed(watch, listed, at)
    # A reboot explains much, but not another device.
    if rebooting(watch, at=at) and reason is not Reason.IDENTITY:
        return here
    return _status(_on_port(here, listed.port), Status.ERROR, reason, detail, at)


def _probed(watched: Watched, event: Probed, at: datetime) -> Seen:
    before, reading, identity = watched.watch, event.reading, event.reading.identity
    here = before
    if event.listed is not None:
        here = _on_port(_listed(before, event.listed, at), event.listed.port)
    expected, shown = expected_last4(watched), identity.serial_last4
    if None not in (expected, shown) and shown != expected:
        # Nothing that the other device says of itself is taken for this one's.
        detail = f"its serial number ends with {shown}, not with {expected}"
        return _seen(watched, _status(here, Status.ERROR, Reason.IDENTITY, detail, at), at)
    remarks = reading.remarks if expected is None or shown else (*reading.remarks, "it does not show its serial number")
    found = lines.merge(watched, reading, at=at)
    restarted = _restarted(before, identity)
    here = attrs.evolve(
        _status(_known(here, identity), Status.ACTIVE, None, "; ".join(remarks), at),
        ok_at=at,
        serial_last4=expected or shown,
        line_count=max((line.line for line in reading.lines), default=before.line_count),
        extras_at=at if event.extras else before.extras_at,
        rebooting_until=None if restarted else here.rebooting_until,
    )
    happened = [*_identity_changes(before, here, at), *lines.changes(watched, found, at=at)]
    if restarted:
        happened.insert(0, GatewayEvent(at, EventKind.RESTART, None, str(before.uptime_s), str(identity.uptime_s)))
    return attrs.evolve(_seen(watched, here, at, *happened), lines=found)


def _on_port(watch: GatewayWatch, port: int | None) -> GatewayWatch:
    return attrs.evolve(watch, port=port, last_port=port or watch.last_port)


def _known(watch: GatewayWatch, identity: Identity) -> GatewayWatch:
    """What a device says of itself; what it does not say this time stays, but for what changes all the time."""
    return attrs.evolve(
        watch,
        title=identity.title or watch.title,
        model=identity.model or watch.model,
        serial=identity.serial or watch.serial,
        firmware=identity.firmware or watch.firmware,
        module_version=identity.module_version or watch.module_version,
        uptime_s=identity.uptime_s,
        device_time=identity.device_time,
    )


def _status(watch: GatewayWatch, status: Status, reason: Reason | None, detail: str, at: datetime) -> GatewayWatch:
    same = (watch.status, watch.reason) == (status, reason)
    return attrs.evolve(
        watch,
        status=status,
        reason=reason,
        detail=detail[:LONGEST_DETAIL],
        since=watch.since if same and watch.since is not None else at,
    )


def _restarted(before: GatewayWatch, identity: Identity) -> bool:
    return identity.uptime_s is not None and before.uptime_s is not None and identity.uptime_s < before.uptime_s


def _identity_changes(before: GatewayWatch, after: GatewayWatch, at: datetime) -> tuple[GatewayEvent, ...]:
    named = (("serial_last4", "serial number"), ("model", "model"), ("firmware", "firmware"))
    return tuple(
        GatewayEvent(at, EventKind.IDENTITY, None, getattr(before, field), getattr(after, field), words)
        for field, words in named
        if getattr(before, field) != getattr(after, field) and (field == "serial_last4" or getattr(before, field))
    )


def _seen(watched: Watched, after: GatewayWatch, at: datetime, *more: GatewayEvent) -> Seen:
    before = watched.watch
    events = []
    if (before.status, before.reason) != (after.status, after.reason):
        events.append(GatewayEvent(at, EventKind.STATUS, None, word_of(before), word_of(after), after.detail))
    if after.port is not None and before.last_port is not None and after.port != before.last_port:
        events.append(GatewayEvent(at, EventKind.PORT, None, str(before.last_port), str(after.port)))
    return Seen(watched.gateway.id, at, after, None, (*events, *more))
