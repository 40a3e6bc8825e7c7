"""The gateways' live pages: what changes, as server-sent events."""

from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.alerts import Alerts
from ...core.gateways.live import GatewayFollower, LiveGateways
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed
from ...ports.identity import Actor, Permission
from .gateways_views import device_view, scan_view
from .relay import Relay, cut, first_heard, wanted_of
from .stream import MEDIA, EventStream, Streams, TooManyStreams, Write, event
from .wire import Call, operation, route

EVENTS = ("devices", "scan", "alerts")
#: The systems whose alerts are told here.
SYSTEMS = ("gateways", "lines", "directories")


class GatewayStreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    events: Annotated[str, Meta(description=f"Which of {', '.join(EVENTS)}, separated by commas; all by default")] = (
        ",".join(EVENTS)
    )


@attrs.frozen
class GatewayStreamApi:
    """The stream of the gateways' system."""

    live: LiveGateways
    alerts: Alerts
    streams: Streams
    clock: Clock

    @operation(
        returns=str, query=GatewayStreamQuery, media=MEDIA, errors=(NotAllowed, Invalid, TooManyStreams), tag="live",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def stream(self, call: Call, query: GatewayStreamQuery) -> Response:
        """Follow what changes, as server-sent events.

        `devices` is an array of gateways that changed, as in the list; `scan`
        is the latest scan when it moved on, without what was found at each;
        `alerts` is an array of alerts of gateways, lines and directories that changed;
        `ping` comes every 15 seconds; `reload` says that lists are to be read
        anew: gateways are gone, or the stream was cut and goes on with
        `Last-Event-ID`; `end` that you are not let in any more.
        """
        wanted = wanted_of(query.events, EVENTS)
        told = _Told(self, await self.live.follow(call.actor), wanted, cut=cut(call))
        relay = Relay(
            request=call.request, actor=call.actor, needs=Permission.SEE_GATEWAYS, systems=SYSTEMS, tell=told.tell,
            alerts=self.alerts, streams=self.streams, clock=self.clock,
            heard=await first_heard(call, self.alerts, wanted),
        )  # fmt: skip
        return EventStream(self.streams, call.actor.name, relay.run)

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        return [route("GET", "/stream", self.stream)]


@attrs.define
class _Told:
    """What one listener was told of gateways."""

    api: GatewayStreamApi
    follower: GatewayFollower
    wanted: set[str]
    #: It goes on where another was cut: what changed in between is not known.
    cut: bool

    async def tell(self, actor: Actor, write: Write, number: str) -> bool:
        """Tell what is new; whether there is more already."""
        turn = await self.follower.turn(actor)
        now = self.api.clock.now()
        if turn.lost or self.cut:
            self.cut = False
            await write(event("reload", {}, number))
        if turn.rows and "devices" in self.wanted:
            await write(event("devices", [device_view(row, now) for row in turn.rows], number))
        if turn.scan is not None and "scan" in self.wanted:
            await write(event("scan", scan_view(turn.scan), number))
        return turn.more
