"""What there is: containers and the miners in them, as people write it down."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.errors import FieldError, Invalid, NotFound
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import (
    SORTS,
    Container,
    ContainerStore,
    GroupStore,
    Maker,
    Miner,
    MinerPage,
    MinerQuery,
    MinerStore,
    ModelCatalogue,
    NewContainer,
    NewMiner,
    Snapshot,
    UnknownContainer,
    UnknownGroup,
    WatchStore,
)
from ...ports.secrets import Secret
from ..editing import Expect, anything, edit
from ..permissions import allow
from . import checks
from .difference import difference
from .grid import check_grid, check_place, settled

#: Rows that one page may have.
LARGEST_PAGE = 1000


@attrs.frozen
class MinerDraft:
    """A miner as somebody describes it, not yet checked."""

    name: str
    ip_address: str
    manufacturer: str
    #: ``None``: the maker's own (80 for Elphapex, else the setting ``default_miner_port``).
    port: int | None = None
    web_port: int | None = None
    api3_port: int | None = None
    model: str | None = None
    container_id: int | None = None
    is_active: bool = True
    username: str | None = None
    password: Secret | None = attrs.field(default=None, repr=False)
    tags: Sequence[str] = ()
    group_id: int | None = None
    row: int | None = None
    shelf: int | None = None
    slot: int | None = None


@attrs.frozen
class Known:
    """A miner and all that is known of it now."""

    miner: Miner
    snapshot: Snapshot
    #: The latest replies by command.
    raw: Mapping[str, Any]


@attrs.frozen
class Miners:
    """What one can ask about containers and miners, and change.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.  What an actor may see is part of each question
    to the stores; all raise ``NotAllowed`` to those who lack the permission.
    """

    container_store: ContainerStore
    miner_store: MinerStore
    watch_store: WatchStore
    catalogue: ModelCatalogue
    journal: Journal
    clock: Clock
    default_port: int = 4028
    #: ``None`` where nobody keeps groups: then no miner can be put into one.
    group_store: GroupStore | None = None

    async def containers(self, actor: Actor) -> Sequence[Container]:
        """All containers that the actor may see, by name."""
        allow(actor, Permission.SEE_MINERS)
        return await self.container_store.all(visible=actor.container_ids)

    async def container(self, actor: Actor, container_id: int) -> Container:
        """Raises ``UnknownContainer``."""
        allow(actor, Permission.SEE_MINERS)
        return await self.container_store.get(container_id, visible=actor.container_ids)

    async def add_container(self, actor: Actor, new: NewContainer) -> Container:
        """Raises ``Invalid``, ``ContainerExists``."""
        allow(actor, Permission.CHANGE_MINERS)
        fields = checks.checked(attrs.asdict(new, recurse=False), checks.CONTAINER)
        check_grid(Container(id=0, created_at=self.clock.now(), **fields))
        container = await self.container_store.add(NewContainer(**fields), at=self.clock.now())
        await self._note(actor, "containers.add", f"container {container.id}", container.name)
        return container

    async def remove_container(self, actor: Actor, container_id: int) -> None:
        """Raises ``UnknownContainer``, ``ContainerInUse``."""
        allow(actor, Permission.CHANGE_MINERS)
        container = await self.container_store.get(container_id, visible=actor.container_ids)
        await self.container_store.remove(container_id)
        await self._note(actor, "containers.remove", f"container {container_id}", container.name)

    async def page(self, actor: Actor, query: MinerQuery) -> MinerPage:
        """A page of the miners that the actor may see; whatever ``query.visible`` says."""
        allow(actor, Permission.SEE_MINERS)
        if wrong := list(wrong_in(query)):
            raise checks.invalid(wrong)
        return await self.miner_store.find(attrs.evolve(query, visible=actor.container_ids))

    async def get(self, actor: Actor, miner_id: int) -> Known:
        """Raises ``UnknownMiner``."""
        allow(actor, Permission.SEE_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        return Known(miner, await self.watch_store.get(miner_id), await self.watch_store.raw(miner_id))

    async def add(self, actor: Actor, draft: MinerDraft) -> Miner:
        """Raises ``Invalid`` (with the fields), ``MinerExists``."""
        allow(actor, Permission.CHANGE_MINERS)
        given = attrs.asdict(draft, recurse=False)
        if draft.port is None:
            del given["port"]
        fields = checks.checked(given, checks.MINER)
        fields.setdefault("port", self._usual_port(fields["manufacturer"]))
        new = NewMiner(**fields)
        await self._fits(actor, new)
        await self._must_be_group(new.group_id)
        try:
            miner = await self.miner_store.add(new, at=self.clock.now())
        except UnknownContainer as error:
            raise Invalid(error.detail, field="container_id") from error
        except UnknownGroup as error:
            raise Invalid(error.detail, field="group_id") from error
        detail = f"{miner.name}: {miner.manufacturer} at {miner.where}"
        await self._note(actor, "miners.add", f"miner {miner.id}", detail)
        return miner

    async def change(
        self, actor: Actor, miner_id: int, changes: Mapping[str, Any], *, expect: Expect = anything
    ) -> Miner:
        """Change the fields named, and leave the others.

        ``expect`` is given the revision that stands now, and raises ``Stale``
        if the actor has seen another one.

        Raises:
            Invalid: With the fields.
            Stale: Somebody else changed it first.
            UnknownMiner, MinerExists
        """
        allow(actor, Permission.CHANGE_MINERS)
        fields = checks.checked(changes, checks.MINER)

        async def changed(miner: Miner) -> Miner:
            expect(miner.revision)
            wanted = attrs.evolve(miner, **settled(miner, fields))
            if place_of(wanted) != place_of(miner):
                await self._fits(actor, wanted)
            if wanted.group_id != miner.group_id:
                await self._must_be_group(wanted.group_id)
            return wanted

        try:
            before, after = await edit(
                lambda: self.miner_store.get(miner_id, visible=actor.container_ids), changed, self.miner_store.change
            )
        except UnknownContainer as error:
            raise Invalid(error.detail, field="container_id") from error
        except UnknownGroup as error:
            raise Invalid(error.detail, field="group_id") from error
        if after != before:
            await self._note(actor, "miners.change", f"miner {miner_id}", difference(before, after))
        return after

    async def remove(self, actor: Actor, miner_id: int) -> None:
        """Remove a miner with its history.  Raises ``UnknownMiner``."""
        allow(actor, Permission.CHANGE_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        await self.miner_store.remove(miner_id)
        await self._note(actor, "miners.remove", f"miner {miner_id}", f"{miner.name} at {miner.where}")

    def manufacturers(self) -> tuple[Maker, ...]:
        """All makers."""
        return self.catalogue.makers()

    def models(self, manufacturer: str) -> tuple[str, ...]:
        """The models of a maker that one may pick from; any other text is as good.

        Raises:
            NotFound: There is no such maker; the detail names those there are.
        """
        try:
            return self.catalogue.models(checks.maker_named(manufacturer))
        except Invalid as error:
            raise NotFound(error.detail) from error

    def _usual_port(self, maker: Maker) -> int:
        # Elphapex speaks HTTP only.
        return 80 if maker is Maker.ELPHAPEX else self.default_port

    async def _fits(self, actor: Actor, miner: NewMiner | Miner) -> None:
        """See that its container is there, and its place in it.  Raises ``Invalid``."""
        container = None
        if miner.container_id is not None:
            try:
                container = await self.container_store.get(miner.container_id, visible=actor.container_ids)
            except UnknownContainer as error:
                raise Invalid(f"there is no container {miner.container_id}", field="container_id") from error
        check_place((miner.row, miner.shelf, miner.slot), container)

    async def _must_be_group(self, group_id: int | None) -> None:
        if group_id is None:
            return
        try:
            if self.group_store is None:
                raise UnknownGroup(f"there is no group {group_id}")
            await self.group_store.get(group_id)
        except UnknownGroup as error:
            raise Invalid(f"there is no group {group_id}", field="group_id") from error

    async def _note(self, actor: Actor, action: str, subject: str, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, subject, detail=detail))


def place_of(miner: Miner) -> tuple[int | None, ...]:
    """Container, row, shelf and slot."""
    return miner.container_id, miner.row, miner.shelf, miner.slot


def wrong_in(query: MinerQuery) -> Iterator[FieldError]:
    """What is wrong with a query."""
    if query.sort not in SORTS:
        yield FieldError("sort", f"{query.sort[:50]!r} is none of {', '.join(SORTS)}")
    if not 1 <= query.limit <= LARGEST_PAGE:
        yield FieldError("limit", f"{query.limit} is not between 1 and {LARGEST_PAGE}")
    if query.offset < 0:
        yield FieldError("offset", f"{query.offset} is below 0")
    if query.search is not None and len(query.search) > checks.LONGEST_NAME:
        yield FieldError("search", f"is longer than {checks.LONGEST_NAME} characters")
