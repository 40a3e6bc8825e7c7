"""Containers in SQL."""

from collections.abc import Sequence
from datetime import datetime

from ...ports.miners.inventory import (
    Container,
    ContainerExists,
    ContainerInUse,
    ContainerStore,
    NewContainer,
    UnknownContainer,
)
from .engine import Dangling, Database, Statements, Taken, next_number

COLUMNS = "id, name, description, location, created_at"


class SqlContainers(ContainerStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, *, visible: frozenset[int] | None = None) -> Sequence[Container]:
        if visible is None:
            return await self._db.fetch(Container, f"select {COLUMNS} from container order by id")
        return await self._db.fetch(
            Container,
            f"select {COLUMNS} from container where {self._db.among('id', 'visible')} order by id",
            visible=sorted(visible),
        )

    async def get(self, container_id: int, *, visible: frozenset[int] | None = None) -> Container:
        rows = await self._db.fetch(
            Container, f"select {COLUMNS} from container where id = cast(:id as bigint)", id=container_id
        )
        if not rows or (visible is not None and container_id not in visible):
            raise UnknownContainer(f"There is no container {container_id}")
        return rows[0]

    async def add(self, new: NewContainer, *, at: datetime) -> Container:
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "container")
                await tx.run(
                    f"insert into container ({COLUMNS}) values (:id, :name, :description, :location, :at)",
                    id=number, name=new.name, description=new.description, location=new.location, at=at,
                )  # fmt: skip
                await inventory_changed(tx)
        except Taken as error:
            raise ContainerExists(f"There is a container named {new.name!r} already") from error
        return Container(number, new.name, new.description, new.location, at)

    async def remove(self, container_id: int) -> None:
        try:
            async with self._db.transaction() as tx:
                if not await tx.run("delete from container where id = cast(:id as bigint)", id=container_id):
                    raise UnknownContainer(f"There is no container {container_id}")
                for table in ("container_5m", "container_1h"):
                    await tx.run(f"delete from {table} where container_id = :id", id=container_id)
                await inventory_changed(tx)
        except Dangling as error:
            raise ContainerInUse(f"There are miners in container {container_id}; move or remove them first") from error


async def inventory_changed(tx: Statements) -> None:
    """Tell other processes, with the change itself, that miners or containers are not what they were."""
    await tx.run("update counter set value = value + 1 where name = 'inventory'")
