"""Live pages: server-sent events, one bounded stream a page."""

from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import Annotated

import anyio
import attrs
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ...core.alerts import Alerts
from ...core.miners.live import Follower, Live, Wish
from ...ports.alerts import Alert
from ...ports.clock import Clock
from ...ports.errors import Invalid, LinemanError, NotAllowed, NotFound, Overloaded, Refused
from ...ports.identity import Actor, Permission
from ...ports.miners import UnknownContainer, UnknownMiner
from .alerts_views import MINERS, alert_view
from .miners_views import miner_view
from .security import VISITOR
from .statistics_views import overview_view
from .wire import GUARD, Call, Id, operation, route

EVENTS = ("miners", "totals", "alerts")
MEDIA = "text/event-stream"
#: Alerts in one event.
MOST_ALERTS = 100

_ENCODE = msgspec.json.Encoder().encode


class TooManyStreams(Overloaded):
    """As many streams are open as may be."""


@attrs.frozen
class Pace:
    """Seconds."""

    #: Between two looks for what is new, and with more waiting already.
    tick: float = 2.0
    hurry: float = 0.2
    #: Between two signs of life.
    ping: float = 15.0
    #: Between two looks at who it is that listens: for so long he hears on who is shut out, or whose container is
    #: taken away.  A look reads two rows by their keys, 0.4 to 0.8 ms of CPU: for 200 streams 1 to 2 % of a core.
    recheck: float = 10.0
    #: That a client may take to receive one event.
    patience: float = 30.0
    #: After which a browser tries again.
    retry: float = 5.0


@attrs.define(eq=False)
class Streams:
    """How many may be open in this process, in all and of one person; and their common end."""

    most: int = 200
    each: int = 20
    pace: Pace = attrs.field(factory=Pace)
    _open: Counter[str] = attrs.field(init=False, factory=Counter)
    _ending: anyio.Event = attrs.field(init=False, factory=anyio.Event)

    @contextmanager
    def place(self, name: str) -> Generator[None]:
        """A place for a stream.  Raises ``TooManyStreams``."""
        if self._ending.is_set():
            raise TooManyStreams("The service ends.", retry_after=5)
        if self._open.total() >= self.most or self._open[name] >= self.each:
            raise TooManyStreams(
                f"{self._open.total()} streams are open, {self._open[name]} of them {name}'s; at most {self.most} "
                f"and {self.each} may be: close some pages, or ask for the lists instead.",
                retry_after=30,
            )
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    @property
    def open(self) -> int:
        """How many are open."""
        return self._open.total()

    def end(self) -> None:
        """End all, and begin none any more: the service stops."""
        self._ending.set()

    async def ended(self) -> None:
        """Wait for the end."""
        await self._ending.wait()


def event(name: str, data: object, number: str) -> bytes:
    """One event as the wire has it.  JSON has no line breaks of its own."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (number.encode(), name.encode(), _ENCODE(data))


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    container_id: Annotated[Id, Meta(description="Only of this container")] | None = None
    miner_id: Annotated[Id, Meta(description="Only this miner")] | None = None
    events: Annotated[str, Meta(description=f"Which of {', '.join(EVENTS)}, separated by commas; all by default")] = (
        ",".join(EVENTS)
    )


@attrs.frozen
class StreamApi:
    """The stream of the miners' system, with the alerts of all."""

    live: Live
    alerts: Alerts
    streams: Streams
    clock: Clock

    @operation(
        returns=str,
        query=StreamQuery,
        media=MEDIA,
        errors=(NotAllowed, Invalid, UnknownContainer, UnknownMiner, TooManyStreams),
        tag="live",
        needs=Permission.SEE_MINERS,
    )
    async def stream(self, call: Call, query: StreamQuery) -> Response:
        """Follow what changes, as server-sent events.

        `miners` is an array of miners that were polled, as in the list;
        `totals` is the overview when it changed; `alerts` is an array of alerts
        that changed; `ping` comes every 15 seconds; `reload` says that changes
        were missed and lists are to be read anew; `end` that you are not let in
        any more, which is looked at every 10 seconds. With `Last-Event-ID` it
        goes on where it was cut, as far as some minutes are remembered.
        """
        wanted = {name.strip() for name in query.events.split(",") if name.strip()}
        if strange := wanted - set(EVENTS):
            raise Invalid(f"{min(strange)[:20]!r} is none of {', '.join(EVENTS)}", field="events")
        wish = Wish(
            miners="miners" in wanted,
            totals="totals" in wanted,
            container_id=query.container_id,
            miner_id=query.miner_id,
        )
        changes, alerts = _numbers(call.request.headers.get("last-event-id", ""))
        follower = await self.live.follow(call.actor, wish, changes)
        heard = None
        if "alerts" in wanted:
            heard = await self.alerts.latest(call.actor) if alerts is None else alerts
        told = _Told(self, call.request, call.actor, follower, heard)
        return EventStream(self.streams, call.actor.name, told.run)

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        return [route("GET", "/api/stream", self.stream)]


Write = Callable[[bytes], Awaitable[None]]


@attrs.define
class _Told:
    """One stream: what it has told, and to whom."""

    api: StreamApi
    request: Request
    actor: Actor
    follower: Follower
    #: The last change of an alert that was told; ``None``: they are not wanted.
    heard: int | None

    async def run(self, write: Write) -> None:
        """Tell what is new until the listener is not let in any more."""
        pace = self.api.streams.pace
        checked = pinged = anyio.current_time()
        await write(b"retry: %d\n\n" % (pace.retry * 1000))
        while True:
            if anyio.current_time() - checked >= pace.recheck:
                checked = anyio.current_time()
                actor = await still_welcome(self.request, self.actor)
                if actor is None:
                    await write(event("end", {"code": "not-logged-in"}, self._number))
                    return
                self.actor = actor
            turn = await self.follower.turn(self.actor)
            now = self.api.clock.now()
            if turn.lost:
                await write(event("reload", {}, self._number))
            if turn.miners:
                views = [miner_view(miner, snapshot, now) for miner, snapshot in turn.miners]
                await write(event("miners", views, self._number))
            if turn.overview is not None:
                await write(event("totals", overview_view(turn.overview), self._number))
            await self._tell_alerts(write)
            if anyio.current_time() - pinged >= pace.ping:
                pinged = anyio.current_time()
                await write(event("ping", {"at": now}, self._number))
            await anyio.sleep(pace.hurry if turn.more else pace.tick)

    @property
    def _number(self) -> str:
        return f"{self.follower.number}.{self.heard or 0}"

    async def _tell_alerts(self, write: Write) -> None:
        if self.heard is None:
            return
        changed = await self.api.alerts.changed(self.actor, self.heard, limit=MOST_ALERTS)
        if changed:
            self.heard = changed[-1].seq
            found = []
            for alert in filter(self._concerns, changed):
                # Forgotten meanwhile.
                with suppress(NotFound):
                    found.append(alert_view(await self.api.alerts.get(self.actor, alert.id)))
            if found:
                await write(event("alerts", found, self._number))

    def _concerns(self, alert: Alert) -> bool:
        wish = self.follower.wish
        if wish.miner_id is not None:
            return (alert.system, alert.subject_id) == (MINERS, wish.miner_id)
        return wish.container_id is None or alert.container_id == wish.container_id


async def still_welcome(request: Request, actor: Actor) -> Actor | None:
    """Who listens, as he may be now; ``None``: he is not let in any more."""
    scope = request.scope
    if scope.get(VISITOR) is None:
        # Put there by this very process: the command line.
        return actor
    try:
        found: Actor | None = await scope[GUARD](request)
    except Refused:
        return None
    return found


class EventStream(Response):
    """A response that lasts until its listener leaves, is not let in any more, or the service ends."""

    media_type = MEDIA

    def __init__(self, streams: Streams, name: str, run: Callable[[Write], Awaitable[None]]) -> None:
        # Proxies are told not to keep it back.
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._streams, self._name, self._run = streams, name, run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.place(self._name):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            async with anyio.create_task_group() as tasks:

                async def until(happens: Callable[[], Awaitable[None]]) -> None:
                    await happens()
                    tasks.cancel_scope.cancel()

                async def left() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass

                async def write(data: bytes) -> None:
                    with anyio.fail_after(self._streams.pace.patience):
                        await send({"type": "http.response.body", "body": data, "more_body": True})

                async def tell() -> None:
                    try:
                        await self._run(write)
                    except (LinemanError, TimeoutError, OSError):
                        # The database is away, or the listener does not listen: he comes back when he can.
                        return

                for end in (left, self._streams.ended, tell):
                    tasks.start_soon(until, end)
            with anyio.move_on_after(1):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def _numbers(text: str) -> tuple[int | None, int | None]:
    """How far a listener had come: ``Last-Event-ID`` is ours, but may be anybody's."""
    parts = text.strip().split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None, None
    return int(parts[0]), int(parts[1])
