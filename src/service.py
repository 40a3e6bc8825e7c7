"""The faces, put on the house: one application, and one process that serves it and works.

``application`` is what another ASGI server would be given; ``run`` is ``lineman serve``.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import anyio
import attrs
import httpx
import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from . import __version__
from .adapters.http import alerts
from .adapters.http.actions import ActionApi
from .adapters.http.app import Faces, UnknownSystem, build_app
from .adapters.http.bulk import BulkApi
from .adapters.http.discovery import DiscoveryApi
from .adapters.http.figures import AlertFigures, PollingFigures
from .adapters.http.health import Health
from .adapters.http.insights import InsightApi
from .adapters.http.miners import MinerApi
from .adapters.http.passing import Acts, Holder, Polls
from .adapters.http.places import PlaceApi
from .adapters.http.reports import ReportApi
from .adapters.http.security import check_bind
from .adapters.http.server import bind, serve, url_of
from .adapters.http.stream import StreamApi, Streams
from .adapters.process import collect_rarely, raise_open_files
from .adapters.scheduler import Job, Pacer, under_lease
from .container import House, opened, process_name
from .core.lease import Permit
from .ports.errors import LinemanError
from .ports.secrets import Secret
from .settings import Settings

log = structlog.get_logger("lineman")

#: The systems, and the ports that they are served on alone.
SYSTEMS: Mapping[str, int] = {"miners": 8000}
#: Seconds between two writes of what was polled, two looks for changed miners, two roll-ups.
FLUSH_EVERY, LOOK_EVERY, ROLL_UP_EVERY = 1.5, 1.0, 30.0
#: Seconds between two looks for a discovery that waits.
DISCOVER_EVERY = 1.0
#: Between two looks at what time does to alerts, two goes at telling people, two reports of containers.
JUDGE_EVERY, TELL_EVERY, REPORT_EVERY = 5.0, 5.0, 60.0
#: How long alerts that are over stay in the list.
ALERTS_KEPT = timedelta(days=365)
#: Seconds between two looks for actions to carry out and for their effects; miners looked at for that at once.
ACT_EVERY, ATTEND_EVERY, LOOKS_AT_ONCE = 0.5, 2.0, 20
#: Files that are open beside one per lane: databases, logs, people.
SPARE_FILES = 1024


def alone_port(systems: Sequence[str], port: int) -> int:
    """The port to serve on: a system alone has its own old one, unless another than the default is set.

    Raises:
        UnknownSystem: One of the names is no system.
    """
    for name in systems:
        if name not in SYSTEMS:
            raise UnknownSystem(f"There is no system {name!r}; there are {', '.join(sorted(SYSTEMS))}.")
    default = attrs.fields(Settings).port.default
    return SYSTEMS[systems[0]] if len(systems) == 1 and port == default else port


@attrs.define(eq=False)
class Work:
    """What a process does by itself while it holds the lease."""

    house: House
    permit: Permit
    pacer: Pacer
    random: Random = attrs.field(factory=Random)

    async def run(self) -> None:
        """Take part in the lease, and work while it is ours.  Until cancelled."""
        clock = self.house.clock()
        await under_lease(self.permit.lease, self._work, clock=clock, random=self.random, told=self._told)

    async def _work(self) -> None:
        """Poll, write and roll up; what was polled is written before it ends."""
        polling, clock = self.house.polling(), self.house.clock()
        try:
            await polling.reload()
            await self.house.actions().recover()
            await self.house.discovery().resume()
            self.pacer.refresh()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.pacer.run)
                for job in (*self._jobs(), *self._alert_jobs(), *self._action_jobs()):
                    tasks.start_soon(job.repeat, clock, self.random)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await self._last_words()
            polling.forget()
            self.house.judging().forget()

    def _jobs(self) -> Sequence[Job]:
        polling, series, clock = self.house.polling(), self.house.series_store(), self.house.clock()
        identity = self.house.identity()

        async def look() -> None:
            if await polling.changed():
                await polling.reload()
            self.pacer.refresh()
            for key in polling.unplanned():
                self.pacer.plan(key)

        return (
            Job("write what was polled", FLUSH_EVERY, polling.flush, deadline=120, slowest=15),
            Job("look for changed miners", LOOK_EVERY, look, deadline=30, slowest=10),
            Job("roll up", ROLL_UP_EVERY, lambda: series.roll_up(now=clock.now()), deadline=300),
            # It bounds itself, so that what takes too long is told of.
            Job("look for miners", DISCOVER_EVERY, self.house.discovery().work, deadline=2 * 3600, slowest=30),
            Job("prune", 3600, lambda: series.prune(now=clock.now()), deadline=900, slowest=7200),
            Job("forget old sessions", 3600, identity.sweep, slowest=7200),
        )

    def _action_jobs(self) -> Sequence[Job]:
        actions = self.house.actions()
        return (
            Job("tell miners what to do", ACT_EVERY, actions.work, deadline=150, slowest=5),
            Job("look at what was told", ATTEND_EVERY, self.attend, deadline=90, slowest=15),
            Job("forget old actions", 3600, actions.prune, slowest=7200),
        )

    async def attend(self) -> None:
        """Look at miners that were told something, a few at a time, and give up what is overdue."""
        polling, lanes = self.house.polling(), anyio.CapacityLimiter(LOOKS_AT_ONCE)

        async def look(miner_id: int) -> None:
            async with lanes:
                try:
                    await polling.look(miner_id)
                except LinemanError as error:
                    log.debug("no look at a miner", id=miner_id, code=error.code, detail=error.detail)

        async with anyio.create_task_group() as tasks:
            for miner_id in await self.house.actions().tend():
                tasks.start_soon(look, miner_id)

    def _alert_jobs(self) -> Sequence[Job]:
        judging, dispatch, reporting = self.house.judging(), self.house.dispatch(), self.house.reporting()
        rules, store, clock = self.house.rule_book(), self.house.alert_store(), self.house.clock()
        polling, began = self.house.polling(), False

        async def judge() -> None:
            nonlocal began
            if not began:
                await rules.ensure_usual()
            began = True
            await judging.tick()

        async def report() -> None:
            await reporting.present(polling.watches().keys())
            await reporting.pace(self.pacer.lag)
            await reporting.containers()

        return (
            Job("judge what time changes", JUDGE_EVERY, judge, deadline=60, slowest=30),
            Job("tell of alerts", TELL_EVERY, dispatch.send, deadline=300, slowest=60),
            Job("report containers", REPORT_EVERY, report),
            Job("forget old alerts", 3600, lambda: store.prune(before=clock.now() - ALERTS_KEPT), slowest=7200),
        )

    def _told(self, working: bool) -> None:
        self.permit.working = working

    async def _last_words(self) -> None:
        try:
            await self.house.actions().forget()
            await self.house.polling().flush()
        except LinemanError as error:
            log.error("polls were not written at the end", code=error.code, detail=error.detail)


@attrs.define(eq=False)
class Service:
    """One opened house with its application, ready to be served."""

    settings: Settings
    house: House
    permit: Permit
    work: Work
    http: httpx.AsyncClient
    #: Whether this process takes part in the lease.
    works: bool = True
    #: The live pages.
    streams: Streams = attrs.field(factory=Streams)

    def application(self, systems: Sequence[str] = ()) -> Starlette:
        """The ASGI application: one system at the root, several (all, if none is named) under their names.

        Raises:
            UnknownSystem
        """
        registry = CollectorRegistry()
        registry.register(PollingFigures(self.figures))
        registry.register(AlertFigures(self.alert_figures))
        polls = Polls(self.house.polling(), self.permit, self.house.miner_store(), self.house.passkey(), self.http)
        api = MinerApi(self.house.miners(), self.house.statistics(), polls, self.house.clock())
        faces = Faces(
            version=__version__,
            identity=self.house.identity(),
            users=self.house.users(),
            tokens=self.house.tokens(),
            journal=self.house.journals(),
            health=self.health,
            stats=self.stats,
            registry=registry,
            trust_local=self.settings.auth == "trust-local",
            public_url=self.settings.public_url,
            everywhere=alerts.routes(
                self.house.alerts(), self.house.rule_book(), self.house.channels(), self.house.maintenance()
            ),
            body_limit=self.settings.body_limit,
        )
        acts = Acts(self.house.actions(), self.permit, Holder(self.house.passkey(), self.http))
        actions = ActionApi(self.house.actions(), acts)
        discovery = DiscoveryApi(self.house.discovery(), self.house.accepting())
        bulk = BulkApi(self.house.importing(), self.house.exporting(), self.house.bulk(), polls)
        places = PlaceApi(self.house.places(), self.house.groups())
        routes = {
            "miners": [
                *api.routes(),
                *places.routes(),
                *bulk.routes(),
                *discovery.routes(),
                *actions.routes(),
                *InsightApi(self.house.comparisons(), self.house.chronicle()).routes(),
                *ReportApi(self.house.accounts()).routes(),
                *StreamApi(self.house.live(), self.house.alerts(), self.streams, self.house.clock()).routes(),
            ]
        }
        wanted = {name: routes[name] for name in systems or SYSTEMS}
        return build_app(faces, systems=wanted, alone=systems[0] if len(systems) == 1 else None)

    def figures(self) -> dict[str, float]:
        """How the polling goes, in numbers."""
        figures: dict[str, float] = attrs.asdict(self.house.polling().stats())
        return figures | {"lag_s": round(self.work.pacer.lag, 3), "working": int(self.permit.working)}

    def alert_figures(self) -> dict[str, Any]:
        """How the judging and the telling go, in numbers."""
        reporting = self.house.reporting()
        figures: dict[str, Any] = attrs.asdict(self.house.judging().stats())
        figures |= attrs.asdict(self.house.dispatch().stats())
        return figures | {"unreported": reporting.lost, "unreported_because": reporting.error}

    async def stats(self) -> Mapping[str, Any]:
        """What ``/stats`` tells."""
        return {
            "polling": self.figures(),
            "alerts": self.alert_figures(),
            "streams": self.streams.open,
            "holder": self.permit.lease.holder,
        }

    async def health(self) -> Health:
        """What ``/health`` tells: the lease is asked for in the database, so that it shows whether that is there."""
        clock = self.house.clock()
        kind = {"kind": self.settings.backend}
        try:
            lease = await self.house.lease_store().current(now=clock.now())
        except LinemanError as error:
            return Health(database_ok=False, database=kind | {"code": error.code})
        figures = self.figures()
        late = self.permit.working and figures["lag_s"] > self.settings.polling_interval
        # A small site would fill the backlog only in hours, and nobody would know that nothing is written.
        stuck = self.house.polling().backlog.failing or figures["waiting"] > 10_000
        return Health(
            database_ok=True,
            database=kind,
            scheduler_ok=not late and not stuck and (lease is not None or not self.works),
            scheduler={name: figures[name] for name in ("working", "miners", "lag_s", "waiting")},
            lease=None if lease is None else {"holder": lease.holder, "mine": lease.holder == self.permit.lease.holder},
        )


@asynccontextmanager
async def opened_service(
    settings: Settings, *, address: str = "", works: bool = True, house: House | None = None
) -> AsyncGenerator[Service]:
    """Open the house and put the faces on it.  ``address`` is where this process answers for the miners."""
    house = house or House(settings=settings)
    async with opened(house), httpx.AsyncClient(trust_env=False, timeout=None) as http:  # noqa: S113 Polls sets deadlines
        permit = Permit(house.lease(holder=process_name(), address=address))
        pacer = Pacer(house.polling(), settings.max_workers, house.clock())
        yield Service(settings, house, permit, Work(house, permit, pacer), http, works)


async def run(
    settings: Settings,
    *,
    systems: Sequence[str] = (),
    works: bool = True,
    stop: anyio.Event,
    ready: Callable[[str], None] = lambda url: None,
    first_password: Callable[[Secret], None] = lambda password: None,
    beside: Callable[[Service], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serve and work until ``stop`` is set.

    Args:
        settings: Where, over which database, how.
        systems: One alone, at the root, as a drop-in for the service it replaces; else each under its name.
        works: Whether to poll, when the lease allows it.
        stop: Ends the service: requests under way end, what was polled is written, the lease is given back.
        ready: Told the address once connections are accepted.
        first_password: Told the password of ``admin`` when it was made up at the first start.
        beside: What else to do meanwhile, such as filling a demonstration.

    Raises:
        BadSetting, CannotBind, Unavailable
    """
    check_bind(settings)
    alone_port(systems, settings.port)
    raise_open_files(settings.max_workers + SPARE_FILES)
    collect_rarely()
    sockets = await bind(settings.host, settings.port)
    url = (settings.public_url or url_of(sockets[0])).rstrip("/")
    async with opened_service(settings, address=url if len(systems) == 1 else f"{url}/miners", works=works) as service:
        if made_up := await service.house.identity().ensure_admin(settings.admin_password):
            first_password(made_up)
        async with anyio.create_task_group() as tasks:
            if works:
                tasks.start_soon(service.work.run)
            if beside:
                tasks.start_soon(beside, service)
            tasks.start_soon(_end_streams, stop, service.streams)
            await serve(
                service.application(systems), settings.host, settings.port, sockets=sockets, stop=stop,
                ready=ready, forwarded_allow=settings.forwarded_allow,
            )  # fmt: skip
            tasks.cancel_scope.cancel()


async def _end_streams(stop: anyio.Event, streams: Streams) -> None:
    """Streams would last for ever: they end at once, so that the server need not wait for them."""
    await stop.wait()
    streams.end()
