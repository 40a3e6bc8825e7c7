"""The order in which polls became visible, for those who watch miners change.

A batch of polls leaves one row that lists its miners.  Its number comes from a
counter whose row is locked until the batch is stored, so that numbers become
visible in order and nobody who reads on from the last one misses any.
"""

from collections.abc import Sequence

import attrs

from ...ports.miners.inventory import Miner
from ...ports.miners.live import Changes, ChangeStore
from ...ports.miners.watch import Snapshot, Watch
from ...ports.secrets import Vault
from .engine import Database, Transaction, next_number
from .miners import COLUMNS, SOURCE
from .opening import Opener
from .rows import to_text
from .snapshots import snapshots

#: Batches that are remembered: a quarter of an hour, at one each second and a half.
KEPT = 600


@attrs.frozen
class _Batch:
    number: int
    miner_ids: tuple[int, ...]


async def note_batch(tx: Transaction, miner_ids: Sequence[int]) -> None:
    """Write down which miners a batch is of."""
    number = await next_number(tx, "watch")
    await tx.run(
        "insert into watch_batch (number, miner_ids) values (:number, :miner_ids)",
        number=number, miner_ids=to_text(sorted(set(miner_ids))),
    )  # fmt: skip
    await tx.run("delete from watch_batch where number <= :gone", gone=number - KEPT)


class SqlChanges(ChangeStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._open = db, Opener(vault)

    async def latest(self) -> int:
        [number] = await self._db.fetch(int, "select value from counter where name = 'watch'")
        return number

    async def after(self, number: int) -> Changes:
        async with self._db.snapshot() as db:
            [latest] = await db.fetch(int, "select value from counter where name = 'watch'")
            if number == latest:
                return Changes(latest, ())
            batches = await db.fetch(
                _Batch,
                "select number, miner_ids from watch_batch where number > cast(:number as bigint) order by number",
                number=number,
            )
        # Later ones last: a miner that was polled again is new again.
        order = dict.fromkeys(miner_id for batch in reversed(batches) for miner_id in reversed(batch.miner_ids))
        whole = number <= latest and len(batches) == latest - number
        return Changes(latest, tuple(reversed(order)), whole)

    async def miners(
        self, miner_ids: Sequence[int], *, container_id: int | None = None, visible: frozenset[int] | None = None
    ) -> Sequence[tuple[Miner, Snapshot]]:
        conditions, values = [self._db.among("m.id", "ids")], dict[str, object](ids=list(miner_ids))
        if container_id is not None:
            conditions.append("m.container_id = cast(:container_id as bigint)")
            values["container_id"] = container_id
        if visible is not None:
            conditions.append(self._db.among("m.container_id", "visible"))
            values["visible"] = sorted(visible)
        miners = await self._db.fetch(
            Miner, f"select {COLUMNS} from {SOURCE} where {' and '.join(conditions)} order by m.id", **values
        )
        known = await snapshots(self._db, [miner.id for miner in miners])
        return [(self._open(miner), known.get(miner.id) or Snapshot(Watch(miner.id))) for miner in miners]
