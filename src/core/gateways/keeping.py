"""Writing down what was seen: who comes while a batch is written waits for the next, so that lanes share writes."""

from collections.abc import Sequence

import anyio
import attrs

from ...ports.errors import LinemanError, Unavailable
from ...ports.gateways import GatewayWatchStore
from .facts import Look
from .reporting import GatewayReports

#: Seconds that one batch may take to be written.
PATIENCE = 60.0


@attrs.define(eq=False)
class _Waiting:
    look: Look
    done: bool = False
    error: LinemanError | None = None


@attrs.define(eq=False)
class Keeping:
    """Stores looks at gateways, and tells the alerts of them.

    ``keep`` returns once the look is stored, so that whoever has a gateway's
    turn hands it on with nothing in memory that the store does not have.  A
    crash loses the looks under way; one between the store and the alerts loses
    the telling, and the next look says the same again.
    """

    watch_store: GatewayWatchStore
    reports: GatewayReports

    #: At most as many as there are lanes, and people who check by hand.
    _waiting: list[_Waiting] = attrs.field(init=False, factory=list)
    _writing: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)

    async def keep(self, look: Look) -> None:
        """Store a look together with those that come at the same time.

        Raises:
            Unavailable: It cannot be stored now, and is lost.
        """
        mine, batch = _Waiting(look), []
        self._waiting.append(mine)
        try:
            async with self._writing:
                if not mine.done:
                    batch, self._waiting = self._waiting, []
                    # What was begun is brought to its end, also for the others.
                    with anyio.CancelScope(shield=True):
                        await self._write(batch)
        finally:
            if not mine.done and mine in self._waiting:
                self._waiting.remove(mine)
        await self.reports.seen([one.look for one in batch if one.error is None])
        if mine.error is not None:
            raise mine.error

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        error: LinemanError | None = Unavailable("what was seen could not be stored", retry_after=5.0)
        try:
            with anyio.fail_after(PATIENCE):
                await self.watch_store.keep([one.look.seen for one in batch])
            error = None
        except LinemanError as refused:
            error = refused
        except TimeoutError:
            error = Unavailable(f"what was seen could not be stored in {PATIENCE:.0f} s", retry_after=5.0)
        finally:
            for one in batch:
                one.done, one.error = True, error
