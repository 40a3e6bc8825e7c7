"""``lineman gateways import`` and ``export``: many gateways as a table."""

from pathlib import Path
from typing import Any

import click

from .client import Api, asks
from .frame import Command
from .gateways import SYSTEM, filters, query_of
from .output import field
from .sheets import export_options, fetch, import_options, send


@click.command(cls=Command)
@import_options("gateways that are there by name")
@asks
async def import_(api: Api, **told: Any) -> None:
    """Add gateways from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: gateway_name, enterprise_number, serial_last4, directory, username,
    password. Broken rows do not stop the rest; the exit code is 2 if there were
    any.
    """
    await send(api.of(SYSTEM), "/import", field("Name", "gateway_name"), **told)


@click.command(cls=Command)
@filters
@export_options
@asks
async def export(api: Api, kind: str, excel: bool, output: Path | None, **chosen: Any) -> None:
    """Write all gateways that the options choose as CSV or JSON; --limit and --offset do not count.

    Passwords are left out. What import reads comes first.
    """
    await fetch(api.of(SYSTEM), "/export", query_of(chosen), kind=kind, excel=excel, output=output)
