"""Housekeeping: what belongs to no system."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from starlette.routing import BaseRoute

from ..adapters.http.enterprises import EnterpriseApi
from ..adapters.scheduler import Job
from ..container import House
from .system import System


@attrs.define(eq=False)
class Housekeeping(System):
    """Sessions that are over, and the like; and the enterprises, whose devices are in several systems."""

    house: House
    _pruned: int = attrs.field(init=False, default=0)

    def routes(self) -> Sequence[BaseRoute]:
        return EnterpriseApi(self.house.enterprises()).routes()

    def jobs(self) -> Sequence[Job]:
        return (
            Job("forget old sessions", 3600, self.house.identity().sweep, slowest=7200),
            Job("shorten the journal", 3600, self._shorten, slowest=7200),
        )

    async def _shorten(self) -> None:
        days, now = self.house.settings().journal_days, self.house.clock().now()
        self._pruned += await self.house.journals().prune(days=days, now=now)

    def stats(self) -> Mapping[str, Any]:
        return {
            "journal_lines_pruned": self._pruned,
            "log_ins_not_written": self.house.identity().unwritten.count,
        }
