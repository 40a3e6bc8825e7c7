"""Directories (remote administration servers) in SQL: their passwords sealed."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.errors import Stale
from ...ports.gateways.driver import Directory
from ...ports.gateways.inventory import DirectoryExists, DirectoryInUse, DirectoryStore, UnknownDirectory
from ...ports.secrets import Vault
from .engine import Dangling, Database, Taken, next_number
from .gateway_opening import GatewayOpener

COLUMNS = "id, name, host, port, username, password_sealed as password, is_active, revision"
CHANGE = """
update directory set name = :name, name_key = :name_key, host = :host, host_key = :host_key, port = :port,
       username = :username, password_sealed = :password_sealed, is_active = :is_active, revision = revision + 1
where id = :id and revision = :revision
"""
STORE = """
insert into directory (id, name, name_key, host, host_key, port, username, password_sealed, is_active, created_at,
                       revision)
values (:id, :name, :name_key, :host, :host_key, :port, :username, :password_sealed, :is_active, :at, 1)
"""


class SqlDirectories(DirectoryStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, GatewayOpener(vault, size=256)

    async def all(self) -> Sequence[Directory]:
        rows = await self._db.fetch(Directory, f"select {COLUMNS} from directory order by id")
        return [self._open.directory(directory) for directory in rows]

    async def get(self, directory_id: int) -> Directory:
        rows = await self._db.fetch(
            Directory, f"select {COLUMNS} from directory where id = cast(:id as bigint)", id=directory_id
        )
        if not rows:
            raise _unknown(directory_id)
        return self._open.directory(rows[0])

    async def add(self, directory: Directory, *, at: datetime) -> Directory:
        try:
            async with self._db.transaction() as tx:
                added = attrs.evolve(directory, id=await next_number(tx, "directory"), revision=1)
                values = self._values(added)
                del values["revision"]
                await tx.run(STORE, at=at, **values)
        except Taken as error:
            raise _exists(directory) from error
        return added

    async def change(self, directory: Directory) -> Directory:
        try:
            async with self._db.transaction() as tx:
                if not await tx.run(CHANGE, **self._values(directory)):
                    if not await tx.fetch(
                        int, "select 1 from directory where id = cast(:id as bigint)", id=directory.id
                    ):
                        raise _unknown(directory.id)
                    raise Stale(
                        f"Directory {directory.id} was changed by somebody else; read it again and repeat the change"
                    )
        except Taken as error:
            raise _exists(directory) from error
        return attrs.evolve(directory, revision=directory.revision + 1)

    async def remove(self, directory_id: int) -> None:
        try:
            async with self._db.transaction() as tx:
                if not await tx.run("delete from directory where id = cast(:id as bigint)", id=directory_id):
                    raise _unknown(directory_id)
        except Dangling as error:
            raise DirectoryInUse(
                f"There are gateways in directory {directory_id}; give them another directory first"
            ) from error

    def _values(self, directory: Directory) -> dict[str, object]:
        values = attrs.asdict(directory, recurse=False, filter=lambda field, _: field.name != "password")
        return {
            **values,
            "name_key": directory.name.casefold(),
            "host_key": directory.host.casefold(),
            "password_sealed": None if directory.password is None else self._vault.seal(directory.password),
        }


def _unknown(directory_id: int) -> UnknownDirectory:
    return UnknownDirectory(f"There is no directory {directory_id}")


def _exists(directory: Directory) -> DirectoryExists:
    return DirectoryExists(
        f"There is a directory named {directory.name!r}, or one at {directory.host} port {directory.port}, already"
    )
