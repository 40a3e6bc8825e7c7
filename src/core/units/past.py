"""What was: the history, lines, and the report of a week; and why a unit's power is or is not cut."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.units import LineCount, Outcome, Unit, UnitEvent, UnitStore, UnitWatch, UnitWatchStore
from ..permissions import allow, enterprises_of
from .config import UnitConfig
from .gates import GATES
from .stretches import cut_within, cuts, outages, stretches

#: Rows of a history; hours that one may go back.
MOST_ROWS, MOST_HOURS = 1000, 24 * 400
#: How long after a power cycle a unit that comes back was helped by it.
HELPED_WITHIN = timedelta(minutes=15)
#: What a decision about power leaves in the history.
DECISIONS = ("power_cycle", "suppress", "escalate", "service_restart", "plug_not_usable", "rearm", "ensure_on")
#: Power cycles a week from which on what fails is the hardware.
HARDWARE = 2


@attrs.frozen
class Why:
    """Why a unit's power was or was not cut, and when it could be next."""

    sentence: str
    gate: str | None
    next_possible_at: datetime | None
    #: The last decisions, newest first.
    events: tuple[UnitEvent, ...]


@attrs.frozen
class UnitReport:
    """One unit over a span."""

    enterprise_number: str
    #: Outages, also those that began before; the boot of a well unit that a person cycled is none.
    outages: int
    #: Seconds that it was down, of those that the span has.
    down_s: int
    #: How often its power was cut, by lineman and by people.
    cycles: int
    #: Outages with a cycle after which it came back within a quarter of an hour.
    helped: int
    escalations: int
    restarts: int
    #: Its power had to be cut twice a week or more: what fails is its hardware.
    hardware: bool
    #: Seconds in which nobody saw how it was, since it was written down.
    unseen_s: int
    #: Cycles in an outage: those that could help.
    needed: int
    #: Seconds that it was seen up.
    up_s: int


def sentence_of(unit: Unit, watch: UnitWatch) -> str:
    """Why its power is or is not cut, in one line."""
    number = unit.enterprise_number
    if watch.last_checked_at is None:
        return f"Unit {number} was not looked at yet."
    if watch.outcome is Outcome.UNKNOWN:
        return (
            f"How unit {number} is cannot be seen ({watch.last_error_message or watch.cause}); "
            "that may be our own side, so its power is not cut for it."
        )
    if not watch.state.failure_counter:
        ready = (
            "" if watch.gate is None else f" If it went down, its power would not be cut, since {GATES[watch.gate]}."
        )
        return f"Unit {number} answers; there is nothing to do.{ready}"
    state = (
        f"Unit {number} failed {watch.state.failure_counter} looks running ({watch.last_error_message or watch.cause})"
    )
    if watch.state.ewelink_action_done:
        return f"{state}; its power was cut in this outage already."
    if watch.gate is not None:
        when = "" if watch.next_possible_at is None else f", not before {watch.next_possible_at:%Y-%m-%d %H:%M} UTC"
        return f"{state}; its power is not cut, since {GATES[watch.gate]}{when}."
    return f"{state}; its power will be cut when it fails often enough."


def report_of(
    unit: Unit, watch: UnitWatch, events: Sequence[UnitEvent], since: datetime, until: datetime, unseen_after: timedelta
) -> UnitReport:
    """Sum up a unit's rows of a span, which are oldest first."""
    seen = stretches(unit, watch, events, since, until, unseen_after)
    made = cuts(events)
    down = outages(seen, made)
    within = [(outage, cut_within(outage, made)) for outage in down]
    helped = sum(
        bool(cut) and outage.back is not None and outage.back - cut[-1].until <= HELPED_WITHIN for outage, cut in within
    )
    needed = sum(len(cut) for _, cut in within)
    unseen = sum(
        (
            one.until - max(one.since, unit.created_at)
            for one in seen
            if one.status is None and one.until > unit.created_at
        ),
        timedelta(0),
    )
    return UnitReport(
        enterprise_number=unit.enterprise_number,
        outages=len(down),
        down_s=int(sum((one.down for one in down), timedelta(0)).total_seconds()),
        cycles=len(made),
        helped=helped,
        escalations=sum(event.action_type == "escalate" for event in events),
        restarts=sum(event.action_type == "restarted" for event in events),
        hardware=needed >= HARDWARE * max(1.0, (until - since) / timedelta(weeks=1)),
        unseen_s=int(unseen.total_seconds()),
        needed=needed,
        up_s=int(sum((one.lasted for one in seen if one.status == "on"), timedelta(0)).total_seconds()),
    )


@attrs.frozen(kw_only=True)
class UnitPast:
    """What one can ask about the past of those units that one may see."""

    unit_store: UnitStore
    watch_store: UnitWatchStore
    clock: Clock
    config: UnitConfig = attrs.field(factory=UnitConfig)

    async def history(
        self,
        actor: Actor,
        number: str | None = None,
        *,
        hours: int = 24,
        action_type: str | None = None,
        limit: int = 1000,
    ) -> Sequence[UnitEvent]:
        """Newest first, of one unit or of all.  Raises ``UnknownUnit``, ``Invalid``."""
        allow(actor, Permission.SEE_UNITS)
        visible = enterprises_of(actor)
        if number is not None:
            await self.unit_store.get(number, visible=visible)
        since, until = self._span(hours)
        if not 1 <= limit <= MOST_ROWS:
            raise Invalid(f"{limit} is not between 1 and {MOST_ROWS}", field="limit")
        return await self.watch_store.history(
            enterprise_number=number, visible=visible, since=since, until=until, action_type=action_type, limit=limit
        )

    async def lines(self, actor: Actor, number: str, *, hours: int = 24) -> Sequence[LineCount]:
        """How many lines were up when, oldest first.  Raises ``UnknownUnit``, ``Invalid``."""
        allow(actor, Permission.SEE_UNITS)
        await self.unit_store.get(number, visible=enterprises_of(actor))
        since, until = self._span(hours)
        return await self.watch_store.line_counts(number, since=since, until=until)

    async def why(self, actor: Actor, number: str) -> Why:
        """Why its power was or was not cut, and when it could be next.  Raises ``UnknownUnit``."""
        allow(actor, Permission.SEE_UNITS)
        visible = enterprises_of(actor)
        unit = await self.unit_store.get(number, visible=visible)
        watch = await self.watch_store.watch(number)
        since, until = self._span(24 * 7)
        rows = await self.watch_store.history(
            enterprise_number=number, visible=visible, since=since, until=until, limit=MOST_ROWS
        )
        decisions = tuple(row for row in rows if row.action_type in DECISIONS)[:20]
        return Why(sentence_of(unit, watch), watch.gate, watch.next_possible_at, decisions)

    async def report(self, actor: Actor, *, weeks: int = 1) -> Sequence[UnitReport]:
        """Outages and power cycles by unit: one that needs a cycle twice a week is a hardware case.

        Raises ``Invalid``.
        """
        allow(actor, Permission.SEE_UNITS)
        if not 1 <= weeks <= 52:
            raise Invalid(f"{weeks} is not between 1 and 52", field="weeks")
        visible = enterprises_of(actor)
        until = self.clock.now()
        since = until - timedelta(weeks=weeks)
        watches, found = await self.watch_store.watches(), []
        for unit in await self.unit_store.all(visible=visible):
            rows = await self.watch_store.history(
                enterprise_number=unit.enterprise_number, visible=visible, since=since, until=until, limit=100_000
            )
            watch = watches.get(unit.enterprise_number) or UnitWatch()
            found.append(report_of(unit, watch, rows[::-1], since, until, self.config.unseen_after))
        return found

    def _span(self, hours: int) -> tuple[datetime, datetime]:
        if not 1 <= hours <= MOST_HOURS:
            raise Invalid(f"{hours} is not between 1 and {MOST_HOURS}", field="hours")
        # A clock that was set back has left rows ahead of now: they belong to the newest.
        now = self.clock.now()
        return now - timedelta(hours=hours), now + timedelta(days=1)
