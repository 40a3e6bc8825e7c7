"""The miners in one process: their paths and their work."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import anyio
import attrs
import structlog
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute

from ..adapters.http.actions import ActionApi
from ..adapters.http.bulk import BulkApi
from ..adapters.http.discovery import DiscoveryApi
from ..adapters.http.figures import PollingFigures
from ..adapters.http.insights import InsightApi
from ..adapters.http.miners import MinerApi
from ..adapters.http.passing import Acts, Holder, Polls
from ..adapters.http.places import PlaceApi
from ..adapters.http.reports import ReportApi
from ..adapters.http.stream import StreamApi, Streams
from ..adapters.scheduler import Job, Pacer
from ..container import House
from ..core.lease import Permit
from ..ports.errors import LinemanError
from .system import System

log = structlog.get_logger("lineman")

#: Seconds between two writes of what was polled, two looks for changed miners, two roll-ups.
FLUSH_EVERY, LOOK_EVERY, ROLL_UP_EVERY = 1.5, 1.0, 30.0
#: Seconds between two looks for a discovery that waits.
DISCOVER_EVERY = 1.0
#: Seconds between two reports of containers to the alerts.
REPORT_EVERY = 60.0
#: Seconds between two looks for actions to carry out and for their effects; miners looked at for that at once.
ACT_EVERY, ATTEND_EVERY, LOOKS_AT_ONCE = 0.5, 2.0, 20
#: Observations that wait to be written, from which on something is wrong.
STUCK = 10_000


@attrs.frozen
class MinerSystem(System):
    """Polls, stores, discovers and acts."""

    house: House
    permit: Permit
    pacer: Pacer
    holder: Holder
    streams: Streams

    def routes(self) -> Sequence[BaseRoute]:
        house = self.house
        polls = Polls(house.polling(), self.permit, house.miner_store(), self.holder)
        acts = Acts(house.actions(), self.permit, self.holder)
        return (
            *MinerApi(house.miners(), house.statistics(), polls, house.clock()).routes(),
            *PlaceApi(house.places(), house.groups()).routes(),
            *BulkApi(house.importing(), house.exporting(), house.bulk(), polls).routes(),
            *DiscoveryApi(house.discovery(), house.accepting()).routes(),
            *ActionApi(house.actions(), acts).routes(),
            *InsightApi(house.comparisons(), house.chronicle()).routes(),
            *ReportApi(house.accounts()).routes(),
            *StreamApi(house.live(), house.alerts(), self.streams, house.clock()).routes(),
        )

    async def begin(self) -> None:
        await self.house.polling().reload()
        await self.house.actions().recover()
        await self.house.discovery().resume()
        self.pacer.refresh()

    def rounds(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        return (self.pacer.run,)

    def jobs(self) -> Sequence[Job]:
        polling, series, clock = self.house.polling(), self.house.series_store(), self.house.clock()
        return (
            Job("write what was polled", FLUSH_EVERY, polling.flush, deadline=120, slowest=15),
            Job("look for changed miners", LOOK_EVERY, self._look, deadline=30, slowest=10),
            Job("roll up", ROLL_UP_EVERY, lambda: series.roll_up(now=clock.now()), deadline=300),
            # It bounds itself, so that what takes too long is told of.
            Job("look for miners", DISCOVER_EVERY, self.house.discovery().work, deadline=2 * 3600, slowest=30),
            Job("prune", 3600, lambda: series.prune(now=clock.now()), deadline=900, slowest=7200),
            Job("report containers", REPORT_EVERY, self._report),
            *self._action_jobs(),
        )

    def _action_jobs(self) -> Sequence[Job]:
        actions = self.house.actions()
        return (
            Job("tell miners what to do", ACT_EVERY, actions.work, deadline=150, slowest=5),
            Job("look at what was told", ATTEND_EVERY, lambda: attend(self.house), deadline=90, slowest=15),
            Job("forget old actions", 3600, actions.prune, slowest=7200),
        )

    async def _look(self) -> None:
        polling = self.house.polling()
        if await polling.changed():
            await polling.reload()
        self.pacer.refresh()
        for key in polling.unplanned():
            self.pacer.plan(key)

    async def _report(self) -> None:
        reporting = self.house.reporting()
        await reporting.present(self.house.polling().watches().keys())
        await reporting.pace(self.pacer.lag)
        await reporting.containers()

    async def end(self) -> None:
        """Write what was polled."""
        try:
            await self.house.actions().forget()
            await self.house.polling().flush()
        finally:
            self.house.polling().forget()

    def collectors(self) -> Sequence[Collector]:
        return (PollingFigures(self._all),)

    def stats(self) -> Mapping[str, Any]:
        return {"polling": self._all(), "streams": self.streams.open}

    def figures(self) -> Mapping[str, float]:
        figures = self._all()
        return {name: figures[name] for name in ("miners", "lag_s", "waiting")}

    def ailing(self) -> bool:
        figures, polling = self._all(), self.house.polling()
        late = self.permit.working and figures["lag_s"] > polling.interval
        # A small site would fill the backlog only in hours, and nobody would know that nothing is written.
        return late or polling.backlog.failing or figures["waiting"] > STUCK

    def _all(self) -> dict[str, float]:
        """How the polling goes, in numbers."""
        figures: dict[str, float] = attrs.asdict(self.house.polling().stats())
        return figures | {"lag_s": round(self.pacer.lag, 3), "working": int(self.permit.working)}


async def attend(house: House) -> None:
    """Look at miners that were told something, a few at a time, and give up what is overdue."""
    polling, lanes = house.polling(), anyio.CapacityLimiter(LOOKS_AT_ONCE)

    async def look(miner_id: int) -> None:
        async with lanes:
            try:
                await polling.look(miner_id)
            except LinemanError as error:
                log.debug("no look at a miner", id=miner_id, code=error.code, detail=error.detail)

    async with anyio.create_task_group() as tasks:
        for miner_id in await house.actions().tend():
            tasks.start_soon(look, miner_id)
