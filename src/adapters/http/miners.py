"""Containers, miners and their statistics over HTTP: the paths and fields of the specification, and a few of ours."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import attrs
import msgspec
import structlog
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.miners.checks import LARGEST_GRID, maker_named
from ...core.miners.inventory import MinerDraft, Miners
from ...core.miners.statistics import LONGEST, MOST_ROWS, Statistics
from ...ports.clock import Clock
from ...ports.errors import DeviceError, Invalid, NotAllowed, NotFound, Stale, TooManyRequests, Unavailable, Unreachable
from ...ports.identity import Actor, Permission
from ...ports.miners import (
    SORTS,
    Availability,
    Container,
    ContainerExists,
    ContainerInUse,
    Level,
    Maker,
    MinerExists,
    MinerQuery,
    NewContainer,
    PlaceTaken,
    State,
    UnknownContainer,
    UnknownMaker,
    UnknownMiner,
)
from ...ports.secrets import Secret
from .miners_views import MinerView, OneMinerView, StatView, last_stat, miner_view, one_miner_view, past_stat
from .statistics_views import (
    ChartView,
    ContainerChartView,
    OverviewView,
    chart_view,
    container_chart_view,
    overview_view,
)
from .wire import Call, Id, Limit, Offset, Page, operation, route


def shown(low: int, high: int, description: str) -> Meta:
    """Bounds for the OpenAPI document; the core checks them, since its words are better than the decoder's."""
    return Meta(description=description, extra_json_schema={"minimum": low, "maximum": high})


Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Text = Annotated[str, Meta(extra_json_schema={"maxLength": 200})]
Address = Annotated[str, Meta(description="An IPv4 or IPv6 address or a host name", examples=["192.168.1.100"])]
Port = Annotated[int, shown(1, 65535, "The maker's main port: 4028, or 80 for Elphapex")]
WebPort = Annotated[int, shown(1, 65535, "HTTP; without it 80")]
Api3Port = Annotated[int, shown(1, 65535, "Whatsminer API 3; without it 4433")]
MakerName = Annotated[str, Meta(description=f"One of {', '.join(Maker)}, in any case; Elhapex is Elphapex")]
Password = Annotated[Secret, Meta(description="For the miner's web login; kept encrypted, never shown")]
Tag = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 50}, description="Kept in lower case")]
Size = Annotated[int, shown(1, LARGEST_GRID, "Of the grid: rows of racks, shelves of a rack, slots of a shelf, from 1")]
Hours = Annotated[int, shown(1, LONGEST, "How far back")]

#: Columns as the views call them, beside those of the store.
SORT_NAMES = {"hash_rate": "hash_rate_hs", "power_consumption": "power_w"}


class ContainerBody(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    description: Annotated[str, Meta(extra_json_schema={"maxLength": 2000})] | None = None
    location: Text | None = None
    rows: Size | None = None
    shelves: Size | None = None
    slots: Size | None = None


class MinerBody(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    ip_address: Address
    manufacturer: MakerName
    port: Port | None = None
    web_port: WebPort | None = None
    api3_port: Api3Port | None = None
    model: Text | None = None
    container_id: int | None = None
    is_active: bool = True
    username: Text | None = None
    password: Password | None = None
    tags: tuple[Tag, ...] = ()
    group_id: int | None = None
    row: Size | None = None
    shelf: Size | None = None
    slot: Size | None = None


class MinerChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is not named stays as it is; null takes away what may be missing."""

    name: Name | UnsetType = UNSET
    ip_address: Address | UnsetType = UNSET
    manufacturer: MakerName | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    web_port: WebPort | UnsetType | None = UNSET
    api3_port: Api3Port | UnsetType | None = UNSET
    model: Text | UnsetType | None = UNSET
    container_id: int | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    username: Text | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET
    tags: tuple[Tag, ...] | UnsetType = UNSET
    group_id: int | UnsetType | None = UNSET
    row: Size | UnsetType | None = UNSET
    shelf: Size | UnsetType | None = UNSET
    slot: Size | UnsetType | None = UNSET

    def named(self) -> Mapping[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 100
    offset: Offset = 0


class MinersQuery(PageQuery, frozen=True, kw_only=True):
    container_id: Id | None = None
    is_active: bool | None = None
    manufacturer: MakerName | None = None
    availability: Availability | None = None
    state: State | None = None
    search: (
        Annotated[str, Meta(max_length=200, description="Part of the name, address or model, in any case")] | None
    ) = None
    tag: Annotated[str, Meta(max_length=200, description="Only miners with this tag")] | None = None
    group_id: Id | None = None
    sort: Annotated[str, Meta(description=f"One of {', '.join(SORTS)}; a leading - turns the order round")] = "id"
    order: Literal["asc", "desc"] | None = None

    def noun(self) -> MinerQuery:
        """The query as the core speaks of it.  Raises ``UnknownMaker``."""
        sort = self.sort.removeprefix("-")
        return MinerQuery(
            container_id=self.container_id,
            is_active=self.is_active,
            manufacturer=None if self.manufacturer is None else maker_named(self.manufacturer),
            availability=self.availability,
            state=self.state,
            search=self.search,
            tag=self.tag,
            group_id=self.group_id,
            sort=SORT_NAMES.get(sort, sort),
            descending=self.sort.startswith("-") if self.order is None else self.order == "desc",
            limit=self.limit,
            offset=self.offset,
        )


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Hours = 24
    limit: Annotated[int, shown(1, MOST_ROWS, "How many rows at most")] = MOST_ROWS


class HoursQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Hours = 24


class ChartQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Either the last ``hours`` (24), or ``since`` and, if not now, ``until``."""

    hours: Hours | None = None
    since: datetime | None = None
    until: datetime | None = None
    level: Annotated[
        str,
        Meta(description="How coarse; auto suits the span", extra_json_schema={"enum": ["auto", *Level]}),
    ] = "auto"


@attrs.frozen
class MinerApi:
    """The miners' system."""

    miners: Miners
    statistics: Statistics
    #: Polls a miner wherever the polling is done, and returns once the outcome is stored.
    poll: Callable[[Actor, int], Awaitable[object]]
    clock: Clock
    log: Any = attrs.field(factory=lambda: structlog.get_logger("lineman.http"))

    @operation(
        returns=Page[Container], query=PageQuery, errors=(NotAllowed,), tag="containers", needs=Permission.SEE_MINERS
    )
    async def containers(self, call: Call, query: PageQuery) -> Page[Container]:
        """List the containers by name."""
        found = await self.miners.containers(call.actor)
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=Container, errors=(NotAllowed, UnknownContainer), tag="containers")
    async def container(self, call: Call, container_id: int) -> Container:
        """Show a container."""
        container = await self.miners.container(call.actor, container_id)
        call.tag(container.revision)
        return container

    @operation(
        returns=Container,
        body=ContainerBody,
        status=201,
        errors=(NotAllowed, Invalid, ContainerExists),
        tag="containers",
        needs=Permission.CHANGE_MINERS,
    )
    async def add_container(self, call: Call, body: ContainerBody) -> Container:
        """Add a container."""
        await self._tell_strange(call, ContainerBody)
        new = NewContainer(**msgspec.structs.asdict(body))
        container = await self.miners.add_container(call.actor, new)
        call.tag(container.revision)
        return container

    @operation(status=204, errors=(NotAllowed, UnknownContainer, ContainerInUse), tag="containers")
    async def remove_container(self, call: Call, container_id: int) -> None:
        """Remove an empty container."""
        await self.miners.remove_container(call.actor, container_id)

    @operation(
        returns=Page[MinerView],
        query=MinersQuery,
        errors=(NotAllowed, Invalid, UnknownMaker),
        tag="miners",
        needs=Permission.SEE_MINERS,
    )
    async def all(self, call: Call, query: MinersQuery) -> Page[MinerView]:
        """List miners with what is known of them now."""
        page = await self.miners.page(call.actor, query.noun())
        now = self.clock.now()
        return Page([miner_view(miner, snapshot, now) for miner, snapshot in page.items], page.total)

    @operation(returns=OneMinerView, errors=(NotAllowed, UnknownMiner), tag="miners")
    async def one(self, call: Call, miner_id: int) -> OneMinerView:
        """Show a miner with its last good reading and the miner's own words."""
        known = await self.miners.get(call.actor, miner_id)
        call.tag(known.miner.revision)
        return one_miner_view(known.miner, known.snapshot, known.raw, self.clock.now())

    @operation(
        returns=MinerView,
        body=MinerBody,
        status=201,
        errors=(NotAllowed, Invalid, MinerExists, PlaceTaken),
        tag="miners",
        needs=Permission.CHANGE_MINERS,
    )
    async def add(self, call: Call, body: MinerBody) -> MinerView:
        """Add a miner; it is polled within the next interval."""
        await self._tell_strange(call, MinerBody)
        miner = await self.miners.add(call.actor, MinerDraft(**msgspec.structs.asdict(body)))
        return await self._view(call, miner.id)

    @operation(
        returns=MinerView,
        body=MinerChange,
        errors=(NotAllowed, UnknownMiner, Invalid, MinerExists, PlaceTaken, Stale),
        tag="miners",
        needs=Permission.CHANGE_MINERS,
    )
    async def change(self, call: Call, miner_id: int, body: MinerChange) -> MinerView:
        """Change the fields that are named.

        With `If-Match` only if nobody changed the miner since the revision was read.
        """
        await self._tell_strange(call, MinerChange)
        await self.miners.change(call.actor, miner_id, body.named(), expect=call.expect)
        return await self._view(call, miner_id)

    @operation(status=204, errors=(NotAllowed, UnknownMiner), tag="miners")
    async def remove(self, call: Call, miner_id: int) -> None:
        """Remove a miner with its history."""
        await self.miners.remove(call.actor, miner_id)

    @operation(
        returns=StatView,
        errors=(NotAllowed, UnknownMiner, DeviceError, Unreachable, TooManyRequests, Unavailable),
        tag="miners",
    )
    async def poll_now(self, call: Call, miner_id: int) -> StatView | None:
        """Poll a miner now.

        A miner that does not answer is 504, one whose answer makes no sense is
        502; either is kept as a missed poll.
        """
        await self.poll(call.actor, miner_id)
        known = await self.miners.get(call.actor, miner_id)
        return last_stat(known.snapshot, known.raw)

    @operation(returns=tuple[Maker, ...], tag="miners")
    async def manufacturers(self, call: Call) -> tuple[Maker, ...]:
        """List the makers."""
        return self.miners.manufacturers()

    @operation(returns=tuple[str, ...], errors=(NotFound,), tag="miners")
    async def models(self, call: Call, manufacturer: str) -> tuple[str, ...]:
        """List models of a maker to pick from; any other text is as good."""
        return self.miners.models(manufacturer)

    @operation(
        returns=list[StatView],
        query=HistoryQuery,
        errors=(NotAllowed, UnknownMiner, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def history(self, call: Call, miner_id: int, query: HistoryQuery) -> list[StatView]:
        """List a miner's polls, newest first."""
        history = await self.statistics.history(call.actor, miner_id, hours=query.hours, limit=query.limit)
        return [past_stat(sample, history.algorithm) for sample in history.samples]

    @operation(
        returns=ChartView,
        query=ChartQuery,
        errors=(NotAllowed, UnknownMiner, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def chart(self, call: Call, miner_id: int, query: ChartQuery) -> ChartView:
        """Show the course of a miner, oldest first."""
        chart = await self.statistics.chart(
            call.actor, miner_id, hours=query.hours, since=query.since, until=query.until, level=query.level
        )
        return chart_view(chart)

    @operation(
        returns=ContainerChartView,
        query=HoursQuery,
        errors=(NotAllowed, UnknownContainer, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def container_chart(self, call: Call, container_id: int, query: HoursQuery) -> ContainerChartView:
        """Show the totals of a container and their course."""
        return container_chart_view(await self.statistics.container(call.actor, container_id, hours=query.hours))

    @operation(returns=OverviewView, errors=(NotAllowed,), tag="statistics")
    async def overview(self, call: Call) -> OverviewView:
        """Show the totals of now, of all and by container."""
        return overview_view(await self.statistics.overview(call.actor))

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        one, container = "/api/miners/{miner_id:int}", "/api/containers/{container_id:int}"
        return [
            route("GET", "/api/containers", self.containers),
            route("POST", "/api/containers", self.add_container),
            route("GET", container, self.container),
            route("DELETE", container, self.remove_container),
            route("GET", "/api/miners", self.all),
            route("POST", "/api/miners", self.add),
            route("GET", "/api/miners/manufacturers", self.manufacturers),
            route("GET", "/api/miners/models/{manufacturer}", self.models),
            route("GET", one, self.one),
            route("PUT", one, self.change),
            route("DELETE", one, self.remove),
            route("POST", f"{one}/poll", self.poll_now),
            route("GET", "/api/stats/overview", self.overview),
            route("GET", "/api/stats/miners/{miner_id:int}", self.history),
            route("GET", "/api/stats/miners/{miner_id:int}/chart", self.chart),
            route("GET", "/api/stats/containers/{container_id:int}", self.container_chart),
        ]

    async def _view(self, call: Call, miner_id: int) -> MinerView:
        known = await self.miners.get(call.actor, miner_id)
        call.tag(known.miner.revision)
        return miner_view(known.miner, known.snapshot, self.clock.now())

    async def _tell_strange(self, call: Call, shape: type[msgspec.Struct]) -> None:
        """Log fields that nobody knows: clients of the specification may send more than we read."""
        sent = msgspec.json.decode(await call.request.body())
        if strange := sorted(sent.keys() - set(shape.__struct_fields__)):
            names = [name[:50] for name in strange[:20]]
            self.log.info("unknown fields passed over", path=call.request.url.path, fields=names)
