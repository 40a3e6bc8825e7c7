"""``lineman gateways reboot``, ``restart-line``, ``commands``: telling gateways what to do, and what came of it."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click

from ...ports import errors
from ...ports.gateways.reading import MOST_LINES
from ..http.gateways_paths import path_of
from . import figures, words
from .asking import confirm, yes_option
from .client import DEADLINE, Api, asks, working
from .errors import exit_code, line
from .frame import Command, frame
from .gateways import SYSTEM
from .output import emit, field, note, progress, show_table

F = TypeVar("F", bound=Callable[..., Any])

#: Seconds between two looks at commands that have not ended, and after which waiting ends.
LOOK_EVERY, LONGEST_WAIT = 1.0, 900.0
#: Names that a question repeats.
NAMED = 10
OPEN = ("requested", "accepted")

Told = Mapping[str, Any]

COLUMNS = (
    field("ID", "id", right=True),
    field("Gateway", "gateway_name"),
    field("Command", "kind"),
    field("Line", "line", right=True),
    field("Status", "status"),
    field("Detail", "detail"),
    field("By", "by", spare=2),
    field("Asked", "requested_at", figures.ago, right=True, spare=1),
)


def waits(command: F) -> F:
    """Whether to ask first, and whether to wait."""
    options = (
        yes_option,
        click.option("--no-wait", is_flag=True, help="End once it was told; do not wait until it is back."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("gateway", nargs=-1, required=True, shell_complete=words.gateways)
@waits
@asks
async def reboot(api: Api, gateway: tuple[str, ...], yes: bool, no_wait: bool) -> None:
    """Reboot gateways, and wait until they are back.

    Each is first seen to be the right device. The exit code is 6 if one
    declined or did not come back.
    """
    api = api.of(SYSTEM)
    names = list(dict.fromkeys(gateway))
    for name in names:
        await api.get(path_of(name))
    confirm(f"Reboot {_names(names)}? Calls that go on are cut.", yes=yes)
    await _order(api, [(name, "/reboot") for name in names], wait=not no_wait)


@click.command("restart-line", cls=Command)
@click.argument("gateway", shell_complete=words.gateways)
@click.argument("line", type=click.IntRange(1, MOST_LINES))
@waits
@asks
async def restart_line(api: Api, gateway: str, line: int, yes: bool, no_wait: bool) -> None:
    """Switch the module of LINE off and on again, and wait until it is registered."""
    api = api.of(SYSTEM)
    await api.get(path_of(gateway))
    confirm(f"Restart line {line} of gateway {gateway}? A call that goes on is cut.", yes=yes)
    await _order(api, [(gateway, f"/lines/{line}/restart")], wait=not no_wait)


@click.command(cls=Command)
@click.argument("gateway", shell_complete=words.gateways)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@asks
async def commands(api: Api, gateway: str, limit: int) -> None:
    """Show what a gateway was told to do, and what came of it, newest first."""
    answer = await api.of(SYSTEM).get(path_of(gateway, "/commands"), {"limit": limit})
    emit(answer, lambda rows: show_table(COLUMNS, rows))


async def _order(api: Api, whom: Sequence[tuple[str, str]], *, wait: bool) -> None:
    """Tell gateways one after the other, wait for all, and show what came of it."""
    told: list[Told] = []
    refused: list[errors.LinemanError] = []
    async with _at_work(api) as attend:
        for name, path in whom:
            try:
                told.append((await api.post(path_of(name, path), {"confirm": True}, deadline=3 * DEADLINE)).value)
            except errors.LinemanError as error:
                if len(whom) == 1:
                    raise
                refused.append(error)
                note(f"{name}: {line(error)}")
        if wait:
            told = await _outcomes(api, told, attend)
    _show(told, one=len(whom) == 1)
    if any(one["status"] == "failed" for one in told):
        raise click.exceptions.Exit(6)
    if refused:
        raise click.exceptions.Exit(min(exit_code(error) for error in refused))


@asynccontextmanager
async def _at_work(api: Api) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """While the block lasts, somebody looks at the gateways: a service, or this process by calling what it is given."""

    async def nobody() -> None:
        """The service does it by itself."""

    async with working(api) as other:
        own = other is None and api.local is not None
        yield api.local.service.house.commands().tend if own and api.local else nobody


async def _outcomes(api: Api, told: Sequence[Told], attend: Callable[[], Awaitable[object]]) -> list[Told]:
    """The same commands once none of them can change any more, or when that takes too long."""
    import anyio

    found = {one["id"]: one for one in told}
    with anyio.move_on_after(LONGEST_WAIT), progress("waiting until it is back", len(found)) as advance:
        while waiting := [one for one in found.values() if one["status"] in OPEN]:
            with contextlib.suppress(errors.Unavailable):  # the database is busy: the next look will do
                await attend()
            for one in waiting:
                found[one["id"]] = (await api.get(f"/commands/{one['id']}")).value
            advance(sum(one["status"] not in OPEN for one in found.values()), len(found))
            await anyio.sleep(LOOK_EVERY)
    return list(found.values())


def _show(told: Sequence[Told], *, one: bool) -> None:
    if frame().json:
        click.echo(json.dumps(told[0] if one else told, ensure_ascii=False, separators=(",", ":")))
    elif told:
        show_table(COLUMNS, told)


def _names(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"gateway {names[0]}"
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} gateways: {', '.join(names[:NAMED])}{rest}"
