"""``lineman miners reboot``, ``sleep``, ``pool`` … : telling miners to do something, and what came of it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click

from ...core.miners.acting import words_of
from . import figures, words
from .asking import ask_password, confirm, yes_option
from .client import DEADLINE, Api, asks, working
from .frame import Command, frame
from .lookup import container_id_of, given, miner_of
from .output import Column, emit, field, note, progress, show_table

F = TypeVar("F", bound=Callable[..., Any])

#: Seconds between two looks, and after which ``--wait`` ends at the latest.
LOOK_EVERY, LONGEST_WAIT = 1.0, 900.0
#: Names that a question repeats.
NAMED = 10
#: An action that ended well, and those that have not ended.
FINE, OPEN = ("accepted", "verified"), ("requested", "accepted")

COLUMNS = (
    field("ID", "id", right=True),
    field("Miner", "miner"),
    field("Action", "action"),
    Column("With", lambda one: words_of(one["arguments"])),
    field("Status", "status"),
    field("Detail", "detail"),
    field("By", "by", spare=2),
    field("Asked", "requested_at", figures.ago, right=True, spare=1),
)


def targets(command: F) -> F:
    """Whom to tell, whether to ask first, and whether to wait."""
    options = (
        click.argument("miner", nargs=-1, shell_complete=words.miners),
        click.option("--container", shell_complete=words.containers, help="All active miners of this container."),
        click.option("--tag", help="All active miners with this tag."),
        yes_option,
        click.option("--wait", is_flag=True, help="Wait until a reading shows the effect, or none did in time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _told(name: str, doing: str, text: str) -> click.Command:
    """A command for an action that needs nothing said with it."""

    @targets
    @asks
    async def run(api: Api, **asked: Any) -> None:
        await _order(api, doing, {"action": name}, **asked)

    return click.command(name, cls=Command, help=text, short_help=text.partition(".")[0] + ".")(run)


reboot = _told("reboot", "Reboot", "Reboot miners: the whole control board starts anew.")
restart = _told("restart", "Restart the mining process of", "Start the mining process of miners anew.")
sleep = _told("sleep", "Send to sleep", "Stop the hashing of miners until they are woken.")
wake = _told("wake", "Wake", "Have sleeping miners hash again.")


@click.command(cls=Command)
@click.option("--off", is_flag=True, help="Turn it off again.")
@targets
@asks
async def light(api: Api, off: bool, **asked: Any) -> None:
    """Let the light of miners blink, by which people find them."""
    doing = "Turn off the light of" if off else "Turn on the light of"
    await _order(api, doing, {"action": "light", "on": not off}, **asked)


@click.command(cls=Command)
@click.option("--number", type=click.IntRange(0), help="One that the miner has; lineman miners show lists them.")
@click.option("--pool-url", help="Another one, such as stratum+tcp://pool.example.com:3333.")
@click.option("--user", help="The user at that pool.")
@click.option("--ask-pool-password", is_flag=True, help="Ask for the password at that pool; x without it.")
@targets
@asks
async def pool(
    api: Api, number: int | None, pool_url: str | None, user: str | None, ask_pool_password: bool, **asked: Any
) -> None:
    """Have miners mine for another pool: one of theirs by its number, or a new one."""
    if (number is None) == (pool_url is None):
        raise click.UsageError("give either --number or --pool-url")
    if pool_url is not None and user is None:
        raise click.UsageError("--pool-url needs --user")
    wanted: object = number
    if pool_url is not None:
        password = ask_password("The password at the pool", stdin=False).reveal() if ask_pool_password else None
        wanted = given(url=pool_url, user=user, password=password)
    whom = f"pool {number}" if pool_url is None else pool_url
    await _order(api, f"Switch to {whom}", {"action": "pool", "pool": wanted}, **asked)


@click.command("power-limit", cls=Command)
@click.option("--watts", type=click.IntRange(1), required=True)
@targets
@asks
async def power_limit(api: Api, watts: int, **asked: Any) -> None:
    """Let miners take no more than so many watts."""
    await _order(api, f"Limit to {watts} W", {"action": "power-limit", "watts": watts}, **asked)


@click.command(cls=Command)
@click.argument("miner", shell_complete=words.miners)
@asks
async def abilities(api: Api, miner: str) -> None:
    """Show what a miner can be told to do, and why not."""
    found = await miner_of(api, miner)
    columns = (field("Action", "action"), field("Possible", "possible"), field("Reason", "reason"))
    emit(await api.get(f"/api/miners/{found['id']}/abilities"), lambda rows: show_table(columns, rows))


@click.command(cls=Command)
@click.argument("miner", shell_complete=words.miners)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@asks
async def actions(api: Api, miner: str, limit: int) -> None:
    """Show what a miner was told to do, and what came of it, newest first."""
    found = await miner_of(api, miner)
    answer = await api.get(f"/api/miners/{found['id']}/actions", {"limit": limit})
    emit(answer, lambda rows: show_table(COLUMNS, rows))


async def _order(
    api: Api, doing: str, body: Mapping[str, Any], *, miner: tuple[str, ...], container: str | None, tag: str | None,
    yes: bool, wait: bool,
) -> None:  # fmt: skip
    """Find the miners, ask, tell them, wait if wanted, and show what came of it."""
    if not (miner or container or tag):
        raise click.UsageError("name miners, or give --container or --tag")
    chosen = {found["id"]: found for found in [await miner_of(api, word) for word in miner]}
    if container or tag:
        query = given(is_active=True, container_id=await container_id_of(api, container), tag=tag)
        chosen |= {found["id"]: found async for found in api.pages("/api/miners", query)}
    if not chosen:
        note("no miners to tell")
        return
    confirm(f"{doing} {_names(list(chosen.values()))}?", yes=yes)
    async with _at_work(api) as attend:
        told = await _tell(api, list(chosen), {**body, "confirm": True})
        if wait:
            told = await _outcomes(api, told, attend)
    _show(told, one=len(miner) == 1 == len(chosen))


async def _tell(api: Api, ids: Sequence[int], body: Mapping[str, Any]) -> list[Any]:
    if len(ids) == 1:
        return [(await api.post(f"/api/miners/{ids[0]}/actions", body, deadline=3 * DEADLINE)).value]
    found: list[Any] = (await api.post("/api/miners/actions", {**body, "ids": list(ids)}, deadline=3600)).value
    return found


@asynccontextmanager
async def _at_work(api: Api) -> AsyncIterator[Callable[[], Any]]:
    """While the block lasts, somebody looks at the miners: a service, or this process by calling what it is given."""

    async def nobody() -> None:
        """The service does it by itself."""

    async with working(api) as other:
        if other is not None or api.local is None:
            yield nobody
            return
        from ...service.miners import attend

        house = api.local.service.house

        async def look() -> None:
            await attend(house)
            await house.polling().flush()

        yield look


async def _outcomes(api: Api, told: list[Any], attend: Callable[[], Any]) -> list[Any]:
    """The same actions once none of them can change any more, or when that takes too long."""
    import anyio

    found = {one["id"]: one for one in told}
    with anyio.move_on_after(LONGEST_WAIT), progress("waiting", len(found)) as advance:
        while waiting := [one for one in found.values() if one["status"] in OPEN]:
            await attend()
            for one in waiting:
                found[one["id"]] = (await api.get(f"/api/actions/{one['id']}")).value
            advance(sum(one["status"] not in OPEN for one in found.values()), len(found))
            await anyio.sleep(LOOK_EVERY)
    return list(found.values())


def _show(told: Sequence[Mapping[str, Any]], *, one: bool) -> None:
    if frame().json:
        click.echo(json.dumps(told[0] if one else told, ensure_ascii=False, separators=(",", ":")))
    else:
        show_table(COLUMNS, told)
    bad = sum(action["status"] not in (*FINE, "requested") for action in told)
    if bad:
        note(f"{bad} of {len(told)} did not end well")
        raise click.exceptions.Exit(6)


def _names(miners: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(str(miner["name"]) for miner in miners[:NAMED])
    if len(miners) == 1:
        return f"miner {miners[0]['id']}, {names}"
    rest = f" and {len(miners) - NAMED} more" if len(miners) > NAMED else ""
    return f"{len(miners)} miners: {names}{rest}"
