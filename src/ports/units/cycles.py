"""Power cycles: a sequence that is stored before each step is sent, so that every crash leads to ON."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..power import Plug
from .watch import UnitEvent


class Step(StrEnum):
    """How far a cycle is; what it names was stored before it was sent."""

    PRECHECK = "precheck"
    OFF_SENT = "off_sent"
    OFF_SEEN = "off_seen"
    HOLD = "hold"
    ON_SENT = "on_sent"
    ON_SEEN = "on_seen"
    DONE = "done"


class CycleResult(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILED_PRECHECK = "failed_precheck"
    FAILED_OFF = "failed_off"
    #: ON never took; it goes on being tried.
    STUCK_OFF = "stuck_off"
    #: Somebody switched it off before: it was not touched.
    PLUG_WAS_OFF = "plug_was_off"
    #: Nothing was sent, since nobody wanted it any more when its turn had come.
    CALLED_OFF = "called_off"
    #: ON never took, and a person said that it is to be tried no more.
    GIVEN_UP = "given_up"


@attrs.frozen
class Cycle:
    """One power cycle."""

    id: int
    #: ``None`` = a plug that belongs to nobody, cycled by hand.
    enterprise_number: str | None
    plug: Plug
    #: ``auto`` or ``user``, and who.
    initiator: str
    by: str
    requested_at: datetime
    step: Step = Step.PRECHECK
    step_at: datetime | None = None
    result: CycleResult | None = None
    error: str | None = None
    on_tries: int = 0
    #: When ON is to be tried next, while it is stuck.
    next_at: datetime | None = None
    finished_at: datetime | None = None


class UnknownCycle(NotFound):
    """There is no such power cycle."""


class NotStuck(Conflict):
    """A power cycle can be given up only while its plug does not take ON."""


class CycleUnderWay(Conflict):
    """A power cycle of this plug is under way."""


class CycleStore(Protocol):
    """Keeps cycles: one that has not ended per plug, at most."""

    async def begin(self, cycle: Cycle) -> Cycle:
        """Store it; the id given is ignored.  Raises ``CycleUnderWay``."""

    async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
        """Store where it is, before that is sent, and the rows of the history that this brings; both or none.

        A cycle that has ended stays as it ended, also when a process that was slow comes later; its rows are kept.
        Raises ``UnknownCycle``.
        """

    async def open(self) -> Sequence[Cycle]:
        """Those that have not ended."""

    async def get(self, cycle_id: int, *, visible: frozenset[str] | None = None) -> Cycle:
        """Raises ``UnknownCycle``, also for what the actor may not see."""

    async def of_unit(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, limit: int = 100
    ) -> Sequence[Cycle]:
        """Newest first."""
