"""What holds for the power of the whole fleet, in SQL."""

import attrs

from ...ports.errors import Stale
from ...ports.units.inventory import PowerPolicy, PowerPolicyStore
from .engine import Database

COLUMNS = "stopped, stopped_by, stopped_at, dry_run, revision"
#: The first one replaces the policy that holds where none was set, which is revision 1.
SET = f"""
insert into power_policy (id, {COLUMNS})
select 1, :stopped, :stopped_by, :stopped_at, :dry_run, :next
where :revision = 1 or exists (select 1 from power_policy)
on conflict (id) do update set stopped = excluded.stopped, stopped_by = excluded.stopped_by,
       stopped_at = excluded.stopped_at, dry_run = excluded.dry_run, revision = excluded.revision
where power_policy.revision = :revision
"""


class SqlPowerPolicy(PowerPolicyStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self) -> PowerPolicy:
        rows = await self._db.fetch(PowerPolicy, f"select {COLUMNS} from power_policy")
        return rows[0] if rows else PowerPolicy()

    async def set(self, policy: PowerPolicy) -> PowerPolicy:
        after = attrs.evolve(policy, revision=policy.revision + 1)
        if not await self._db.run(SET, next=after.revision, **attrs.asdict(policy)):
            raise Stale("The power policy was changed by somebody else; read it again and repeat the change")
        return after
