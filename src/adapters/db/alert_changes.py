"""What judging changes, stored in one transaction: states, alerts, and what is to be told of them.

Ten thousand miners may go offline in one batch, so every step is a statement
for many rows.  The first one takes the counter of changes, whose row keeps
other writers out until the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ...ports.alerts import (
    Alert,
    Case,
    Change,
    Ended,
    Escalation,
    NoticeKind,
    Passed,
    Pending,
    Raised,
    Refreshed,
    Unmuted,
)
from .engine import Transaction
from .inbox import Row, clean, finite

ALERT = Row(
    tuple(
        {
            "id": "int4", "seq": "int8", "rule_id": "int4", "rule": "text", "kind": "text", "severity": "text",
            "system": "text", "subject_id": "int8", "subject": "text", "subject_key": "text", "container_id": "int4",
            "status": "text", "value": "float8", "unit": "text", "detail": "text", "since": "timestamptz",
            "fired_at": "timestamptz", "last_at": "timestamptz", "muted": "bool", "enterprise_number": "text",
        }.items()
    )
)  # fmt: skip
NOTICE = Row(
    tuple(
        {
            "id": "int8", "alert_id": "int4", "channel_id": "int4", "channel": "text", "kind": "text",
            "at": "timestamptz", "delivery": "text", "attempts": "int4", "next_try": "timestamptz",
        }.items()
    )
)  # fmt: skip
STATE = Row(
    tuple(
        {
            "rule_id": "int4", "system": "text", "subject_id": "int8", "subject": "text", "container_id": "int4",
            "enterprise_number": "text", "since": "timestamptz", "alert_id": "int4",
        }.items()
    )
)  # fmt: skip
CASE = Row((("rule_id", "int4"), ("system", "text"), ("subject_id", "int8")))
END = Row((("id", "int4"), ("seq", "int8"), ("at", "timestamptz"), ("reason", "text")))
SEEN = Row((("id", "int4"), ("seq", "int8"), ("value", "float8"), ("detail", "text"), ("at", "timestamptz")))
TOUCH = Row((("id", "int4"), ("seq", "int8"), ("at", "timestamptz")))

#: A batch is joined with one row: on SQLite, where a statement runs row by row, that row is all there is.
ROWS = "from {rows} (select 1) as one"

KEEP_STATES = f"""
insert into alert_state ({STATE.names}) select {STATE.prefixed("i")} {ROWS} where true
on conflict (rule_id, system, subject_id) do update
set since = excluded.since, alert_id = excluded.alert_id, subject = excluded.subject,
    container_id = excluded.container_id, enterprise_number = excluded.enterprise_number
where alert_state.alert_id is null
"""
DROP_PENDING = f"""
delete from alert_state
where (rule_id, system, subject_id) in (select i.rule_id, i.system, i.subject_id {ROWS}) and alert_id is null
"""
END_ALERTS = f"""
update alert set status = 'recovered', recovered_at = i.at, last_at = i.at, seq = i.seq,
       detail = case when i.reason is null then detail else detail || ' (' || i.reason || ')' end
{ROWS} where alert.id = i.id
"""
SEE_ALERTS = f"""
update alert set value = i.value, detail = i.detail, last_at = i.at, seq = i.seq
{ROWS} where alert.id = i.id and alert.status <> 'recovered'
"""
UNMUTE = f"update alert set muted = false, last_at = i.at, seq = i.seq {ROWS} where alert.id = i.id"
ESCALATE = f"update alert set escalated_at = i.at, seq = i.seq {ROWS} where alert.id = i.id"


async def save(tx: Transaction, changes: Sequence[Change], at: datetime) -> Mapping[Case, int]:
    """Store changes; the numbers of the alerts raised."""
    seqs = iter(await numbers(tx, "alert_change", len(changes)))
    names = await _channels(tx)
    told: list[tuple[int, int, NoticeKind]] = []

    states = [change for change in changes if isinstance(change, Pending)]
    if states:
        rows = [_state(pending, None) for pending in states]
        await tx.pour(KEEP_STATES, STATE.columns, STATE.types, rows)
    passed = [_case(change.case) for change in changes if isinstance(change, Passed)]
    if passed:
        await tx.pour(DROP_PENDING, CASE.columns, CASE.types, passed)

    raised = await _raise(tx, [change for change in changes if isinstance(change, Raised)], seqs)
    found = {case: number for case, (number, _) in raised.items()}
    told += [(number, channel, NoticeKind.FIRED) for number, channels in raised.values() for channel in channels]

    told += await _end(tx, [change for change in changes if isinstance(change, Ended)], seqs, at)
    seen = [change for change in changes if isinstance(change, Refreshed)]
    if seen:
        rows = [(one.alert_id, next(seqs), finite(one.value), clean(one.detail), one.at) for one in seen]
        await tx.pour(SEE_ALERTS, SEEN.columns, SEEN.types, rows)

    unmuted = {change.alert_id: change for change in changes if isinstance(change, Unmuted)}
    told += await _touch(tx, UNMUTE, "muted and status <> 'recovered'", unmuted, NoticeKind.FIRED, seqs, at)
    escalated = {change.alert_id: change for change in changes if isinstance(change, Escalation)}
    told += await _touch(
        tx, ESCALATE, "status = 'firing' and escalated_at is null", escalated, NoticeKind.ESCALATED, seqs, at
    )
    await _queue(tx, [(alert, channel, kind) for alert, channel, kind in told if channel in names], names, at)
    return found


async def numbers(tx: Transaction, name: str, count: int) -> range:
    """The next ids of a table; never given out twice."""
    [last] = await tx.fetch(
        int, "update counter set value = value + :count where name = :name returning value", name=name, count=count
    )
    return range(last - count + 1, last + 1)


async def _channels(tx: Transaction) -> Mapping[int, str]:
    found = await tx.fetch(tuple, "select id, name from alert_channel")
    return {row[0]: row[1] for row in found}


async def _raise(
    tx: Transaction, changes: Sequence[Raised], seqs: Iterable[int]
) -> dict[Case, tuple[int, tuple[int, ...]]]:
    """Store new alerts, but none of a case that fires already: another process may have thought it worked."""
    if not changes:
        return {}
    rules = sorted({change.alert.rule_id for change in changes})
    firing = await tx.fetch(
        tuple,
        f"select rule_id, system, subject_id from alert_state "
        f"where {tx.among('rule_id', 'rules')} and alert_id is not null",
        rules=rules,
    )
    there = {(row[0], (row[1], row[2])) for row in firing}
    new = {change.alert.case: change for change in changes if change.alert.case not in there}
    ids = await numbers(tx, "alert", len(new))
    given = dict(zip(new, ids, strict=True))
    await tx.bulk(
        "alert", ALERT.columns, ALERT.types,
        [_alert(new[case].alert, number, seq) for (case, number), seq in zip(given.items(), seqs, strict=False)],
    )  # fmt: skip
    await tx.pour(
        KEEP_STATES, STATE.columns, STATE.types, [_fires(new[case].alert, number) for case, number in given.items()]
    )
    return {case: (number, new[case].channel_ids) for case, number in given.items()}


async def _end(
    tx: Transaction, changes: Sequence[Ended], seqs: Iterable[int], at: datetime
) -> list[tuple[int, int, NoticeKind]]:
    """End alerts; whoever heard, or is still to hear, of one hears of its end."""
    if not changes:
        return []
    reasons = {change.alert_id: change.reason for change in changes}
    going_on = await tx.fetch(
        int, f"select id from alert where {tx.among('id', 'ids')} and status <> 'recovered' order by id",
        ids=list(reasons),
    )  # fmt: skip
    rows = [(number, seq, at, clean(reasons[number])) for number, seq in zip(going_on, seqs, strict=False)]
    await tx.pour(END_ALERTS, END.columns, END.types, rows)
    await tx.run(f"delete from alert_state where {tx.among('alert_id', 'ids')}", ids=going_on)
    heard = await tx.fetch(
        tuple,
        f"select distinct alert_id, channel_id from alert_notice "
        f"where {tx.among('alert_id', 'ids')} and delivery <> 'failed' order by alert_id, channel_id",
        ids=going_on,
    )
    return [(row[0], row[1], NoticeKind.RECOVERED) for row in heard]


async def _touch(
    tx: Transaction,
    statement: str,
    condition: str,
    changes: Mapping[int, Unmuted | Escalation],
    kind: NoticeKind,
    seqs: Iterable[int],
    at: datetime,
) -> list[tuple[int, int, NoticeKind]]:
    """Change those of the alerts of which ``condition`` is still true, and say whom to tell."""
    if not changes:
        return []
    still = await tx.fetch(
        int, f"select id from alert where {tx.among('id', 'ids')} and {condition} order by id", ids=list(changes)
    )
    rows = [(number, seq, at) for number, seq in zip(still, seqs, strict=False)]
    await tx.pour(statement, TOUCH.columns, TOUCH.types, rows)
    return [(number, channel, kind) for number in still for channel in changes[number].channel_ids]


async def _queue(
    tx: Transaction, told: Sequence[tuple[int, int, NoticeKind]], names: Mapping[int, str], at: datetime
) -> None:
    if not told:
        return
    ids = await numbers(tx, "alert_notice", len(told))
    await tx.bulk(
        "alert_notice", NOTICE.columns, NOTICE.types,
        [
            (number, alert, channel, names[channel], kind.value, at, "waiting", 0, at)
            for number, (alert, channel, kind) in zip(ids, told, strict=True)
        ],
    )  # fmt: skip


def _case(case: Case) -> Sequence[object]:
    rule_id, (system, subject_id) = case
    return rule_id, system, subject_id


def _state(pending: Pending, alert_id: int | None) -> Sequence[object]:
    subject = pending.subject
    return (
        *_case(pending.case), clean(subject.name), subject.container_id, subject.enterprise_number, pending.since,
        alert_id,
    )  # fmt: skip


def _fires(alert: Alert, number: int) -> Sequence[object]:
    return (
        *_case(alert.case), clean(alert.subject), alert.container_id, alert.enterprise_number, alert.since, number,
    )  # fmt: skip


def _alert(alert: Alert, number: int, seq: int) -> Sequence[object]:
    return (
        number, seq, alert.rule_id, alert.rule, alert.kind, alert.severity.value, alert.system, alert.subject_id,
        clean(alert.subject), clean(alert.subject.casefold()), alert.container_id, alert.status.value,
        finite(alert.value), alert.unit, clean(alert.detail), alert.since, alert.fired_at, alert.last_at, alert.muted,
        alert.enterprise_number,
    )  # fmt: skip
