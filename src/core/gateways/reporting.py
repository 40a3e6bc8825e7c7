"""Telling the alerts what was seen: after it is stored, within a bound, and never in the way of a scan."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from ...ports.gateways import Directory, DirectoryOutcome, Watched
from ..reporting import Reporter
from .facts import Look, fact_of_list, facts_of, line_id
from .kinds import DIRECTORIES, GATEWAYS, LINES


@attrs.define(eq=False)
class GatewayReports(Reporter):
    """Reports gateways, their lines, and the lists that they are on."""

    async def seen(self, looks: Iterable[Look]) -> None:
        """Report a batch of looks.  Never raises a ``LinemanError``."""
        await self.report([facts for look in looks for facts in facts_of(look)])

    async def read(self, lists: Mapping[int, DirectoryOutcome], *, at: datetime) -> None:
        """Report which lists could be read, by the numbers of their directories.  Never raises a ``LinemanError``."""
        await self.report([fact_of_list(number, outcome, at=at) for number, outcome in lists.items()])

    async def present(self, watched: Sequence[Watched], directories: Sequence[Directory]) -> None:
        """These are all gateways, with all their lines, and all directories: alerts of others end.

        One that is switched off is read by nobody, and so counts as none.  Raises ``Unavailable``.
        """
        await self.sink.present(DIRECTORIES, {one.id for one in directories if one.is_active})
        await self.sink.present(GATEWAYS, {one.gateway.id for one in watched})
        await self.sink.present(LINES, {line_id(one.gateway.id, line) for one in watched for line in one.lines})
