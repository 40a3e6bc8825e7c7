"""The units' live pages: what changes, as server-sent events."""

from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.alerts import Alerts
from ...core.units.kinds import CLOUD
from ...core.units.live import LiveUnits, UnitFollower
from ...core.units.surroundings import UNITS
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed
from ...ports.identity import Actor, Permission
from .relay import Relay, cut, first_heard, wanted_of
from .stream import MEDIA, EventStream, Streams, TooManyStreams, Write, event
from .units_views import unit_view
from .wire import Call, operation, route

EVENTS = ("units", "alerts")
#: The systems whose alerts are told here.
SYSTEMS = (UNITS, CLOUD)


class UnitStreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    events: Annotated[str, Meta(description=f"Which of {', '.join(EVENTS)}, separated by commas; all by default")] = (
        ",".join(EVENTS)
    )


@attrs.frozen
class UnitStreamApi:
    """The stream of the units' system."""

    live: LiveUnits
    alerts: Alerts
    streams: Streams
    clock: Clock

    @operation(
        returns=str, query=UnitStreamQuery, media=MEDIA, errors=(NotAllowed, Invalid, TooManyStreams), tag="live",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def stream(self, call: Call, query: UnitStreamQuery) -> Response:
        """Follow what changes, as server-sent events.

        `units` is an array of units that changed, as in the list; `alerts` is
        an array of alerts of units that changed; `ping` comes every 15 seconds;
        `reload` says that the list is to be read anew: units are gone, or the
        stream was cut; `end` that you are not let in any more.
        """
        wanted = wanted_of(query.events, EVENTS)
        told = _Told(await self.live.follow(call.actor), wanted, cut(call))
        relay = Relay(
            request=call.request, actor=call.actor, needs=Permission.SEE_UNITS, systems=SYSTEMS, tell=told.tell,
            alerts=self.alerts, streams=self.streams, clock=self.clock,
            heard=await first_heard(call, self.alerts, wanted),
        )  # fmt: skip
        return EventStream(self.streams, call.actor.name, relay.run)

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        return [route("GET", "/stream", self.stream)]


@attrs.define
class _Told:
    """What one listener was told of units."""

    follower: UnitFollower
    wanted: set[str]
    #: It goes on where another was cut: what changed in between is not known.
    cut: bool

    async def tell(self, actor: Actor, write: Write, number: str) -> bool:
        """Tell what is new; whether there is more already."""
        turn = await self.follower.turn(actor)
        if turn.lost or self.cut:
            self.cut = False
            await write(event("reload", {}, number))
        if turn.rows and "units" in self.wanted:
            await write(event("units", [unit_view(row) for row in turn.rows], number))
        return turn.more
