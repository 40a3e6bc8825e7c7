"""What is known of a unit: the published fields of the specification, and what the state machine keeps beside them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs

from .probe import Cause, LineStats, Outcome, Peer

if TYPE_CHECKING:
    from .cycles import Cycle


@attrs.frozen
class MachineState:
    """The state machine's memory, stored beside the published fields.  Times are moments, ``None`` = never."""

    last_status: Outcome | None = None
    failure_counter: int = 0
    ewelink_action_done: bool = False
    #: Successes running; whether it was ever seen online since it was armed.
    success_streak: int = 0
    seen_online: bool = False
    #: An outage that was confirmed and is not over.
    incident: bool = False
    incident_since: datetime | None = None
    #: Cycles of this incident, and the moments of those of the last day.
    attempts: int = 0
    cycles: tuple[datetime, ...] = ()
    last_cycle_at: datetime | None = None
    grace_until: datetime | None = None
    retry_at: datetime | None = None
    #: Gates that were told of in this incident.
    suppressed: tuple[str, ...] = ()
    escalated: bool = False
    #: A restart of the service was tried in this incident.
    restarted_service: bool = False
    #: Where it was seen online.  (New fields come last: they are stored in this order.)
    seen_at: str = ""


@attrs.frozen
class UnitWatch:
    """What is known of one unit."""

    state: MachineState = MachineState()
    last_checked_at: datetime | None = None
    #: The last look, also when it counted for nothing.
    outcome: Outcome | None = None
    cause: Cause | None = None
    last_error_message: str | None = None
    disk_usage_percent: int | None = None
    line_stats: LineStats | None = None
    peers: tuple[Peer, ...] = ()
    uptime_s: int | None = None
    calls: int | None = None
    version: str | None = None
    #: Since when it is as it is.
    since: datetime | None = None
    #: The gate that keeps it from being cycled now, and until when at least.
    gate: str | None = None
    next_possible_at: datetime | None = None

    @property
    def sip_peers(self) -> int | None:
        return None if self.line_stats is None else self.line_stats.peers


@attrs.frozen
class UnitEvent:
    """A row of ``unit_status_history``, with all its fields; never dropped, kept also when nobody owns the plug."""

    at: datetime
    #: ``None`` = a switch of a plug that belongs to nobody.
    enterprise_number: str | None
    #: ``on`` or ``off``.
    prev_status: str | None = None
    new_status: str | None = None
    failure_counter: int = 0
    error_message: str | None = None
    #: ``status_change``, ``ewelink_toggle``, ``ewelink_toggle_off``, ``ewelink_toggle_on``, ``power_cycle``,
    #: ``service_restart``, ``suppress``, ``escalate``, ``rearm``, ``pause``, ``bind`` …
    action_type: str | None = None
    #: ``success`` or ``fail``; ``None`` = no outcome yet, or none that anybody lived to write down.
    action_result: str | None = None
    action_time: datetime | None = None
    #: ``api``, ``auto``, ``user``.
    user_initiator: str | None = None
    extra_info: Mapping[str, object] = attrs.field(factory=dict)
    id: int = 0


@attrs.frozen
class LineCount:
    """How many lines of a kind were up at a moment."""

    at: datetime
    line_stats: LineStats
    disk_usage_percent: int | None


class UnitWatchStore(Protocol):
    """Keeps what is known of units, and their history."""

    async def watches(self) -> Mapping[str, UnitWatch]:
        """By number of the enterprise."""

    async def watch(self, enterprise_number: str) -> UnitWatch:
        """Of one unit; empty for one that was never looked at."""

    async def keep(
        self, seen: Mapping[str, UnitWatch], events: Sequence[UnitEvent] = (), cycles: Sequence["Cycle"] = ()
    ) -> int:
        """Store a batch in one transaction, and begin power cycles in it: decided and begun are one.

        Returns how many were begun.

        Passed over is the cycle of a plug that has one under way already, and one that nobody wants any more: its
        unit was removed, has another plug or no opt-in now, or the red switch was pressed meanwhile.

        Units that were removed meanwhile are passed over, their events are not.
        """

    async def append(self, event: UnitEvent) -> UnitEvent:
        """Add a row to the history."""

    async def settle(self, event: UnitEvent) -> None:
        """Complete a row that was added before its effect, without a result.

        Stored are ``new_status``, ``error_message``, ``action_result`` and ``action_time``; a row that has a result
        stays as it is.
        """

    async def history(
        self, *, enterprise_number: str | None = None, visible: frozenset[str] | None = None, since: datetime,
        until: datetime, action_type: str | None = None, limit: int = 1000,
    ) -> Sequence[UnitEvent]:  # fmt: skip
        """Newest first; without a number those of all that the actor may see (of nobody's too, if he sees all)."""

    async def line_counts(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, since: datetime, until: datetime
    ) -> Sequence[LineCount]:
        """One a check whose counts differ from the one before, oldest first."""

    async def prune(self, *, before: datetime) -> int:
        """Drop line counts that are older (rows of the history stay); how many."""
