"""The journal: who did what, to what, with what outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen
class Entry:
    """One line of the journal.  Details never hold a secret."""

    at: datetime
    #: The user's name, or ``cli``, ``scheduler``, ``system``.
    actor: str
    #: A verb with its context, such as ``miners.remove`` or ``identity.log-in``.
    action: str
    #: What it was done to, such as ``miner 17`` or ``user anna``.
    subject: str
    #: ``ok``, ``refused`` or ``failed``.
    outcome: str = "ok"
    detail: str = ""


class Journal(Protocol):
    """An append-only record.  Nothing listens to it."""

    async def write(self, entry: Entry) -> None:
        """Add a line."""

    async def read(
        self, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        """The newest lines first; ``action`` matches as a prefix."""
