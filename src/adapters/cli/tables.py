"""``lineman miners import`` and ``export``: many miners as a table."""

from pathlib import Path
from typing import Any

import click

from .client import Api, asks
from .frame import Command
from .miners import filters, query_of
from .output import field
from .sheets import export_options, fetch, import_options, send


@click.command(cls=Command)
@import_options("miners that are there by address and port")
@asks
async def import_(api: Api, **told: Any) -> None:
    """Add miners from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: name, ip_address, port, web_port, api3_port, manufacturer, model,
    container, row, shelf, slot, tags, group, is_active, username, password.
    Broken rows do not stop the rest; the exit code is 2 if there were any.
    """
    await send(api, "/api/miners/import", field("Name", "name"), **told)


@click.command(cls=Command)
@filters
@export_options
@asks
async def export(api: Api, kind: str, excel: bool, output: Path | None, **chosen: Any) -> None:
    """Write all miners that the options choose as CSV or JSON; --limit and --offset do not count.

    Passwords are left out. What import reads comes first.
    """
    await fetch(api, "/api/miners/export", await query_of(api, chosen), kind=kind, excel=excel, output=output)
