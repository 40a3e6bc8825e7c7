"""``lineman gateways history`` and ``chart``: what was."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ...ports.gateways.history import LineLevel
from ...ports.gateways.reading import MOST_LINES
from ..http.gateways_paths import path_of
from . import figures, words
from .client import Api, asks
from .frame import Command
from .gateways import SYSTEM
from .gateways_shown import show_course
from .moments import moment
from .output import emit, field, note, show_table

EVENTS = (
    field("Time", "at", figures.moment),
    field("What", "kind"),
    field("Line", "line", right=True),
    field("Before", "before"),
    field("After", "after"),
    field("Detail", "detail", spare=1),
)


@click.command(cls=Command)
@click.argument("gateway", shell_complete=words.gateways)
@click.option("--hours", type=click.IntRange(1, 24 * 3660), default=168, show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows, the newest first.")
@asks
async def history(api: Api, gateway: str, hours: int, limit: int) -> None:
    """Show what happened to a gateway and its lines: states, ports, devices, restarts, commands."""

    def show(rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            show_table(EVENTS, rows)
        else:
            note(f"nothing happened to {gateway} in the last {figures.span(hours * 3600)}")

    emit(await api.of(SYSTEM).get(path_of(gateway, "/history"), {"hours": hours, "limit": limit}), show)


@click.command(cls=Command)
@click.argument("gateway", shell_complete=words.gateways)
@click.argument("line", type=click.IntRange(1, MOST_LINES))
@click.option("--hours", type=click.IntRange(1, 24 * 3660), help="How far back; 24 without --since.")
@click.option("--since", metavar="TIME", help="A date, or a time such as 2026-11-01T06:00.")
@click.option("--until", metavar="TIME", help="The same; without it, now.")
@click.option(
    "--level", type=click.Choice(["auto", *(level.value for level in LineLevel)]), default="auto", show_default=True
)
@asks
async def chart(
    api: Api, gateway: str, line: int, hours: int | None, since: str | None, until: str | None, level: str
) -> None:
    """Draw the signal of a line, and how it was registered and busy."""
    query = {"hours": hours, "since": moment("since", since), "until": moment("until", until), "level": level}
    answer = await api.of(SYSTEM).get(path_of(gateway, f"/lines/{line}/chart"), query)
    emit(answer, lambda found: show_course(gateway, found))
