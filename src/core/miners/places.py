"""Where miners stand: the grid of a container, and who may stand at which place of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import Container, ContainerStore, Miner, MinerQuery, MinerStore, Snapshot
from ..editing import Expect, anything, edit
from ..permissions import allow
from . import checks
from .difference import difference

#: Miners that a map may show.
LARGEST_MAP = 20_000
PLACE = ("row", "shelf", "slot")


@attrs.frozen
class Map:
    """A container with its miners by place; what stands outside of the grid counts as unplaced."""

    container: Container
    placed: Sequence[tuple[Miner, Snapshot]]
    unplaced: Sequence[tuple[Miner, Snapshot]]


def grid_of(container: Container) -> tuple[int, int, int] | None:
    """Rows, shelves and slots, if they are set."""
    if container.rows is None or container.shelves is None or container.slots is None:
        return None
    return container.rows, container.shelves, container.slots


def check_grid(container: Container) -> None:
    """Raises ``Invalid``: a grid has all three sizes, or none."""
    sizes = {"rows": container.rows, "shelves": container.shelves, "slots": container.slots}
    missing = [name for name, size in sizes.items() if size is None]
    if missing and len(missing) < len(sizes):
        raise checks.wrong(missing[0], "a grid has rows, shelves and slots: give all three, or none")


def check_place(place: Sequence[int | None], container: Container | None) -> None:
    """See that a miner can stand at row, shelf and slot of a container.

    Raises:
        Invalid: With the field that is wrong.
    """
    missing = [name for name, at in zip(PLACE, place, strict=True) if at is None]
    if len(missing) == len(PLACE):
        return
    if missing:
        raise checks.wrong(missing[0], "a place has a row, a shelf and a slot: give all three, or none")
    if container is None:
        raise checks.wrong("row", "a place is in a container: give one")
    if (grid := grid_of(container)) is None:
        raise checks.wrong("row", f"container {container.name} has no rows, shelves and slots yet: set them first")
    for name, at, size in zip(PLACE, place, grid, strict=True):
        if at is not None and at > size:
            raise checks.wrong(name, f"{at} is outside of container {container.name}, which has {size}")


def settled(before: Miner, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Changes of a miner, with its place given up when it goes to another container without one there."""
    moves = "container_id" in fields and fields["container_id"] != before.container_id
    if moves and not any(name in fields for name in PLACE):
        return {**fields, **dict.fromkeys(PLACE)}
    return fields


@attrs.frozen
class Places:
    """Grids and maps.  Each change is stored first and journaled then; a crash between loses the journal's line."""

    container_store: ContainerStore
    miner_store: MinerStore
    journal: Journal
    clock: Clock

    async def change_container(
        self, actor: Actor, container_id: int, changes: Mapping[str, Any], *, expect: Expect = anything
    ) -> Container:
        """Change the fields named, and leave the others; ``expect`` is given the revision that stands now.

        Raises:
            Invalid: With the fields.
            Stale: Somebody else changed it first.
            UnknownContainer, ContainerExists, GridInUse
        """
        allow(actor, Permission.CHANGE_MINERS)
        fields = checks.checked(changes, checks.CONTAINER)

        async def changed(container: Container) -> Container:
            expect(container.revision)
            wanted = attrs.evolve(container, **fields)
            check_grid(wanted)
            return wanted

        before, after = await edit(
            lambda: self.container_store.get(container_id, visible=actor.container_ids),
            changed,
            self.container_store.change,
        )
        if after != before:
            await self._note(actor, "containers.change", f"container {container_id}", difference(before, after))
        return after

    async def map(self, actor: Actor, container_id: int) -> Map:
        """A container's miners by place, in the order of their places.

        Raises:
            UnknownContainer
            Invalid: More miners than a map can show.
        """
        allow(actor, Permission.SEE_MINERS)
        container = await self.container_store.get(container_id, visible=actor.container_ids)
        query = MinerQuery(container_id=container_id, visible=actor.container_ids, sort="name", limit=LARGEST_MAP)
        page = await self.miner_store.find(query)
        if page.total > LARGEST_MAP:
            raise Invalid(f"container {container.name} holds {page.total} miners; a map shows {LARGEST_MAP}")
        placed = [item for item in page.items if _inside(item[0], container)]
        placed.sort(key=lambda item: (item[0].row, item[0].shelf, item[0].slot))
        known = {miner.id for miner, _ in placed}
        return Map(container, placed, [item for item in page.items if item[0].id not in known])

    async def tags(self, actor: Actor) -> Mapping[str, int]:
        """All tags of the miners that the actor may see, by name, and how many have each."""
        allow(actor, Permission.SEE_MINERS)
        return dict(sorted((await self.miner_store.tags(visible=actor.container_ids)).items()))

    async def _note(self, actor: Actor, action: str, subject: str, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, subject, detail=detail))


def _inside(miner: Miner, container: Container) -> bool:
    grid = grid_of(container)
    place = (miner.row, miner.shelf, miner.slot)
    return grid is not None and all(at is not None and at <= size for at, size in zip(place, grid, strict=True))
