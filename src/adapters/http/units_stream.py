"""The units' live pages: what changes, as server-sent events."""

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
from ...core.permissions import may
from ...core.units import UnitRow, Units
from ...core.units.kinds import CLOUD
from ...core.units.surroundings import UNITS
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed, NotFound
from ...ports.identity import Actor, Permission
from .alerts_views import alert_view
from .stream import MEDIA, MOST_ALERTS, EventStream, Streams, TooManyStreams, Write, event, still_welcome
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

    units: Units
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
        wanted = {name.strip() for name in query.events.split(",") if name.strip()}
        if strange := wanted - set(EVENTS):
            raise Invalid(f"{min(strange)[:20]!r} is none of {', '.join(EVENTS)}", field="events")
        last = call.request.headers.get("last-event-id", "").strip()
        heard = None
        if "alerts" in wanted and may(call.actor, Permission.SEE_ALERTS):
            known = last.isascii() and last.isdigit() and len(last) < 19
            heard = int(last) if known else await self.alerts.latest(call.actor)
        known_rows = {row.unit.enterprise_number: row for row in await self.units.list(call.actor)}
        told = _Told(self, call.request, call.actor, wanted, heard, bool(last), known_rows)
        return EventStream(self.streams, call.actor.name, told.run)

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        return [route("GET", "/stream", self.stream)]


@attrs.define
class _Told:
    """One stream: what it has told, and to whom."""

    api: UnitStreamApi
    request: Request
    actor: Actor
    wanted: set[str]
    #: The last change of an alert that was told; ``None``: they are not wanted.
    heard: int | None
    #: It goes on where another was cut: what changed in between is not known.
    cut: bool
    known: dict[str, UnitRow]

    async def run(self, write: Write) -> None:
        """Tell what is new until the listener is not let in any more."""
        pace = self.api.streams.pace
        checked = pinged = anyio.current_time()
        await write(b"retry: %d\n\n" % (pace.retry * 1000))
        while True:
            if anyio.current_time() - checked >= pace.recheck:
                checked = anyio.current_time()
                actor = await still_welcome(self.request, self.actor)
                if actor is None or not may(actor, Permission.SEE_UNITS):
                    await write(event("end", {"code": "not-logged-in"}, self._number))
                    return
                self.actor = actor
            await self._tell_units(write)
            await self._tell_alerts(write)
            if anyio.current_time() - pinged >= pace.ping:
                pinged = anyio.current_time()
                await write(event("ping", {"at": self.api.clock.now()}, self._number))
            await anyio.sleep(pace.tick)

    @property
    def _number(self) -> str:
        return str(self.heard or 0)

    async def _tell_units(self, write: Write) -> None:
        rows = {row.unit.enterprise_number: row for row in await self.api.units.list(self.actor)}
        if self.cut or self.known.keys() - rows.keys():
            self.cut = False
            await write(event("reload", {}, self._number))
        changed = [row for number, row in rows.items() if row != self.known.get(number)]
        self.known = rows
        if changed and "units" in self.wanted:
            await write(event("units", [unit_view(row) for row in changed], self._number))

    async def _tell_alerts(self, write: Write) -> None:
        if self.heard is None or not may(self.actor, Permission.SEE_ALERTS):
            return
        changed = await self.api.alerts.changed(self.actor, self.heard, limit=MOST_ALERTS)
        if not changed:
            return
        self.heard = changed[-1].seq
        found = []
        for alert in changed:
            if alert.system in SYSTEMS:
                # Forgotten meanwhile.
                with suppress(NotFound):
                    found.append(alert_view(await self.api.alerts.get(self.actor, alert.id)))
        if found:
            await write(event("alerts", found, self._number))
