"""The rows that one scan of a gateway becomes, ready for the fastest way into the database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from ...ports.gateways.inventory import LineCounts
from ...ports.gateways.watch import GatewayEvent, GatewayWatch, Health, LineWatch, Seen
from .inbox import clean, row_of
from .rows import to_text
from .series_time import hour_of

#: The columns that are fields of ``GatewayWatch``, in its order.
KNOWN = tuple(field.name for field in attrs.fields(GatewayWatch))

WATCH = row_of(
    gateway_id="int4", status="text", reason="text", detail="text", since="timestamptz", port="int4",
    last_port="int4", scanned_at="timestamptz", listed_at="timestamptz", ok_at="timestamptz", stale="bool",
    missing="int4", address="text", title="text", model="text", serial="text", serial_last4="text", firmware="text",
    module_version="text", uptime_s="int8", device_time="text", line_count="int4", rebooting_until="timestamptz",
    extras_at="timestamptz", search="text", lines_at="timestamptz", lines_total="int4", lines_ok="int4",
    lines_weak="int4", lines_down="int4", lines_busy="int4",
)  # fmt: skip
#: What stays as it is when the lines were not read.
OF_LINES = ("lines_at", "lines_total", "lines_ok", "lines_weak", "lines_down", "lines_busy")

LINE = row_of(
    gateway_id="int4", line="int4", lines_at="timestamptz", health="text", health_since="timestamptz",
    seen_at="timestamptz", voip_used="bool", authentication_known="bool", authentication_id="text",
    operator_key="text", forwards="text", shown="text",
)  # fmt: skip
SAMPLE = row_of(
    hour="int4", gateway_id="int4", line="int4", at="timestamptz", rssi="int4", gsm="int4", voip="int4", busy="int4"
)
EVENT = row_of(
    gateway_id="int4", at="timestamptz", kind="text", line="int4", place="int4", before="text", after="text",
    detail="text",
)  # fmt: skip

GOOD = frozenset({Health.OK, Health.WEAK_SIGNAL, Health.UNKNOWN})
LARGEST = 2**63 - 1


def watch_row(gateway_id: int, watch: GatewayWatch, lines: Sequence[LineWatch] | None, at: datetime) -> list[object]:
    counts = None if lines is None else counted(lines)
    return [
        gateway_id,
        watch.status.value,
        watch.reason and watch.reason.value,
        clean(watch.detail),
        watch.since,
        watch.port,
        watch.last_port,
        watch.scanned_at,
        watch.listed_at,
        watch.ok_at,
        watch.stale,
        watch.missing,
        clean(watch.address),
        clean(watch.title),
        clean(watch.model),
        clean(watch.serial),
        clean(watch.serial_last4),
        clean(watch.firmware),
        clean(watch.module_version),
        # A device may say anything.
        watch.uptime_s if watch.uptime_s is None or abs(watch.uptime_s) <= LARGEST else None,
        clean(watch.device_time),
        watch.line_count,
        watch.rebooting_until,
        watch.extras_at,
        clean("\n".join((watch.model or "", watch.title or "", watch.serial or "")).casefold()),
        *((None,) * len(OF_LINES) if counts is None else (at, *attrs.astuple(counts))),
    ]


def counted(lines: Sequence[LineWatch]) -> LineCounts:
    """Lines by health, and how many calls go on."""
    by_health = Counter(watch.health for watch in lines)
    return LineCounts(
        total=len(lines),
        ok=by_health[Health.OK],
        weak=by_health[Health.WEAK_SIGNAL],
        down=sum(count for health, count in by_health.items() if health not in GOOD),
        busy=sum(1 for watch in lines if watch.line.busy),
    )


def line_row(gateway_id: int, watch: LineWatch, at: datetime) -> list[object]:
    operator = watch.line.operator
    return [
        gateway_id,
        watch.line.line,
        at,
        watch.health.value,
        watch.health_since,
        watch.seen_at,
        watch.voip_used,
        watch.authentication_known,
        clean(watch.authentication_id),
        None if operator is None else clean(operator.casefold()),
        None if watch.forwards is None else to_text(watch.forwards),
        to_text(watch.line),
    ]


def sample_row(gateway_id: int, watch: LineWatch) -> list[object]:
    line = watch.line
    return [
        hour_of(watch.seen_at),
        gateway_id,
        line.line,
        watch.seen_at,
        # Without a SIM or registration the figure says nothing.
        None if line.dbm is None else line.rssi,
        _number(line.gsm),
        _number(line.voip),
        _number(line.busy),
    ]


def _number(known: bool | None) -> int | None:
    return None if known is None else int(known)


def event_rows(seen: Seen) -> Iterable[list[object]]:
    """Events by moment, kind and line; several of those keep their order."""
    places = Counter[tuple[object, ...]]()
    for event in seen.events:
        key = (event.at, event.kind, event.line)
        yield _event_row(seen.gateway_id, event, places[key])
        places[key] += 1


def _event_row(gateway_id: int, event: GatewayEvent, place: int) -> list[object]:
    return [
        gateway_id,
        event.at,
        event.kind.value,
        event.line or 0,
        place,
        clean(event.before),
        clean(event.after),
        clean(event.detail),
    ]
