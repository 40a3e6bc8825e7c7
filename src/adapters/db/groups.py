"""Groups in SQL: their passwords sealed."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.errors import Stale
from ...ports.miners.groups import Group, GroupExists, GroupInUse, GroupStore, NewGroup, UnknownGroup
from ...ports.secrets import Secret, Vault
from .containers import inventory_changed
from .engine import Dangling, Database, Taken, next_number
from .opening import Opener

QUERY = """
select g.id, g.name, g.username, g.password_sealed as password, g.created_at, g.revision,
       cast((select count(*) from miner m where m.group_id = g.id) as integer) as miners
from miner_group g
"""
CHANGE = """
update miner_group set name = :name, name_key = :key, username = :username, password_sealed = :password,
       revision = revision + 1
where id = :id and revision = :revision
"""


class SqlGroups(GroupStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, Opener(vault, size=256)

    async def all(self) -> Sequence[Group]:
        return [self._open.group(group) for group in await self._db.fetch(Group, f"{QUERY} order by g.name_key, g.id")]

    async def get(self, group_id: int) -> Group:
        rows = await self._db.fetch(Group, f"{QUERY} where g.id = cast(:id as bigint)", id=group_id)
        if not rows:
            raise _unknown(group_id)
        return self._open.group(rows[0])

    async def add(self, new: NewGroup, *, at: datetime) -> Group:
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "miner_group")
                await tx.run(
                    "insert into miner_group (id, name, name_key, username, password_sealed, created_at, revision) "
                    "values (:id, :name, :key, :username, :password, :at, 1)",
                    id=number, name=new.name, key=new.name.casefold(), username=new.username,
                    password=self._sealed(new.password), at=at,
                )  # fmt: skip
        except Taken as error:
            raise _exists(new.name) from error
        return Group(number, new.name, new.username, new.password, at)

    async def change(self, group: Group) -> Group:
        try:
            async with self._db.transaction() as tx:
                changed = await tx.run(
                    CHANGE,
                    id=group.id, name=group.name, key=group.name.casefold(), username=group.username,
                    password=self._sealed(group.password), revision=group.revision,
                )  # fmt: skip
                if not changed:
                    if not await tx.fetch(int, "select 1 from miner_group where id = cast(:id as bigint)", id=group.id):
                        raise _unknown(group.id)
                    raise Stale(f"Group {group.id} was changed by somebody else; read it again and repeat the change")
                # Its miners are to be polled with the new login.
                await inventory_changed(tx)
        except Taken as error:
            raise _exists(group.name) from error
        return attrs.evolve(group, revision=group.revision + 1)

    async def remove(self, group_id: int) -> None:
        try:
            async with self._db.transaction() as tx:
                if not await tx.run("delete from miner_group where id = cast(:id as bigint)", id=group_id):
                    raise _unknown(group_id)
        except Dangling as error:
            raise GroupInUse(f"There are miners in group {group_id}; give them another group first") from error

    def _sealed(self, password: Secret | None) -> str | None:
        return None if password is None else self._vault.seal(password)


def _unknown(group_id: int) -> UnknownGroup:
    return UnknownGroup(f"There is no group {group_id}")


def _exists(name: str) -> GroupExists:
    return GroupExists(f"There is a group named {name!r} already")
