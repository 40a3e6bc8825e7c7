"""Alerts, of all systems, in one process."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute

from ..adapters.http import alerts
from ..adapters.http.figures import AlertFigures
from ..adapters.scheduler import Job
from ..container import House
from .system import System

#: Seconds between two looks at what time does to alerts, and two goes at telling people.
JUDGE_EVERY, TELL_EVERY = 5.0, 5.0
#: How long alerts that are over stay in the list.
KEPT = timedelta(days=365)


@attrs.frozen
class AlertSystem(System):
    """Judges what the other systems report, and tells people."""

    house: House

    def routes(self) -> Sequence[BaseRoute]:
        house = self.house
        return alerts.routes(house.alerts(), house.rule_book(), house.channels(), house.maintenance())

    def jobs(self) -> Sequence[Job]:
        judging, rules, store, clock = (
            self.house.judging(), self.house.rule_book(), self.house.alert_store(), self.house.clock()
        )  # fmt: skip
        began = False

        async def judge() -> None:
            nonlocal began
            # Tried again when it fails: there is no work without it.
            if not began:
                await rules.ensure_usual()
            began = True
            await judging.tick()

        return (
            Job("judge what time changes", JUDGE_EVERY, judge, deadline=60, slowest=30),
            Job("tell of alerts", TELL_EVERY, self.house.dispatch().send, deadline=300, slowest=60),
            Job("forget old alerts", 3600, lambda: store.prune(before=clock.now() - KEPT), slowest=7200),
        )

    async def end(self) -> None:
        self.house.judging().forget()

    def collectors(self) -> Sequence[Collector]:
        return (AlertFigures(self._all),)

    def stats(self) -> Mapping[str, Any]:
        return {"alerts": self._all()}

    def _all(self) -> dict[str, Any]:
        """How the judging and the telling go, in numbers."""
        reporting = self.house.reporting()
        figures: dict[str, Any] = attrs.asdict(self.house.judging().stats())
        figures |= attrs.asdict(self.house.dispatch().stats())
        return figures | {"unreported": reporting.lost, "unreported_because": reporting.error}
