"""The GoIP gateways in one process: their paths and their work."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute

from .. import __version__
from ..adapters.http.figures import ScanFigures
from ..adapters.http.gateways import GatewayApi
from ..adapters.http.gateways_bulk import GatewayTableApi
from ..adapters.http.gateways_directories import DirectoryApi
from ..adapters.http.gateways_orders import OrderApi
from ..adapters.http.gateways_passing import GatewayActs
from ..adapters.http.gateways_past import GatewayPastApi
from ..adapters.http.gateways_stream import GatewayStreamApi
from ..adapters.http.passing import Holder
from ..adapters.http.stream import Streams
from ..adapters.scheduler import Job
from ..container import House
from ..core.lease import Permit
from .system import System

#: Seconds between two looks for a scan that is due or asked for, two looks after commands, two roll-ups, two reports.
SCAN_EVERY, TEND_EVERY, ROLL_UP_EVERY, REPORT_EVERY = 1.0, 2.0, 300.0, 300.0


@attrs.frozen
class GatewaySystem(System):
    """Scans, stores and commands."""

    house: House
    permit: Permit
    holder: Holder
    streams: Streams

    def routes(self) -> Sequence[BaseRoute]:
        house, clock = self.house, self.house.clock()
        acts = GatewayActs(
            house.commands(), house.scanning(), house.gateways(), self.permit, self.holder,
            house.settings().goip_scan_timeout,
        )  # fmt: skip
        return (
            *GatewayApi(house.gateways(), house.scans(), clock, __version__).routes(),
            *OrderApi(house.scans(), house.commands(), acts, clock).routes(),
            *GatewayPastApi(house.gateway_past()).routes(),
            *DirectoryApi(house.directories()).routes(),
            *GatewayTableApi(house.gateways(), house.gateway_import(), clock).routes(),
            *GatewayStreamApi(house.live_gateways(), house.alerts(), self.streams, clock).routes(),
        )

    async def begin(self) -> None:
        await self.house.commands().recover()
        await self.house.scanning().resume()

    def jobs(self) -> Sequence[Job]:
        scanning, commands, history = self.house.scanning(), self.house.commands(), self.house.gateway_history()
        clock, interval = self.house.clock(), self.house.settings().goip_scan_interval
        return (
            Job("see whether a scan is due", SCAN_EVERY, scanning.tick, deadline=30, slowest=30),
            # It bounds itself, so that what takes too long is told of.
            Job("scan gateways", SCAN_EVERY, scanning.work, deadline=2 * interval + 60, slowest=30),
            Job("look after commands to gateways", TEND_EVERY, commands.tend, deadline=120, slowest=15),
            Job("report gateways", REPORT_EVERY, self._report),
            Job("roll up lines", ROLL_UP_EVERY, lambda: history.roll_up(now=clock.now()), deadline=300),
            Job("prune lines", 3600, lambda: history.prune(now=clock.now()), deadline=900, slowest=7200),
            Job("forget old scans", 3600, scanning.prune, slowest=7200),
            Job("forget old commands to gateways", 3600, commands.prune, slowest=7200),
        )

    async def _report(self) -> None:
        watched, directories = await self.house.gateway_watch_store().all(), await self.house.probing().directories()
        await self.house.gateway_reports().present(watched, directories)

    async def end(self) -> None:
        """What was seen is written at once; a scan that is cut short is queued for the next to work."""
        self.house.scanning().forget()

    def collectors(self) -> Sequence[Collector]:
        return (ScanFigures(self._all),)

    def stats(self) -> Mapping[str, Any]:
        return {"goip": self._all()}

    def figures(self) -> Mapping[str, float]:
        stats = self.house.scanning().stats()
        return {"last_scan_s": stats.last_scan_s, "scan_lag_s": stats.lag_s}

    def ailing(self) -> bool:
        return self.permit.working and self.house.scanning().stats().lag_s > self.house.settings().goip_scan_interval

    def _all(self) -> dict[str, Any]:
        """How the scanning goes, in numbers."""
        reports = self.house.gateway_reports()
        figures: dict[str, Any] = attrs.asdict(self.house.scanning().stats())
        return figures | {"unreported": reports.lost, "unreported_because": reports.error}
