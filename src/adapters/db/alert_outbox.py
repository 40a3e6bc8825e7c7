"""The outbox in SQL: what waits to be told, and how it went."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.alerts import Alert, Due, Notice, Outbox
from .alerts import COLUMNS, NOTICE
from .engine import Database
from .inbox import clean

DUE = f"""
select {", ".join(f"n.{name}" for name in NOTICE.split(", "))} from alert_notice n
where n.delivery = 'waiting' and (n.next_try <= :now or n.next_try > :far)
  and not exists (select 1 from alert_notice e
                  where e.alert_id = n.alert_id and e.channel_id = n.channel_id and e.id < n.id
                    and e.delivery = 'waiting' and e.next_try > :now and e.next_try <= :far)
order by n.id limit :limit
"""


@attrs.frozen
class _Place:
    id: int
    name: str


class SqlOutbox(Outbox):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def due(self, *, now: datetime, slowest: float, limit: int) -> Sequence[Due]:
        far = now + timedelta(seconds=slowest)
        async with self._db.snapshot() as db:
            notices = await db.fetch(Notice, DUE, now=now, far=far, limit=limit)
            if not notices:
                return []
            ids = sorted({notice.alert_id for notice in notices})
            alerts = await db.fetch(Alert, f"select {COLUMNS} from alert where {db.among('id', 'ids')}", ids=ids)
            places = sorted({alert.container_id for alert in alerts if alert.container_id is not None})
            named = await db.fetch(_Place, f"select id, name from container where {db.among('id', 'ids')}", ids=places)
        by_id, names = {alert.id: alert for alert in alerts}, {place.id: place.name for place in named}
        told = [(notice, by_id[notice.alert_id]) for notice in notices if notice.alert_id in by_id]
        return [Due(notice, alert, names.get(alert.container_id or 0, "")) for notice, alert in told]

    async def sent(self, channel_id: int, notice_ids: Sequence[int], *, at: datetime) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "update alert_notice set delivery = 'sent', at = :at, attempts = attempts + 1, error = null "
                f"where {tx.among('id', 'ids')}",
                ids=list(notice_ids), at=at,
            )  # fmt: skip
            await tx.run(
                "update alert_channel set last_sent_at = :at, last_error = null where id = :id", id=channel_id, at=at
            )

    async def not_sent(
        self, channel_id: int, notice_ids: Sequence[int], *, at: datetime, next_try: datetime | None, error: str
    ) -> None:
        state = "waiting" if next_try else "failed"
        async with self._db.transaction() as tx:
            await tx.run(
                "update alert_notice set delivery = :state, at = :at, attempts = attempts + 1, error = :error, "
                f"next_try = :next_try where {tx.among('id', 'ids')}",
                ids=list(notice_ids), at=at, state=state, error=clean(error), next_try=next_try or at,
            )  # fmt: skip
            await tx.run(
                "update alert_channel set last_error = :error where id = :id", id=channel_id, error=clean(error)
            )

    async def tried(self, channel_id: int, *, at: datetime, error: str | None) -> None:
        await self._db.run(
            "update alert_channel set last_error = :error, "
            "last_sent_at = case when cast(:error as text) is null then :at else last_sent_at end where id = :id",
            id=channel_id, at=at, error=clean(error),
        )  # fmt: skip

    async def waiting(self) -> int:
        [count] = await self._db.fetch(int, "select count(*) from alert_notice where delivery = 'waiting'")
        return count
