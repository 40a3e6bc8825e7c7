"""Judging: what other contexts report, by all rules, and what follows from it.

In the one process that works, memory holds only what is not well: cases that
pend or fire.  Whatever changes is stored before memory counts on it; if
storing fails, memory is dropped and read again from the store, so that the
two never differ for long.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import anyio
import attrs

from ...ports.alerts import (
    AlertSink,
    AlertStore,
    Change,
    Channel,
    Ended,
    Escalation,
    Facts,
    Key,
    Kind,
    Passed,
    Pending,
    Raised,
    Refreshed,
    RuleStore,
    Subject,
    Unmuted,
    Window,
)
from ...ports.clock import Clock
from .cases import Case, figure, passed, raised, recalled, rounds
from .rules import (
    CLEAR,
    Began,
    Calmed,
    Check,
    Effect,
    Fired,
    Phase,
    Recovered,
    State,
    check_of,
    judge,
    lapse,
    overdue,
    unheard,
)
from .windows import in_maintenance
from .wording import detail_of

#: Seconds between two writes of the last figure of an alert that goes on, and how many are written at once.
REFRESH_S, REFRESHED_AT_ONCE = 300.0, 2000


@attrs.frozen
class JudgingStats:
    """How the judging goes; counts are since the process started."""

    rules: int
    #: Subjects that were heard of, and cases that pend and fire.
    subjects: int
    pending: int
    firing: int
    #: Facts judged, and those that could not be, because the store was not there.
    facts: int
    lost: int
    fired: int
    recovered: int


@attrs.define(eq=False)
class Judging(AlertSink):
    """Judges facts by the rules.

    A crash loses no alert that was raised.  What was said in the batch under
    way is lost; what is still so is said again, and its minutes go on counting
    from where they were stored.  Moments (a pool was switched) are lost with it.
    """

    rule_store: RuleStore
    alert_store: AlertStore
    clock: Clock
    kinds: Mapping[str, Kind]

    _checks: dict[str, tuple[Check, ...]] = attrs.field(init=False, factory=dict)
    _channels: tuple[Channel, ...] = attrs.field(init=False, default=())
    _windows: tuple[Window, ...] = attrs.field(init=False, default=())
    _cases: dict[Key, dict[int, Case]] = attrs.field(init=False, factory=dict)
    _heard: dict[Key, tuple[Subject, float]] = attrs.field(init=False, factory=dict)
    #: Of the rules in memory; ``None`` while nobody judges here.
    _version: int | None = attrs.field(init=False, default=None)
    _turn: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)
    _facts: int = attrs.field(init=False, default=0)
    _lost: int = attrs.field(init=False, default=0)
    _fired: int = attrs.field(init=False, default=0)
    _recovered: int = attrs.field(init=False, default=0)

    async def start(self) -> None:
        """Begin to judge: learn the rules and what is not well.  Raises ``Unavailable``."""
        async with self._turn:
            await self._load(await self.rule_store.version())

    def forget(self) -> None:
        """Stop judging, because another process does."""
        self._version = None
        self._cases.clear()
        self._heard.clear()

    async def report(self, facts: Sequence[Facts]) -> None:
        async with self._turn:
            for part in rounds(facts):
                if self._version is None:
                    return
                self._lost += len(part)
                await self._settle(self._judged(part, self.clock.monotonic()))
                self._lost -= len(part)
                self._facts += len(part)

    async def present(self, system: str, ids: Collection[int]) -> None:
        async with self._turn:
            if self._version is None:
                return
            there = frozenset(ids)
            for key in [key for key in self._heard if key[0] == system and key[1] not in there]:
                del self._heard[key]
            gone = [key for key in self._cases if key[0] == system and key[1] not in there]
            reason = "it is not there any more"
            cases = [(key, rule_id) for key in gone for rule_id in tuple(self._cases[key])]
            await self._settle([self._ended(key, rule_id, reason) for key, rule_id in cases])

    async def tick(self) -> None:
        """Do what time does: learn changed rules, fire, recover, end mutings, escalate.  Raises ``Unavailable``."""
        async with self._turn:
            version = await self.rule_store.version()
            if version != self._version:
                await self._load(version)
            tick, now = self.clock.monotonic(), self.clock.now()
            changes = [*self._lapsed(tick, now), *self._told_late(tick, now), *self._refreshed(tick, now)]
            await self._settle(changes)

    def stats(self) -> JudgingStats:
        """How it goes."""
        phases = [case.state.phase for cases in self._cases.values() for case in cases.values()]
        firing = sum(phase is Phase.FIRING for phase in phases)
        return JudgingStats(
            rules=sum(map(len, self._checks.values())),
            subjects=len(self._heard),
            pending=len(phases) - firing,
            firing=firing,
            facts=self._facts,
            lost=self._lost,
            fired=self._fired,
            recovered=self._recovered,
        )

    async def _load(self, version: int) -> None:
        """Learn rules, channels and windows; the first time also what is not well."""
        rules = [rule for rule in await self.rule_store.rules() if rule.is_active and rule.kind in self.kinds]
        self._channels = tuple(await self.rule_store.channels())
        self._windows = tuple(await self.rule_store.windows())
        checks: dict[str, list[Check]] = {}
        for rule in rules:
            kind = self.kinds[rule.kind]
            checks.setdefault(kind.system, []).append(check_of(rule, kind))
        self._checks = {system: tuple(found) for system, found in checks.items()}
        if self._version is None:
            await self._recall()
        self._version = version
        known = {rule.id for rule in rules}
        ended = [
            self._ended(key, rule_id, "the rule was removed or switched off")
            for key, cases in list(self._cases.items())
            for rule_id in tuple(cases)
            if rule_id not in known
        ]
        await self._settle(ended)

    async def _recall(self) -> None:
        standing = await self.alert_store.standing()
        now, tick = self.clock.now(), self.clock.monotonic()
        self._cases.clear()
        by_id = {check.rule.id: check for checks in self._checks.values() for check in checks}
        for pending in standing.pending:
            rule_id, key = pending.case
            check = by_id.get(rule_id)
            began = tick - passed(pending.since, now, check.hold if check else 0.0)
            state = State(Phase.PENDING, pending.since, began, tick)
            self._cases.setdefault(key, {})[rule_id] = Case(state, pending.subject)
        for alert in standing.alerts:
            self._cases.setdefault((alert.system, alert.subject_id), {})[alert.rule_id] = recalled(alert, now, tick)

    def _judged(self, batch: Iterable[Facts], tick: float) -> list[Change]:
        changes: list[Change] = []
        for facts in batch:
            subject = facts.subject
            key = subject.key
            self._heard[key] = (subject, tick)
            cases = self._cases.get(key)
            for check in self._checks.get(subject.system, ()):
                case = cases.get(check.rule.id) if cases else None
                if not check.covers(subject):
                    if case is not None:
                        changes.append(self._ended(key, check.rule.id, "the rule is not about it any more"))
                    continue
                state = case.state if case else CLEAR
                after, effects = judge(check, state, facts, tick)
                if after is not state:
                    changes += self._followed(check, case, subject, after, effects, facts.at)
                    cases = self._cases.get(key)
        return changes

    def _followed(
        self, check: Check, case: Case | None, subject: Subject, after: State, effects: Sequence[Effect], at: datetime
    ) -> Iterator[Change]:
        """Remember a new state, and say what is to be stored of it."""
        rule_id = check.rule.id
        cases = self._cases.setdefault(subject.key, {})
        cases[rule_id] = attrs.evolve(case, state=after, subject=subject) if case else Case(after, subject)
        for effect in effects:
            match effect:
                case Began():
                    yield Pending((rule_id, subject.key), after.since or at, subject)
                case Calmed():
                    self._drop(subject.key, rule_id)
                    yield Passed((rule_id, subject.key))
                case Fired():
                    # Windows are times of day, so they are asked by the clock of now.
                    muted = in_maintenance(self._windows, subject, self.clock.now())
                    cases[rule_id] = Case(after, subject, muted=muted, written=after.tick)
                    self._fired += 1
                    channels = () if muted else self._channel_ids(check.rule.channel_ids)
                    yield Raised(raised(check, subject, after, at, muted=muted), channels)
                case Recovered():
                    yield self._ended(subject.key, rule_id, None)
                case _:
                    assert_never(effect)

    def _lapsed(self, tick: float, now: datetime) -> Iterator[Change]:
        for _, check, case in self._known():
            after, effects = lapse(check, case.state, tick)
            if effects:
                yield from self._followed(check, case, self._subject(case), after, effects, now)
        for check in [check for checks in self._checks.values() for check in checks if check.kind.silence]:
            for key, (subject, heard) in self._heard.items():
                if key[0] != check.kind.system or tick - heard < check.hold or not check.covers(subject):
                    continue
                known = self._cases.get(key, {}).get(check.rule.id)
                since = now - timedelta(seconds=tick - heard)
                after, effects = unheard(check, known.state if known else CLEAR, heard, since, tick)
                if effects:
                    yield from self._followed(check, known, subject, after, effects, now)

    def _told_late(self, tick: float, now: datetime) -> Iterator[Change]:
        """Alerts whose maintenance is over, and those that nobody acknowledges."""
        for key, check, case in self._known():
            if not case.alert_id or not (case.muted or (not case.escalated and overdue(check, case.state, tick))):
                continue
            if in_maintenance(self._windows, case.subject, now):
                continue
            cases = self._cases[key]
            if case.muted:
                # Only now does anybody know, so that the time to acknowledge it begins now.
                cases[check.rule.id] = attrs.evolve(case, muted=False, state=attrs.evolve(case.state, tick=tick))
                yield Unmuted(case.alert_id, self._channel_ids(check.rule.channel_ids))
            else:
                cases[check.rule.id] = attrs.evolve(case, escalated=True)
                yield Escalation(case.alert_id, self._channel_ids(check.rule.escalate_channel_ids))

    def _refreshed(self, tick: float, now: datetime) -> Iterator[Change]:
        left = REFRESHED_AT_ONCE
        for key, check, case in self._known():
            state = case.state
            if not left or not case.alert_id or tick - case.written < REFRESH_S or state.seen <= case.written:
                continue
            left -= 1
            self._cases[key][check.rule.id] = attrs.evolve(case, written=tick)
            at = now - timedelta(seconds=tick - state.seen)
            yield Refreshed(case.alert_id, figure(check, state), detail_of(check, state.value, state.words), at)

    async def _settle(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        saved: Mapping[tuple[int, Key], int] | None = None
        try:
            saved = await self.alert_store.save(changes, at=self.clock.now())
        finally:
            # However it failed, even by cancellation: what memory says now is not what the store says.
            if saved is None:
                self._recover()
        for change in changes:
            if isinstance(change, Raised):
                rule_id, key = change.alert.case
                if (number := saved.get((rule_id, key))) is None:
                    # It fires already by another's hand: learn how things stand.
                    self._recover()
                    return
                case = self._cases.get(key, {}).get(rule_id)
                if case is not None:
                    self._cases[key][rule_id] = attrs.evolve(case, alert_id=number)

    def _recover(self) -> None:
        """Forget the cases, to be read again by the next ``tick``."""
        self._version = None
        self._cases.clear()

    def _ended(self, key: Key, rule_id: int, reason: str | None) -> Change:
        case = self._drop(key, rule_id)
        if case is None or case.state.phase is Phase.PENDING:
            return Passed((rule_id, key))
        self._recovered += 1
        return Ended((rule_id, key), case.alert_id, reason)

    def _drop(self, key: Key, rule_id: int) -> Case | None:
        cases = self._cases.get(key, {})
        case = cases.pop(rule_id, None)
        if not cases:
            self._cases.pop(key, None)
        return case

    def _known(self) -> list[tuple[Key, Check, Case]]:
        """Every case with its check; a list, since going through it changes the cases."""
        by_id = {check.rule.id: check for checks in self._checks.values() for check in checks}
        return [
            (key, by_id[rule_id], case)
            for key, cases in self._cases.items()
            for rule_id, case in cases.items()
            if rule_id in by_id
        ]

    def _subject(self, case: Case) -> Subject:
        heard = self._heard.get(case.subject.key)
        return heard[0] if heard else case.subject

    def _channel_ids(self, chosen: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            channel.id for channel in self._channels if channel.is_active and (not chosen or channel.id in chosen)
        )
