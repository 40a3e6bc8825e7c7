"""One process that serves and works."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import structlog

from ..adapters.db.admin import foreign
from ..adapters.http.passing import Holder
from ..adapters.http.security import check_bind
from ..adapters.http.server import bind, serve, url_of
from ..adapters.http.stream import Streams
from ..adapters.process import collect_rarely, raise_open_files
from ..adapters.scheduler import Pacer
from ..container import House, opened, process_name
from ..core.lease import Permit
from ..ports.secrets import Secret
from ..settings import Settings
from .alerts import AlertSystem
from .gateways import GatewaySystem
from .keeping import Housekeeping
from .miners import MinerSystem
from .service import Service
from .system import System, alone_port
from .units import EwelinkSystem, UnitSystem

#: Files that are open beside one per lane: databases, logs, people.
SPARE_FILES = 1024


@asynccontextmanager
async def opened_service(
    settings: Settings, *, address: str = "", works: bool = True, house: House | None = None
) -> AsyncGenerator[Service]:
    """Open the house and put the faces on it.  ``address`` is where this process answers."""
    house = house or House(settings=settings)
    async with opened(house), httpx.AsyncClient(trust_env=False, timeout=None) as http:  # noqa: S113 Holder sets deadlines
        permit = Permit(house.lease(holder=process_name(), address=address))
        streams, holder = Streams(), Holder(house.passkey(), http)
        pacer = Pacer(house.polling(), settings.max_workers, house.clock())
        looks = Pacer(house.watching(), settings.unit_lanes, house.clock())
        systems: dict[str, System] = {
            "miners": MinerSystem(house, permit, pacer, holder, streams),
            "goip": GatewaySystem(house, permit, holder, streams),
            "units": UnitSystem(house, permit, looks, holder, streams),
            "ewelink": EwelinkSystem(house, permit, holder),
        }
        yield Service(settings, house, permit, (AlertSystem(house), Housekeeping(house)), systems, works, streams)


async def run(
    settings: Settings,
    *,
    systems: Sequence[str] = (),
    works: bool = True,
    stop: anyio.Event,
    ready: Callable[[str], None] = lambda url: None,
    first_password: Callable[[Secret], None] = lambda password: None,
    beside: Callable[[Service], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serve and work until ``stop`` is set.

    Args:
        settings: Where, over which database, how.
        systems: One alone, at the root, as a drop-in for the service it replaces; else each under its name.
        works: Whether to poll, when the lease allows it.
        stop: Ends the service: requests under way end, what was polled is written, the lease is given back.
        ready: Told the address once connections are accepted.
        first_password: Told the password of ``admin`` when it was made up at the first start.
        beside: What else to do meanwhile, such as filling a demonstration.

    Raises:
        BadSetting, CannotBind, Unavailable
    """
    check_bind(settings)
    alone_port(systems, settings.port)
    raise_open_files(settings.max_workers + settings.unit_lanes + settings.goip_lanes + SPARE_FILES)
    collect_rarely()
    sockets = await bind(settings.host, settings.port)
    url = (settings.public_url or url_of(sockets[0])).rstrip("/")
    async with opened_service(settings, address=url, works=works) as service:
        if made_up := await service.house.identity().ensure_admin(settings.admin_password):
            first_password(made_up)
        await _warn_of_others(service.house)
        async with anyio.create_task_group() as tasks:
            if works:
                tasks.start_soon(service.work.run)
            if beside:
                tasks.start_soon(beside, service)
            tasks.start_soon(_end_streams, stop, service.streams)
            await serve(
                service.application(systems), settings.host, settings.port, sockets=sockets, stop=stop,
                ready=ready, forwarded_allow=settings.forwarded_allow,
            )  # fmt: skip
            tasks.cancel_scope.cancel()


async def _warn_of_others(house: House) -> None:
    """Say once that another program's tables are here: nothing of them is read, and nothing touched."""
    if others := await foreign(house.database()):
        structlog.get_logger().warning(
            "the database holds tables of another program",
            tables=", ".join(others[:20]) + (" …" if len(others) > 20 else ""),
            advice="they are neither read nor touched; docs/how-to/operate.md says how to take miners over from them",
        )


async def _end_streams(stop: anyio.Event, streams: Streams) -> None:
    """Streams would last for ever: they end at once, so that the server need not wait for them."""
    await stop.wait()
    streams.end()
