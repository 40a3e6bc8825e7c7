"""``lineman miners watch``: a table that keeps itself fresh."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .client import Api, asks, working
from .frame import Command
from .local import Local
from .miners import COLUMNS, filters, query_of
from .polling import AT_ONCE
from .screens import Draw, screen

if TYPE_CHECKING:
    from ...core.miners import Polling

#: Seconds between two roll-ups, when no service does them.
TIDY_EVERY = 30.0


@click.command(cls=Command)
@filters
@click.option(
    "-n", "--interval", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True,
    help="Seconds between two refreshes.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="One refresh, then end.")
@asks
async def watch(api: Api, interval: float, once: bool, **chosen: Any) -> None:
    """Watch miners in a table that keeps itself fresh, until Ctrl-C.

    When no service polls the miners of this database, this command polls
    those that it shows, itself, before each refresh. With --json, each
    refresh is a line.
    """
    query = await query_of(api, chosen)
    with screen("miners", lambda row: row["availability"], once=once) as draw:
        async with working(api) as other:
            own = api.local if other is None else None
            await _watch(api, query, draw, interval=interval, once=once, own=own)


async def _watch(
    api: Api,
    query: Mapping[str, Any],
    draw: Draw,
    *,
    interval: float,
    once: bool,
    own: Local | None = None,
) -> None:
    import anyio

    may_poll = own is not None and "poll-miners" in (await api.get("/api/auth/me")).value["permissions"]
    tidied = anyio.current_time()
    while True:
        started = anyio.current_time()
        answer = await api.get("/api/miners", query)
        if own is not None and may_poll:
            await _visit(own.service.house.polling(), [miner["id"] for miner in answer.value])
            if started - tidied > TIDY_EVERY:
                await own.tidy()
                tidied = started
            answer = await api.get("/api/miners", query)
        draw(answer, COLUMNS, "polled by a service" if own is None else "polled by this command")
        if once:
            return
        await anyio.sleep(max(0.0, started + interval - anyio.current_time()))


async def _visit(polling: "Polling", miner_ids: Sequence[int]) -> None:
    """Poll as the service would: nothing of it in the journal, a miss is only a miss."""
    import anyio

    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(miner_id: int) -> None:
        async with limiter:
            await polling.visit(miner_id)

    await polling.reload()
    async with anyio.create_task_group() as tasks:
        for miner_id in miner_ids:
            tasks.start_soon(one, miner_id)
    await polling.flush()
