"""Work that waits in the database, done by the command itself while no service does it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from ...ports import errors
from .client import Api

if TYPE_CHECKING:
    from ...container import House

#: Seconds between two tries to be the one who works, while another is.
TRY_EVERY = 1.0


@asynccontextmanager
async def worked_off(api: Api, work: Callable[["House"], Awaitable[None]]) -> AsyncIterator[None]:
    """Do the work ourselves while nobody else does, or once who did is gone, for as long as the block lasts."""
    import anyio

    if api.local is None:
        yield
        return
    service = api.local.service

    async def tried() -> None:
        while True:
            with suppress(errors.Unavailable):  # the lease changes hands
                async with service.permit.borrowed() as other:
                    if other is None:
                        await work(service.house)
            await anyio.sleep(TRY_EVERY)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tried)
        yield
        tasks.cancel_scope.cancel()
