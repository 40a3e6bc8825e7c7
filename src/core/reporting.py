"""Telling the alerts what was seen: within a bound, and never in the way of looking.  Shared by all contexts."""

from collections.abc import Sequence

import anyio
import attrs

from ..ports.alerts import AlertSink, Facts
from ..ports.errors import LinemanError

#: Seconds that judging one batch may take.
PATIENCE = 20.0


@attrs.define(eq=False)
class Reporter:
    """Reports facts.

    What cannot be judged now is counted and let go: the next look says the
    same again.  A crash between the store and here loses as much.
    """

    sink: AlertSink
    #: Facts that could not be judged, and why the last ones could not.
    lost: int = attrs.field(init=False, default=0)
    error: str | None = attrs.field(init=False, default=None)

    async def report(self, facts: Sequence[Facts]) -> None:
        """Have facts judged.  Never raises a ``LinemanError``."""
        try:
            with anyio.fail_after(PATIENCE):
                await self.sink.report(facts)
        except LinemanError as error:
            reason = f"{error.code}: {error.detail}"
        except TimeoutError:
            reason = f"took longer than {PATIENCE:.0f} s"
        else:
            return
        self.lost += len(facts)
        self.error = reason
