"""What happened to a miner, one thing a row: what people ask for when they wonder why."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs


class EventKind(StrEnum):
    """What changed."""

    #: Whether it can be relied upon.
    AVAILABILITY = "availability"
    #: What it does, by its own word.
    STATE = "state"
    #: The mining process began anew.  ``before`` and ``after`` are uptimes in seconds.
    RESTART = "restart"
    #: Another pool is mined for.  ``before`` and ``after`` are the vendor's ids.
    POOL = "pool"
    #: Another maker, model or firmware answers.
    DEVICE = "device"


@attrs.frozen
class MinerEvent:
    """One change that a poll showed.  A poll shows each kind once at most."""

    miner_id: int
    at: datetime
    kind: EventKind
    before: str | None = None
    after: str | None = None
    #: More in words: reasons, pool addresses; empty where there is nothing to add.
    detail: str = ""


class EventStore(Protocol):
    """Reads what ``WatchStore.keep`` wrote with the polls; pruned by ``SeriesStore.prune``."""

    async def of(self, miner_id: int, *, since: datetime, until: datetime, limit: int) -> Sequence[MinerEvent]:
        """A miner's events, newest first."""
