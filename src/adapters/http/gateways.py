"""GSM gateways over HTTP: the paths and fields of the specification, and a few of ours."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ...core.gateways.counting import FleetStats
from ...core.gateways.inventory import GatewayDraft, Gateways
from ...core.gateways.scans import Scans
from ...core.permissions import may
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed, Stale
from ...ports.gateways import (
    GatewayExists,
    GatewayQuery,
    Health,
    LineQuery,
    Status,
    UnknownGateway,
)
from ...ports.gateways.inventory import SORTS
from ...ports.identity import Permission
from ...ports.secrets import Secret
from .gateways_views import DeviceView, LineView, ScanView, device_view, line_view, scan_view
from .wire import Call, Limit, Offset, Page, operation, route

#: Columns as the view calls them, beside those of the store.
SORT_NAMES = {"gateway_name": "name", "enterprise_number": "enterprise", "port_scan_status": "status"}

Name = Annotated[
    str,
    Meta(
        description="As the remote administration server knows it: compared exactly, never changed",
        extra_json_schema={"minLength": 1, "maxLength": 255},
    ),
]
Number = Annotated[str, Meta(description="The number of its enterprise", extra_json_schema={"minLength": 1})]
Last4 = Annotated[
    str,
    Meta(description="The last four digits of its serial number", extra_json_schema={"pattern": "^[0-9]{4}$"}),
]
DirectoryName = Annotated[
    str | int, Meta(description="The name (or the number) of the directory that lists it; null is the first")
]
Login = Annotated[str, Meta(description="Without one that of its enterprise counts, then that of the settings")]
Password = Annotated[Secret, Meta(description="For its pages; kept encrypted, never shown")]


class DeviceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway_name: Name
    enterprise_number: Number
    serial_last4: Last4 | None = None
    directory: DirectoryName | None = None
    username: Login | None = None
    password: Password | None = None


class DeviceChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes away what may be missing."""

    enterprise_number: Number | UnsetType = UNSET
    serial_last4: Last4 | UnsetType | None = UNSET
    directory: DirectoryName | UnsetType | None = UNSET
    username: Login | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET

    def named(self) -> Mapping[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 100
    offset: Offset = 0


class LinesQuery(PageQuery, frozen=True, kw_only=True):
    enterprise_number: Annotated[str, Meta(max_length=200, description="Only of this enterprise")] | None = None
    operator: Annotated[str, Meta(max_length=200, description="Part of its name, in any case")] | None = None
    health: Health | None = None
    weak: Annotated[bool, Meta(description="Only with a weak signal, or only without")] | None = None

    def noun(self) -> LineQuery:
        """The query as the core speaks of it."""
        return LineQuery(
            enterprise_number=self.enterprise_number,
            operator=self.operator,
            health=self.health,
            weak=self.weak,
            limit=self.limit,
            offset=self.offset,
        )


class DevicesQuery(LinesQuery, frozen=True, kw_only=True):
    """The filters for lines find gateways that have such a line."""

    status: Status | None = None
    search: (
        Annotated[str, Meta(max_length=200, description="Part of the name, serial number or model, in any case")] | None
    ) = None
    sort: Annotated[str, Meta(description=f"One of {', '.join(SORTS)}; a leading - turns the order round")] = "name"
    order: Literal["asc", "desc"] | None = None

    def found(self) -> GatewayQuery:
        """The query as the core speaks of it."""
        sort = self.sort.removeprefix("-")
        return GatewayQuery(
            status=self.status,
            enterprise_number=self.enterprise_number,
            operator=self.operator,
            health=self.health,
            weak=self.weak,
            search=self.search,
            sort=SORT_NAMES.get(sort, sort),
            descending=self.sort.startswith("-") if self.order is None else self.order == "desc",
            limit=self.limit,
            offset=self.offset,
        )


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """What this is; how many gateways there are only for those who may see them."""

    service: str
    version: str
    status: str
    devices: int | None
    by_status: Mapping[Status, int] | None
    last_scan: ScanView | None
    endpoints: tuple[str, ...]


@attrs.frozen
class GatewayApi:
    """The list of gateways, and their lines."""

    gateways: Gateways
    scans: Scans
    clock: Clock
    version: str

    @operation(returns=ServiceView, public=True, tag="gateways")
    async def root(self, call: Call) -> ServiceView | Response:
        """Say what this is; a browser is led to the pages."""
        if not call.request.scope.get("root_path") and "text/html" in call.request.headers.get("accept", ""):
            return RedirectResponse("/ui/gateways", 307)
        stats, last = None, None
        if call.visitor is not None and may(call.visitor, Permission.SEE_GATEWAYS):
            stats = await self.gateways.stats(call.visitor)
            last = next(iter(await self.scans.latest(call.visitor, limit=1)), None)
        return ServiceView(
            service="goip",
            version=self.version,
            status="running",
            devices=stats.gateways if stats else None,
            by_status=stats.by_status if stats else None,
            last_scan=scan_view(last) if last else None,
            endpoints=("/health", "/devices", "/devices/{name}", "/devices/{name}/lines", "/devices/{name}/reboot",
                       "/scan", "/scans", "/lines", "/fleet", "/stream", "/docs"),
        )  # fmt: skip

    @operation(
        returns=Page[DeviceView], query=DevicesQuery, errors=(NotAllowed, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def all(self, call: Call, query: DevicesQuery) -> Page[DeviceView]:
        """List gateways with what is known of them now."""
        rows, total = await self.gateways.list(call.actor, query.found())
        now = self.clock.now()
        return Page([device_view(row, now) for row in rows], total)

    @operation(returns=DeviceView, errors=(NotAllowed, UnknownGateway), tag="gateways")
    async def one(self, call: Call, name: str) -> DeviceView:
        """Show a gateway."""
        row = await self.gateways.get(call.actor, name)
        call.tag(row.gateway.revision)
        return device_view(row, self.clock.now())

    @operation(
        returns=DeviceView, body=DeviceBody, status=201, errors=(NotAllowed, Invalid, GatewayExists), tag="gateways",
        needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def add(self, call: Call, body: DeviceBody) -> DeviceView:
        """Add a gateway; the next scan looks for it."""
        row = await self.gateways.add(
            call.actor,
            GatewayDraft(
                name=body.gateway_name,
                enterprise_number=body.enterprise_number,
                serial_last4=body.serial_last4,
                directory=body.directory,
                username=body.username,
                password=body.password,
            ),
        )
        call.tag(row.gateway.revision)
        return device_view(row, self.clock.now())

    @operation(
        returns=DeviceView, body=DeviceChange, errors=(NotAllowed, UnknownGateway, Invalid, Stale), tag="gateways",
        needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def change(self, call: Call, name: str, body: DeviceChange) -> DeviceView:
        """Change the fields that are named; the name stays.

        With `If-Match` only if nobody changed the gateway since the revision was read.
        """
        row = await self.gateways.change(call.actor, name, body.named(), expect=call.expect)
        call.tag(row.gateway.revision)
        return device_view(row, self.clock.now())

    @operation(status=204, errors=(NotAllowed, UnknownGateway), tag="gateways")
    async def remove(self, call: Call, name: str) -> None:
        """Remove a gateway with its history."""
        await self.gateways.remove(call.actor, name)

    @operation(returns=Page[LineView], errors=(NotAllowed, UnknownGateway), tag="gateways")
    async def lines_of(self, call: Call, name: str) -> Page[LineView]:
        """List the lines of a gateway as they were last read."""
        _, lines = await self.gateways.lines_of(call.actor, name)
        return Page([line_view(line) for line in lines], len(lines))

    @operation(
        returns=Page[LineView], query=LinesQuery, errors=(NotAllowed, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def lines(self, call: Call, query: LinesQuery) -> Page[LineView]:
        """List the lines of all gateways, by gateway and number."""
        found, total = await self.gateways.lines(call.actor, query.noun())
        return Page([line_view(line) for line in found], total)

    @operation(returns=FleetStats, errors=(NotAllowed,), tag="gateways")
    async def fleet(self, call: Call) -> FleetStats:
        """Count gateways by status, lines by health, and lines by operator."""
        return await self.gateways.stats(call.actor)

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        return [
            route("GET", "/", self.root),
            route("GET", "/devices", self.all),
            route("POST", "/devices", self.add),
            route("GET", "/devices/{name}", self.one),
            route("PUT", "/devices/{name}", self.change),
            route("DELETE", "/devices/{name}", self.remove),
            route("GET", "/devices/{name}/lines", self.lines_of),
            route("GET", "/lines", self.lines),
            route("GET", "/fleet", self.fleet),
        ]
