"""Telling the alerts what was seen: after it is stored, within a bound, and never in the way of a scan."""

from collections.abc import Iterable, Sequence

import attrs

from ...ports.gateways import Watched
from ..reporting import Reporter
from .facts import Look, facts_of, line_id
from .kinds import GATEWAYS, LINES


@attrs.define(eq=False)
class GatewayReports(Reporter):
    """Reports gateways and their lines."""

    async def seen(self, looks: Iterable[Look]) -> None:
        """Report a batch of looks.  Never raises a ``LinemanError``."""
        await self.report([facts for look in looks for facts in facts_of(look)])

    async def present(self, watched: Sequence[Watched]) -> None:
        """These are all gateways, with all their lines: alerts of others end.  Raises ``Unavailable``."""
        await self.sink.present(GATEWAYS, {one.gateway.id for one in watched})
        await self.sink.present(LINES, {line_id(one.gateway.id, line) for one in watched for line in one.lines})
