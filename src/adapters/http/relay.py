"""One stream of what changes: the same loop for all systems."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
import attrs
from starlette.requests import Request

from ...core.alerts import Alerts
from ...core.permissions import may
from ...ports.alerts import Alert
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotFound
from ...ports.identity import Actor, Permission
from .alerts_views import alert_view
from .stream import MOST_ALERTS, Streams, Write, event, still_welcome
from .wire import Call

#: Tells what is new of a system, by the number to give it; whether there is more already.
Tell = Callable[[Actor, Write, str], Awaitable[bool]]


def wanted_of(events: str, known: tuple[str, ...]) -> set[str]:
    """The events that a listener named.  Raises ``Invalid``."""
    wanted = {name.strip() for name in events.split(",") if name.strip()}
    if strange := wanted - set(known):
        raise Invalid(f"{min(strange)[:20]!r} is none of {', '.join(known)}", field="events")
    return wanted


def cut(call: Call) -> bool:
    """Whether the listener goes on where a stream was cut: what changed in between is not known."""
    return bool(call.request.headers.get("last-event-id", "").strip())


async def first_heard(call: Call, alerts: Alerts, wanted: set[str]) -> int | None:
    """The change of an alert after which a listener is told of them; ``None``: he does not want it, or may not."""
    if "alerts" not in wanted or not may(call.actor, Permission.SEE_ALERTS):
        return None
    last = call.request.headers.get("last-event-id", "").strip()
    known = last.isascii() and last.isdigit() and len(last) < 19
    return int(last) if known else await alerts.latest(call.actor)


@attrs.define(kw_only=True)
class Relay:
    """What one listener was told, and goes on to be told."""

    request: Request
    actor: Actor
    #: Without it he is not let in any more.
    needs: Permission
    #: The systems whose alerts are told here.
    systems: tuple[str, ...]
    tell: Tell
    alerts: Alerts
    streams: Streams
    clock: Clock
    #: The last change of an alert that was told; ``None``: they are not wanted.
    heard: int | None = None

    async def run(self, write: Write) -> None:
        """Tell what is new until the listener is not let in any more."""
        pace = self.streams.pace
        checked = pinged = anyio.current_time()
        await write(b"retry: %d\n\n" % (pace.retry * 1000))
        while True:
            if anyio.current_time() - checked >= pace.recheck:
                checked = anyio.current_time()
                actor = await still_welcome(self.request, self.actor)
                if actor is None or not may(actor, self.needs):
                    await write(event("end", {"code": "not-logged-in"}, self.number))
                    return
                self.actor = actor
            more = await self.tell(self.actor, write, self.number)
            await self._tell_alerts(write)
            if anyio.current_time() - pinged >= pace.ping:
                pinged = anyio.current_time()
                await write(event("ping", {"at": self.clock.now()}, self.number))
            await anyio.sleep(pace.hurry if more else pace.tick)

    @property
    def number(self) -> str:
        """What the listener sends back as ``Last-Event-ID``."""
        return str(self.heard or 0)

    async def _tell_alerts(self, write: Write) -> None:
        if self.heard is None or not may(self.actor, Permission.SEE_ALERTS):
            return
        changed = await self.alerts.changed(self.actor, self.heard, limit=MOST_ALERTS)
        if not changed:
            return
        self.heard = changed[-1].seq
        found = []
        for alert in filter(self._concerns, changed):
            # Forgotten meanwhile.
            with suppress(NotFound):
                found.append(alert_view(await self.alerts.get(self.actor, alert.id)))
        if found:
            await write(event("alerts", found, self.number))

    def _concerns(self, alert: Alert) -> bool:
        return alert.system in self.systems
