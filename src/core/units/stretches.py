"""When a unit was up, down or not seen, and its outages: from the rows of its history.  Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import attrs

from ...ports.units import Outcome, Unit, UnitEvent, UnitWatch
from .recording import BOOT, WORDS

#: How long before OFF was seen a look may have found a unit gone.
AHEAD = timedelta(seconds=30)
#: What a power cycle that cut the power leaves in the history.
CUT = ("ewelink_toggle_off", "ewelink_toggle_on")


@attrs.frozen
class Stretch:
    """A time in which a unit was one and the same."""

    since: datetime
    until: datetime
    #: ``on`` or ``off``; ``None`` = nobody saw it.
    status: str | None

    @property
    def lasted(self) -> timedelta:
        return self.until - self.since


@attrs.frozen
class Cut:
    """A power cycle that did cut the power."""

    since: datetime
    until: datetime
    by_hand: bool


@attrs.frozen
class Outage:
    """A unit was down, seen or not in between; ``back`` is when it was seen up again."""

    since: datetime
    down: timedelta
    back: datetime | None


def stretches(
    unit: Unit, watch: UnitWatch, events: Sequence[UnitEvent], since: datetime, until: datetime, unseen_after: timedelta
) -> list[Stretch]:
    """What it was from ``since`` to ``until``; ``events`` are the rows of that time, oldest first."""
    changes = [event for event in events if event.action_type == "status_change"]
    marks: list[tuple[datetime, str | None]] = [(since, None)]
    if changes:
        # A unit that was removed and added again has a past that is older than itself.
        born = unit.created_at if unit.created_at < changes[0].at else since
        marks.append((max(born, since), changes[0].prev_status))
    elif watch.state.last_status is not None and watch.since is not None and watch.outcome is not Outcome.UNKNOWN:
        marks.append((max(watch.since, since), WORDS[watch.state.last_status]))
    marks += [(max(event.at, since), event.new_status) for event in changes]
    if watch.last_checked_at is not None and until - watch.last_checked_at > unseen_after:
        marks.append((max(watch.last_checked_at, since), None))
    marks.append((until, None))
    return [Stretch(at, end, status) for (at, status), (end, _) in pairwise(marks) if at < end]


def cuts(events: Sequence[UnitEvent]) -> list[Cut]:
    """Power cycles that cut the power: one after a crash has a row of ON only, one never seen off a failed OFF."""
    found: dict[object, Cut] = {}
    never: set[object] = set()
    for event in events:
        key = event.extra_info.get("cycle")
        if event.action_type not in CUT or key is None:
            continue
        if event.action_result != "success":
            never |= {key} if event.action_type == CUT[0] else set()
        elif key not in never:
            first = found.get(key) or Cut(event.at, event.at, event.user_initiator == "user")
            found[key] = attrs.evolve(first, until=event.at)
    return list(found.values())


def outages(seen: Sequence[Stretch], made: Sequence[Cut]) -> list[Outage]:
    """The outages among stretches.  The boot of a well unit that a person cycled is none, if it is not long."""
    found: list[Outage] = []
    open_one: Outage | None = None
    for one in seen:
        if one.status == "off":
            open_one = open_one or Outage(one.since, timedelta(0), None)
            open_one = attrs.evolve(open_one, down=open_one.down + one.lasted)
        elif one.status == "on" and open_one is not None:
            found.append(attrs.evolve(open_one, back=one.since))
            open_one = None
    if open_one is not None:
        found.append(open_one)
    end = seen[-1].until if seen else None
    return [one for one in found if not any(cut.by_hand and _is_boot(one, cut, end) for cut in made)]


def _is_boot(outage: Outage, cut: Cut, end: datetime | None) -> bool:
    over = outage.back or end
    return cut.since - AHEAD <= outage.since and over is not None and over <= cut.until + BOOT


def cut_within(outage: Outage, made: Sequence[Cut]) -> list[Cut]:
    """The power cycles of an outage, oldest first."""
    return [cut for cut in made if outage.since <= cut.until and (outage.back is None or cut.since <= outage.back)]
