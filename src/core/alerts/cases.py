"""Cases: what memory holds of a subject that does not keep a rule, and the alert that it becomes."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import attrs

from ...ports.alerts import Alert, Facts, Key, Status, Subject
from .rules import Check, Phase, State
from .wording import detail_of


@attrs.frozen
class Case:
    """A rule that a subject does not keep."""

    state: State
    subject: Subject
    #: Of one that fires.
    alert_id: int = 0
    muted: bool = False
    escalated: bool = False
    #: When its last figure was written.
    written: float = 0.0


def rounds(facts: Sequence[Facts]) -> Iterator[Sequence[Facts]]:
    """Split a batch so that a subject occurs once in each part, in order: a case then changes once in each."""
    rest = facts
    while rest:
        part: dict[Key, Facts] = {}
        later = [one for one in rest if part.setdefault(one.subject.key, one) is not one]
        yield list(part.values())
        rest = later


def raised(check: Check, subject: Subject, state: State, at: datetime, *, muted: bool) -> Alert:
    """The alert of a case that fires; its number is still to be given."""
    rule = check.rule
    return Alert(
        id=0,
        rule_id=rule.id,
        rule=rule.name,
        kind=rule.kind,
        severity=rule.severity,
        system=subject.system,
        subject_id=subject.id,
        subject=subject.name,
        container_id=subject.container_id,
        enterprise_number=subject.enterprise_number,
        status=Status.FIRING,
        value=figure(check, state),
        unit=check.kind.unit,
        detail=detail_of(check, state.value, state.words),
        since=state.since or at,
        fired_at=at,
        last_at=at,
        muted=muted,
    )


def figure(check: Check, state: State) -> float | None:
    """What people are shown; the figure of a kind without a threshold is a yes or a no, and says nothing to them."""
    return state.value if check.kind.chosen else None


def recalled(alert: Alert, now: datetime, tick: float) -> Case:
    """The case of a stored alert."""
    fired = tick - passed(alert.fired_at, now)
    state = State(Phase.FIRING, alert.since, fired, tick - passed(alert.last_at, now), alert.value)
    subject = Subject(
        alert.system, alert.subject_id, alert.subject, alert.container_id, enterprise_number=alert.enterprise_number
    )
    return Case(state, subject, alert.id, alert.muted, alert.escalated_at is not None, tick)


def passed(since: datetime, now: datetime, most: float = 1e9) -> float:
    """Seconds since then, as far as a clock can be trusted that may have been set."""
    return min(max((now - since).total_seconds(), 0.0), most)
