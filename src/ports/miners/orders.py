"""What is remembered of an action: one order to one miner, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from .control import ActionKind
from .reading import State


class OrderStatus(StrEnum):
    """How far an order has come."""

    #: Written down; whether it was sent, ``sent_at`` says.
    REQUESTED = "requested"
    #: The miner took the command; its effect was not seen yet.
    ACCEPTED = "accepted"
    #: A later reading shows the effect.
    VERIFIED = "verified"
    #: Sent, and nobody knows: the answer got lost, or no reading showed the effect in time.
    UNVERIFIED = "unverified"
    #: The miner, or its wire, does not allow it.
    DECLINED = "declined"
    #: It never reached the miner.
    FAILED = "failed"


@attrs.frozen
class Before:
    """The miner just before the order, to tell what changed."""

    seen_at: datetime | None = None
    state: State | None = None
    uptime_s: int | None = None
    active_pool: int | None = None


@attrs.frozen
class Order:
    """One action for one miner.  Holds no secret: the password of a new pool is only sent, never kept."""

    id: int
    miner_id: int
    #: The miner's name at that time.
    miner: str
    action: ActionKind
    #: ``{"on": true}``, ``{"pool": 1}``, ``{"pool": {"url": …, "user": …}}``, ``{"watts": 3000}``.
    arguments: Mapping[str, object]
    by: str
    requested_at: datetime
    status: OrderStatus = OrderStatus.REQUESTED
    #: What happened, in words.
    detail: str = ""
    #: Stored before the command leaves: without it nothing was sent.
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    #: Until when readings are looked at for the effect.
    until: datetime | None = None
    before: Before = Before()


class UnknownOrder(NotFound):
    """There is no such action."""


class ActionUnderWay(Conflict):
    """Another action of this miner is under way."""


class OrderStore(Protocol):
    """Keeps orders.  ``visible`` limits every question to what the actor may see."""

    async def add(self, order: Order) -> Order:
        """Store an order; the id given is ignored, the one returned is the store's.

        Raises:
            ActionUnderWay: One of the same miner is requested or accepted.
            UnknownMiner: The miner was removed.
        """

    async def add_all(self, orders: Sequence[Order]) -> Sequence[Order]:
        """Store several, all or none.  Where ``add`` would raise ``ActionUnderWay``, a declined order is stored;
        those of miners that were removed are left out.
        """

    async def save(self, order: Order) -> None:
        """Store what has become of an order.

        One whose miner was removed meanwhile, or that has ended otherwise, is passed over.
        """

    async def get(self, order_id: int, *, visible: frozenset[int] | None = None) -> Order:
        """Raises ``UnknownOrder``, also for what the actor may not see."""

    async def of_miner(self, miner_id: int, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Order], int]:
        """A miner's orders, newest first, and how many there are."""

    async def prune(self, *, before: datetime) -> int:
        """Remove what ended before then; how many."""

    async def open(self, *, now: datetime) -> Sequence[Order]:
        """Those that are requested or accepted, and those unverified whose ``until`` is not over."""
