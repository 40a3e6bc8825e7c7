"""``lineman simulate radmin`` and ``goip``: gateways that are not there, on the real wire."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from .frame import Command, frame
from .output import field, note, show_table
from .simulating import Mix, Part, Ports, parts, run, write_csv

if TYPE_CHECKING:
    from ..devices.simulators.gateways import SimulatedGatewayTown, SimulatedGoips

#: So many gateways are listed one by one; of more, the first.
_LISTED = 20
#: So many gateways belong to one enterprise.
_TENANCY = 10
_COLUMNS = (
    field("Name", "gateway_name"),
    field("Port", "port", right=True),
    field("Title", "title"),
    field("Lines", "lines", right=True),
    field("Serial", "serial_last4", right=True),
    field("Enterprise", "enterprise_number", spare=1),
    field("State", "state", spare=2),
)
_FAULTS = {
    "mute": "accept and never answer",
    "closed": "close without a word",
    "cut": "end their pages in the middle",
    "garbled": "answer with noise",
    "huge": "never end their pages",
    "strange": "answer with somebody else's page",
    "denied": "have another password",
    "hostile": "carry script tags in names and titles",
    "clock-1970": "never had their clock set",
    "no-uptime": "do not say their uptime",
    "mixed-up": "declare another charset than they use in their XML",
    "stubborn": "take the order to reboot and do nothing",
}
_LIST_FAULTS = ("mute", "closed", "cut", "garbled", "huge", "strange", "denied", "refuse", "half", "empty")


@click.command("radmin", cls=Command)
@click.option("--count", type=click.IntRange(1, 5000), default=20, show_default=True, help="How many gateways.")
@click.option("--mix", type=Mix(), metavar="NAME=WEIGHT,…", help="Kinds: goip4=30,goip32=10.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same gateways.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where all listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8086, show_default=True, help="Of the list.")
@click.option("--ports", type=Ports(), metavar="FIRST-LAST", help="For the gateways; else any free ones.")
@click.option("--login", default="admin:radmin", show_default=True, help="Of the list, as name:password.")
@click.option("--gateway-login", default="admin:goip", show_default=True, help="Of the gateways' pages.")
@click.option("--dead", type=Part(), default=0.0, help="How many are on the list and do not answer.")
@click.option("--absent", type=Part(), default=0.0, help="How many never dial in.")
@click.option("--legacy", type=click.IntRange(0, 100), default=0, help="Rows of old units without web pages.")
@click.option("--latency", "latency_ms", type=click.FloatRange(0), default=0, metavar="MS", help="Before each answer.")
@click.option("--jitter", "jitter_ms", type=click.FloatRange(0), default=0, metavar="MS", help="As much more at most.")
@click.option("--slow", "slow_ms", type=click.FloatRange(0), default=0, metavar="MS", help="A page drips for so long.")
@click.option(
    "--haste", type=click.FloatRange(0.01, 10_000), default=1, help="Reboots and ghosts pass so many times faster."
)
@click.option("--calm", is_flag=True, help="Nothing happens by itself, and nothing is wrong with any line.")
@parts(_FAULTS, "How many")
@click.option("--list-fault", multiple=True, type=click.Choice(_LIST_FAULTS), help="What is wrong with the list.")
@click.option("--csv", "csv_to", metavar="FILE", help="Write the gateways as CSV; - is stdout, in place of the table.")
@click.option("--enterprises", "enterprises_to", metavar="FILE", help="Write their enterprises as CSV as well.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; else with Ctrl-C.")
def radmin(count: int, seed: int, csv_to: str | None, seconds: float | None, **rest: Any) -> None:
    """Run a simulated RADMIN server with GoIP gateways behind it.

    Gateways answer only those who have looked at the list with its login, and
    each connection uses up a tunnel, as in the field.  With --json, one line a
    gateway is printed, ready to be sent to POST /devices; the CSV is what
    `lineman gateways import` takes.
    """
    from ..devices.simulators.gateways import MIX, Knobs, ListKnobs, SimulatedGatewayTown, Times

    names = ("latency_ms", "jitter_ms", "slow_ms")
    knobs = Knobs(**{name: rest[name] for name in names})
    faults = {name: part for name in (key.replace("-", "_") for key in _FAULTS) if (part := rest[name]) is not None}
    list_knobs = ListKnobs(**{name: rest[name] for name in names}).turned(
        **{name: 10 * 1024 * 1024 if name == "huge" else True for name in rest["list_fault"]}
    )
    try:
        town = SimulatedGatewayTown(
            count,
            seed=seed,
            mix=rest["mix"] or MIX,
            dead_share=rest["dead"],
            absent_share=rest["absent"],
            legacy=rest["legacy"],
            knobs=knobs,
            faults=faults,
            list_knobs=list_knobs,
            host=rest["address"],
            port=rest["port"],
            ports=rest["ports"],
            login=_login(rest["gateway_login"]),
            radmin_login=_login(rest["login"]),
            times=Times().scaled(1 / rest["haste"]),
            calm=rest["calm"],
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error

    def show() -> None:
        _show_town(town, csv_to)
        if enterprises_to := rest["enterprises_to"]:
            write_csv(enterprises_of(town), enterprises_to)
        server = town.radmin
        note(f"The list is at http://{server.host}:{server.port}/ for {' / '.join(server.login)}.")
        note(
            f"{len(town.gateways)} simulated gateways stand behind it, for {rest['gateway_login'].replace(':', ' / ')}."
        )

    run(town, show, lambda: json.dumps(town.figures()), seconds)


@click.command("goip", cls=Command)
@click.option("--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many gateways.")
@click.option("--kind", default="goip4", show_default=True, help="goip1, goip4, goip8, goip16, goip32 or brand8.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same gateways.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where all listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Of the first.")
@click.option("--login", default="admin:goip", show_default=True, help="Of the pages, as name:password.")
@click.option("--haste", type=click.FloatRange(0.01, 10_000), default=1, help="Reboots pass so many times faster.")
@click.option("--calm", is_flag=True, help="Nothing happens by itself, and nothing is wrong with any line.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; else with Ctrl-C.")
def goip(count: int, kind: str, seed: int, port: int, login: str, seconds: float | None, **rest: Any) -> None:
    """Run simulated GoIP gateways that can be reached directly, as on a local network."""
    from ..devices.simulators.gateways import SimulatedGoips, Times

    try:
        units = SimulatedGoips(
            [kind] * count,
            seed=seed,
            host=rest["address"],
            port=port,
            login=_login(login),
            times=Times().scaled(1 / rest["haste"]),
            calm=rest["calm"],
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error

    def show() -> None:
        _show_units(units)
        note(
            f"Their pages are at http://{units.host}:{units.ports[0]}/default/en_US/status.html and the ports after it."
        )

    def summary() -> str:
        hits = sum(sum(gateway.hits.values()) for gateway in units.gateways)
        return f"{hits} requests answered; {sum(gateway.overlaps for gateway in units.gateways)} came side by side."

    run(units, show, summary, seconds)


def rows_of(town: "SimulatedGatewayTown") -> list[dict[str, Any]]:
    """Return the gateways as they are sent to ``POST /devices``."""
    return [
        {
            "gateway_name": gateway.name,
            "enterprise_number": _number(index),
            "serial_last4": gateway.serial[-4:],
            "username": gateway.login[0],
            "password": gateway.login[1],
        }
        for index, gateway in enumerate(town.gateways)
    ]


def enterprises_of(town: "SimulatedGatewayTown") -> list[dict[str, Any]]:
    """Return the enterprises of the gateways as they are sent to ``POST /api/enterprises``."""
    numbers = dict.fromkeys(_number(index) for index in range(len(town.gateways)))
    return [{"number": number, "name": f"Simulated enterprise {number}"} for number in numbers]


def _number(index: int) -> str:
    return f"{100 + index // _TENANCY:04d}"


def _login(text: str) -> tuple[str, str]:
    name, gap, password = text.partition(":")
    if not (name and gap):
        raise ValueError(f"{text!r} is not a login: say name:password")
    return name, password


def _states(town: "SimulatedGatewayTown") -> list[str]:
    dead, absent = set(map(id, town.dead)), set(map(id, town.absent))
    return ["dead" if id(one) in dead else "absent" if id(one) in absent else "active" for one in town.gateways]


def _show_town(town: "SimulatedGatewayTown", csv_to: str | None) -> None:
    rows = rows_of(town)
    if csv_to:
        write_csv(rows, csv_to)
    if csv_to == "-":
        return
    if frame().json:
        click.echo("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        return
    ports = {entry.gateway: entry.port for entry in town.radmin.entries.values()}
    told = [
        row | {"port": ports.get(gateway), "title": gateway.plate.title, "lines": gateway.plate.lines, "state": state}
        for row, gateway, state in zip(rows, town.gateways, _states(town), strict=True)
    ]
    _table(told)


def _table(rows: list[dict[str, Any]]) -> None:
    show_table(_COLUMNS, rows[:_LISTED])
    if len(rows) > _LISTED:
        click.echo(f"… and {len(rows) - _LISTED} more")
        kinds = Counter(row["title"] for row in rows)
        click.echo("\n".join(f"{number:6d}  {kind}" for kind, number in sorted(kinds.items())))


def _show_units(units: "SimulatedGoips") -> None:
    rows = [
        {
            "gateway_name": gateway.name,
            "port": port,
            "title": gateway.plate.title,
            "lines": gateway.plate.lines,
            "serial_last4": gateway.serial[-4:],
            "state": "active",
        }
        for gateway, port in zip(units.gateways, units.ports, strict=True)
    ]
    if frame().json:
        click.echo("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    else:
        _table(rows)
