"""How the process is: for balancers, for Prometheus, and for people."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import attrs
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import Response
from starlette.routing import Route

from ...core.permissions import allow
from ...ports.errors import NotAllowed
from ...ports.identity import Actor, Permission
from .wire import Call, operation, route

#: Seconds that the database may take to show that it is there.
DEADLINE = 2.0


@attrs.frozen
class Health:
    """What the process knows of itself.  Nothing in it may be secret: strangers read it."""

    database_ok: bool
    #: Kind, schema version …
    database: Mapping[str, Any] = attrs.field(factory=dict)
    #: False if a job has not done its work for too long.
    scheduler_ok: bool = True
    scheduler: Mapping[str, Any] = attrs.field(factory=dict)
    #: Who holds the working lease.
    lease: Mapping[str, Any] | None = None


@attrs.frozen
class HealthView:
    """``status`` is ``ok`` or ``degraded``."""

    status: str
    version: str
    database: dict[str, Any]
    scheduler: dict[str, Any]
    lease: dict[str, Any] | None


@attrs.frozen
class HealthApi:
    """Health, metrics and figures."""

    version: str
    health: Callable[[], Awaitable[Health]]
    stats: Callable[[], Awaitable[Mapping[str, Any]]]
    registry: CollectorRegistry

    @operation(returns=HealthView, anonymous=True, tag="process")
    async def show_health(self, call: Call) -> HealthView:
        """Tell whether the service works.

        Needs no login.  200 as long as the database answers, even if ``status``
        is ``degraded``; 503 when it does not.
        """
        found = Health(database_ok=False, database={"detail": f"no answer within {DEADLINE:g} s"})
        with anyio.move_on_after(DEADLINE):
            found = await self.health()
        call.status = 200 if found.database_ok else 503
        return HealthView(
            "ok" if found.database_ok and found.scheduler_ok else "degraded",
            self.version,
            {"ok": found.database_ok, **found.database},
            {"ok": found.scheduler_ok, **found.scheduler},
            None if found.lease is None else dict(found.lease),
        )

    @operation(returns=str, errors=(NotAllowed,), tag="process", media="text/plain")
    async def show_metrics(self, call: Call) -> Response:
        """Give all figures in the format of Prometheus."""
        _allow_all(call.actor)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    @operation(returns=dict[str, Any], errors=(NotAllowed,), tag="process")
    async def show_stats(self, call: Call) -> Mapping[str, Any]:
        """Tell what the process does: polls, misses, queue, lag."""
        _allow_all(call.actor)
        return dict(await self.stats())

    def routes(self) -> list[Route]:
        return [
            route("GET", "/health", self.show_health),
            route("GET", "/metrics", self.show_metrics),
            route("GET", "/stats", self.show_stats),
        ]


def _allow_all(actor: Actor) -> None:
    """The figures are sums over the whole house."""
    allow(actor, Permission.SEE_STATISTICS)
    if actor.container_ids is not None:
        raise NotAllowed(f"{actor.name} sees some containers only; these figures are of all.")
