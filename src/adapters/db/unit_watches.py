"""What is known of units, and what happened: looks, history and begun power cycles in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from ...ports.units.cycles import Cycle
from ...ports.units.probe import LineStats, Outcome
from ...ports.units.watch import LineCount, UnitEvent, UnitWatch, UnitWatchStore
from .engine import Database, Transaction, next_number
from .inbox import clean
from .unit_rows import COUNT, CYCLE_COLUMNS, EVENT, LIVE, add_events, count_rows, cycle_values, live_row
from .units import HAS_PLUG, plug_values

#: What is passed over when a unit was removed meanwhile.
THERE = "from {rows} unit u where u.enterprise_number = i.enterprise_number"
KEEP = f"""
insert into unit_live_status ({LIVE.names}) select {LIVE.prefixed("i")} {THERE}
on conflict (enterprise_number) do update
set {", ".join(f"{name} = excluded.{name}" for name in LIVE.columns[1:])}
"""
SAME = " and ".join(
    f"coalesce(c.{name}, -1) = coalesce(i.{name}, -1)"
    for name in COUNT.columns
    if name not in ("enterprise_number", "at")
)
COUNT_LINES = f"""
insert into unit_line_count ({COUNT.names}) select {COUNT.prefixed("i")} {THERE}
and not exists (
  select 1 from unit_line_count c where c.enterprise_number = i.enterprise_number and {SAME}
  and c.at = (select max(l.at) from unit_line_count l where l.enterprise_number = i.enterprise_number)
)
on conflict (enterprise_number, at) do nothing
"""
#: Only what is still wanted: the plug is the unit's, its owner opted in, and nobody pressed the red switch.
BEGIN = f"""
insert into power_cycle ({", ".join(CYCLE_COLUMNS)})
select {", ".join(f":{name}" for name in CYCLE_COLUMNS)} from unit u
where u.enterprise_number = :enterprise_number and u.parameter_option_2 and {HAS_PLUG}
and not exists (select 1 from power_policy where stopped)
on conflict do nothing
"""
SETTLE = """
update unit_status_history set new_status = :new_status, error_message = :error_message,
action_result = :action_result, action_time = :action_time
where id = :id and action_result is null
"""
#: The first three rule over what the state machine's memory says of them.
PUBLISHED = "enterprise_number, last_status, failure_counter, ewelink_action_done"
KNOWN = ", ".join(field.name for field in attrs.fields(UnitWatch))
HISTORY = f"{', '.join(name for name in EVENT.columns if name != 'change_time')}, change_time as at"


@attrs.frozen
class _Published:
    enterprise_number: str
    last_status: Outcome | None
    failure_counter: int
    ewelink_action_done: bool


@attrs.frozen
class _Count:
    at: datetime
    gsm_total: int
    gsm_online: int
    sip_total: int
    sip_online: int
    internal_total: int
    internal_online: int
    disk_usage_percent: int | None


class SqlUnitWatches(UnitWatchStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def watches(self) -> Mapping[str, UnitWatch]:
        return await self._read("order by enterprise_number")

    async def watch(self, enterprise_number: str) -> UnitWatch:
        found = await self._read("where enterprise_number = :number", number=enterprise_number)
        return found.get(enterprise_number) or UnitWatch()

    async def _read(self, which: str, **values: object) -> Mapping[str, UnitWatch]:
        async with self._db.snapshot() as db:
            published = await db.fetch(_Published, f"select {PUBLISHED} from unit_live_status {which}", **values)
            watches = await db.fetch(UnitWatch, f"select {KNOWN} from unit_live_status {which}", **values)
        return {
            row.enterprise_number: attrs.evolve(
                watch,
                state=attrs.evolve(
                    watch.state,
                    last_status=row.last_status,
                    failure_counter=row.failure_counter,
                    ewelink_action_done=row.ewelink_action_done,
                ),
            )
            for row, watch in zip(published, watches, strict=True)
        }

    async def keep(
        self, seen: Mapping[str, UnitWatch], events: Sequence[UnitEvent] = (), cycles: Sequence[Cycle] = ()
    ) -> int:
        live = [live_row(number, watch) for number, watch in sorted(seen.items())]
        counts = count_rows(seen)
        async with self._db.transaction() as tx:
            if live:
                await tx.pour(KEEP, LIVE.columns, LIVE.types, live)
            if counts:
                await tx.pour(COUNT_LINES, COUNT.columns, COUNT.types, counts)
            if events:
                await add_events(tx, events)
            return sum([await _begin(tx, cycle) for cycle in cycles])

    async def append(self, event: UnitEvent) -> UnitEvent:
        async with self._db.transaction() as tx:
            return attrs.evolve(event, id=await add_events(tx, [event]))

    async def settle(self, event: UnitEvent) -> None:
        await self._db.run(
            SETTLE, id=event.id, new_status=event.new_status, error_message=clean(event.error_message),
            action_result=event.action_result, action_time=event.action_time,
        )  # fmt: skip

    async def history(
        self, *, enterprise_number: str | None = None, visible: frozenset[str] | None = None, since: datetime,
        until: datetime, action_type: str | None = None, limit: int = 1000,
    ) -> Sequence[UnitEvent]:  # fmt: skip
        conditions, values = ["change_time between :since and :until"], dict[str, object](since=since, until=until)
        if enterprise_number is not None:
            conditions.append("enterprise_number = :number")
            values["number"] = enterprise_number
        if visible is not None:
            conditions.append(self._db.among("enterprise_number", "visible"))
            values["visible"] = sorted(visible)
        if action_type is not None:
            conditions.append("action_type = :action_type")
            values["action_type"] = action_type
        return await self._db.fetch(
            UnitEvent,
            f"select {HISTORY} from unit_status_history where {' and '.join(conditions)} "
            "order by change_time desc, id desc limit :limit",
            limit=limit, **values,
        )  # fmt: skip

    async def line_counts(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, since: datetime, until: datetime
    ) -> Sequence[LineCount]:
        if visible is not None and enterprise_number not in visible:
            return []
        rows = await self._db.fetch(
            _Count,
            f"select {', '.join(COUNT.columns[1:])} from unit_line_count "
            "where enterprise_number = :number and at between :since and :until order by at",
            number=enterprise_number, since=since, until=until,
        )  # fmt: skip
        return [_count(row) for row in rows]

    async def prune(self, *, before: datetime) -> int:
        return await self._db.run("delete from unit_line_count where at < :before", before=before)


async def _begin(tx: Transaction, cycle: Cycle) -> int:
    begun = attrs.evolve(cycle, id=await next_number(tx, "power_cycle"))
    return await tx.run(BEGIN, **cycle_values(begun), **plug_values(cycle.plug))


def _count(row: _Count) -> LineCount:
    at, *lines, disk = attrs.astuple(row)
    return LineCount(at, LineStats(*lines), disk)
