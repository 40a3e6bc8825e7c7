"""``lineman units import`` and ``export``: many units as a table."""

from pathlib import Path
from typing import Any

import click

from .client import Api, asks
from .frame import Command
from .output import field
from .sheets import export_options, fetch, import_options, send
from .units import SYSTEM, filters, query_of


@click.command(cls=Command)
@import_options("units that are there by number")
@asks
async def import_(api: Api, **told: Any) -> None:
    """Add units from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: enterprise_number, host, port, username, password, key, via,
    parameter_option_2, may_restart_service, parent, host_key,
    failure_threshold, second_opinion, second_port. A parent stands before its
    children, or is there already. Plugs are bound one by one. Broken rows do not
    stop the rest; the exit code is 2 if there were any.
    """
    await send(api.of(SYSTEM), "/import", field("Number", "enterprise_number"), **told)


@click.command(cls=Command)
@filters
@export_options
@asks
async def export(api: Api, kind: str, excel: bool, output: Path | None, **chosen: Any) -> None:
    """Write all units that the options choose as CSV or JSON; --limit and --offset do not count.

    Passwords and keys are left out. What import reads comes first.
    """
    await fetch(api.of(SYSTEM), "/export", query_of(chosen), kind=kind, excel=excel, output=output)
