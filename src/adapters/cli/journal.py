"""``lineman journal`` and ``lineman health``: what was done, and how things are."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures
from .client import Api, asks, is_health, problem
from .frame import Command
from .output import emit, field, show_fields, show_table

COLUMNS = (
    field("Time", "at", figures.moment),
    field("Who", "actor"),
    field("Did", "action"),
    field("To", "subject"),
    field("Outcome", "outcome"),
    field("Detail", "detail"),
)


@click.command(cls=Command)
@click.option("--action", help="Only actions that begin so, such as miners or identity.log-in.")
@click.option("--subject", help="Only what was done to this, such as 'miner 17'.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@asks
async def journal(api: Api, action: str | None, subject: str | None, limit: int, offset: int) -> None:
    """Show who did what, the newest first."""
    query = {"action": action, "subject": subject, "limit": limit, "offset": offset}
    emit(await api.get("/api/journal", query), lambda found: show_table(COLUMNS, found))


@click.command(cls=Command)
@asks
async def health(api: Api) -> None:
    """Show whether the service or the database is well; the exit code is 7 if it is not."""
    answer = await api.ask("GET", "/health")
    if not is_health(answer):
        raise problem(answer)
    emit(answer, lambda state: show_fields(_flat(state)))
    if answer.status != 200:
        raise click.exceptions.Exit(7)


def _flat(state: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            rows |= _flat(value, f"{before}{name} ")
        else:
            rows[before + name] = value
    return rows
