"""Reading the journal, for those who may."""

from collections.abc import Sequence

import attrs

from ..ports.identity import Actor, Permission
from ..ports.journal import Entry, Journal
from .permissions import allow


@attrs.frozen
class Journals:
    """What has been written down."""

    journal: Journal

    async def read(
        self, actor: Actor, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        """The newest lines first; ``action`` matches as a prefix.  Needs ``see-journal``."""
        allow(actor, Permission.SEE_JOURNAL)
        return await self.journal.read(action=action, subject=subject, limit=limit, offset=offset)
