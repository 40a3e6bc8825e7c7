"""Looks at units, their history and power cycles as rows."""

from collections.abc import Mapping, Sequence

import attrs

from ...ports.units.cycles import Cycle
from ...ports.units.watch import UnitEvent, UnitWatch
from .engine import Transaction
from .inbox import clean, row_of
from .rows import to_text

LIVE = row_of(
    enterprise_number="text", last_status="text", last_checked_at="timestamptz", failure_counter="int4",
    last_error_message="text", disk_usage_percent="int4", line_stats="text", sip_peers="int4",
    ewelink_action_done="bool", state="text", outcome="text", cause="text", peers="text", uptime_s="int8",
    calls="int4", version="text", since="timestamptz", gate="text", next_possible_at="timestamptz",
)  # fmt: skip
COUNT = row_of(
    enterprise_number="text", at="timestamptz", gsm_total="int4", gsm_online="int4", sip_total="int4",
    sip_online="int4", internal_total="int4", internal_online="int4", disk_usage_percent="int4",
)  # fmt: skip
EVENT = row_of(
    id="int4", enterprise_number="text", prev_status="text", new_status="text", change_time="timestamptz",
    failure_counter="int4", error_message="text", action_type="text", action_result="text",
    action_time="timestamptz", user_initiator="text", extra_info="text",
)  # fmt: skip
CYCLE_COLUMNS = (
    "id", "enterprise_number", "plug_kind", "plug_device_id", "plug_outlet", "initiator", "ordered_by",
    "requested_at", "step", "step_at", "result", "error", "on_tries", "next_at", "finished_at",
)  # fmt: skip

LARGEST_INT, LARGEST = 2**31 - 1, 2**63 - 1


def live_row(number: str, watch: UnitWatch) -> Sequence[object]:
    return (
        number,
        watch.state.last_status and watch.state.last_status.value,
        watch.last_checked_at,
        watch.state.failure_counter,
        clean(watch.last_error_message),
        _within(watch.disk_usage_percent, LARGEST_INT),
        None if watch.line_stats is None else to_text(watch.line_stats),
        watch.sip_peers,
        watch.state.ewelink_action_done,
        to_text(watch.state),
        watch.outcome and watch.outcome.value,
        watch.cause and watch.cause.value,
        to_text(watch.peers),
        _within(watch.uptime_s, LARGEST),
        _within(watch.calls, LARGEST_INT),
        clean(watch.version),
        watch.since,
        watch.gate,
        watch.next_possible_at,
    )


def count_rows(seen: Mapping[str, UnitWatch]) -> list[Sequence[object]]:
    """The lines of those that could be read."""
    return [
        (
            number,
            watch.last_checked_at,
            *attrs.astuple(watch.line_stats),
            _within(watch.disk_usage_percent, LARGEST_INT),
        )
        for number, watch in sorted(seen.items())
        if watch.line_stats is not None and watch.last_checked_at is not None
    ]


def event_row(number: int, event: UnitEvent) -> Sequence[object]:
    return (
        number,
        event.enterprise_number,
        event.prev_status,
        event.new_status,
        event.at,
        event.failure_counter,
        clean(event.error_message),
        event.action_type,
        event.action_result,
        event.action_time,
        clean(event.user_initiator),
        to_text(event.extra_info),
    )


def cycle_values(cycle: Cycle) -> dict[str, object]:
    values = attrs.asdict(cycle, recurse=False, filter=lambda field, _: field.name not in ("plug", "by"))
    return {
        **values,
        "plug_kind": cycle.plug.kind,
        "plug_device_id": cycle.plug.device_id,
        "plug_outlet": cycle.plug.outlet,
        "ordered_by": cycle.by,
        "error": clean(cycle.error),
    }


async def add_events(tx: Transaction, events: Sequence[UnitEvent]) -> int:
    """Add rows to the history, and give the id of the first.

    The counter stays locked until the end of the transaction, so that rows
    become visible in the order of their ids.  To be done before a power cycle
    is written: all who write both lock them in this order.
    """
    [last] = await tx.fetch(
        int, "update counter set value = value + :many where name = 'unit_history' returning value", many=len(events)
    )
    first = last - len(events) + 1
    rows = [event_row(number, event) for number, event in enumerate(events, first)]
    await tx.bulk("unit_status_history", EVENT.columns, EVENT.types, rows)
    return first


def _within(value: int | None, most: int) -> int | None:
    """A number that the column takes; a device may say anything."""
    return value if value is None or abs(value) <= most else None
