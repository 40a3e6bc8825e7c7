"""``lineman simulate``: devices that are not there, on the real wire."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from .frame import Group, frame
from .output import field, note, show_table
from .simulating import Mix, parts, run, write_csv

if TYPE_CHECKING:
    from ..devices.simulators.miners import SimulatedFarm, SimulatedMiner

#: So many miners are listed one by one; of more, the first.
_LISTED = 20
_COLUMNS = (
    field("Name", "name"),
    field("Address", "ip_address"),
    field("Port", "port", right=True),
    field("Web", "web_port", right=True, spare=1),
    field("API 3", "api3_port", right=True, spare=1),
    field("Maker", "manufacturer"),
    field("Model", "model"),
    field("State", "state", spare=2),
)
_FAULTS = {
    "mute": "accept and never answer",
    "garbled": "make the slips that real firmware makes",
    "cut": "end their replies in the middle",
    "refuse": "refuse connections",
    "reset": "reset connections",
    "denied": "close without a word",
    "huge": "never end their replies",
    "html": "answer with a web page",
    "noise": "answer with binary noise",
    "deep": "answer with JSON too deep for any parser",
    "down": "say that their mining process is down",
    "locked": "take no commands",
    "hush": "do what they are told, and do not answer to that",
}
_CONDITIONS = {
    "dead-board": "have a board that died",
    "overheating": "overheat now and then",
    "sleeping": "sleep",
    "bad-chips": "have some bad chips",
    "fan-stopped": "have a fan that stands still",
}


@click.group(
    cls=Group,
    late={
        "radmin": ("simulate_gateways:radmin", "Run a simulated RADMIN server with GoIP gateways behind it."),
        "goip": ("simulate_gateways:goip", "Run simulated GoIP gateways that can be reached directly."),
        "unit": ("simulate_units:unit", "Run simulated Asterisk units."),
        "ewelink": ("simulate_units:ewelink", "Run a simulated eWeLink cloud, whose plugs switch simulated units."),
    },
)
def simulate() -> None:
    """Run simulated devices that speak the real wire.

    They listen on loopback addresses only.
    """


@simulate.command("miners")
@click.option("--count", type=click.IntRange(1, 60_000), default=20, show_default=True, help="How many miners.")
@click.option("--mix", type=Mix(), metavar="NAME=WEIGHT,…", help="Makers or kinds: antminer=40,m30s=10.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same miners.")
@click.option("--address", default="127.50.0.1", show_default=True, help="Of the first; the others follow.")
@click.option("--port", type=click.IntRange(1, 65535), default=4028, show_default=True, help="Of the cgminer API.")
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    help="Of the web pages; 80 needs root.",
)
@click.option(
    "--api3-port", type=click.IntRange(1, 65535), default=4433, show_default=True, help="Of Whatsminer API 3."
)
@click.option("--latency", "latency_ms", type=click.FloatRange(0), default=0, metavar="MS", help="Before each reply.")
@click.option("--jitter", "jitter_ms", type=click.FloatRange(0), default=0, metavar="MS", help="As much more at most.")
@click.option("--slow", "slow_ms", type=click.FloatRange(0), default=0, metavar="MS", help="A reply drips for so long.")
@click.option(
    "--reboot", "reboot_minutes", type=click.FloatRange(0), default=0, metavar="MINUTES", help="Each boots so often."
)
@click.option("--healthy", is_flag=True, help="Nothing is wrong with any of them unless an option says so.")
@parts(_CONDITIONS, "How many")
@parts(_FAULTS, "How many")
@click.option("--csv", "csv_to", metavar="FILE", help="Write the list as CSV; - is stdout, in place of the table.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; else with Ctrl-C.")
def miners(count: int, mix: dict[str, float] | None, csv_to: str | None, seconds: float | None, **rest: Any) -> None:
    """Run simulated ASIC miners.

    With --json, one line a miner is printed, ready to be sent to POST /api/miners.
    """
    from ..devices.simulators.miners import LIVELY, MIX, Knobs, SimulatedFarm

    knobs = Knobs(**{name: rest[name] for name in ("latency_ms", "jitter_ms", "slow_ms", "reboot_minutes")})
    faults = {name: part for name in _FAULTS if (part := rest[name]) is not None}
    said = {name: part for name in _CONDITIONS if (part := rest[name.replace("-", "_")]) is not None}
    places = ("seed", "address", "port", "web_port", "api3_port")
    try:
        farm = SimulatedFarm(
            mix or MIX,
            count,
            knobs=knobs,
            faults=faults,
            conditions={**({} if rest["healthy"] else LIVELY), **said},
            **{name: rest[name] for name in places},
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error

    def show() -> None:
        _show(farm, csv_to)
        note(f"{len(farm.miners)} simulated miners listen.")

    def summary() -> str:
        served = sum(miner.served for miner in farm.miners)
        return f"{served} requests answered; {farm.overlaps} clients came to a miner that was busy with another one."

    run(farm, show, summary, seconds)


def row(miner: "SimulatedMiner") -> dict[str, Any]:
    """Return a miner as it is sent to ``POST /api/miners``."""
    row: dict[str, Any] = {
        "name": f"sim-{miner.index + 1:05d}",
        "ip_address": miner.host,
        "port": miner.port,
        "web_port": miner.web_port,
        "api3_port": miner.api3_port,
        "manufacturer": miner.maker,
        "model": miner.model,
    }
    if miner.maker == "Whatsminer" or (miner.kind.web and miner.kind.web.realm):
        row["username"], row["password"] = miner.login
    return row


def _show(farm: "SimulatedFarm", csv_to: str | None) -> None:
    rows = [row(miner) for miner in farm.miners]
    if csv_to:
        write_csv(rows, csv_to)
    if csv_to == "-":
        return
    if frame().json:
        click.echo("\n".join(json.dumps(row) for row in rows))
        return
    kinds = Counter(f"{miner.maker} {miner.model}" for miner in farm.miners)
    few = [row | {"state": str(miner.condition)} for row, miner in zip(rows, farm.miners, strict=True)][:_LISTED]
    show_table(_COLUMNS, few)
    if len(rows) > len(few):
        click.echo(f"… and {len(rows) - len(few)} more up to {rows[-1]['ip_address']}")
        click.echo("\n".join(f"{number:6d}  {kind}" for kind, number in sorted(kinds.items())))
