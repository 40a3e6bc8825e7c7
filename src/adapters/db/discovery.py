"""Discoveries in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.miners.discovery import Find, Job, JobEnded, JobStatus, JobStore, NewJob, UnknownJob
from ...ports.secrets import Vault
from .engine import Database, Transaction, next_number
from .rows import to_text

COLUMNS = (
    "id, status, targets, addresses, probed, answered, found, tally, doors, by_whom as by, created_at, started_at, "
    "finished_at, error, attempts, username, password_sealed as password"
)
FIND = tuple(field.name for field in attrs.fields(Find))
FINDS = f"select {', '.join(FIND)} from discovery_find where discovery_id = cast(:id as bigint) order by place"
FIND_COLUMNS = ("discovery_id", "place", *FIND)
FIND_TYPES = ("int4", "int4", "text", "int4", "text", "text", "text", "text", "text", "int4", "text", "text")
FIGURES = "probed = :probed, answered = :answered, found = :found, tally = :tally"
OPEN = f"status in ('{JobStatus.QUEUED}', '{JobStatus.RUNNING}')"


class SqlJobs(JobStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault = db, vault

    async def add(self, new: NewJob, *, at: datetime) -> Job:
        async with self._db.transaction() as tx:
            number = await next_number(tx, "discovery")
            await tx.run(
                "insert into discovery (id, status, targets, addresses, probed, answered, found, tally, doors, "
                "by_whom, created_at, attempts, username, password_sealed) values "
                "(:id, 'queued', :targets, :addresses, 0, 0, 0, '{}', :doors, :by, :at, 0, :username, :password)",
                id=number, targets=to_text(new.targets), addresses=new.addresses, doors=to_text(new.doors), by=new.by,
                at=at, username=new.username,
                password=None if new.password is None else self._vault.seal(new.password),
            )  # fmt: skip
        return await self.get(number)

    async def get(self, job_id: int) -> Job:
        rows = await self._db.fetch(Job, f"select {COLUMNS} from discovery where id = cast(:id as bigint)", id=job_id)
        if not rows:
            raise _unknown(job_id)
        return self._opened(rows[0])

    async def all(self, *, limit: int) -> Sequence[Job]:
        rows = await self._db.fetch(Job, f"select {COLUMNS} from discovery order by id desc limit :limit", limit=limit)
        return [self._opened(job) for job in rows]

    async def waiting(self) -> int:
        [count] = await self._db.fetch(int, f"select count(*) from discovery where {OPEN}")
        return count

    async def finds(self, job_id: int) -> Sequence[Find]:
        return await self._db.fetch(Find, FINDS, id=job_id)

    async def begin(self, *, at: datetime) -> Job | None:
        async with self._db.transaction() as tx:
            await tx.lock("discovery")
            queued = await tx.fetch(int, "select min(id) from discovery where status = 'queued' having min(id) > 0")
            if not queued:
                return None
            await tx.run("delete from discovery_find where discovery_id = :id", id=queued[0])
            await tx.run(
                "update discovery set status = 'running', started_at = :at, attempts = attempts + 1, probed = 0, "
                "answered = 0, found = 0, tally = '{}' where id = :id",
                id=queued[0], at=at,
            )  # fmt: skip
        return await self.get(queued[0])

    async def resume(self, *, most: int, error: str, at: datetime) -> int:
        async with self._db.transaction() as tx:
            await tx.lock("discovery")
            await tx.run(
                "update discovery set status = 'failed', error = :error, finished_at = :at "
                "where status = 'running' and attempts >= :most",
                error=error, at=at, most=most,
            )  # fmt: skip
            return await tx.run("update discovery set status = 'queued' where status = 'running'")

    async def progress(self, job: Job, finds: Sequence[Find]) -> bool:
        async with self._db.transaction() as tx:
            running = await tx.run(
                f"update discovery set {FIGURES} where id = :id and status = 'running'", **_figures(job)
            )
            if running and finds:
                [last] = await tx.fetch(
                    int, "select coalesce(max(place), -1) from discovery_find where discovery_id = :id", id=job.id
                )
                await _keep(tx, job.id, finds, last + 1)
        return bool(running)

    async def end(self, job: Job, finds: Sequence[Find] | None = None) -> None:
        async with self._db.transaction() as tx:
            ended = await tx.run(
                f"update discovery set {FIGURES}, status = :status, finished_at = :at, error = :error "
                f"where id = :id and {OPEN}",
                **_figures(job), status=job.status, at=job.finished_at, error=job.error,
            )  # fmt: skip
            if ended and finds is not None:
                await tx.run("delete from discovery_find where discovery_id = :id", id=job.id)
                await _keep(tx, job.id, finds, 0)

    async def cancel(self, job_id: int, *, at: datetime) -> Job:
        cancelled = await self._db.run(
            f"update discovery set status = 'cancelled', finished_at = :at where id = cast(:id as bigint) and {OPEN}",
            id=job_id, at=at,
        )  # fmt: skip
        job = await self.get(job_id)
        if not cancelled:
            raise JobEnded(f"Discovery {job_id} is {job.status} already")
        return job

    async def settle(self, job_id: int, finds: Sequence[Find]) -> None:
        settled = {(find.host, find.port): find for find in finds}
        async with self._db.transaction() as tx:
            await tx.lock("discovery")
            kept = await tx.fetch(Find, FINDS, id=job_id)
            # All anew costs less than to look each one up.
            await tx.run("delete from discovery_find where discovery_id = :id", id=job_id)
            await _keep(tx, job_id, [settled.get((find.host, find.port), find) for find in kept], 0)

    async def prune(self, *, before: datetime) -> int:
        return await self._db.run(f"delete from discovery where finished_at < :before and not ({OPEN})", before=before)

    def _opened(self, job: Job) -> Job:
        return job if job.password is None else attrs.evolve(job, password=self._vault.unseal(job.password.reveal()))


async def _keep(tx: Transaction, job_id: int, finds: Sequence[Find], first: int) -> None:
    rows = [(job_id, place, *(getattr(find, name) for name in FIND)) for place, find in enumerate(finds, first)]
    await tx.bulk("discovery_find", FIND_COLUMNS, FIND_TYPES, rows)


def _figures(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "probed": job.probed,
        "answered": job.answered,
        "found": job.found,
        "tally": to_text(dict(job.tally)),
    }


def _unknown(job_id: int) -> UnknownJob:
    return UnknownJob(f"There is no discovery {job_id}")
