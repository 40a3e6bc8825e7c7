"""Scans, looks and commands over HTTP."""

from typing import Annotated, Any

import attrs
import msgspec
import structlog
from msgspec import Meta
from starlette.routing import Route

from ...core.gateways.commands import Commands
from ...core.gateways.scans import Scans
from ...ports.clock import Clock
from ...ports.errors import ConfirmationNeeded, DeviceError, Invalid, NotAllowed, TooManyRequests, Unavailable
from ...ports.gateways import CommandUnderWay, OtherDevice, UnknownCommand, UnknownGateway, UnknownScan
from ...ports.identity import Permission
from .gateways import PageQuery
from .gateways_passing import GatewayActs
from .gateways_views import CommandView, DeviceView, ScanView, command_view, device_view, scan_view
from .wire import Call, Limit, Offset, Page, operation, route

#: Fields of a body that are told of in the log.
MOST_NAMED = 20


class RestartBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    confirm: Annotated[bool, Meta(description="Without it nothing is done")] = False


class OutcomesQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 1000
    offset: Offset = 0


@attrs.frozen
class OrderApi:
    """What gateways are told, how they are looked at, and what became of it."""

    scans: Scans
    commands: Commands
    acts: GatewayActs
    clock: Clock
    log: Any = attrs.field(factory=lambda: structlog.get_logger("lineman.http"))

    @operation(
        returns=ScanView, status=202, errors=(NotAllowed, TooManyRequests, Unavailable), tag="scans",
        needs=Permission.SCAN_GATEWAYS,
    )  # fmt: skip
    async def scan(self, call: Call) -> ScanView:
        """Scan all gateways now.

        Answers at once; whoever works takes it up within a second or two, and
        `Location` tells where to follow it. While a scan is under way this is
        that one: two never overlap.
        """
        await self._pass_over(call)
        scan = await self.scans.request(call.actor)
        call.headers["location"] = f"{call.request.scope.get('root_path', '')}/scans/{scan.id}"
        return scan_view(scan)

    @operation(returns=list[ScanView], errors=(NotAllowed,), tag="scans")
    async def latest(self, call: Call) -> list[ScanView]:
        """List the latest scans, newest first, without what was found at each gateway."""
        return [scan_view(scan) for scan in await self.scans.latest(call.actor)]

    @operation(
        returns=ScanView, query=OutcomesQuery, errors=(NotAllowed, UnknownScan), tag="scans",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def one_scan(self, call: Call, scan_id: int, query: OutcomesQuery) -> ScanView:
        """Show how far a scan is, with what it found so far: a page of it by name, `X-Total-Count` in all."""
        scan = await self.scans.get(call.actor, scan_id)
        outcomes, total = await self.scans.outcomes(call.actor, scan_id, limit=query.limit, offset=query.offset)
        call.headers["x-total-count"] = str(total)
        return scan_view(scan, outcomes)

    @operation(
        returns=DeviceView, errors=(NotAllowed, UnknownGateway, DeviceError, TooManyRequests, Unavailable), tag="scans",
        needs=Permission.SCAN_GATEWAYS,
    )  # fmt: skip
    async def check(self, call: Call, name: str) -> DeviceView:
        """Look at a gateway now, its call forwarding and authentication ids included.

        The list of its directory is read first. What is wrong with the gateway
        is told as its status, not as an error.
        """
        row = await self.acts.check(call.actor, name)
        call.tag(row.gateway.revision)
        return device_view(row, self.clock.now())

    @operation(
        returns=CommandView, status=202,
        errors=(NotAllowed, UnknownGateway, ConfirmationNeeded, CommandUnderWay, OtherDevice, DeviceError,
                TooManyRequests, Unavailable),
        tag="commands", needs=Permission.REBOOT_GATEWAYS,
    )  # fmt: skip
    async def reboot(self, call: Call, name: str) -> CommandView:
        """Have a gateway reboot.

        Answers once it was told: `accepted` becomes `back` when it was seen to
        have started anew, or `failed` when it was not in time. It is first seen
        to be the right device, and the command is never sent twice. Takes an
        empty body; `{"confirm": false}` is a no.
        """
        said = await self._pass_over(call, "confirm")
        command = await self.acts.reboot(call.actor, name, confirmed=said.get("confirm", True) is True)
        return self._told(call, command_view(command))

    @operation(
        returns=CommandView, body=RestartBody, status=202,
        errors=(NotAllowed, UnknownGateway, Invalid, ConfirmationNeeded, CommandUnderWay, OtherDevice, DeviceError,
                TooManyRequests, Unavailable),
        tag="commands", needs=Permission.REBOOT_GATEWAYS,
    )  # fmt: skip
    async def restart_line(self, call: Call, name: str, line: int, body: RestartBody) -> CommandView:
        """Have the module of a line switched off and on again.  Needs `confirm`."""
        command = await self.acts.restart_line(call.actor, name, line, confirmed=body.confirm)
        return self._told(call, command_view(command))

    @operation(
        returns=Page[CommandView], query=PageQuery, errors=(NotAllowed, UnknownGateway), tag="commands",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def of_gateway(self, call: Call, name: str, query: PageQuery) -> Page[CommandView]:
        """List what a gateway was told, newest first."""
        found, total = await self.commands.of_gateway(call.actor, name, limit=query.limit, offset=query.offset)
        return Page([command_view(command) for command in found], total)

    @operation(returns=CommandView, errors=(NotAllowed, UnknownCommand), tag="commands")
    async def one(self, call: Call, command_id: int) -> CommandView:
        """Show what became of a command."""
        return command_view(await self.commands.get(call.actor, command_id))

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        one = "/devices/{name}"
        return [
            route("POST", "/scan", self.scan),
            route("GET", "/scans", self.latest),
            route("GET", "/scans/{scan_id:int}", self.one_scan),
            route("POST", f"{one}/check", self.check),
            route("POST", f"{one}/reboot", self.reboot),
            route("POST", f"{one}/lines/{{line:int}}/restart", self.restart_line),
            route("GET", f"{one}/commands", self.of_gateway),
            route("GET", "/commands/{command_id:int}", self.one),
        ]

    def _told(self, call: Call, view: CommandView) -> CommandView:
        call.headers["location"] = f"{call.request.scope.get('root_path', '')}/commands/{view.id}"
        return view

    async def _pass_over(self, call: Call, *known: str) -> dict[str, Any]:
        """The fields of a body that needs to have none; clients of the specification may send what they like."""
        raw = await call.request.body()
        if not raw.strip():
            return {}
        try:
            sent = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            sent = None
        if not isinstance(sent, dict):
            self.log.info("body passed over", path=call.request.url.path, bytes=len(raw))
            return {}
        if strange := sorted(sent.keys() - set(known)):
            names = [name[:50] for name in strange[:MOST_NAMED]]
            self.log.info("unknown fields passed over", path=call.request.url.path, fields=names)
        return sent
