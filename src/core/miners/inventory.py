"""What there is: containers and the miners in them, as people write it down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.errors import FieldError, Invalid, NotFound, Stale
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import (
    SORTS,
    Container,
    ContainerStore,
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
    WatchStore,
)
from ...ports.secrets import Secret
from ..permissions import allow
from . import checks

#: Rows that one page may have.
LARGEST_PAGE = 1000
#: Times that a change is tried anew because others change the same miner.
TRIES = 3


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


@attrs.frozen
class Known:
    """A miner and all that is known of it now."""

    miner: Miner
    snapshot: Snapshot
    #: The latest replies by command.
    raw: Mapping[str, Any]


def _any(revision: int) -> None:
    """Whatever the revision is."""


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
        if wrong := list(_wrong(query)):
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
        await self._must_exist(actor, fields["container_id"])
        try:
            miner = await self.miner_store.add(NewMiner(**fields), at=self.clock.now())
        except UnknownContainer as error:
            raise Invalid(error.detail, field="container_id") from error
        detail = f"{miner.name}: {miner.manufacturer} at {miner.ip_address}:{miner.port}"
        await self._note(actor, "miners.add", f"miner {miner.id}", detail)
        return miner

    async def change(
        self, actor: Actor, miner_id: int, changes: Mapping[str, Any], *, expect: Callable[[int], None] = _any
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
        for attempt in range(TRIES):
            miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
            expect(miner.revision)
            if fields.get("container_id") != miner.container_id:
                await self._must_exist(actor, fields.get("container_id"))
            changed = attrs.evolve(miner, **fields)
            if changed == miner:
                return miner
            try:
                stored = await self.miner_store.change(changed)
            except UnknownContainer as error:
                raise Invalid(error.detail, field="container_id") from error
            except Stale:
                # Somebody changed other fields between our two steps; ``expect`` says whether that matters.
                if attempt + 1 == TRIES:
                    raise
            else:
                await self._note(actor, "miners.change", f"miner {miner_id}", _difference(miner, changed))
                return stored
        raise AssertionError("a try either returns or raises")

    async def remove(self, actor: Actor, miner_id: int) -> None:
        """Remove a miner with its history.  Raises ``UnknownMiner``."""
        allow(actor, Permission.CHANGE_MINERS)
        miner = await self.miner_store.get(miner_id, visible=actor.container_ids)
        await self.miner_store.remove(miner_id)
        await self._note(
            actor, "miners.remove", f"miner {miner_id}", f"{miner.name} at {miner.ip_address}:{miner.port}"
        )

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

    async def _must_exist(self, actor: Actor, container_id: int | None) -> None:
        if container_id is None:
            return
        try:
            await self.container_store.get(container_id, visible=actor.container_ids)
        except UnknownContainer as error:
            raise Invalid(f"there is no container {container_id}", field="container_id") from error

    async def _note(self, actor: Actor, action: str, subject: str, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, subject, detail=detail))


def _wrong(query: MinerQuery) -> Iterator[FieldError]:
    if query.sort not in SORTS:
        yield FieldError("sort", f"{query.sort[:50]!r} is none of {', '.join(SORTS)}")
    if not 1 <= query.limit <= LARGEST_PAGE:
        yield FieldError("limit", f"{query.limit} is not between 1 and {LARGEST_PAGE}")
    if query.offset < 0:
        yield FieldError("offset", f"{query.offset} is below 0")
    if query.search is not None and len(query.search) > checks.LONGEST_NAME:
        yield FieldError("search", f"is longer than {checks.LONGEST_NAME} characters")


def _difference(before: Miner, after: Miner) -> str:
    """What changed, for the journal; of a password only that it did."""
    parts = []
    for field in attrs.fields(Miner):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            parts.append(f"{field.name} changed" if field.name == "password" else f"{field.name} {old} -> {new}")
    return ", ".join(parts)
