"""``lineman settings``: what a deployment can decide."""

import json

import click

from .frame import Command, frame
from .output import field, print_json, show_table

COLUMNS = (
    field("Name", "name"),
    field("Value", "value"),
    field("Meaning", "meaning"),
    field("In the environment", "environment", ", ".join),
)


@click.command(cls=Command)
def settings() -> None:
    """List all settings: their values, meanings and names in the environment.

    A TOML file (LINEMAN_CONFIG, else lineman.toml) may hold them too; the
    environment counts more. Secrets are shown as "set".
    """
    rows = [
        {"name": name, "value": value, "meaning": meaning, "environment": names}
        for name, value, meaning, names in frame().settings().rows()
    ]
    if frame().json:
        print_json(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())
    else:
        show_table(COLUMNS, rows)
