"""Discovery: jobs are rows that whoever works takes up, and what they find is offered, not forced."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import LinemanError, NotAllowed, TooManyRequests
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import (
    Doors,
    Find,
    Job,
    JobStatus,
    JobStore,
    Miner,
    MinerDriver,
    MinerProbe,
    MinerStore,
    NewJob,
    Watch,
    WatchStore,
)
from ...ports.secrets import Secret
from ..permissions import allow
from . import checks, targets
from .scan import Scan
from .verdicts import judge, tally

#: Discoveries that may wait, and times that one is begun.
QUEUE, ATTEMPTS = 10, 3
#: Seconds that one may take, and between two notes of its progress.
LONGEST, NOTE_EVERY = 3600.0, 1.0
#: How long what ended is kept.
KEPT = timedelta(days=30)
#: Discoveries in a list.
LISTED = 50
#: Intervals within which a miner must have answered not to be asked again.
FRESH = 2


@attrs.frozen
class Discovery:
    """Looks for miners.

    A job is stored first; whoever works takes it from its row.  A crash leaves
    it running in no process: at the next start of work it is begun anew, from
    nothing, three times at most.  What was found before is found again.
    """

    job_store: JobStore
    miner_store: MinerStore
    watch_store: WatchStore
    driver: MinerDriver
    probe: MinerProbe
    journal: Journal
    clock: Clock
    #: Seconds between two polls of one miner, and those that one device may take to say who it is.
    interval: float = 60.0
    deadline: float = 5.0
    default_port: int = 4028

    async def start(
        self,
        actor: Actor,
        where: Sequence[str],
        *,
        username: str | None = None,
        password: Secret | None = None,
        ports: Any = None,
    ) -> Job:
        """Queue a discovery.

        Args:
            actor: Somebody who may change all miners.
            where: Subnets, ranges, addresses: 65,536 addresses at most.
            username: For devices that want a login; kept with the job, sealed.
            password: The same.
            ports: ``port``, ``api3_port`` and ``web_port`` where they are not the usual ones.

        Raises:
            Invalid: It makes no sense, or is too much.
            TooManyRequests: Several wait already.
        """
        allow_all(actor)
        found = targets.parse(where)
        doors = attrs.evolve(
            Doors(port=self.default_port), **checks.checked(dict(ports or {}), dict.fromkeys(_PORTS, checks.port))
        )
        login = checks.checked({"username": username, "password": password}, checks.LOGIN)
        if await self.job_store.waiting() >= QUEUE:
            raise TooManyRequests(f"{QUEUE} discoveries wait already; cancel one, or wait", retry_after=30)
        new = NewJob(found.parts, found.count, actor.name, doors, **login)
        job = await self.job_store.add(new, at=self.clock.now())
        await self._note(actor, "start", job, f"{found.count} addresses: {' '.join(found.parts)[:500]}")
        return job

    async def all(self, actor: Actor) -> Sequence[Job]:
        """The latest, newest first."""
        allow_all(actor)
        return await self.job_store.all(limit=LISTED)

    async def get(self, actor: Actor, job_id: int) -> tuple[Job, Sequence[Find]]:
        """A job and what it found so far.  Raises ``UnknownJob``."""
        allow_all(actor)
        return await self.job_store.get(job_id), await self.job_store.finds(job_id)

    async def cancel(self, actor: Actor, job_id: int) -> Job:
        """End a job; what it found stays.  Raises ``UnknownJob``, ``JobEnded``."""
        allow_all(actor)
        job = await self.job_store.cancel(job_id, at=self.clock.now())
        await self._note(actor, "cancel", job, f"after {job.probed} of {job.addresses} addresses")
        return job

    async def resume(self) -> int:
        """Take up what a process that is gone left running; how many.  For who has just begun to work."""
        now = self.clock.now()
        await self.job_store.prune(before=now - KEPT)
        error = f"the process ended {ATTEMPTS} times while this ran"
        return await self.job_store.resume(most=ATTEMPTS, error=error, at=now)

    async def work(self) -> bool:
        """Run the oldest job that waits, if any; whether there was one.  Only for who may talk to devices.

        One that is cancelled here, because the process ends, waits for the next one who works.
        """
        job = await self.job_store.begin(at=self.clock.now())
        if job is None:
            return False
        try:
            with anyio.move_on_after(LONGEST) as bound:
                await self._run(job)
            if bound.cancelled_caught:
                await self._failed(job, f"took longer than {LONGEST:.0f} s; search in parts")
        except Exception as fault:  # the top of a job: whoever waits for it is told, and the log has the rest
            await self._failed(job, _words(fault))
            raise
        except BaseException:
            # The end of the process: the next to work begins it anew.
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self.resume()
            raise
        return True

    async def _run(self, job: Job) -> None:
        found = targets.parse(job.targets)
        miners = await self.miner_store.all()
        watches = {miner.id: watch for miner, watch in await self.watch_store.active()}
        at_home = frozenset(one.id for one in miners if self._at_home(one, watches.get(one.id)))
        scan = Scan(
            self.driver, self.probe, job, iter(found), miners, watches, self._fresh, deadline=self.deadline
        )  # fmt: skip
        cancelled = False
        async with anyio.create_task_group() as tasks:

            async def report() -> None:
                nonlocal cancelled
                told = 0
                while True:
                    await anyio.sleep(NOTE_EVERY)
                    told, seen = len(scan.sightings), scan.sightings[told:]
                    counted = judge(scan.sightings, miners, at_home=at_home)
                    latest = judge(seen, miners, at_home=at_home)
                    if not await self.job_store.progress(_figures(job, scan, counted), latest):
                        cancelled = True
                        tasks.cancel_scope.cancel()

            tasks.start_soon(report)
            await scan.run()
            tasks.cancel_scope.cancel()
        if not cancelled:
            finds = judge(scan.sightings, miners, found.__contains__, at_home=at_home)
            ended = attrs.evolve(
                _figures(job, scan, finds), status=JobStatus.DONE, finished_at=self.clock.now(), error=None
            )  # fmt: skip
            await self.job_store.end(ended, finds)

    def _fresh(self, watch: Watch) -> bool:
        if watch.seen_at is None or watch.misses:
            return False
        return (self.clock.now() - watch.seen_at).total_seconds() < FRESH * self.interval

    def _at_home(self, miner: Miner, watch: Watch | None) -> bool:
        """Whether it answered lately where it is written down, and nothing said that it is another device."""
        if watch is None or watch.fingerprint is None or not self._fresh(watch):
            return False
        return watch.fingerprint.hardware_id in (None, miner.hardware_id)

    async def _failed(self, job: Job, why: str) -> None:
        now = await self.job_store.get(job.id)
        await self.job_store.end(attrs.evolve(now, status=JobStatus.FAILED, error=why, finished_at=self.clock.now()))

    async def _note(self, actor: Actor, what: str, job: Job, detail: str) -> None:
        entry = Entry(self.clock.now(), actor.name, f"discovery.{what}", f"discovery {job.id}", detail=detail)
        await self.journal.write(entry)


_PORTS = ("port", "api3_port", "web_port")


def allow_all(actor: Actor) -> None:
    """A discovery sees all miners, so that who is confined to some containers has none."""
    allow(actor, Permission.CHANGE_MINERS)
    if actor.container_ids is not None:
        raise NotAllowed(f"{actor.name} sees some containers only; a discovery is of all")


def _words(fault: BaseException) -> str:
    """What went wrong first."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault.detail if isinstance(fault, LinemanError) else f"lineman failed: {fault!r}"[:500]


def _figures(job: Job, scan: Scan, finds: Sequence[Find]) -> Job:
    return attrs.evolve(
        job, probed=scan.probed, answered=scan.answered, found=scan.found, tally=tally(finds), status=JobStatus.RUNNING
    )
