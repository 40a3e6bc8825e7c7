"""Grids, maps, tags and groups over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.miners import derive
from ...core.miners.arranging import Placing
from ...core.miners.groups import Groups
from ...core.miners.places import Map, Places
from ...ports.errors import Invalid, NotAllowed, Stale
from ...ports.identity import Permission
from ...ports.miners import (
    Availability,
    Container,
    ContainerExists,
    GridInUse,
    Group,
    GroupExists,
    GroupInUse,
    Miner,
    NewGroup,
    PlaceTaken,
    Snapshot,
    State,
    UnknownContainer,
    UnknownGroup,
)
from .miners import Name, Password, Size, Text
from .wire import Call, Id, operation, route

#: Miners that one request may place.
MOST_PLACINGS = 5000


class ContainerChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes away what may be missing."""

    name: Name | UnsetType = UNSET
    description: Annotated[str, Meta(extra_json_schema={"maxLength": 2000})] | UnsetType | None = UNSET
    location: Text | UnsetType | None = UNSET
    rows: Size | UnsetType | None = UNSET
    shelves: Size | UnsetType | None = UNSET
    slots: Size | UnsetType | None = UNSET


class PlacingBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A miner and where it is to stand; without row, shelf and slot nowhere."""

    miner_id: Id
    row: Size | None = None
    shelf: Size | None = None
    slot: Size | None = None


class ArrangeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Miners that are not named stay where they are."""

    places: Annotated[list[PlacingBody], Meta(max_length=MOST_PLACINGS)]


class GroupBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    username: Text | None = None
    password: Password | None = None


class GroupChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes away what may be missing."""

    name: Name | UnsetType = UNSET
    username: Text | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """Miners that share a login; the password is never shown."""

    id: int
    name: str
    username: str | None
    has_password: bool
    miners: int
    revision: int


class CellView(msgspec.Struct, frozen=True, kw_only=True):
    """A miner at its place; rates as in a list of miners."""

    miner_id: int
    name: str
    row: int | None
    shelf: int | None
    slot: int | None
    is_active: bool
    availability: Availability
    state: State | None
    hash_rate: float | None
    hash_rate_unit: str
    rate_ratio: float | None
    temperature: float | None
    power_consumption: float | None


class MapView(msgspec.Struct, frozen=True, kw_only=True):
    """A container by place; `unplaced` are its miners without a place in the grid."""

    container_id: int
    rows: int | None
    shelves: int | None
    slots: int | None
    cells: list[CellView]
    unplaced: list[CellView]


class TagView(msgspec.Struct, frozen=True, kw_only=True):
    tag: str
    miners: int


def named(change: msgspec.Struct) -> Mapping[str, Any]:
    """The fields that were sent."""
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}


@attrs.frozen
class PlaceApi:
    """Where miners stand, and how they are called and reached together."""

    places: Places
    groups: Groups

    @operation(
        returns=Container,
        body=ContainerChange,
        errors=(NotAllowed, UnknownContainer, Invalid, ContainerExists, GridInUse, Stale),
        tag="containers",
        needs=Permission.CHANGE_MINERS,
    )
    async def change_container(self, call: Call, container_id: int, body: ContainerChange) -> Container:
        """Change the fields of a container that are named."""
        container = await self.places.change_container(call.actor, container_id, named(body), expect=call.expect)
        call.tag(container.revision)
        return container

    @operation(returns=MapView, errors=(NotAllowed, UnknownContainer, Invalid), tag="containers")
    async def map(self, call: Call, container_id: int) -> MapView:
        """Show the miners of a container by place."""
        return map_view(await self.places.map(call.actor, container_id))

    @operation(
        returns=MapView,
        body=ArrangeBody,
        errors=(NotAllowed, UnknownContainer, Invalid, PlaceTaken),
        tag="containers",
        needs=Permission.CHANGE_MINERS,
    )
    async def arrange(self, call: Call, container_id: int, body: ArrangeBody) -> MapView:
        """Give miners of a container other places, all of them or none: two may swap theirs."""
        placings = [Placing(one.miner_id, one.row, one.shelf, one.slot) for one in body.places]
        return map_view(await self.places.arrange(call.actor, container_id, placings))

    @operation(returns=list[TagView], errors=(NotAllowed,), tag="miners")
    async def tags(self, call: Call) -> list[TagView]:
        """List all tags by name."""
        found = await self.places.tags(call.actor)
        return [TagView(tag=tag, miners=count) for tag, count in found.items()]

    @operation(returns=list[GroupView], errors=(NotAllowed,), tag="groups")
    async def all(self, call: Call) -> list[GroupView]:
        """List the groups by name."""
        return [group_view(group) for group in await self.groups.all(call.actor)]

    @operation(returns=GroupView, errors=(NotAllowed, UnknownGroup), tag="groups")
    async def one(self, call: Call, group_id: int) -> GroupView:
        """Show a group."""
        return _tagged(call, await self.groups.get(call.actor, group_id))

    @operation(
        returns=GroupView,
        body=GroupBody,
        status=201,
        errors=(NotAllowed, Invalid, GroupExists),
        tag="groups",
        needs=Permission.CHANGE_MINERS,
    )
    async def add(self, call: Call, body: GroupBody) -> GroupView:
        """Add a group of miners that share a login."""
        return _tagged(call, await self.groups.add(call.actor, NewGroup(body.name, body.username, body.password)))

    @operation(
        returns=GroupView,
        body=GroupChange,
        errors=(NotAllowed, UnknownGroup, Invalid, GroupExists, Stale),
        tag="groups",
        needs=Permission.CHANGE_MINERS,
    )
    async def change(self, call: Call, group_id: int, body: GroupChange) -> GroupView:
        """Change the fields of a group that are named."""
        return _tagged(call, await self.groups.change(call.actor, group_id, named(body), expect=call.expect))

    @operation(status=204, errors=(NotAllowed, UnknownGroup, GroupInUse), tag="groups")
    async def remove(self, call: Call, group_id: int) -> None:
        """Remove a group that holds no miners."""
        await self.groups.remove(call.actor, group_id)

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        container, group = "/api/containers/{container_id:int}", "/api/miners/groups/{group_id:int}"
        return [
            route("PUT", container, self.change_container),
            route("GET", f"{container}/map", self.map),
            route("PUT", f"{container}/places", self.arrange),
            route("GET", "/api/miners/tags", self.tags),
            route("GET", "/api/miners/groups", self.all),
            route("POST", "/api/miners/groups", self.add),
            route("GET", group, self.one),
            route("PUT", group, self.change),
            route("DELETE", group, self.remove),
        ]


def map_view(found: Map) -> MapView:
    """A container by place."""
    container = found.container
    return MapView(
        container_id=container.id,
        rows=container.rows,
        shelves=container.shelves,
        slots=container.slots,
        cells=_cells(found.placed),
        unplaced=_cells(found.unplaced),
    )


def group_view(group: Group) -> GroupView:
    """A group without its secret."""
    return GroupView(
        id=group.id,
        name=group.name,
        username=group.username,
        has_password=group.password is not None,
        miners=group.miners,
        revision=group.revision,
    )


def _tagged(call: Call, group: Group) -> GroupView:
    call.tag(group.revision)
    return group_view(group)


def _cells(miners: Sequence[tuple[Miner, Snapshot]]) -> list[CellView]:
    return [_cell(miner, snapshot) for miner, snapshot in miners]


def _cell(miner: Miner, snapshot: Snapshot) -> CellView:
    reading, watch = snapshot.reading, snapshot.watch
    algorithm = reading.algorithm if reading else None
    return CellView(
        miner_id=miner.id,
        name=miner.name,
        row=miner.row,
        shelf=miner.shelf,
        slot=miner.slot,
        is_active=miner.is_active,
        availability=watch.availability,
        state=watch.state,
        hash_rate=derive.in_unit(reading.hash_rate_hs, algorithm) if reading else None,
        hash_rate_unit=derive.unit(algorithm).name,
        rate_ratio=derive.rate_ratio(reading) if reading else None,
        temperature=derive.temperature(reading) if reading else None,
        power_consumption=reading.power_w if reading else None,
    )
