"""What a reading makes of the lines of a gateway: pure."""

from collections.abc import Iterator
from datetime import datetime

import attrs

from ...ports.gateways import EventKind, GatewayEvent, Line, LineWatch, Reading, Watched
from .health import health_of


def merge(watched: Watched, reading: Reading, *, at: datetime) -> tuple[LineWatch, ...]:
    """The lines that were read, with what stays known of them.

    A reading is of whole pages: a line that it lacks is not there any more.  After a cut page there is none,
    and all lines stay as they are known.
    """
    forwards = None if reading.forwards is None else dict(reading.forwards)
    ids = None if reading.authentication_ids is None else dict(reading.authentication_ids)
    found = []
    for line in reading.lines:
        known = watched.lines.get(line.line) or _new(watched, line, at)
        known = attrs.evolve(
            known,
            gateway=watched.gateway.name,
            enterprise_number=watched.gateway.enterprise_number,
            line=line,
            seen_at=at,
            voip_used=known.voip_used or line.voip is True,
        )
        if forwards is not None:
            known = attrs.evolve(known, forwards=forwards.get(line.line, known.forwards))
        if ids is not None:
            # An empty id does not drop the line: it is known to have none.
            known = attrs.evolve(known, authentication_id=ids.get(line.line) or None, authentication_known=True)
        health = health_of(line, voip_wanted=voip_wanted(known))
        if health is not known.health or known.health_since is None:
            known = attrs.evolve(known, health=health, health_since=at)
        found.append(known)
    return tuple(found)


def voip_wanted(watch: LineWatch) -> bool:
    """Whether a line that is not registered by VoIP is in want of it."""
    return watch.voip_used or watch.authentication_id is not None


def changes(watched: Watched, lines: tuple[LineWatch, ...], *, at: datetime) -> Iterator[GatewayEvent]:
    """Lines whose health is not what it was.  A line that is seen for the first time has no past."""
    for line in lines:
        before = watched.lines.get(line.line.line)
        if before is not None and before.health is not line.health:
            yield GatewayEvent(at, EventKind.LINE, line.line.line, before.health.value, line.health.value)


def _new(watched: Watched, line: Line, at: datetime) -> LineWatch:
    return LineWatch(
        gateway_id=watched.gateway.id,
        gateway=watched.gateway.name,
        enterprise_number=watched.gateway.enterprise_number,
        line=line,
        health=health_of(line, voip_wanted=False),
        health_since=None,
        seen_at=at,
    )
