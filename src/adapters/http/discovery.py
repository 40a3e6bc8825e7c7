"""Looking for miners over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.miners.accepting import Acceptance, Accepting
from ...core.miners.discovery import Discovery
from ...core.miners.targets import MOST
from ...ports.errors import Invalid, NotAllowed, TooManyRequests
from ...ports.identity import Permission
from ...ports.miners import Doors, Find, FindStatus, Job, JobEnded, JobRuns, JobStatus, UnknownJob
from .miners import Api3Port, Password, Port, Text, WebPort
from .wire import Call, Id, operation, route


class DeviceLogin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For devices that want a login; kept encrypted with the discovery, never shown."""

    username: Text | None = None
    password: Password | None = None


class PortsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the ports are not the usual ones."""

    port: Port | None = None
    api3_port: Api3Port | None = None
    web_port: WebPort | None = None


class DiscoverBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    targets: Annotated[
        tuple[str, ...],
        Meta(
            description=f"Subnets, ranges and addresses, {MOST} addresses at most",
            examples=[["10.0.0.0/20", "10.1.0.1-10.1.0.50", "10.2.0.1-50", "10.3.0.7"]],
        ),
    ]
    credentials: DeviceLogin | None = None
    ports: PortsBody | None = None


class AcceptBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the `hosts`, or `all`; new miners are put into the container and the group."""

    hosts: Annotated[tuple[str, ...], Meta(max_length=MOST)] | None = None
    all: bool = False
    container_id: Id | None = None
    group_id: Id | None = None


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A discovery: its progress, how many finds there are of each kind, and (of one alone) the finds.

    `answered` addresses have an open port, `found` ones are miners.
    """

    id: int
    status: JobStatus
    targets: tuple[str, ...]
    ports: Doors
    addresses: int
    probed: int
    answered: int
    found: int
    new: int
    moved: int
    gone: int
    known: int
    changed: int
    unclear: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    by: str
    has_password: bool
    error: str | None
    items: tuple[Find, ...]


@attrs.frozen
class DiscoveryApi:
    """Discoveries."""

    discovery: Discovery
    accepting: Accepting

    @operation(
        returns=JobView,
        body=DiscoverBody,
        status=202,
        errors=(NotAllowed, Invalid, TooManyRequests),
        tag="discovery",
        needs=Permission.CHANGE_MINERS,
    )
    async def start(self, call: Call, body: DiscoverBody) -> JobView:
        """Look for miners in subnets, ranges and at addresses.

        Whoever works takes the job up within a second or two; `Location` tells
        where to follow it.  Nothing is changed until it is accepted.
        """
        login = body.credentials or DeviceLogin()
        ports = {} if body.ports is None else msgspec.structs.asdict(body.ports)
        job = await self.discovery.start(
            call.actor,
            body.targets,
            username=login.username,
            password=login.password,
            ports={name: port for name, port in ports.items() if port is not None},
        )
        call.headers["location"] = f"{call.request.scope.get('root_path', '')}/api/miners/discover/{job.id}"
        return job_view(job)

    @operation(returns=list[JobView], errors=(NotAllowed,), tag="discovery")
    async def all(self, call: Call) -> list[JobView]:
        """List the latest discoveries, newest first, without their finds."""
        return [job_view(job) for job in await self.discovery.all(call.actor)]

    @operation(returns=JobView, errors=(NotAllowed, UnknownJob), tag="discovery")
    async def one(self, call: Call, job_id: int) -> JobView:
        """Show a discovery with what it found so far."""
        return job_view(*await self.discovery.get(call.actor, job_id))

    @operation(returns=JobView, errors=(NotAllowed, UnknownJob, JobEnded), tag="discovery")
    async def cancel(self, call: Call, job_id: int) -> JobView:
        """End a discovery; what it found stays."""
        return job_view(await self.discovery.cancel(call.actor, job_id))

    @operation(
        returns=Acceptance,
        body=AcceptBody,
        errors=(NotAllowed, UnknownJob, JobRuns, Invalid),
        tag="discovery",
        needs=Permission.CHANGE_MINERS,
    )
    async def accept(self, call: Call, job_id: int, body: AcceptBody) -> Acceptance:
        """Add what is new, move what moved, set right what changed, and stop polling what is gone."""
        if body.all == (body.hosts is not None):
            raise Invalid("give either hosts, or all: true", field="hosts")
        return await self.accepting.run(
            call.actor, job_id, hosts=body.hosts, container_id=body.container_id, group_id=body.group_id
        )

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        one = "/api/miners/discover/{job_id:int}"
        return [
            route("POST", "/api/miners/discover", self.start),
            route("GET", "/api/miners/discover", self.all),
            route("GET", one, self.one),
            route("DELETE", one, self.cancel),
            route("POST", f"{one}/accept", self.accept),
        ]


def job_view(job: Job, finds: Sequence[Find] = ()) -> JobView:
    """A job without its secret."""
    return JobView(
        id=job.id,
        status=job.status,
        targets=job.targets,
        ports=job.doors,
        addresses=job.addresses,
        probed=job.probed,
        answered=job.answered,
        found=job.found,
        **{status.value: job.tally.get(status.value, 0) for status in FindStatus},
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        by=job.by,
        has_password=job.password is not None,
        error=job.error,
        items=tuple(finds),
    )
