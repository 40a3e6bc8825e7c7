"""Containers in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.errors import Stale
from ...ports.miners.inventory import (
    Container,
    ContainerExists,
    ContainerInUse,
    ContainerStore,
    GridInUse,
    NewContainer,
    UnknownContainer,
)
from .engine import Dangling, Database, Statements, Taken, next_number

COLUMNS = "id, name, description, location, created_at, rows, shelves, slots, revision"
OUTSIDE = (
    "select count(*) from miner where container_id = :id "
    "and (place_row > coalesce(:rows, 0) or place_shelf > coalesce(:shelves, 0) or place_slot > coalesce(:slots, 0))"
)
CHANGE = """
update container set name = :name, description = :description, location = :location, rows = :rows,
       shelves = :shelves, slots = :slots, revision = revision + 1
where id = :id and revision = :revision
"""


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
            raise _unknown(container_id)
        return rows[0]

    async def add(self, new: NewContainer, *, at: datetime) -> Container:
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "container")
                await tx.run(
                    f"insert into container ({COLUMNS}) "
                    "values (:id, :name, :description, :location, :at, :rows, :shelves, :slots, 1)",
                    id=number, at=at, **attrs.asdict(new),
                )  # fmt: skip
                await inventory_changed(tx)
        except Taken as error:
            raise ContainerExists(f"There is a container named {new.name!r} already") from error
        return Container(id=number, created_at=at, **attrs.asdict(new))

    async def change(self, container: Container) -> Container:
        values = attrs.asdict(container, filter=lambda field, _: field.name != "created_at")
        try:
            async with self._db.transaction() as tx:
                if not await tx.run(CHANGE, **values):
                    if not await tx.fetch(
                        int, "select 1 from container where id = cast(:id as bigint)", id=container.id
                    ):
                        raise _unknown(container.id)
                    raise Stale(
                        f"Container {container.id} was changed by somebody else; read it again and repeat the change"
                    )
                grid = {name: values[name] for name in ("id", "rows", "shelves", "slots")}
                [outside] = await tx.fetch(int, OUTSIDE, **grid)
                if outside:
                    raise GridInUse(f"{outside} miners stand outside of that grid; move them first")
                await inventory_changed(tx)
        except Taken as error:
            raise ContainerExists(f"There is a container named {container.name!r} already") from error
        return attrs.evolve(container, revision=container.revision + 1)

    async def remove(self, container_id: int) -> None:
        try:
            async with self._db.transaction() as tx:
                if not await tx.run("delete from container where id = cast(:id as bigint)", id=container_id):
                    raise _unknown(container_id)
                for table in ("container_5m", "container_1h", "container_rate_5m", "container_rate_1h"):
                    await tx.run(f"delete from {table} where container_id = :id", id=container_id)
                await inventory_changed(tx)
        except Dangling as error:
            raise ContainerInUse(f"There are miners in container {container_id}; move or remove them first") from error


def _unknown(container_id: int) -> UnknownContainer:
    return UnknownContainer(f"There is no container {container_id}")


async def inventory_changed(tx: Statements) -> None:
    """Tell other processes, with the change itself, that miners or containers are not what they were."""
    await tx.run("update counter set value = value + 1 where name = 'inventory'")
