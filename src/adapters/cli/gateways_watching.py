"""``lineman gateways watch``: a table that keeps itself fresh."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import click

from ...ports import errors
from .client import Api, asks, working
from .frame import Command, frame
from .gateways import COLUMNS, SYSTEM, filters, query_of, spark
from .gateways_shown import sparks_of, state
from .output import Column, terminal
from .screens import screen

#: Seconds between two looks whether a scan is due, where no service does them, and between two of all courses.
TRY_EVERY, COURSES_EVERY = 1.0, 60.0

Courses = Mapping[str, Sequence[float | None]]


@click.command(cls=Command)
@filters
@click.option(
    "-n", "--interval", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True,
    help="Seconds between two refreshes.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="One refresh, then end.")
@asks
async def watch(api: Api, interval: float, once: bool, **chosen: Any) -> None:
    """Watch gateways in a table that keeps itself fresh, until Ctrl-C.

    When no service scans the gateways of this database, this command does. With
    --json, each refresh is a line.
    """
    import anyio

    api, query = api.of(SYSTEM), query_of(chosen)
    courses: Courses = {}
    drawn = float("-inf")
    async with _scanned(api, once=once) as who:
        with screen("gateways", state, once=once) as draw:
            while True:
                started = anyio.current_time()
                if terminal() and not frame().json and started - drawn >= COURSES_EVERY:
                    courses, drawn = await sparks_of(api), started
                draw(await api.get("/devices", query), _columns(courses), who)
                if once:
                    return
                await anyio.sleep(max(0.0, started + interval - anyio.current_time()))


@asynccontextmanager
async def _scanned(api: Api, *, once: bool) -> AsyncIterator[str]:
    """While the block lasts the gateways are scanned: by a service, or by this very process."""
    import anyio

    async with working(api) as other:
        if other is not None or api.local is None:
            yield "scanned by a service"
            return
        scanning = api.local.service.house.scanning()
        await scanning.resume()

        async def what_is_due() -> None:
            await scanning.tick()
            while await scanning.work():
                pass

        async def work() -> None:
            while True:
                with suppress(errors.Overloaded):  # the database is busy: the next time will do
                    await what_is_due()
                await anyio.sleep(TRY_EVERY)

        async with anyio.create_task_group() as tasks:
            if once:
                await what_is_due()
            else:
                tasks.start_soon(work)
            yield "scanned by this command"
            tasks.cancel_scope.cancel()


def _columns(courses: Courses) -> Sequence[Column]:
    return (*COLUMNS, Column("Signal", lambda row: spark(courses, row), spare=4)) if courses else COLUMNS
