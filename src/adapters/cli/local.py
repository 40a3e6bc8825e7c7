"""The application inside this process, with the local administrator at its door."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs

from ...ports.identity import Actor, Role
from ...settings import Settings

if TYPE_CHECKING:
    from ...service import Service

#: Whoever can open the database may do everything with it.
LOCAL = Actor("cli", Role.ADMIN)

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


@attrs.frozen
class Local:
    """An opened service that serves nobody else, and its application."""

    service: "Service"
    app: App

    async def tidy(self) -> None:
        """Keep the series that charts are drawn from, as a service would do, where none does."""
        house, clock = self.service.house, self.service.house.clock()
        for series in (house.series_store(), house.gateway_history()):
            await series.roll_up(now=clock.now())
            await series.prune(now=clock.now())


def as_actor(app: App, actor: Actor) -> App:
    """``app``, asked by ``actor``: no server puts him into a scope, so none can be fooled into it."""

    async def asked(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        await app({**scope, "lineman.actor": actor}, receive, send)

    return asked


@asynccontextmanager
async def opened_locally(settings: Settings, *, debug: bool = False) -> AsyncIterator[Local]:
    """Open the database and build the application.  A token in the settings takes the administrator's place."""
    from ...service import opened_service
    from ..logs import configure

    # The command itself tells of what failed; the log is for faults.
    configure(settings.log_level if debug else "error", settings.log_format)
    async with opened_service(settings, works=False) as service:
        app: App = service.application()
        yield Local(service, app if settings.token else as_actor(app, LOCAL))
