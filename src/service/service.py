"""One opened house with its application, ready to be served."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from .. import __version__
from ..adapters.http.app import Faces, build_app
from ..adapters.http.health import Health
from ..adapters.http.stream import Streams
from ..container import House
from ..core.lease import Permit
from ..ports.errors import LinemanError
from ..settings import Settings
from .system import System
from .work import Work

#: Paths that other systems know without the name of ours before them: addresses registered at a cloud, and the like.
BURNT_IN = frozenset({"/ewelink-callback/"})


@attrs.define(eq=False)
class Service:
    """What ``opened_service`` opens."""

    settings: Settings
    house: House
    permit: Permit
    #: What stands at the root and under every system: the alerts, the housekeeping.
    common: Sequence[System]
    systems: Mapping[str, System]
    #: Whether this process takes part in the lease.
    works: bool = True
    #: The live pages.
    streams: Streams = attrs.field(factory=Streams)

    @property
    def work(self) -> Work:
        """What the process does by itself: all systems' work, whichever it serves."""
        return Work((*self.systems.values(), *self.common), self.permit, self.house.clock())

    def application(self, systems: Sequence[str] = ()) -> Starlette:
        """The ASGI application: one system at the root, several (all, if none is named) under their names.

        Raises:
            UnknownSystem
        """
        registry = CollectorRegistry()
        routes = {name: system.routes() for name, system in self.systems.items()}
        for system in (*self.systems.values(), *self.common):
            for collector in system.collectors():
                registry.register(collector)
        faces = Faces(
            version=__version__,
            identity=self.house.identity(),
            users=self.house.users(),
            tokens=self.house.tokens(),
            journal=self.house.journals(),
            health=self.health,
            stats=self.stats,
            registry=registry,
            trust_local=self.settings.auth == "trust-local",
            public_url=self.settings.public_url,
            everywhere=[route for system in self.common for route in system.routes()],
            at_root=[one for own in routes.values() for one in own if getattr(one, "path", "") in BURNT_IN],
            body_limit=self.settings.body_limit,
        )
        return build_app(faces, systems=routes, alone=systems[0] if len(systems) == 1 else None, served=systems)

    async def stats(self) -> Mapping[str, Any]:
        """What ``/stats`` tells."""
        told: dict[str, Any] = {"holder": self.permit.lease.holder}
        for system in (*self.systems.values(), *self.common):
            told |= system.stats()
        return told

    async def health(self) -> Health:
        """What ``/health`` tells: the lease is asked for in the database, so that it shows whether that is there."""
        clock = self.house.clock()
        kind = {"kind": self.settings.backend}
        try:
            lease = await self.house.lease_store().current(now=clock.now())
        except LinemanError as error:
            return Health(database_ok=False, database=kind | {"code": error.code})
        figures: dict[str, Any] = {"working": int(self.permit.working)}
        for system in self.systems.values():
            figures |= system.figures()
        ailing = [name for name, system in self.systems.items() if system.ailing()]
        if ailing:
            figures["ailing"] = ailing
        return Health(
            database_ok=True,
            database=kind,
            scheduler_ok=not ailing and (lease is not None or not self.works),
            scheduler=figures,
            lease=None if lease is None else {"holder": lease.holder, "mine": lease.holder == self.permit.lease.holder},
        )
