"""What containers used and earned: sums for accounts."""

from collections.abc import Sequence
from typing import Protocol

import attrs


@attrs.frozen
class Use:
    """Sums over the hours ``first`` to ``last`` of one period, of the miners of one algorithm and one kind of watts.

    Times are counted in slots of 5 minutes; a miner-slot is a miner through a slot.
    Hours are counted from 1970 in UTC.
    """

    container_id: int
    #: Which of the periods that were asked for.
    period: int
    #: ``None``: no miner of these has said.
    algorithm: str | None
    power_kind: str | None
    #: The most in any one hour.
    miners: int
    miner_slots: int
    #: Miner-slots in which they should have hashed, and in which they did.
    awaited: int
    hashing: int
    #: Miner-slots whose power is known, and the energy of those.
    measured: int
    energy_wh: float | None
    #: H/s, summed over miner-slots.
    rate_slots: float | None
    polls: int
    misses: int
    accepted: int | None
    rejected: int | None
    restarts: int | None
    pool_switches: int | None
    #: Slots of the period in which anything in the container was polled: the same in all rows of a period.
    slots: int = 0


class UseStore(Protocol):
    """Reads what the roll-up wrote down for accounts."""

    async def used(self, container_ids: Sequence[int], periods: Sequence[tuple[int, int]]) -> Sequence[Use]:
        """By container and period (first and last hour, both within); nothing for a period without polls."""
