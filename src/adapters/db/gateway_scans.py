"""Scans in SQL.  That only one is under way is the database's to hold."""

from collections.abc import Sequence
from datetime import datetime

from ...ports.gateways.scans import Scan, ScanOutcome, ScanStatus, ScanStore, UnknownScan
from .engine import Database, Transaction, next_number
from .gateway_lists import binary
from .inbox import clean, row_of
from .miners import name_order
from .rows import to_text

FIGURES = ("total", "done", "active", "inactive", "errors", "directories", "detail")
COLUMNS = f'id, status, requested_by as "by", requested_at, started_at, finished_at, {", ".join(FIGURES)}'
SET = ", ".join(f"{name} = :{name}" for name in FIGURES)
OPEN = f"status in ('{ScanStatus.QUEUED}', '{ScanStatus.RUNNING}')"
OUTCOME = row_of(
    scan_id="int4", gateway="text", gateway_order="text", enterprise_number="text", status="text", reason="text",
    detail="text", took_ms="int4",
)  # fmt: skip
#: A scan that has ended takes no more outcomes.
KEEP = f"""
insert into gateway_scan_outcome ({OUTCOME.names})
select {OUTCOME.prefixed("i")} from {{rows}} gateway_scan s
where s.id = i.scan_id and s.status = 'running'
on conflict (scan_id, gateway) do update set
  {", ".join(f"{name} = excluded.{name}" for name in OUTCOME.columns[3:])}
"""
#: So often a scan is begun again when its process ended in the middle of it.
ATTEMPTS = 3
#: Scans that one transaction drops with all their outcomes.
PORTION = 20


class SqlScans(ScanStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def request(self, *, by: str, at: datetime) -> Scan:
        async with self._db.transaction() as tx:
            await tx.lock("scans")
            under_way = await tx.fetch(Scan, f"select {COLUMNS} from gateway_scan where {OPEN}")
            if under_way:
                return under_way[0]
            scan = Scan(await next_number(tx, "gateway_scan"), ScanStatus.QUEUED, by, at)
            await tx.run(
                "insert into gateway_scan (id, status, requested_by, requested_at, attempts, total, done, active, "
                "inactive, errors, directories, detail) values (:id, :status, :by, :at, 0, 0, 0, 0, 0, 0, '[]', '')",
                id=scan.id, status=scan.status, by=by, at=at,
            )  # fmt: skip
            return scan

    async def begin(self, *, at: datetime) -> Scan | None:
        async with self._db.transaction() as tx:
            await tx.lock("scans")
            queued = await tx.fetch(int, "select id from gateway_scan where status = 'queued'")
            if not queued:
                return None
            # One that is begun again finds everything anew.
            await tx.run("delete from gateway_scan_outcome where scan_id = :id", id=queued[0])
            await tx.run(
                "update gateway_scan set status = 'running', started_at = :at, attempts = attempts + 1, total = 0, "
                "done = 0, active = 0, inactive = 0, errors = 0, directories = '[]', detail = '' where id = :id",
                id=queued[0], at=at,
            )  # fmt: skip
            return await _get(tx, queued[0])

    async def progress(self, scan: Scan, outcomes: Sequence[ScanOutcome]) -> None:
        rows = [
            (
                scan.id, clean(found.gateway), clean(name_order(found.gateway)), found.enterprise_number,
                found.status.value, found.reason and found.reason.value, clean(found.detail), found.took_ms,
            )
            for found in {found.gateway: found for found in outcomes}.values()
        ]  # fmt: skip
        async with self._db.transaction() as tx:
            await tx.run(
                f"update gateway_scan set {SET} where id = :id and status = 'running'", id=scan.id, **_figures(scan)
            )
            if rows:
                await tx.pour(KEEP, OUTCOME.columns, OUTCOME.types, rows)

    async def end(self, scan: Scan) -> None:
        await self._db.run(
            f"update gateway_scan set {SET}, status = :status, finished_at = :at where id = :id and {OPEN}",
            id=scan.id, status=scan.status, at=scan.finished_at, **_figures(scan),
        )  # fmt: skip

    async def resume(self, *, at: datetime) -> None:
        """One that ended its process several times fails."""
        async with self._db.transaction() as tx:
            await tx.lock("scans")
            await tx.run(
                "update gateway_scan set status = 'failed', finished_at = :at, detail = :detail "
                "where status = 'running' and attempts >= :most",
                at=at, most=ATTEMPTS, detail=f"it was cut off {ATTEMPTS} times",
            )  # fmt: skip
            await tx.run("update gateway_scan set status = 'queued' where status = 'running'")

    async def get(self, scan_id: int) -> Scan:
        return await _get(self._db, scan_id)

    async def latest(self, *, limit: int = 20) -> Sequence[Scan]:
        return await self._db.fetch(
            Scan, f"select {COLUMNS} from gateway_scan order by id desc limit :limit", limit=limit
        )

    async def outcomes(
        self, scan_id: int, *, visible: frozenset[str] | None = None, limit: int = 1000, offset: int = 0
    ) -> tuple[Sequence[ScanOutcome], int]:
        where, values = "scan_id = cast(:id as bigint)", dict[str, object](id=scan_id)
        if visible is not None:
            where += f" and {self._db.among('enterprise_number', 'visible')}"
            values["visible"] = sorted(visible)
        async with self._db.snapshot() as db:
            found = await db.fetch(
                ScanOutcome,
                "select gateway, enterprise_number, status, reason, detail, took_ms from gateway_scan_outcome "
                f"where {where} order by gateway_order{binary(db)}, gateway{binary(db)} limit :limit offset :offset",
                limit=limit, offset=offset, **values,
            )  # fmt: skip
            [total] = await db.fetch(int, f"select count(*) from gateway_scan_outcome where {where}", **values)
        return found, total

    async def prune(self, *, before: datetime) -> int:
        """A few a transaction, so that scans are never held up for long."""
        gone = 0
        while True:
            dropped = await self._db.run(
                "delete from gateway_scan where id in (select id from gateway_scan where finished_at < :before "
                f"and not ({OPEN}) order by finished_at limit :portion)",
                before=before, portion=PORTION,
            )  # fmt: skip
            gone += dropped
            if dropped < PORTION:
                return gone


async def _get(db: Database | Transaction, scan_id: int) -> Scan:
    rows = await db.fetch(Scan, f"select {COLUMNS} from gateway_scan where id = cast(:id as bigint)", id=scan_id)
    if not rows:
        raise UnknownScan(f"There is no scan {scan_id}")
    return rows[0]


def _figures(scan: Scan) -> dict[str, object]:
    return {
        **{name: getattr(scan, name) for name in FIGURES},
        "directories": to_text(scan.directories),
        "detail": clean(scan.detail),
    }
