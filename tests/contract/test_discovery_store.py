"""Discoveries, on both databases: one row a job, taken up by one, ended once."""

from datetime import UTC, datetime, timedelta

import anyio
import attrs
import pytest

from lineman.adapters.db.discovery import SqlJobs
from lineman.adapters.db.engine import Database
from lineman.ports.miners import Doors, Find, FindStatus, Job, JobEnded, JobStatus, JobStore, Maker, NewJob, UnknownJob
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEW = NewJob(("10.0.0.0/24",), 254, "olga", Doors(web_port=8081), "root", Secret("canary-pw"))
FIND = Find("10.0.0.7", 4028, FindStatus.NEW, Maker.AVALON, "A1346", "v1", "aa:00:00:00:00:01")


@pytest.fixture
def jobs(database: Database, vault: Vault) -> JobStore:
    return SqlJobs(database, vault)


async def begun(jobs: JobStore) -> Job:
    job = await jobs.begin(at=NOW)
    assert job is not None
    return job


async def test_a_job_comes_back_as_it_was_given_and_its_password_is_not_in_the_database(
    database: Database, jobs: JobStore
) -> None:
    job = await jobs.add(NEW, at=NOW)
    assert (job.status, job.targets, job.doors, job.by, job.password) == (
        JobStatus.QUEUED, NEW.targets, NEW.doors, "olga", NEW.password,
    )  # fmt: skip
    assert await jobs.get(job.id) == job
    assert "canary" not in repr(await database.fetch(tuple, "select * from discovery"))
    with pytest.raises(UnknownJob):
        await jobs.get(9)


async def test_each_job_is_begun_by_one_and_the_oldest_first(jobs: JobStore) -> None:
    ids = [(await jobs.add(NEW, at=NOW)).id for _ in range(5)]
    # Of several that begin at once, whoever is answered first need not have the oldest.
    taken = [(await begun(jobs)).id]
    assert taken == ids[:1]

    async def worker() -> None:
        while (job := await jobs.begin(at=NOW)) is not None:
            taken.append(job.id)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(worker)
    assert sorted(taken) == ids
    assert await jobs.waiting() == 5


async def test_progress_adds_finds_and_the_end_replaces_them(jobs: JobStore) -> None:
    await jobs.add(NEW, at=NOW)
    job = attrs.evolve(await begun(jobs), probed=9, answered=2, found=1, tally={"new": 1})
    assert await jobs.progress(job, [FIND])
    assert await jobs.progress(attrs.evolve(job, probed=12), [attrs.evolve(FIND, host="10.0.0.9")])
    assert (await jobs.get(job.id)).probed == 12
    assert [find.host for find in await jobs.finds(job.id)] == ["10.0.0.7", "10.0.0.9"]
    ended = attrs.evolve(job, status=JobStatus.DONE, finished_at=NOW)
    moved = attrs.evolve(FIND, status=FindStatus.MOVED, miner_id=3, was="10.0.0.1:4028")
    await jobs.end(ended, [moved])
    assert (await jobs.get(job.id), await jobs.finds(job.id)) == (ended, [moved])
    await jobs.settle(job.id, [attrs.evolve(moved, status=FindStatus.KNOWN)])
    assert [find.status for find in await jobs.finds(job.id)] == [FindStatus.KNOWN]
    assert not await jobs.progress(job, [FIND])
    await jobs.end(attrs.evolve(ended, status=JobStatus.FAILED))
    assert (await jobs.get(job.id)).status is JobStatus.DONE


async def test_a_cancelled_job_takes_no_more_progress_and_ends_once(jobs: JobStore) -> None:
    await jobs.add(NEW, at=NOW)
    job = await begun(jobs)
    await jobs.progress(job, [FIND])
    assert (await jobs.cancel(job.id, at=NOW)).status is JobStatus.CANCELLED
    assert not await jobs.progress(attrs.evolve(job, probed=99), [FIND])
    await jobs.end(attrs.evolve(job, status=JobStatus.DONE, finished_at=NOW), [])
    assert ((await jobs.get(job.id)).status, len(await jobs.finds(job.id))) == (JobStatus.CANCELLED, 1)
    with pytest.raises(JobEnded):
        await jobs.cancel(job.id, at=NOW)
    with pytest.raises(UnknownJob):
        await jobs.cancel(9, at=NOW)
    assert await jobs.begin(at=NOW) is None


async def test_what_a_dead_process_left_is_begun_anew_from_nothing_and_not_for_ever(jobs: JobStore) -> None:
    await jobs.add(NEW, at=NOW)
    for attempt in (1, 2, 3):
        job = await begun(jobs)
        assert (job.attempts, job.probed, await jobs.finds(job.id)) == (attempt, 0, [])
        await jobs.progress(attrs.evolve(job, probed=50), [FIND])
        await jobs.resume(most=3, error="it died", at=NOW)
    failed = await jobs.get(job.id)
    assert (failed.status, failed.error, failed.finished_at) == (JobStatus.FAILED, "it died", NOW)
    assert await jobs.begin(at=NOW) is None


async def test_old_jobs_go_with_their_finds_and_running_ones_stay(database: Database, jobs: JobStore) -> None:
    for _ in range(2):
        await jobs.add(NEW, at=NOW)
    old = await begun(jobs)
    await jobs.end(attrs.evolve(old, status=JobStatus.DONE, finished_at=NOW), [FIND])
    await begun(jobs)
    assert await jobs.prune(before=NOW + timedelta(days=1)) == 1
    assert [job.id for job in await jobs.all(limit=9)] == [2]
    assert await database.fetch(int, "select count(*) from discovery_find") == [0]
