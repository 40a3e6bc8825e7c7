"""``lineman simulate unit`` and ``ewelink``: Asterisk units that are not there, and the cloud that cuts their power."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .frame import Command, frame
from .output import field, note, show_table
from .simulating import parts, run, write_csv

if TYPE_CHECKING:
    from ..devices.simulators.units import SimulatedPbxTown, UnitKnobs, UnitTimes

#: So many units are listed one by one; of more, the first.
_LISTED = 20
_COLUMNS = (
    field("Enterprise", "enterprise_number"),
    field("Address", "host"),
    field("SSH", "port", right=True),
    field("Manager", "manager_port", right=True),
    field("Peers", "peers", right=True),
    field("Plug", "device_id"),
    field("Outlet", "outlet", right=True, spare=1),
    field("Trouble", "trouble", spare=2),
)
_FAULTS = {
    "hung": "accept and never answer, until they boot",
    "closed": "close before their greeting, until they boot",
    "refuse": "refuse connections",
    "dark": "cannot be connected to",
    "asterisk-down": "live, and their Asterisk does not",
    "console-mute": "have a console that never answers",
    "stubborn": "are not put right by any boot",
    "no-restart": "do not let their Asterisk be restarted",
    "denied": "have another password",
    "other-key": "show another host key than before",
    "no-command": "have no asterisk command",
    "killed": "have their commands killed",
    "pjsip": "have PJSIP only",
    "cut": "end their tables in the middle",
    "foreign": "have names that are not ASCII",
    "garbled": "answer with noise",
}


@click.command("unit", cls=Command)
@click.option("--count", type=click.IntRange(1, 5000), default=5, show_default=True, help="How many units.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same units.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where all listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=2201, show_default=True, help="SSH of the first.")
@click.option("--manager-port", type=click.IntRange(0, 65535), default=0, help="Manager of the first; else any.")
@click.option("--login", default="root:unit-secret", show_default=True, help="Of SSH, as name:password.")
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A public key that may log in."
)
@click.option("--manager-login", default="lineman:manager-secret", show_default=True, help="Of the managers.")
@click.option("--cloud-port", type=click.IntRange(0, 65535), default=0, help="Of their plugs' cloud; else any.")
@click.option("--slow", "slow_ms", type=click.FloatRange(0), default=0, metavar="MS", help="Before each answer.")
@click.option("--disk", "disk_percent", type=click.IntRange(0, 100), help="How full all disks are.")
@click.option("--calls", type=click.IntRange(0, 100), help="Calls in progress at each; else they come and go.")
@click.option("--boot", "boot_s", type=click.FloatRange(0.1), default=60, show_default=True, help="Seconds of a boot.")
@parts(_FAULTS, "How many")
@click.option("--csv", "csv_to", metavar="FILE", help="Write the units as CSV; - is stdout, in place of the table.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; else with Ctrl-C.")
def unit(count: int, seed: int, csv_to: str | None, seconds: float | None, **rest: Any) -> None:
    """Run simulated Asterisk units.

    They are SSH servers and manager ports, and each hangs on a plug of a
    simulated cloud that runs beside them.  With --json, one line a unit is
    printed, ready to be sent to POST /units.
    """
    _run(count, seed, csv_to, seconds, rest, port=rest["port"])


@click.command("ewelink", cls=Command)
@click.option("--count", type=click.IntRange(1, 5000), default=5, show_default=True, help="How many plugs and units.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same account.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where all listen.")
@click.option("--cloud-port", type=click.IntRange(0, 65535), default=8087, show_default=True, help="Of the cloud.")
@click.option("--app-id", default="SIMULATEDapp00000000000000000001", show_default=True, help="Of the application.")
@click.option("--app-secret", default="simulated-secret-00000000000001", show_default=True, help="It signs with it.")
@click.option(
    "--redirect-url",
    default="http://127.0.0.1:8010/ewelink-callback/",
    show_default=True,
    help="The registered one, where people are sent back to.",
)
@click.option("--offline", "offline_s", type=click.FloatRange(0), default=5, show_default=True, help="Seconds to 4002.")
@click.option("--boot", "boot_s", type=click.FloatRange(0.1), default=60, show_default=True, help="Seconds of a boot.")
@click.option("--csv", "csv_to", metavar="FILE", help="Write the units as CSV; - is stdout, in place of the table.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; else with Ctrl-C.")
def ewelink(count: int, seed: int, csv_to: str | None, seconds: float | None, **rest: Any) -> None:
    """Run a simulated eWeLink cloud, with plugs that switch simulated Asterisk units.

    It checks signatures, codes and tokens as the cloud does; its page for
    saying yes is under /oauth/index.html.  Let lineman use it with the setting
    ewelink_api.
    """
    _run(count, seed, csv_to, seconds, rest, port=0)


def _run(count: int, seed: int, csv_to: str | None, seconds: float | None, rest: dict[str, Any], *, port: int) -> None:
    from ..devices.simulators.ewelink import RegisteredApplication
    from ..devices.simulators.units import SimulatedPbxTown, UnitTimes

    known = {"app_id": "app_id", "secret": "app_secret", "redirect_url": "redirect_url"}
    given = {name: rest[option] for name, option in known.items() if option in rest}
    faults = {name: part for name in (key.replace("-", "_") for key in _FAULTS) if (part := rest.get(name)) is not None}
    key: Path | None = rest.get("key")
    try:
        town = SimulatedPbxTown(
            count,
            seed=seed,
            knobs=_knobs(rest),
            faults=faults,
            host=rest["address"],
            port=port,
            manager_port=rest.get("manager_port", 0),
            cloud_port=rest["cloud_port"],
            login=_login(rest.get("login", "root:unit-secret")),
            manager_login=_login(rest.get("manager_login", "lineman:manager-secret")),
            authorized=None if key is None else key.read_text("utf-8"),
            application=RegisteredApplication(**given),
            offline_s=rest.get("offline_s", 5.0),
            times=_times(UnitTimes(), rest["boot_s"]),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    run(town, lambda: _show(town, csv_to), lambda: json.dumps(town.figures()), seconds)


def _knobs(rest: dict[str, Any]) -> "UnitKnobs":
    from ..devices.simulators.units import UnitKnobs

    return UnitKnobs(**{name: rest[name] for name in ("slow_ms", "disk_percent", "calls") if name in rest})


def _times(times: "UnitTimes", boot_s: float) -> "UnitTimes":
    return times.scaled(boot_s / times.boot_s)


def _login(text: str) -> tuple[str, str]:
    name, gap, password = text.partition(":")
    if not (name and gap):
        raise ValueError(f"{text!r} is not a login: say name:password")
    return name, password


def _show(town: "SimulatedPbxTown", csv_to: str | None) -> None:
    rows = town.rows()
    if csv_to:
        write_csv(rows, csv_to)
    if csv_to != "-":
        if frame().json:
            click.echo("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        else:
            _table(town, rows)
    first, cloud = town.units[0], town.cloud
    note(f"{len(town.units)} simulated units take SSH for {' / '.join(first.login)} from port {first.port} on,")
    note(f"and their managers {' / '.join(first.manager_login)}.")
    note(f"The cloud with their plugs is at {cloud.url} (setting ewelink_api), region {cloud.region},")
    application = cloud.application
    note(f"for {application.app_id} / {application.secret}, back to {application.redirect_url}.")


def _table(town: "SimulatedPbxTown", rows: list[dict[str, Any]]) -> None:
    told = [
        row
        | {name: bound[name] for name in ("device_id", "outlet")}
        | {
            "manager_port": one.manager_port,
            "peers": len(one.peers),
            "trouble": ", ".join(name for name in _FAULTS if getattr(one.knobs, name.replace("-", "_"))) or None,
        }
        for row, bound, one in zip(rows, town.bindings(), town.units, strict=True)
    ]
    show_table(_COLUMNS, told[:_LISTED])
    if len(told) > _LISTED:
        click.echo(f"… and {len(told) - _LISTED} more")
