"""``lineman units``: Asterisk units, how they are, and what can be done about them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ...ports.units.probe import Outcome
from ..http.units_paths import path_of
from . import figures, words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Api, asks
from .frame import Group
from .lookup import given
from .miners import told_of_rest
from .output import emit, note, show_table
from .units_shown import COLUMNS, LINES, show_unit

F = TypeVar("F", bound=Callable[..., Any])

#: Where units stand in every service.
SYSTEM = "units"
PATTERNS = ("gsm", "internal", "excluded")

LATE = {
    "check": ("units_orders:check", "Look at units now."),
    "power-cycle": ("units_orders:power_cycle", "Cut a unit's power and give it back."),
    "cycles": ("units_past:cycles", "Show a unit's power cycles, and what came of them."),
    "give-up": ("units_orders:give_up", "End a power cycle whose plug is dead."),
    "rearm": ("units_orders:rearm", "Forget what was tried in this outage."),
    "pause": ("units_orders:pause", "Keep a unit's power from being cut for a while."),
    "resume": ("units_orders:resume", "End a pause."),
    "bind": ("units_orders:bind", "Bind a plug to a unit; nothing is switched."),
    "unbind": ("units_orders:unbind", "Take a unit's plug away."),
    "policy": ("units_policy:policy", "Show the red switch and the dry run, or set the latter."),
    "stop-power": ("units_policy:stop_power", "The red switch: no power actions at all."),
    "resume-power": ("units_policy:resume_power", "Let power actions go on."),
    "watch": ("units_watching:watch", "Watch units in a table that keeps itself fresh."),
    "history": ("units_past:history", "Show what happened to units and their power."),
    "why": ("units_past:why", "Say why a unit's power was or was not cut."),
    "report": ("units_past:report", "Sum up outages and power cycles, and whether these helped."),
    "import": ("units_tables:import_", "Add or change units from a CSV or JSON file."),
    "export": ("units_tables:export", "Write units as CSV or JSON."),
}


@click.group(cls=Group, late=LATE)
def units() -> None:
    """List, change, watch and power-cycle Asterisk units.

    UNIT is the number of its enterprise. A unit's power is never cut by itself
    before that was allowed with --power-cycling, a plug was bound, and the unit
    was seen online.
    """


def filters(command: F) -> F:
    """The options that choose units."""
    options = (
        click.option("--status", type=click.Choice([one.value for one in Outcome]), help="What the last look came to."),
        click.option("--search", help="Part of the number, the name or the host."),
        click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True),
        click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the first."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def query_of(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The API's query for what ``filters`` gives."""
    return given(**{name: chosen.get(name) for name in ("status", "search", "limit", "offset")})


@units.command("list")
@filters
@asks
async def list_(api: Api, **chosen: Any) -> None:
    """List units with what is known of them now, by number."""
    answer = await api.of(SYSTEM).get("/units", query_of(chosen))
    emit(answer, lambda found: show_table(COLUMNS, found))
    told_of_rest(answer, len(answer.value), chosen["offset"])


@units.command()
@click.argument("unit", shell_complete=words.units)
@asks
async def show(api: Api, unit: str) -> None:
    """Show all that is known of one unit."""
    emit(await api.of(SYSTEM).get(path_of(unit)), show_unit)


@units.command()
@click.argument("unit", shell_complete=words.units)
@click.option("--hours", type=click.IntRange(1, 24 * 400), default=24, show_default=True, help="Of the courses.")
@asks
async def lines(api: Api, unit: str, hours: int) -> None:
    """Show a unit's lines as they were seen last, and how many were up when."""

    def show(found: Mapping[str, Any]) -> None:
        if found["peers"]:
            show_table(LINES, found["peers"])
        seen = found["last_checked_at"]
        note("it was not looked at yet" if seen is None else f"looked at {figures.ago(seen)} ago")
        courses = found["courses"]
        for label, place in (("GSM lines", 1), ("SIP lines", 3), ("internal", 5)):
            if any(course[place + 1] for course in courses):
                drawn = figures.sparkline([float(course[place]) for course in courses], 60)
                click.echo(f"{label:10} {courses[-1][place]} of {courses[-1][place + 1]}  {drawn}")

    emit(await api.of(SYSTEM).get(path_of(unit, "/lines"), {"hours": hours}), show)


def details(command: F) -> F:
    """The fields of a unit that both ``add`` and ``change`` take."""
    key = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
    options = (
        click.option("--port", type=click.IntRange(1, 65535), help="Of SSH or AMI; without it, 22."),
        click.option("--username", help="Its login; without it, root."),
        click.option("--ask-password", is_flag=True, help="Ask for its password."),
        password_option,
        click.option("--key", type=key, help="A file with a private key in OpenSSH's format."),
        click.option("--via", type=click.Choice(["ssh", "ami"]), help="How it is looked at; without it, by SSH."),
        click.option("--power-cycling/--no-power-cycling", default=None,
                     help="Cut its power when nothing else helps (parameter_option_2)."),
        click.option("--service-restart/--no-service-restart", default=None,
                     help="Restart its Asterisk first, if its host answers."),
        click.option("--parent", shell_complete=words.units, help="A unit without which it cannot be reached."),
        click.option("--host-key", metavar="SHA256:…", help="Its host key; without it, the first one shown counts."),
        click.option("--failures", type=click.IntRange(1, 100), help="Failed looks running after which it is down."),
        click.option("--second-opinion", type=click.Choice(["tcp", "sip"]), help="Asked before its power is cut."),
        click.option("--second-port", type=click.IntRange(1, 65535)),
        click.option("--gsm", multiple=True, metavar="PATTERN", help="Names of GSM lines; several times for several."),
        click.option("--internal", multiple=True, metavar="PATTERN", help="Names of internal lines."),
        click.option("--excluded", multiple=True, metavar="PATTERN", help="Names that are not counted."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _told(told: Mapping[str, Any]) -> dict[str, Any]:
    asked = told["ask_password"] or told["password_stdin"]
    password = ask_password("The unit's password", stdin=told["password_stdin"]).reveal() if asked else None
    names = ("host", "port", "username", "via", "parent", "host_key", "second_opinion", "second_port")
    return given(
        password=password,
        key=None if told["key"] is None else _read(told["key"]),
        parameter_option_2=told["power_cycling"],
        may_restart_service=told["service_restart"],
        failure_threshold=told["failures"],
        **{name: told.get(name) for name in names},
    )


def _read(file: Path) -> str:
    with click.open_file(str(file), encoding="utf-8", errors="replace") as opened:
        content: str = opened.read(1 << 16)
        return content


def _patterns(told: Mapping[str, Any]) -> dict[str, list[str]]:
    return {kind: list(told[kind]) for kind in PATTERNS if told[kind]}


@units.command()
@click.argument("number", shell_complete=words.enterprises)
@click.argument("host")
@details
@asks
async def add(api: Api, number: str, **told: Any) -> None:
    """Add the unit of the enterprise NUMBER, which stands at HOST; it needs a password or a key."""
    fields = {"enterprise_number": number, **_told(told)}
    if patterns := _patterns(told):
        fields["patterns"] = patterns
    emit(await api.of(SYSTEM).post("/units", fields), lambda found: _said(found["enterprise_number"], "added"))


@units.command()
@click.argument("unit", shell_complete=words.units)
@click.option("--host", help="Its address or name.")
@click.option("--no-parent", is_flag=True, help="It hangs on no other unit.")
@click.option("--forget-host-key", is_flag=True, help="Trust the next key that it shows.")
@click.option("--no-second-opinion", is_flag=True)
@click.option("--no-failures", is_flag=True, help="As many as the settings say.")
@click.option("--no-password", is_flag=True, help="Forget its password.")
@click.option("--no-key", is_flag=True, help="Forget its private key.")
@details
@asks
async def change(api: Api, unit: str, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    api, fields = api.of(SYSTEM), _told(told)
    gone = {
        "no_parent": ("parent",), "forget_host_key": ("host_key",), "no_failures": ("failure_threshold",),
        "no_second_opinion": ("second_opinion", "second_port"), "no_password": ("password",), "no_key": ("key",),
    }  # fmt: skip
    fields |= {name: None for option, names in gone.items() if told[option] for name in names}
    if patterns := _patterns(told):
        fields["patterns"] = (await api.get(path_of(unit))).value["patterns"] | patterns
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    emit(await api.put(path_of(unit), fields), lambda found: _said(found["enterprise_number"], "changed"))


@units.command()
@click.argument("unit", shell_complete=words.units)
@yes_option
@asks
async def remove(api: Api, unit: str, yes: bool) -> None:
    """Remove a unit; its history stays."""
    api = api.of(SYSTEM)
    found = (await api.get(path_of(unit))).value
    confirm(f"Remove unit {unit} of {found['name']}, at {found['host']}?", yes=yes)
    emit(await api.delete(path_of(unit)), lambda _: _said(unit, "removed"))


def _said(number: str, done: str) -> None:
    click.echo(f"unit {done}: {number}")
