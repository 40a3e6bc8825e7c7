"""``lineman miners``: what the operator says there is."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ...ports import errors
from ...ports.miners.inventory import SORTS
from ...ports.miners.reading import Maker, State
from ...ports.miners.watch import Availability
from . import figures, words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Answer, Api, asks
from .details import efficiency, maker, model, rate, show_miner
from .frame import Group
from .lookup import address, container_id_of, given, group_id_of, miner_of, split_address
from .output import Column, emit, field, note, show_table

F = TypeVar("F", bound=Callable[..., Any])

ORDERS = (*SORTS, *(f"-{name}" for name in SORTS))

LATE = {
    "poll": ("polling:poll", "Ask miners for a reading now."),
    "reboot": ("actions:reboot", "Reboot miners."),
    "restart": ("actions:restart", "Start the mining process of miners anew."),
    "light": ("actions:light", "Let the light of miners blink, by which people find them."),
    "sleep": ("actions:sleep", "Stop the hashing of miners until they are woken."),
    "wake": ("actions:wake", "Have sleeping miners hash again."),
    "pool": ("actions:pool", "Have miners mine for another pool."),
    "power-limit": ("actions:power_limit", "Let miners take no more than so many watts."),
    "abilities": ("actions:abilities", "Show what a miner can be told to do, and why not."),
    "actions": ("actions:actions", "Show what a miner was told to do, and what came of it."),
    "stats": ("statistics:stats", "Show the history of one miner, as rows or as charts."),
    "events": ("insights:events", "Show what happened to a miner."),
    "discover": ("discover:discover", "Look for miners in subnets, ranges and at addresses."),
    "discoveries": ("discover:discoveries", "Show what was looked for, and what one discovery found."),
    "accept": ("discover:accept", "Take over what a discovery found."),
    "import": ("tables:import_", "Add or change miners from a CSV or JSON file."),
    "export": ("tables:export", "Write miners as CSV or JSON."),
    "bulk": ("bulk:bulk", "Move, tag, activate, group, poll or remove many miners."),
    "groups": ("groups:groups", "Groups of miners that share a login."),
    "tags": ("groups:tags", "List all tags."),
    "watch": ("watching:watch", "Watch miners in a table that keeps itself fresh."),
}


@click.group(cls=Group, late=LATE)
def miners() -> None:
    """List, change, poll and watch miners.

    MINER is a number, a name, or an address with or without port; CONTAINER
    a number or a name.
    """


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    Column("Address", address),
    Column("Maker", maker, spare=3),
    Column("Model", model, spare=4),
    field("Container", "container_id", right=True, spare=6),
    field("Availability", "availability"),
    field("State", "state", spare=1),
    Column("Hash rate", rate, right=True),
    field("Rate %", "rate_ratio", lambda ratio: figures.number(round(ratio * 100, 1)), right=True, spare=7),
    field("Temp °C", "temperature", figures.number, right=True),
    field("Fan rpm", "fan_speed", figures.number, right=True, spare=5),
    field("Power W", "power_consumption", figures.number, right=True, spare=2),
    Column("Efficiency", efficiency, right=True, spare=8),
    field("Seen", "last_seen", figures.ago, right=True, spare=9),
)


def filters(command: F) -> F:
    """The options that choose and order miners."""
    options = (
        click.option("--container", shell_complete=words.containers, help="Only this container's (number or name)."),
        click.option("--active/--inactive", default=None, help="Only those that are polled, or only the others."),
        click.option("--maker", shell_complete=words.makers, help="Only this maker's."),
        click.option("--availability", type=click.Choice([one.value for one in Availability])),
        click.option("--state", type=click.Choice([one.value for one in State])),
        click.option("--search", help="Part of the name, address or model."),
        click.option("--tag", shell_complete=words.tags, help="Only those with this tag."),
        click.option("--group", shell_complete=words.groups, help="Only those of this group (number or name)."),
        click.option("--sort", type=click.Choice(ORDERS), default="id", show_default=True, metavar="FIELD",
                     help=f"One of {', '.join(SORTS)}; with a leading - the largest first."),
        click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True),
        click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the first."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


async def query_of(api: Api, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The API's query for what ``filters`` gives."""
    return given(
        container_id=await container_id_of(api, chosen["container"]),
        is_active=chosen["active"],
        manufacturer=chosen["maker"],
        availability=chosen["availability"],
        state=chosen["state"],
        search=chosen["search"],
        tag=chosen["tag"],
        group_id=await group_id_of(api, chosen["group"]),
        sort=chosen["sort"],
        limit=chosen["limit"],
        offset=chosen["offset"],
    )


def told_of_rest(answer: Answer, shown: int, offset: int) -> None:
    """Say how many there are when a page does not hold all."""
    if answer.total is not None and answer.total > shown:
        first = f"{offset + 1}-{offset + shown}" if shown else "none"
        note(f"{first} of {answer.total}; --limit and --offset show others")


@miners.command("list")
@filters
@asks
async def list_(api: Api, **chosen: Any) -> None:
    """List miners with what is known of them now."""
    answer = await api.get("/api/miners", await query_of(api, chosen))
    emit(answer, lambda found: show_table(COLUMNS, found))
    told_of_rest(answer, len(answer.value), chosen["offset"])


@miners.command()
@click.argument("miner", shell_complete=words.miners)
@asks
async def show(api: Api, miner: str) -> None:
    """Show all that is known of one miner."""
    found = await miner_of(api, miner)
    emit(await api.get(f"/api/miners/{found['id']}"), show_miner)


def details(command: F) -> F:
    """The fields of a miner that both ``add`` and ``change`` take."""
    port, place = click.IntRange(1, 65535), click.IntRange(1, 1000)
    options = (
        click.option("--name"),
        click.option("--model", help="Any text; the miner's own word counts once it is polled."),
        click.option("--container", shell_complete=words.containers, help="Where it stands (number or name)."),
        click.option("--row", type=place, help="Where in the container, from 1 on."),
        click.option("--shelf", type=place),
        click.option("--slot", type=place),
        click.option("--tag", multiple=True, shell_complete=words.tags, help="Give it this tag; several may be given."),
        click.option("--group", shell_complete=words.groups, help="Whose login it shares (number or name)."),
        click.option("--port", type=port, help="The maker's main port: 4028, or 80 for Elphapex."),
        click.option("--web-port", type=port, help="HTTP, 80 if not given."),
        click.option("--api3-port", type=port, help="Whatsminer API 3, 4433 if not given."),
        click.option("--active/--inactive", default=None, help="Whether it is polled."),
        click.option("--username", help="For miners that want a login."),
        click.option("--ask-password", is_flag=True, help="Ask for the miner's password."),
        password_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _password(ask: bool, stdin: bool) -> str | None:
    return ask_password("The miner's password", stdin=stdin).reveal() if ask or stdin else None


@miners.command()
@click.argument("address")
@click.option("--maker", required=True, shell_complete=words.makers, help=f"One of {', '.join(Maker)}.")
@details
@asks
async def add(api: Api, address: str, **told: Any) -> None:
    """Add the miner at ADDRESS, which may end in :PORT."""
    host, port = split_address(address)
    if port is not None and told["port"] not in (None, port):
        raise errors.Invalid(f"{address} has port {port} and --port says {told['port']}: give one", field="port")
    fields = given(
        name=told["name"] or address,
        ip_address=host,
        port=port or told["port"],
        manufacturer=told["maker"],
        container_id=await container_id_of(api, told["container"]),
        is_active=told["active"],
        password=_password(told["ask_password"], told["password_stdin"]),
        tags=list(told["tag"]) or None,
        group_id=await group_id_of(api, told["group"]),
        **{name: told[name] for name in ("web_port", "api3_port", "model", "username", "row", "shelf", "slot")},
    )
    emit(await api.post("/api/miners", fields), lambda miner: _said(miner, "added"))


@miners.command()
@click.argument("miner", shell_complete=words.miners)
@click.option("--address", help="Its new address, which may end in :PORT.")
@click.option("--maker", shell_complete=words.makers)
@click.option("--no-container", is_flag=True, help="Take it out of its container.")
@click.option("--no-place", is_flag=True, help="Forget where in the container it stands.")
@click.option("--no-tags", is_flag=True, help="Take all tags away.")
@click.option("--no-group", is_flag=True, help="Take it out of its group.")
@click.option("--no-password", is_flag=True, help="Forget its user name and password.")
@details
@asks
async def change(api: Api, miner: str, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    host, port = split_address(told["address"]) if told["address"] else (None, None)
    fields = given(
        ip_address=host,
        port=told["port"] or port,
        manufacturer=told["maker"],
        container_id=await container_id_of(api, told["container"]),
        is_active=told["active"],
        password=_password(told["ask_password"], told["password_stdin"]),
        tags=list(told["tag"]) or None,
        group_id=await group_id_of(api, told["group"]),
        **{name: told[name] for name in ("name", "web_port", "api3_port", "model", "username", "row", "shelf", "slot")},
    )
    if told["no_container"]:
        fields["container_id"] = None
    if told["no_place"]:
        fields |= {"row": None, "shelf": None, "slot": None}
    if told["no_tags"]:
        fields["tags"] = []
    if told["no_group"]:
        fields["group_id"] = None
    if told["no_password"]:
        fields |= {"username": None, "password": None}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await miner_of(api, miner)
    emit(await api.put(f"/api/miners/{found['id']}", fields), lambda miner: _said(miner, "changed"))


@miners.command()
@click.argument("miner", shell_complete=words.miners)
@yes_option
@asks
async def remove(api: Api, miner: str, yes: bool) -> None:
    """Remove a miner with its history."""
    found = await miner_of(api, miner)
    confirm(f"Remove miner {found['id']}, {found['name']} at {address(found)}, with its history?", yes=yes)
    emit(await api.delete(f"/api/miners/{found['id']}"), lambda _: _said(found, "removed"))


def _said(miner: Mapping[str, Any], done: str) -> None:
    click.echo(f"miner {miner['id']} {done}: {miner['name']} at {address(miner)}")
