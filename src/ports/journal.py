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
    """An append-only record.  Nothing listens to it; it ends where it is older than the settings keep."""

    async def write(self, entry: Entry) -> None:
        """Add a line."""

    async def read(
        self, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        """The newest lines first; ``action`` matches as a prefix."""

    async def count(self, *, action: str | None = None, subject: str | None = None) -> int:
        """How many lines ``read`` has in all."""

    async def prune(self, *, before: datetime, now: datetime) -> int:
        """Drop the lines of before; how many.  None while the clock has jumped lately."""
