"""What scans leave behind: what is known of gateways and lines, events, and samples; a batch in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

import anyio
import attrs

from ...ports.gateways.inventory import Gateway, UnknownGateway
from ...ports.gateways.watch import GatewayWatch, GatewayWatchStore, LineWatch, Seen, Watched
from ...ports.secrets import Secret, Vault
from .engine import Database, Transaction
from .gateway_opening import GatewayOpener
from .gateway_rows import EVENT, LINE, OF_LINES, SAMPLE, WATCH, event_rows, line_row, sample_row, watch_row
from .gateways import COLUMNS, LINES
from .gateways import WATCH as KNOWN
from .inbox import Row

#: What is passed over when a gateway was removed meanwhile.
THERE = "from {rows} gateway g where g.id = i.gateway_id"


def _upsert(table: str, row: Row, key: str, kept: Sequence[str] = ()) -> str:
    keys = key.split(", ")
    changes = ", ".join(
        f"{name} = " + (f"coalesce(excluded.{name}, {table}.{name})" if name in kept else f"excluded.{name}")
        for name in row.columns
        if name not in keys
    )
    return f"""
insert into {table} ({row.names}) select {row.prefixed("i")} {THERE}
on conflict ({key}) do update set {changes}
"""


KEEP_WATCHES = _upsert("gateway_watch", WATCH, "gateway_id", OF_LINES)
KEEP_LINES = _upsert("gateway_line", LINE, "gateway_id, line")
#: Lines that were there before and are not any more.
DROP_LINES = """
delete from gateway_line
where {chosen}
  and lines_at <> (select w.lines_at from gateway_watch w where w.gateway_id = gateway_line.gateway_id)
"""
KEEP_SAMPLES = f"""
insert into line_sample ({SAMPLE.names}) select {SAMPLE.prefixed("i")} {THERE}
on conflict (hour, gateway_id, line, at) do nothing
"""
KEEP_EVENTS = f"""
insert into gateway_event ({EVENT.names}) select {EVENT.prefixed("i")} {THERE}
on conflict (gateway_id, at, kind, line, place) do nothing
"""
MARK = "insert into pending_line_hour (hour) values (:hour) on conflict (hour) do update set hour = excluded.hour"

LOGINS = """
select g.id, e.gateway_username, e.gateway_password_sealed
from gateway g join enterprise e on e.number = g.enterprise_number {where} order by g.id
"""


@attrs.frozen
class _Batch:
    """Rows of one batch in which a gateway occurs once."""

    watches: list[list[object]]
    lines: list[list[object]]
    samples: list[list[object]]
    events: list[list[object]]
    #: Gateways whose lines were read.
    read: list[int]
    hours: frozenset[int]


class SqlGatewayWatches(GatewayWatchStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._open = db, GatewayOpener(vault)

    async def all(self) -> Sequence[Watched]:
        return await self._watched("")

    async def one(self, gateway_id: int) -> Watched:
        found = await self._watched("where g.id = cast(:id as bigint)", id=gateway_id)
        if not found:
            raise UnknownGateway(f"There is no gateway {gateway_id}")
        return found[0]

    async def keep(self, seen: Sequence[Seen]) -> None:
        if not seen:
            return
        # JSON of a large batch would hold up the loop.
        batches = await anyio.to_thread.run_sync(lambda: [_batch(part) for part in _rounds(seen)])
        async with self._db.transaction() as tx:
            await tx.lock("samples", shared=True)
            for batch in batches:
                await _store(tx, batch)
            # Last, since on PostgreSQL these rows are held until the end.
            for hour in sorted(frozenset().union(*(batch.hours for batch in batches))):
                await tx.run(MARK, hour=hour)

    async def _watched(self, where: str, **values: object) -> Sequence[Watched]:
        async with self._db.snapshot() as db:
            gateways = await db.fetch(Gateway, f"select {COLUMNS} from gateway g {where} order by g.id", **values)
            watches = await db.fetch(
                GatewayWatch,
                f"select {KNOWN} from gateway g join gateway_watch w on w.gateway_id = g.id {where} order by g.id",
                **values,
            )
            logins: list[tuple[int, str | None, str | None]] = await db.fetch(
                tuple, LOGINS.format(where=where), **values
            )
            lines = await db.fetch(
                LineWatch,
                f"select {LINES} from gateway g join gateway_line l on l.gateway_id = g.id {where} "
                "order by g.id, l.line",
                **values,
            )
        by_gateway = {
            number: {watch.line.line: watch for watch in group}
            for number, group in groupby(lines, attrgetter("gateway_id"))
        }
        rows = list(zip(gateways, watches, logins, strict=True))
        # To open the passwords of a large site takes a while, the first time.
        return await anyio.to_thread.run_sync(
            lambda: [self._joined(*row, by_gateway.get(row[0].id, {})) for row in rows]
        )

    def _joined(
        self,
        gateway: Gateway,
        watch: GatewayWatch,
        login: tuple[int, str | None, str | None],
        lines: Mapping[int, LineWatch],
    ) -> Watched:
        _, username, sealed = login
        password: Secret | None = None
        if sealed is not None:
            password = self._open.secret(f"the gateways of enterprise {gateway.enterprise_number}", sealed)
        return Watched(self._open.gateway(gateway), watch, lines, username, password)


def _rounds(seen: Sequence[Seen]) -> Iterable[Sequence[Seen]]:
    """Split a batch so that a gateway occurs once in each part, in order; all parts lock in the order of numbers."""
    rest = seen
    while rest:
        part = {one.gateway_id: one for one in reversed(rest)}
        yield sorted(part.values(), key=attrgetter("gateway_id"))
        chosen = {id(one) for one in part.values()}
        rest = [one for one in rest if id(one) not in chosen]


def _batch(part: Sequence[Seen]) -> _Batch:
    read = [
        (seen, tuple({watch.line.line: watch for watch in seen.lines}.values()))
        for seen in part
        if seen.lines is not None
    ]
    lines = {seen.gateway_id: watches for seen, watches in read}
    samples = [sample_row(seen.gateway_id, watch) for seen, watches in read for watch in watches]
    return _Batch(
        watches=[watch_row(seen.gateway_id, seen.watch, lines.get(seen.gateway_id), seen.at) for seen in part],
        lines=[line_row(seen.gateway_id, watch, seen.at) for seen, watches in read for watch in watches],
        samples=samples,
        events=[row for seen in part for row in event_rows(seen)],
        read=list(lines),
        hours=frozenset(int(str(row[0])) for row in samples),
    )


async def _store(tx: Transaction, batch: _Batch) -> None:
    for statement, row, rows in (
        (KEEP_WATCHES, WATCH, batch.watches), (KEEP_LINES, LINE, batch.lines), (KEEP_SAMPLES, SAMPLE, batch.samples),
        (KEEP_EVENTS, EVENT, batch.events),
    ):  # fmt: skip
        if rows:
            await tx.pour(statement, row.columns, row.types, rows)
    if batch.read:
        await tx.run(DROP_LINES.format(chosen=tx.among("gateway_id", "read")), read=batch.read)
