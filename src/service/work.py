"""What a process does by itself while it holds the lease."""

from collections.abc import Sequence
from random import Random

import anyio
import attrs
import structlog

from ..adapters.scheduler import under_lease
from ..core.lease import Permit
from ..ports.clock import Clock
from ..ports.errors import LinemanError
from .system import System

log = structlog.get_logger("lineman")

#: Seconds that all systems together may take for their last words.
LAST_WORDS = 5.0


@attrs.define(eq=False)
class Work:
    """The work of all systems, whichever of them this process serves."""

    systems: Sequence[System]
    permit: Permit
    clock: Clock
    random: Random = attrs.field(factory=Random)

    async def run(self) -> None:
        """Take part in the lease, and work while it is ours.  Until cancelled."""
        await under_lease(self.permit.lease, self._work, clock=self.clock, random=self.random, told=self._told)

    async def _work(self) -> None:
        try:
            for system in self.systems:
                await system.begin()
            async with anyio.create_task_group() as tasks:
                for system in self.systems:
                    for round_ in system.rounds():
                        tasks.start_soon(round_)
                    for job in system.jobs():
                        tasks.start_soon(job.repeat, self.clock, self.random)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(LAST_WORDS):
                async with anyio.create_task_group() as tasks:
                    for system in self.systems:
                        tasks.start_soon(self._end, system)

    async def _end(self, system: System) -> None:
        try:
            await system.end()
        except LinemanError as error:
            log.error("not everything was written at the end", code=error.code, detail=error.detail)

    def _told(self, working: bool) -> None:
        self.permit.working = working
