"""The gateways' live pages: what changes, as server-sent events."""

from contextlib import suppress
from typing import Annotated

import anyio
import attrs
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...core.alerts import Alerts
from ...core.gateways.live import GatewayFollower, LiveGateways
from ...core.permissions import may
from ...ports.alerts import Alert
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed, NotFound
from ...ports.identity import Actor, Permission
from .alerts_views import alert_view
from .gateways_views import device_view, scan_view
from .stream import MEDIA, MOST_ALERTS, EventStream, Streams, TooManyStreams, Write, event, still_welcome
from .wire import Call, operation, route

EVENTS = ("devices", "scan", "alerts")
#: The systems whose alerts are told here.
SYSTEMS = ("gateways", "lines")


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
        `alerts` is an array of alerts of gateways and lines that changed;
        `ping` comes every 15 seconds; `reload` says that lists are to be read
        anew: gateways are gone, or the stream was cut and goes on with
        `Last-Event-ID`; `end` that you are not let in any more.
        """
        wanted = {name.strip() for name in query.events.split(",") if name.strip()}
        if strange := wanted - set(EVENTS):
            raise Invalid(f"{min(strange)[:20]!r} is none of {', '.join(EVENTS)}", field="events")
        follower = await self.live.follow(call.actor)
        last = call.request.headers.get("last-event-id", "").strip()
        heard = None
        if "alerts" in wanted and may(call.actor, Permission.SEE_ALERTS):
            known = last.isascii() and last.isdigit() and len(last) < 19
            heard = int(last) if known else await self.alerts.latest(call.actor)
        told = _Told(self, call.request, call.actor, follower, wanted, heard, cut=bool(last))
        return EventStream(self.streams, call.actor.name, told.run)

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        return [route("GET", "/stream", self.stream)]


@attrs.define
class _Told:
    """One stream: what it has told, and to whom."""

    api: GatewayStreamApi
    request: Request
    actor: Actor
    follower: GatewayFollower
    wanted: set[str]
    #: The last change of an alert that was told; ``None``: they are not wanted.
    heard: int | None
    #: It goes on where another was cut: what changed in between is not known.
    cut: bool

    async def run(self, write: Write) -> None:
        """Tell what is new until the listener is not let in any more."""
        pace = self.api.streams.pace
        checked = pinged = anyio.current_time()
        await write(b"retry: %d\n\n" % (pace.retry * 1000))
        while True:
            if anyio.current_time() - checked >= pace.recheck:
                checked = anyio.current_time()
                actor = await still_welcome(self.request, self.actor)
                if actor is None or not may(actor, Permission.SEE_GATEWAYS):
                    await write(event("end", {"code": "not-logged-in"}, self._number))
                    return
                self.actor = actor
            turn = await self.follower.turn(self.actor)
            now = self.api.clock.now()
            if turn.lost or self.cut:
                self.cut = False
                await write(event("reload", {}, self._number))
            if turn.rows and "devices" in self.wanted:
                await write(event("devices", [device_view(row, now) for row in turn.rows], self._number))
            if turn.scan is not None and "scan" in self.wanted:
                await write(event("scan", scan_view(turn.scan), self._number))
            await self._tell_alerts(write)
            if anyio.current_time() - pinged >= pace.ping:
                pinged = anyio.current_time()
                await write(event("ping", {"at": now}, self._number))
            await anyio.sleep(pace.hurry if turn.more else pace.tick)

    @property
    def _number(self) -> str:
        return str(self.heard or 0)

    async def _tell_alerts(self, write: Write) -> None:
        if self.heard is None or not may(self.actor, Permission.SEE_ALERTS):
            return
        changed = await self.api.alerts.changed(self.actor, self.heard, limit=MOST_ALERTS)
        if changed:
            self.heard = changed[-1].seq
            found = []
            for alert in filter(_concerns, changed):
                # Forgotten meanwhile.
                with suppress(NotFound):
                    found.append(alert_view(await self.api.alerts.get(self.actor, alert.id)))
            if found:
                await write(event("alerts", found, self._number))


def _concerns(alert: Alert) -> bool:
    return alert.system in SYSTEMS
