"""The working lease in SQL: one row that one statement takes."""

from datetime import datetime, timedelta

from ...ports.lease import Lease, LeaseStore
from .engine import Database

TAKE = """
insert into lease (name, holder, address, expires_at) values ('work', :holder, :address, :expires_at)
on conflict (name) do update set holder = excluded.holder, address = excluded.address, expires_at = excluded.expires_at
where lease.holder = excluded.holder or lease.expires_at <= :now
"""


class SqlLease(LeaseStore):
    """Times are the callers': processes on several machines need clocks that agree to a fraction of the term."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(self, holder: str, address: str, *, now: datetime, term: timedelta) -> Lease:
        async with self._db.transaction() as tx:
            await tx.run(TAKE, holder=holder, address=address, expires_at=now + term, now=now)
            [lease] = await tx.fetch(Lease, "select holder, address, expires_at from lease where name = 'work'")
        return lease

    async def release(self, holder: str) -> None:
        await self._db.run("delete from lease where name = 'work' and holder = :holder", holder=holder)

    async def current(self, *, now: datetime) -> Lease | None:
        rows = await self._db.fetch(
            Lease,
            "select holder, address, expires_at from lease where name = 'work' and expires_at > :now",
            now=now,
        )
        return rows[0] if rows else None
