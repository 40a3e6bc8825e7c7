"""Reading the journal, for those who may."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ..ports.identity import Actor, Permission
from ..ports.journal import Entry, Journal
from .permissions import allow


@attrs.frozen
class JournalPage:
    """Lines, the newest first, and how many there are in all."""

    lines: Sequence[Entry]
    total: int


@attrs.frozen
class Journals:
    """What has been written down."""

    journal: Journal

    async def read(
        self, actor: Actor, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> JournalPage:
        """The newest lines first; ``action`` matches as a prefix.  Needs ``see-journal``."""
        allow(actor, Permission.SEE_JOURNAL)
        lines = await self.journal.read(action=action, subject=subject, limit=limit, offset=offset)
        return JournalPage(lines, await self.journal.count(action=action, subject=subject))

    async def prune(self, *, days: int, now: datetime) -> int:
        """Let lines go that are older than so many days (0: none), and write down how many.

        A crash between the two loses that line.
        """
        if not days:
            return 0
        before = now - timedelta(days=days)
        gone = await self.journal.prune(before=before, now=now)
        if gone:
            detail = f"{gone} lines of before {before:%Y-%m-%d}"
            await self.journal.write(Entry(now, "scheduler", "journal.prune", "journal", detail=detail))
        return gone
