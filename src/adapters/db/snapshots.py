"""What is known of some miners now."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

import attrs
import msgspec

from ...ports.miners.reading import Reading
from ...ports.miners.watch import Snapshot, Watch
from .engine import Statements

NAMES = tuple(field.name for field in attrs.fields(Watch))
#: All fields at once, as all of a page are read anew.
FIELDS = attrgetter(*NAMES)
#: One question for both: on PostgreSQL each costs a way there and back.
KNOWN = f"""
select {", ".join(f"w.{name}" for name in NAMES)}, r.reading
from miner_watch w left join miner_reading r on r.miner_id = w.miner_id where {{chosen}}
"""

_reading = msgspec.json.Decoder(Reading)


@attrs.frozen
class _Known(Watch):
    reading: bytes | None = None


async def snapshots(db: Statements, miner_ids: Sequence[int]) -> Mapping[int, Snapshot]:
    """The snapshots of those that were ever polled."""
    known = await db.fetch(_Known, KNOWN.format(chosen=db.among("w.miner_id", "ids")), ids=list(miner_ids))
    return {row.miner_id: Snapshot(Watch(*FIELDS(row)), _decoded(row.reading)) for row in known}


def _decoded(reading: bytes | None) -> Reading | None:
    """A reading that another version of the program left may not fit any more: the next poll brings one that does."""
    if reading is None:
        return None
    try:
        return _reading.decode(reading)
    except msgspec.ValidationError:
        return None
