"""Where miners stand, as people see it and change it."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import Container, ContainerStore, Miner, MinerQuery, MinerStore, Snapshot, UnknownMiner
from ..editing import Expect, anything, edit
from ..permissions import allow
from . import checks
from .arranging import Placing, moves, told
from .difference import difference
from .grid import check_grid, grid_of

#: Miners that a map may show.
LARGEST_MAP = 20_000


@attrs.frozen
class Map:
    """A container with its miners by place; what stands outside of the grid counts as unplaced."""

    container: Container
    placed: Sequence[tuple[Miner, Snapshot]]
    unplaced: Sequence[tuple[Miner, Snapshot]]


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

    async def arrange(self, actor: Actor, container_id: int, placings: Sequence[Placing]) -> Map:
        """Give miners of a container their places, all or none; those not named stay where they are.

        Raises:
            UnknownContainer
            Invalid: With every placing that is wrong: a place outside of the grid, two miners on one place,
                a miner that is not in the container.
            PlaceTaken: A miner that is not moved stands there.
        """
        allow(actor, Permission.CHANGE_MINERS)
        before = await self.map(actor, container_id)
        there = {miner.id: miner for miner, _ in (*before.placed, *before.unplaced)}
        moved = moves(placings, before.container, there)
        if not moved:
            return before
        try:
            await self.miner_store.arrange(container_id, moved)
        except UnknownMiner as error:
            raise Invalid(error.detail, field="places") from error
        await self._note(actor, "containers.arrange", f"container {container_id}", told(moved, there))
        return await self.map(actor, container_id)

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
