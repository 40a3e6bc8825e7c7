"""Alerts in SQL: the list, and what is not well now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from ...ports.alerts import (
    Alert,
    AlertOver,
    AlertQuery,
    AlertStore,
    Case,
    Change,
    Notice,
    Pending,
    Standing,
    Subject,
    UnknownAlert,
)
from .alert_changes import save
from .engine import Database, Statements, next_number
from .inbox import clean

COLUMNS = (
    "id, rule_id, rule, kind, severity, system, subject_id, subject, container_id, status, value, unit, detail, since, "
    "fired_at, last_at, recovered_at, acknowledged_by, acknowledged_at, comment, escalated_at, muted, seq, "
    "enterprise_number"
)
NOTICE = "id, alert_id, channel_id, channel, kind, at, delivery, attempts, error"

ACKNOWLEDGE = """
update alert set status = 'acknowledged', acknowledged_by = coalesce(acknowledged_by, :by),
       acknowledged_at = coalesce(acknowledged_at, :at), comment = coalesce(:comment, comment), seq = :seq
where id = cast(:id as bigint) and status <> 'recovered'
"""


@attrs.frozen
class _Pending:
    rule_id: int
    system: str
    subject_id: int
    subject: str
    container_id: int | None
    enterprise_number: str | None
    since: datetime


class SqlAlerts(AlertStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def find(self, query: AlertQuery) -> tuple[Sequence[Alert], int]:
        where, values = self._conditions(query)
        alerts = await self._db.fetch(
            Alert,
            f"select {COLUMNS} from alert{where} order by id desc limit :limit offset :offset",
            limit=query.limit, offset=query.offset, **values,
        )  # fmt: skip
        [total] = await self._db.fetch(int, f"select count(*) from alert{where}", **values)
        return alerts, total

    def _conditions(self, query: AlertQuery) -> tuple[str, dict[str, object]]:
        conditions, values = list[str](), dict[str, object]()
        for name, column in (
            ("status", "status = :status"),
            ("severity", "severity = :severity"),
            ("container_id", "container_id = cast(:container_id as bigint)"),
            ("system", "system = :system"),
            ("subject_id", "subject_id = cast(:subject_id as bigint)"),
            ("enterprise_number", "enterprise_number = :enterprise_number"),
        ):
            if (value := getattr(query, name)) is not None:
                conditions.append(column)
                values[name] = value
        if query.is_open is not None:
            conditions.append("status <> 'recovered'" if query.is_open else "status = 'recovered'")
        if query.subject:
            conditions.append("subject_key like :subject escape '!'")
            found = query.subject.casefold()
            for sign in "!%_":
                found = found.replace(sign, f"!{sign}")
            values["subject"] = f"%{found}%"
        seen, sight = _sight(self._db, query.visible, query.visible_enterprises)
        conditions += seen
        values |= sight
        return (f" where {' and '.join(conditions)}" if conditions else ""), values

    async def get(
        self,
        alert_id: int,
        *,
        visible: frozenset[int] | None = None,
        visible_enterprises: frozenset[str] | None = None,
    ) -> Alert:
        return await _get(self._db, alert_id, visible, visible_enterprises)

    async def changed(
        self,
        after: int,
        *,
        limit: int,
        visible: frozenset[int] | None = None,
        visible_enterprises: frozenset[str] | None = None,
    ) -> Sequence[Alert]:
        seen, values = _sight(self._db, visible, visible_enterprises)
        where = " and ".join(("seq > cast(:after as bigint)", *seen))
        return await self._db.fetch(
            Alert,
            f"select {COLUMNS} from alert where {where} order by seq limit :limit",
            after=after, limit=limit, **values,
        )  # fmt: skip

    async def latest(self) -> int:
        [number] = await self._db.fetch(int, "select value from counter where name = 'alert_change'")
        return number

    async def acknowledge(self, alert_id: int, *, by: str, at: datetime, comment: str | None) -> Alert:
        async with self._db.transaction() as tx:
            seq = await next_number(tx, "alert_change")
            done = await tx.run(ACKNOWLEDGE, id=alert_id, by=by, at=at, comment=clean(comment), seq=seq)
            alert = await _get(tx, alert_id)
            if not done:
                raise AlertOver(f"Alert {alert_id} is over: it recovered by itself, nobody needs to look after it")
            return alert

    async def notices(self, alert_ids: Sequence[int]) -> Mapping[int, Sequence[Notice]]:
        found = await self._db.fetch(
            Notice,
            f"select {NOTICE} from alert_notice where {self._db.among('alert_id', 'ids')} order by id",
            ids=list(alert_ids),
        )
        by_alert: dict[int, list[Notice]] = {}
        for notice in found:
            by_alert.setdefault(notice.alert_id, []).append(notice)
        return by_alert

    async def standing(self) -> Standing:
        async with self._db.snapshot() as db:
            alerts = await db.fetch(Alert, f"select {COLUMNS} from alert where status <> 'recovered'")
            pending = await db.fetch(
                _Pending,
                "select rule_id, system, subject_id, subject, container_id, enterprise_number, since from alert_state "
                "where alert_id is null",
            )
        return Standing([_noun(row) for row in pending], alerts)

    async def save(self, changes: Sequence[Change], *, at: datetime) -> Mapping[Case, int]:
        async with self._db.transaction() as tx:
            return await save(tx, changes, at)

    async def prune(self, *, before: datetime) -> int:
        return await self._db.run(
            "delete from alert where status = 'recovered' and recovered_at < :before", before=before
        )


def _noun(row: _Pending) -> Pending:
    subject = Subject(
        row.system, row.subject_id, row.subject, row.container_id, enterprise_number=row.enterprise_number
    )
    return Pending((row.rule_id, subject.key), row.since, subject)


def _sight(
    db: Statements, containers: frozenset[int] | None, enterprises: frozenset[str] | None
) -> tuple[list[str], dict[str, object]]:
    """The conditions of what an actor may see, and their values."""
    conditions, values = list[str](), dict[str, object]()
    if containers is not None:
        conditions.append(db.among("container_id", "visible"))
        values["visible"] = sorted(containers)
    if enterprises is not None:
        conditions.append(db.among("enterprise_number", "visible_enterprises"))
        values["visible_enterprises"] = sorted(enterprises)
    return conditions, values


async def _get(
    db: Statements,
    alert_id: int,
    visible: frozenset[int] | None = None,
    visible_enterprises: frozenset[str] | None = None,
) -> Alert:
    seen, values = _sight(db, visible, visible_enterprises)
    where = " and ".join(("id = cast(:id as bigint)", *seen))
    rows = await db.fetch(Alert, f"select {COLUMNS} from alert where {where}", id=alert_id, **values)
    if not rows:
        raise UnknownAlert(f"There is no alert {alert_id}")
    return rows[0]
