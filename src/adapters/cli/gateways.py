"""``lineman gateways``: GSM gateways, their lines, and what can be done with them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from ...ports.gateways.inventory import SORTS
from ...ports.gateways.watch import Health, Status
from ..http.gateways_paths import path_of
from . import figures, words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Api, asks
from .frame import Group, frame
from .gateways_shown import LINES, SPARK_WIDTH, answering, lines_good, signal, sparks_of, state
from .gateways_shown import show_gateway as show_one
from .lookup import given
from .miners import told_of_rest
from .output import Column, emit, field, note, show_table, terminal

F = TypeVar("F", bound=Callable[..., Any])

#: Where gateways stand in every service.
SYSTEM = "goip"
ORDERS = (*SORTS, *(f"-{name}" for name in SORTS))

LATE = {
    "scan": ("gateways_scan:scan", "Scan all gateways now."),
    "scans": ("gateways_scan:scans", "Show the latest scans, or what one found."),
    "check": ("gateways_scan:check", "Look at gateways now."),
    "reboot": ("gateways_orders:reboot", "Reboot gateways."),
    "restart-line": ("gateways_orders:restart_line", "Switch the module of a line off and on again."),
    "commands": ("gateways_orders:commands", "Show what a gateway was told to do, and what came of it."),
    "watch": ("gateways_watching:watch", "Watch gateways in a table that keeps itself fresh."),
    "history": ("gateways_past:history", "Show what happened to a gateway and its lines."),
    "chart": ("gateways_past:chart", "Draw the signal of a line, and how it was registered."),
    "import": ("gateways_tables:import_", "Add or change gateways from a CSV or JSON file."),
    "export": ("gateways_tables:export", "Write gateways as CSV or JSON."),
    "directories": ("gateways_directories:directories", "The servers on whose lists gateways are."),
}


@click.group(cls=Group, late=LATE)
def gateways() -> None:
    """List, change, scan, watch and reboot GSM gateways.

    GATEWAY is a name, exactly as the remote administration server knows it.
    """


COLUMNS = (
    field("Name", "gateway_name"),
    field("Enterprise", "enterprise_number", spare=3),
    Column("Status", state),
    # The sentence needs a wide terminal; the word is there on any.
    field("Reason", "reason"),
    Column("Lines ok", lines_good, right=True),
    Column("Weak", lambda row: row["lines"]["weak"], right=True, spare=2),
    Column("Down", lambda row: row["lines"]["down"], right=True, spare=1),
    Column("Busy", lambda row: row["lines"]["busy"], right=True, spare=5),
    field("Port", "port", right=True, spare=7),
    field("Model", "device_model", spare=8),
    field("Serial", "serial_last4", spare=10),
    field("For", "since", figures.ago, right=True, spare=9),
    Column("Because", lambda row: None if answering(row) else row["why"], spare=12),
    field("Seen", "last_ok", figures.ago, right=True, spare=11),
)


def line_filters(command: F) -> F:
    """The options that choose lines, or gateways that have such lines."""
    options = (
        click.option("--enterprise", shell_complete=words.enterprises, help="Only this enterprise's (its number)."),
        click.option("--operator", help="With a line of this operator: part of its name."),
        click.option("--health", type=click.Choice([one.value for one in Health]), help="With a line of this health."),
        click.option("--weak/--not-weak", default=None, help="With a weak signal, or only without."),
        click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True),
        click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the first."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def filters(command: F) -> F:
    """The options that choose and order gateways."""
    options = (
        click.option("--status", type=click.Choice([one.value for one in Status])),
        click.option("--search", help="Part of the name, serial number or model."),
        click.option("--sort", type=click.Choice(ORDERS), default="name", show_default=True, metavar="FIELD",
                     help=f"One of {', '.join(SORTS)}; with a leading - the other way round."),
        line_filters,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def query_of(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The API's query for what ``filters`` or ``line_filters`` gives."""
    names = ("status", "search", "sort", "operator", "health", "weak", "limit", "offset")
    return given(enterprise_number=chosen["enterprise"], **{name: chosen.get(name) for name in names})


@gateways.command("list")
@filters
@asks
async def list_(api: Api, **chosen: Any) -> None:
    """List gateways with what is known of them now, and on a terminal the signal of the last day."""
    api = api.of(SYSTEM)
    answer = await api.get("/devices", query_of(chosen))
    columns: tuple[Column, ...] = COLUMNS
    if terminal() and not frame().json:
        courses = await sparks_of(api)
        columns = (*COLUMNS, Column("Signal", lambda row: spark(courses, row), spare=4))
    emit(answer, lambda found: show_table(columns, found))
    told_of_rest(answer, len(answer.value), chosen["offset"])


def spark(courses: Mapping[str, Sequence[float | None]], row: Mapping[str, Any]) -> str:
    """The course of a gateway's signal in a few characters."""
    return figures.sparkline(courses.get(row["gateway_name"], ()), SPARK_WIDTH)


@gateways.command()
@click.argument("gateway", shell_complete=words.gateways)
@asks
async def show(api: Api, gateway: str) -> None:
    """Show all that is known of one gateway and its lines."""
    api = api.of(SYSTEM)
    answer = await api.get(path_of(gateway))
    lines = () if frame().json else (await api.get(path_of(gateway, "/lines"))).value
    emit(answer, lambda found: show_one(found, lines))


@gateways.command()
@click.argument("gateway", required=False, shell_complete=words.gateways)
@line_filters
@asks
async def lines(api: Api, gateway: str | None, **chosen: Any) -> None:
    """List the lines of a gateway, or of all that the options choose."""
    api = api.of(SYSTEM)
    if gateway is not None:
        emit(await api.get(path_of(gateway, "/lines")), lambda found: show_table(LINES, found))
        return
    answer = await api.get("/lines", query_of(chosen))
    columns = (field("Gateway", "gateway_name"), field("Enterprise", "enterprise_number", spare=20), *LINES)
    emit(answer, lambda found: show_table(columns, found))
    told_of_rest(answer, len(answer.value), chosen["offset"])


def details(command: F) -> F:
    """The fields of a gateway that both ``add`` and ``change`` take."""
    options = (
        click.option("--serial", help="The last four digits of its serial number; without, those first seen count."),
        click.option("--directory", help="The name of the directory that lists it; without, the first."),
        click.option("--username", help="Its login, where it is not its enterprise's."),
        click.option("--ask-password", is_flag=True, help="Ask for its password."),
        password_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _told(told: Mapping[str, Any]) -> dict[str, Any]:
    asked = told["ask_password"] or told["password_stdin"]
    password = ask_password("The gateway's password", stdin=told["password_stdin"]).reveal() if asked else None
    return given(
        enterprise_number=told["enterprise"],
        serial_last4=told["serial"],
        directory=told["directory"],
        username=told["username"],
        password=password,
    )


@gateways.command()
@click.argument("name")
@click.option("--enterprise", required=True, shell_complete=words.enterprises, help="The number of its enterprise.")
@details
@asks
async def add(api: Api, name: str, **told: Any) -> None:
    """Add the gateway that the remote administration server calls NAME."""
    answer = await api.of(SYSTEM).post("/devices", {"gateway_name": name, **_told(told)})
    emit(answer, lambda found: _said(found["gateway_name"], "added"))


@gateways.command()
@click.argument("gateway", shell_complete=words.gateways)
@click.option("--enterprise", shell_complete=words.enterprises, help="The number of its enterprise.")
@click.option("--no-serial", is_flag=True, help="Forget its serial number: another device may take its place.")
@click.option("--no-directory", is_flag=True, help="The first directory lists it.")
@click.option("--no-password", is_flag=True, help="Forget its user name and password.")
@details
@asks
async def change(api: Api, gateway: str, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    fields = _told(told)
    if told["no_serial"]:
        fields["serial_last4"] = None
    if told["no_directory"]:
        fields["directory"] = None
    if told["no_password"]:
        fields |= {"username": None, "password": None}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    answer = await api.of(SYSTEM).put(path_of(gateway), fields)
    emit(answer, lambda found: _said(found["gateway_name"], "changed"))


@gateways.command()
@click.argument("gateway", shell_complete=words.gateways)
@yes_option
@asks
async def remove(api: Api, gateway: str, yes: bool) -> None:
    """Remove a gateway with its history."""
    api = api.of(SYSTEM)
    found = (await api.get(path_of(gateway))).value
    whose = f"{found['enterprise']} ({found['enterprise_number']})"
    confirm(f"Remove gateway {gateway} of {whose}, with its history?", yes=yes)
    emit(await api.delete(path_of(gateway)), lambda _: _said(gateway, "removed"))


@gateways.command()
@asks
async def fleet(api: Api) -> None:
    """Count gateways by status, lines by health and by operator."""
    emit(await api.of(SYSTEM).get("/fleet"), _show_fleet)


OPERATORS = (
    field("Operator", "operator"),
    field("Lines", "lines", right=True),
    Column("Signal", lambda one: signal({"rssi": one["mean_rssi"] and round(one["mean_rssi"])}), right=True),
)


def _show_fleet(fleet: Mapping[str, Any]) -> None:
    click.echo(f"{fleet['gateways']} gateways: {figures.counts(fleet['by_status']) or 'none'}")
    click.echo(f"{fleet['lines']} lines: {figures.counts(fleet['by_health']) or 'none'}")
    if fleet["operators"]:
        show_table(OPERATORS, fleet["operators"])
    if fleet["stale"]:
        note(f"{fleet['stale']} gateways are as an older list said: the last one could not be read")


def _said(name: str, done: str) -> None:
    click.echo(f"gateway {done}: {name}")
