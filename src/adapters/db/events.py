"""What happened to miners, in SQL: written with the polls that showed it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ...ports.miners.past import EventStore, MinerEvent
from .engine import Database
from .inbox import Row, clean, row_of

EVENT: Row = row_of(miner_id="int4", at="timestamptz", kind="text", before="text", after="text", detail="text")

KEEP_EVENTS = f"""
insert into miner_event ({EVENT.names})
select {EVENT.prefixed("i")} from {{rows}} miner m
where m.id = i.miner_id
on conflict (miner_id, at, kind) do nothing
"""

#: Rows that one transaction drops, so that polls are never held up for long.
PORTION = 5000


def event_row(event: MinerEvent) -> Sequence[object]:
    return event.miner_id, event.at, event.kind.value, clean(event.before), clean(event.after), clean(event.detail)


def event_rows(events: Iterable[MinerEvent]) -> list[Sequence[object]]:
    return [event_row(event) for event in events]


class SqlEvents(EventStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, miner_id: int, *, since: datetime, until: datetime, limit: int) -> Sequence[MinerEvent]:
        return await self._db.fetch(
            MinerEvent,
            f"select {EVENT.names} from miner_event where miner_id = cast(:miner_id as bigint) "
            "and at between :since and :until order by at desc, kind limit :limit",
            miner_id=miner_id, since=since, until=until, limit=limit,
        )  # fmt: skip


async def prune_events(db: Database, before: datetime) -> int:
    """Drop what happened before; how many rows."""
    gone = 0
    while True:
        dropped = await db.run(
            "delete from miner_event where (miner_id, at, kind) in "
            "(select miner_id, at, kind from miner_event where at < :before order by at limit :portion)",
            before=before, portion=PORTION,
        )  # fmt: skip
        gone += dropped
        if dropped < PORTION:
            return gone
