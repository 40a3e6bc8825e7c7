"""Telling the alerts what was seen: after it is stored, within a bound, and never in the way of a scan."""

from collections.abc import Iterable, Sequence

import anyio
import attrs

from ...ports.alerts import AlertSink, Facts
from ...ports.errors import LinemanError
from ...ports.gateways import Watched
from .facts import Look, facts_of, line_id
from .kinds import GATEWAYS, LINES

#: Seconds that judging one batch may take.
PATIENCE = 20.0


@attrs.define(eq=False)
class GatewayReports:
    """Reports gateways and their lines.

    What cannot be judged now is counted and let go: the next look says the
    same again.  A crash between the store and here loses as much.
    """

    sink: AlertSink
    #: Facts that could not be judged, and why the last ones could not.
    lost: int = attrs.field(init=False, default=0)
    error: str | None = attrs.field(init=False, default=None)

    async def seen(self, looks: Iterable[Look]) -> None:
        """Report a batch of looks.  Never raises a ``LinemanError``."""
        await self._report([facts for look in looks for facts in facts_of(look)])

    async def present(self, watched: Sequence[Watched]) -> None:
        """These are all gateways, with all their lines: alerts of others end.  Raises ``Unavailable``."""
        await self.sink.present(GATEWAYS, {one.gateway.id for one in watched})
        await self.sink.present(LINES, {line_id(one.gateway.id, line) for one in watched for line in one.lines})

    async def _report(self, facts: Sequence[Facts]) -> None:
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
