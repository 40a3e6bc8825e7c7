"""What polls leave behind: the latest of each miner and a row of history, a batch in one transaction.

Each statement reads the batch from ``{rows}``, which each database fills its
own way; so one text serves both, and miners removed meanwhile fall out of the joins.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import anyio
import attrs
import msgspec

from ...ports.miners.inventory import Miner
from ...ports.miners.stores import WatchStore
from ...ports.miners.watch import Observation, Snapshot, Totals, Watch
from ...ports.secrets import Vault
from .changes import note_batch
from .engine import Database, Transaction
from .events import EVENT, KEEP_EVENTS, event_rows
from .inbox import LAST, READING, SAMPLE, WATCH, Row, last_row, reading_row, row_of, sample_row, watch_row
from .miners import COLUMNS, SOURCE
from .opening import Opener
from .series_time import slot_of
from .snapshots import snapshots
from .totals import totals

#: What a sample adds to a counter since the good poll before: nothing is known of the first one, nor of one that comes
#: late, and a process that started anew in between counted from nothing.
ADDED = """case when l.at is null or i.at <= l.at then null
            when i.restarts > l.restarts or i.uptime_s < l.uptime_s or i.{counter} < l.{counter} then i.{counter}
            else i.{counter} - l.{counter} end"""
#: The same of our own counts, which do not start anew.
COUNTED = "case when i.at > l.at and i.{counter} >= l.{counter} then i.{counter} - l.{counter} end"

KEEP_SAMPLES = f"""
insert into miner_sample ({SAMPLE.names}, accepted_new, rejected_new, restarts_new, switches_new)
select {SAMPLE.prefixed("i")}, {ADDED.format(counter="accepted")}, {ADDED.format(counter="rejected")},
       {COUNTED.format(counter="restarts")}, {COUNTED.format(counter="pool_switches")}
from {{rows}} miner m left join miner_last l on l.miner_id = m.id
where m.id = i.miner_id
on conflict (slot, miner_id, at) do nothing
"""


def _upsert(table: str, row: Row, **instead: str) -> str:
    """``instead``: what to store of a column, if not what the row says."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in row.columns if name != "miner_id")
    values = ", ".join(instead.get(name, f"i.{name}") for name in row.columns)
    return f"""
insert into {table} ({row.names})
select {values} from {{rows}} miner m
where m.id = i.miner_id
on conflict (miner_id) do update set {changes}
"""


#: A poll that was under way when the miner was switched off, or one by hand, does not make it watched.
WATCHED = {
    name: f"case when m.is_active then i.{name} else {unknown} end"
    for name, unknown in (("availability", "'unknown'"), ("availability_since", "null"), ("misses", "0"),
                          ("reasons", "'[]'"), ("doubts", "0"))
}  # fmt: skip
KEEP_WATCHES = _upsert("miner_watch", WATCH, **WATCHED)
KEEP_LAST = _upsert("miner_last", LAST)
KEEP_READINGS = _upsert("miner_reading", READING)
HARDWARE = row_of(miner_id="int4", hardware_id="text")
#: The first thing learnt of a device stands until an operator moves the miner.
KEEP_HARDWARE = """
update miner set hardware_id = i.hardware_id from {rows} (select 1 as one) o
where miner.id = i.miner_id and miner.hardware_id is null
"""


@attrs.frozen
class _Batch:
    """Rows of one batch in which a miner occurs once."""

    watches: list[Sequence[object]]
    samples: list[Sequence[object]]
    last: list[Sequence[object]]
    readings: list[Sequence[object]]
    slots: frozenset[int]
    #: Devices that were learnt, by miner.
    hardware: list[Sequence[object]]
    events: list[Sequence[object]]


class SqlWatches(WatchStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._open = db, Opener(vault)

    async def active(self) -> Sequence[tuple[Miner, Watch]]:
        async with self._db.snapshot() as db:
            miners = await db.fetch(Miner, f"select {COLUMNS} from {SOURCE} where m.is_active order by m.id")
            watches = await db.fetch(
                Watch,
                f"select {WATCH.prefixed('w')} from miner_watch w join miner m on m.id = w.miner_id where m.is_active",
            )
        known = {watch.miner_id: watch for watch in watches}
        # To open the passwords of a large site takes a while, the first time.
        return await anyio.to_thread.run_sync(
            lambda: [(self._open(miner), known.get(miner.id) or Watch(miner.id)) for miner in miners]
        )

    async def keep(self, observations: Sequence[Observation]) -> None:
        if not observations:
            return
        # JSON and compression would hold up the loop for a large batch.
        batches = await anyio.to_thread.run_sync(lambda: [_batch(part) for part in _rounds(observations)])
        async with self._db.transaction() as tx:
            await tx.lock("samples", shared=True)
            for batch in batches:
                await _store(tx, batch)
            # Last, since on PostgreSQL these rows are held until the end.
            await note_batch(tx, [observation.watch.miner_id for observation in observations])
            for slot in sorted(frozenset().union(*(batch.slots for batch in batches))):
                await tx.run(
                    "insert into pending_slot (slot) values (:slot) "
                    "on conflict (slot) do update set slot = excluded.slot",
                    slot=slot,
                )

    async def get(self, miner_id: int) -> Snapshot:
        found = await snapshots(self._db, [miner_id])
        return found.get(miner_id) or Snapshot(Watch(miner_id))

    async def raw(self, miner_id: int) -> Mapping[str, Any]:
        rows = await self._db.fetch(
            bytes, "select raw from miner_reading where miner_id = cast(:id as bigint) and raw is not null", id=miner_id
        )
        if not rows:
            return {}
        replies: dict[str, Any] = msgspec.json.decode(zlib.decompress(rows[0]), type=dict[str, Any])
        return replies

    async def totals(self, *, visible: frozenset[int] | None = None) -> Sequence[Totals]:
        return await totals(self._db, visible)


def _rounds(observations: Sequence[Observation]) -> Iterable[Sequence[Observation]]:
    """Split a batch so that a miner occurs once in each part, in order."""
    rest = observations
    while rest:
        part: list[Observation] = []
        later: list[Observation] = []
        seen: set[int] = set()
        for observation in rest:
            (later if observation.watch.miner_id in seen else part).append(observation)
            seen.add(observation.watch.miner_id)
        yield part
        rest = later


def _batch(observations: Sequence[Observation]) -> _Batch:
    good = [(seen, seen.reading) for seen in observations if seen.reading is not None]
    return _Batch(
        watches=[watch_row(observation.watch) for observation in observations],
        samples=[sample_row(observation) for observation in observations],
        last=[last_row(seen.sample, reading) for seen, reading in good],
        readings=[reading_row(seen.watch.miner_id, reading, seen.raw) for seen, reading in good],
        slots=frozenset(slot_of(observation.sample.at) for observation in observations),
        hardware=[(seen.watch.miner_id, seen.hardware_id) for seen in observations if seen.hardware_id is not None],
        events=event_rows(event for seen in observations for event in seen.events),
    )


async def _store(tx: Transaction, batch: _Batch) -> None:
    # Samples before the last figures: what a counter gained is taken from those of the poll before.
    for statement, row, rows in (
        (KEEP_SAMPLES, SAMPLE, batch.samples), (KEEP_WATCHES, WATCH, batch.watches), (KEEP_LAST, LAST, batch.last),
        (KEEP_READINGS, READING, batch.readings), (KEEP_EVENTS, EVENT, batch.events),
        (KEEP_HARDWARE, HARDWARE, batch.hardware),
    ):  # fmt: skip
        if rows:
            await tx.pour(statement, row.columns, row.types, rows)
