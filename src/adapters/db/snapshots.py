"""What is known of some miners now."""

from collections.abc import Mapping, Sequence

import attrs
import msgspec

from ...ports.miners.reading import Reading
from ...ports.miners.watch import Snapshot, Watch
from .engine import Statements

WATCH = tuple(field.name for field in attrs.fields(Watch))

_reading = msgspec.json.Decoder(Reading)


@attrs.frozen
class _Reading:
    miner_id: int
    reading: bytes


async def snapshots(db: Statements, miner_ids: Sequence[int]) -> Mapping[int, Snapshot]:
    """The snapshots of those that were ever polled."""
    chosen = db.among("miner_id", "ids")
    watches = await db.fetch(Watch, f"select {', '.join(WATCH)} from miner_watch where {chosen}", ids=list(miner_ids))
    readings = {
        row.miner_id: _decoded(row.reading)
        for row in await db.fetch(
            _Reading, f"select miner_id, reading from miner_reading where {chosen}", ids=list(miner_ids)
        )
    }
    return {watch.miner_id: Snapshot(watch, readings.get(watch.miner_id)) for watch in watches}


def _decoded(reading: bytes) -> Reading | None:
    """A reading that another version of the program left may not fit any more: the next poll brings one that does."""
    try:
        return _reading.decode(reading)
    except msgspec.ValidationError:
        return None
