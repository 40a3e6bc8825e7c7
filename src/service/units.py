"""The Asterisk units and their power in one process: their paths and their work."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import attrs
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute

from ..adapters.http.ewelink import EwelinkApi
from ..adapters.http.figures import UnitFigures
from ..adapters.http.passing import Holder
from ..adapters.http.stream import Streams
from ..adapters.http.units import UnitApi
from ..adapters.http.units_bulk import UnitTableApi
from ..adapters.http.units_passing import UnitActs
from ..adapters.http.units_past import UnitPastApi
from ..adapters.http.units_power import PowerApi
from ..adapters.http.units_stream import UnitStreamApi
from ..adapters.scheduler import Job, Pacer
from ..container import House
from ..core.lease import Permit
from .system import System

#: Seconds between two looks for changed units, two reports, and two looks at the cloud's authorisation.
LOOK_EVERY, REPORT_EVERY, CLOUD_EVERY = 1.0, 60.0, 3600.0


@attrs.frozen
class UnitSystem(System):
    """Watches, cuts power and gives it back."""

    house: House
    permit: Permit
    pacer: Pacer
    holder: Holder
    streams: Streams

    def routes(self) -> Sequence[BaseRoute]:
        house, clock = self.house, self.house.clock()
        acts = UnitActs(house.powering(), house.unit_store(), self.permit, self.holder)
        return (
            *UnitApi(house.units(), acts, clock).routes(),
            *PowerApi(house.powering(), acts).routes(),
            *UnitPastApi(house.unit_past(), house.units()).routes(),
            *UnitTableApi(house.units(), house.unit_importing()).routes(),
            *UnitStreamApi(house.live_units(), house.alerts(), self.streams, clock).routes(),
        )

    async def begin(self) -> None:
        await self.house.watching().reload()
        self.pacer.refresh()

    def jobs(self) -> Sequence[Job]:
        return (
            Job("look for changed units", LOOK_EVERY, self._look, deadline=30, slowest=10),
            Job("report units", REPORT_EVERY, self._report),
            Job("look at the plugs' authorisation", CLOUD_EVERY, self.house.clouds().tend, deadline=120, slowest=7200),
        )

    async def _look(self) -> None:
        await self.house.watching().reload()
        self.pacer.refresh()

    async def _report(self) -> None:
        await self.house.unit_reports().present(self.house.watching().units())

    def rounds(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        return (self.pacer.run, self.house.cycling().run)

    async def end(self) -> None:
        """What was seen is stored at once; a power cycle that is cut short has switched ON first."""
        self.house.watching().forget()

    def collectors(self) -> Sequence[Collector]:
        return (UnitFigures(self._all),)

    def stats(self) -> Mapping[str, Any]:
        return {"units": self._all()}

    def figures(self) -> Mapping[str, float]:
        return {"units": self.house.watching().stats().units, "unit_lag_s": round(self.pacer.lag, 3)}

    def ailing(self) -> bool:
        return self.permit.working and self.pacer.lag > self.house.settings().unit_interval

    def _all(self) -> dict[str, Any]:
        """How the watching goes, in numbers."""
        reports = self.house.unit_reports()
        figures: dict[str, Any] = attrs.asdict(self.house.watching().stats())
        return figures | {
            "cycles_under_way": self.house.cycling().under_way(),
            "lag_s": round(self.pacer.lag, 3),
            "unreported": reports.lost,
            "unreported_because": reports.error,
        }


@attrs.frozen
class EwelinkSystem(System):
    """The plugs' cloud: paths only, since its work is the units'."""

    house: House
    permit: Permit
    holder: Holder

    def routes(self) -> Sequence[BaseRoute]:
        acts = UnitActs(self.house.powering(), self.house.unit_store(), self.permit, self.holder)
        return EwelinkApi(self.house.clouds(), acts).routes()
