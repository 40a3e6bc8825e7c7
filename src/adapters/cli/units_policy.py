"""``lineman units policy``, ``stop-power`` and ``resume-power``: what holds for the power of all units."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Command
from .output import emit
from .units import SYSTEM

PATH = "/policy"


@click.command(cls=Command)
@click.option("--dry-run/--no-dry-run", default=None, help="Write down what would have been done, and do nothing.")
@asks
async def policy(api: Api, dry_run: bool | None) -> None:
    """Show the red switch and the dry run, or set the latter."""
    api = api.of(SYSTEM)
    emit(await (api.get(PATH) if dry_run is None else api.put(PATH, {"dry_run": dry_run})), _show)


@click.command("stop-power", cls=Command)
@asks
async def stop_power(api: Api) -> None:
    """The red switch: no power actions at all, by lineman or by people, within two seconds.

    It is not asked about. A power cycle that has switched off goes on to ON.
    """
    emit(await api.of(SYSTEM).put(PATH, {"stopped": True}), _show)


@click.command("resume-power", cls=Command)
@yes_option
@asks
async def resume_power(api: Api, yes: bool) -> None:
    """Let power actions go on."""
    confirm("Let power actions go on?", yes=yes)
    emit(await api.of(SYSTEM).put(PATH, {"stopped": False}), _show)


def _show(found: Mapping[str, Any]) -> None:
    if found["stopped"]:
        since = figures.moment(found["stopped_at"])
        click.echo(f"all power actions are stopped, by {found['stopped_by']} since {since}")
    else:
        click.echo("power actions are allowed")
    if found["dry_run"]:
        click.echo("dry run: what would be done is written down, and not done")
