"""When an alert fires and when it recovers: pure, one rule and one subject at a time.

    clear --bad--> pending --bad for n minutes--> firing --good--> clear
                      |                              ^
                     good                            momentary kinds: good for n minutes
                      v                              kinds that stand: time alone fires
                    clear

Figures that are missing change nothing.  Time is a monotonic ``tick`` in
seconds, so that setting the clock neither fires nor recovers anything.
"""

from datetime import datetime
from enum import Enum

import attrs

from ...ports.alerts import Facts, Kind, Rule, Subject

#: A hold begins anew if nothing was heard for this long, or for twice the hold: what was so hours ago says little.
PATIENCE_S = 600.0


class Phase(Enum):
    """How a case stands."""

    CLEAR = 0
    PENDING = 1
    FIRING = 2


@attrs.frozen
class State:
    """The memory of one rule about one subject."""

    phase: Phase = Phase.CLEAR
    #: When it began, for people.
    since: datetime | None = None
    #: When the phase began, and when it was last said that it is bad.
    tick: float = 0.0
    seen: float = 0.0
    #: What was said then.
    value: float | None = None
    words: str = ""


CLEAR = State()


@attrs.frozen
class Began:
    """It is bad now."""


@attrs.frozen
class Calmed:
    """It was not bad for long enough."""


@attrs.frozen
class Fired:
    """It is bad for long enough."""


@attrs.frozen
class Recovered:
    """It is good again."""


Effect = Began | Calmed | Fired | Recovered

NOTHING: tuple[Effect, ...] = ()
BEGAN, CALMED, FIRED, RECOVERED = (Began(),), (Calmed(),), (Fired(),), (Recovered(),)


@attrs.frozen
class Check:
    """A rule, ready to be asked often."""

    rule: Rule
    kind: Kind
    #: Beyond this it is bad; beyond this it stays bad once it fired.
    limit: float
    limit_firing: float
    #: Seconds that it must be bad before it fires, and good before it recovers.
    hold: float
    calm: float
    containers: frozenset[int]
    tags: frozenset[str]
    enterprises: frozenset[str]

    def covers(self, subject: Subject) -> bool:
        """Whether the rule is about ``subject``."""
        if self.containers and subject.container_id not in self.containers:
            return False
        if self.enterprises and subject.enterprise_number not in self.enterprises:
            return False
        return not self.tags or not self.tags.isdisjoint(subject.tags)


def check_of(rule: Rule, kind: Kind) -> Check:
    """Make a rule ready."""
    chosen = rule.threshold if kind.chosen and rule.threshold is not None else kind.threshold
    limit = chosen or 0.0
    back = abs(limit) * kind.margin
    seconds = rule.minutes * 60.0
    return Check(
        rule,
        kind,
        limit,
        limit - back if kind.above else limit + back,
        0.0 if kind.momentary else seconds,
        seconds if kind.momentary else 0.0,
        frozenset(rule.container_ids),
        frozenset(rule.tags),
        frozenset(rule.enterprise_numbers),
    )


def is_bad(check: Check, facts: Facts, *, firing: bool) -> bool | None:
    """Whether the facts are bad; ``None`` if they do not say.  One that fires must come back by the margin."""
    kind = check.kind
    if kind.silence:
        return False
    if kind.metric not in facts.values:
        return None
    value = facts.values[kind.metric]
    if value is None:
        return False
    if value != value:  # not a number: the miner does not say
        return None
    limit = check.limit_firing if firing else check.limit
    return value > limit if kind.above else value < limit


def judge(check: Check, state: State, facts: Facts, tick: float) -> tuple[State, tuple[Effect, ...]]:
    """Take facts into account.  An unchanged state is the same object."""
    bad = is_bad(check, facts, firing=state.phase is Phase.FIRING)
    if bad is None:
        return state, NOTHING
    if bad:
        return _bad(check, state, facts, tick)
    match state.phase:
        case Phase.CLEAR:
            return state, NOTHING
        case Phase.PENDING:
            return CLEAR, CALMED
        case Phase.FIRING:
            return lapse(check, state, tick) if check.calm else (CLEAR, RECOVERED)


def lapse(check: Check, state: State, tick: float) -> tuple[State, tuple[Effect, ...]]:
    """What time alone does."""
    if state.phase is Phase.PENDING and check.kind.stands and tick - state.tick >= check.hold:
        return attrs.evolve(state, phase=Phase.FIRING, tick=tick), FIRED
    if state.phase is Phase.FIRING and check.kind.momentary and tick - state.seen >= check.calm:
        return CLEAR, RECOVERED
    return state, NOTHING


def unheard(check: Check, state: State, heard: float, since: datetime, tick: float) -> tuple[State, tuple[Effect, ...]]:
    """What it does that nothing was heard of the subject since ``heard``."""
    if not check.kind.silence or state.phase is Phase.FIRING or tick - heard < check.hold:
        return state, NOTHING
    return State(Phase.FIRING, since, tick, tick, (tick - heard) / 60.0), FIRED


def overdue(check: Check, state: State, tick: float) -> bool:
    """Whether an alert that nobody acknowledged is to be told again."""
    after = check.rule.escalate_after_minutes
    return after is not None and state.phase is Phase.FIRING and tick - state.tick >= after * 60.0


def _bad(check: Check, state: State, facts: Facts, tick: float) -> tuple[State, tuple[Effect, ...]]:
    value, words = facts.values[check.kind.metric], facts.words.get(check.kind.metric, "")
    if state.phase is Phase.FIRING:
        return State(Phase.FIRING, state.since, state.tick, tick, value, words), NOTHING
    if state.phase is Phase.PENDING:
        known = check.kind.stands or tick - state.seen <= max(PATIENCE_S, 2 * check.hold)
        began, since = (state.tick, state.since) if known else (tick, facts.at)
    else:
        known, began, since = False, tick, facts.at
    if tick - began >= check.hold:
        return State(Phase.FIRING, since, tick, tick, value, words), FIRED
    return State(Phase.PENDING, since, began, tick, value, words), NOTHING if known else BEGAN
