"""What a discovery found is taken over: miners are added, moved, set right, and no longer polled."""

from collections.abc import Sequence

import attrs

from ...ports.clock import Clock
from ...ports.errors import Conflict, NotFound
from ...ports.identity import Actor
from ...ports.journal import Entry, Journal
from ...ports.miners import (
    ContainerStore,
    Find,
    FindStatus,
    GroupStore,
    Job,
    JobRuns,
    JobStatus,
    JobStore,
    Maker,
    MinerStore,
    NewMiner,
    UnknownContainer,
    UnknownGroup,
)
from . import checks
from .discovery import allow_all

#: Miners added in one transaction.
BATCH = 500


@attrs.frozen
class Taken:
    """One find that was taken over."""

    host: str
    miner_id: int


@attrs.frozen
class NotTaken:
    """One that was not, and why."""

    host: str
    message: str


@attrs.define
class Acceptance:
    """What became of the finds."""

    added: list[Taken] = attrs.field(factory=list)
    moved: list[Taken] = attrs.field(factory=list)
    changed: list[Taken] = attrs.field(factory=list)
    deactivated: list[Taken] = attrs.field(factory=list)
    errors: list[NotTaken] = attrs.field(factory=list)


@attrs.frozen
class Accepting:
    """Takes over what was found.  A crash leaves some of it done; to accept again does the rest."""

    job_store: JobStore
    miner_store: MinerStore
    container_store: ContainerStore
    group_store: GroupStore
    journal: Journal
    clock: Clock

    async def run(
        self,
        actor: Actor,
        job_id: int,
        *,
        hosts: Sequence[str] | None = None,
        container_id: int | None = None,
        group_id: int | None = None,
    ) -> Acceptance:
        """Take over what was found at ``hosts``, or everything.

        New miners are put into the container and the group; without a group
        they get the login that the discovery was given.

        Raises:
            UnknownJob
            JobRuns: It has not ended yet.
            Invalid: There is no such container or group.
        """
        allow_all(actor)
        job = await self.job_store.get(job_id)
        if job.status in (JobStatus.QUEUED, JobStatus.RUNNING):
            raise JobRuns(f"Discovery {job_id} is {job.status}: wait for its end, or cancel it")
        await self._must_exist(container_id, group_id)
        finds = await self.job_store.finds(job_id)
        done = Acceptance()
        if hosts is not None:
            wanted = frozenset(hosts)
            done.errors += [NotTaken(host, "was not found") for host in sorted(wanted - {one.host for one in finds})]
            finds = [find for find in finds if find.host in wanted]
        # Who moves makes room for who is new.
        await self._move(job, [find for find in finds if find.status is FindStatus.MOVED], done)
        new = [find for find in finds if find.status is FindStatus.NEW and find.manufacturer is not None]
        for start in range(0, len(new), BATCH):
            await self._add(job, new[start : start + BATCH], container_id, group_id, done)
        for find in finds:
            try:
                if find.status is FindStatus.CHANGED:
                    await self._change(job, find, done)
                elif find.status is FindStatus.GONE:
                    await self._deactivate(find, done)
            except (Conflict, NotFound) as error:
                done.errors.append(NotTaken(find.host, error.detail))
        counts = ", ".join(f"{len(taken)} {name}" for name, taken in attrs.asdict(done, recurse=False).items())
        await self.journal.write(
            Entry(self.clock.now(), actor.name, "discovery.accept", f"discovery {job_id}", detail=counts)
        )
        return done

    async def _must_exist(self, container_id: int | None, group_id: int | None) -> None:
        try:
            if container_id is not None:
                await self.container_store.get(container_id)
            if group_id is not None:
                await self.group_store.get(group_id)
        except UnknownContainer as error:
            raise checks.wrong("container_id", f"there is no container {container_id}") from error
        except UnknownGroup as error:
            raise checks.wrong("group_id", f"there is no group {group_id}") from error

    async def _move(self, job: Job, finds: Sequence[Find], done: Acceptance) -> None:
        """All in one step, so that two can change places; if that cannot be, one by one."""
        finds = [find for find in finds if find.miner_id is not None]
        moves = [(find.miner_id or 0, find.host, find.port) for find in finds]
        if not moves:
            return
        try:
            await self.miner_store.relocate(moves)
        except (Conflict, NotFound) as error:
            if len(finds) == 1:
                done.errors.append(NotTaken(finds[0].host, error.detail))
                return
            for find in finds:
                await self._move(job, [find], done)
            return
        done.moved += await self._settle(
            job, [(find, miner_id) for find, (miner_id, _, _) in zip(finds, moves, strict=True)]
        )

    async def _add(
        self, job: Job, finds: Sequence[Find], container_id: int | None, group_id: int | None, done: Acceptance
    ) -> None:
        """A batch in one step; if that cannot be, one by one."""
        new = [self._new(job, find, container_id, group_id) for find in finds]
        try:
            numbers = await self.miner_store.write(new, [], at=self.clock.now())
        except (Conflict, NotFound) as error:
            if len(finds) == 1:
                done.errors.append(NotTaken(finds[0].host, error.detail))
                return
            for find in finds:
                await self._add(job, [find], container_id, group_id, done)
            return
        done.added += await self._settle(job, list(zip(finds, numbers, strict=True)))

    def _new(self, job: Job, find: Find, container_id: int | None, group_id: int | None) -> NewMiner:
        maker = find.manufacturer or Maker.ANTMINER
        web = None if maker is Maker.ELPHAPEX else job.doors.web_port
        return NewMiner(
            name=find.host,
            ip_address=find.host,
            manufacturer=maker,
            port=find.port,
            web_port=None if web == 80 else web,
            api3_port=None if job.doors.api3_port == 4433 else job.doors.api3_port,
            model=find.model,
            container_id=container_id,
            username=job.username if group_id is None else None,
            password=job.password if group_id is None else None,
            group_id=group_id,
            hardware_id=find.hardware_id,
        )

    async def _change(self, job: Job, find: Find, done: Acceptance) -> None:
        """Another device stands there: its maker and model take the place of the old ones."""
        if find.miner_id is None or find.manufacturer is None:
            return
        miner = await self.miner_store.get(find.miner_id)
        await self.miner_store.change(
            attrs.evolve(miner, manufacturer=find.manufacturer, model=find.model, port=find.port)
        )
        await self.miner_store.identified(miner.id, find.hardware_id)
        done.changed += await self._settle(job, [(find, miner.id)])

    async def _deactivate(self, find: Find, done: Acceptance) -> None:
        if find.miner_id is None:
            return
        miner = await self.miner_store.get(find.miner_id)
        if miner.is_active and (miner.ip_address, miner.port) == (find.host, find.port):
            await self.miner_store.change(attrs.evolve(miner, is_active=False))
            done.deactivated.append(Taken(find.host, miner.id))

    async def _settle(self, job: Job, taken: Sequence[tuple[Find, int]]) -> list[Taken]:
        """Remember that these finds are written down now."""
        settled = [attrs.evolve(find, status=FindStatus.KNOWN, miner_id=miner_id) for find, miner_id in taken]
        await self.job_store.settle(job.id, settled)
        return [Taken(find.host, miner_id) for find, miner_id in taken]
