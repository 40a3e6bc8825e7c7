"""``lineman units watch``: a table that keeps itself fresh."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import click

from ...ports import errors
from .client import Api, asks, working
from .frame import Command
from .local import Local
from .polling import AT_ONCE
from .screens import screen
from .units import SYSTEM, filters, query_of
from .units_shown import COLUMNS, state

#: Seconds between two looks for changed units, where no service looks for them.
LOOK_EVERY = 1.0


@click.command(cls=Command)
@filters
@click.option(
    "-n", "--interval", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True,
    help="Seconds between two refreshes.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="One refresh, then end.")
@asks
async def watch(api: Api, interval: float, once: bool, **chosen: Any) -> None:
    """Watch units in a table that keeps itself fresh, until Ctrl-C.

    When no service looks at the units of this database, this command does, with
    all that follows: it may cut power where that was allowed. With --json, each
    refresh is a line.
    """
    import anyio

    api, query = api.of(SYSTEM), query_of(chosen)
    async with _looked_at(api, once=once) as who:
        with screen("units", state, once=once) as draw:
            while True:
                started = anyio.current_time()
                draw(await api.get("/units", query), COLUMNS, who)
                if once:
                    return
                await anyio.sleep(max(0.0, started + interval - anyio.current_time()))


@asynccontextmanager
async def _looked_at(api: Api, *, once: bool) -> AsyncIterator[str]:
    """While the block lasts the units are looked at: by a service, or by this very process."""
    import anyio

    async with working(api) as other:
        if other is not None or api.local is None:
            yield "looked at by a service"
            return
        system = api.local.service.systems[SYSTEM]
        await system.begin()
        await _all(api.local)
        if once:
            yield "looked at by this command"
            return

        async def anew() -> None:
            while True:
                await anyio.sleep(LOOK_EVERY)
                with suppress(errors.Overloaded):  # the database is busy: the next time will do
                    await system.begin()

        async with anyio.create_task_group() as tasks:
            for work in (anew, *system.rounds()):
                tasks.start_soon(work)
            yield "looked at by this command"
            tasks.cancel_scope.cancel()


async def _all(local: Local) -> None:
    """Look at every unit once."""
    import anyio

    watching, limiter = local.service.house.watching(), anyio.CapacityLimiter(AT_ONCE)

    async def one(key: int) -> None:
        async with limiter:
            with suppress(errors.Overloaded):
                await watching.visit(key)

    async with anyio.create_task_group() as tasks:
        for key in list(watching.keys()):
            tasks.start_soon(one, key)
