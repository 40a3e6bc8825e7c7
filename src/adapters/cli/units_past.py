"""``lineman units history``, ``cycles``, ``why`` and ``report``: what was."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..http.units_paths import path_of
from . import figures, words
from .client import Api, asks
from .frame import Command
from .output import Column, emit, field, note, show_table
from .units import SYSTEM

Row = Mapping[str, Any]


def _became(row: Row) -> str | None:
    """``on → off``, as far as that is known."""
    before, after = row["prev_status"], row["new_status"]
    return None if before is None and after is None else f"{before or '?'} → {after or '?'}"


def _more(row: Row) -> str | None:
    """What else the row says, in words."""
    info = row["extra_info"]
    said = "; ".join(filter(None, (info.get("why") or info.get("reason"), row["error_message"])))
    return said or ", ".join(f"{name} {info[name]}" for name in ("plug", "device_id", "until") if name in info) or None


def _whose(row: Row) -> object:
    return row["extra_info"].get("by") or row["user_initiator"]


EVENTS = (
    field("Time", "change_time", figures.moment),
    field("What", "action_type"),
    Column("Became", _became),
    field("Result", "action_result"),
    Column("By", _whose, spare=1),
    field("Failures", "failure_counter", right=True, spare=3),
    Column("Detail", _more, spare=2),
)
CYCLES = (
    field("ID", "id", right=True),
    field("Asked", "requested_at", figures.moment),
    field("By", "by"),
    field("Step", "step", spare=1),
    field("Result", "result"),
    field("Error", "error", spare=2),
    field("Goes at ON", "on_tries", right=True, spare=4),
    field("Ended", "finished_at", figures.moment, spare=3),
)
REPORT = (
    field("Number", "enterprise_number"),
    field("Outages", "outages", right=True),
    field("Down", "down_s", figures.span, right=True),
    field("Not seen", "unseen_s", figures.span, right=True, spare=3),
    field("Power cycles", "cycles", right=True),
    field("Helped", "helped", right=True),
    field("Needed a person", "escalations", right=True, spare=1),
    field("Restarts", "restarts", right=True, spare=2),
)


@click.command(cls=Command)
@click.argument("unit", required=False, shell_complete=words.units)
@click.option("--hours", type=click.IntRange(1, 24 * 400), default=168, show_default=True)
@click.option("--action", help="Only such rows, as status_change or ewelink_toggle_off.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows, the newest first.")
@asks
async def history(api: Api, unit: str | None, hours: int, action: str | None, limit: int) -> None:
    """Show what happened to a unit and its power, or to all units and plugs."""

    def show(rows: Sequence[Row]) -> None:
        if rows:
            whose = () if unit is not None else (field("Unit", "enterprise_number"),)
            show_table((*whose, *EVENTS), rows)
        else:
            note(f"nothing happened in the last {figures.span(hours * 3600)}")

    path = "/history" if unit is None else path_of(unit, "/history")
    emit(await api.of(SYSTEM).get(path, {"hours": hours, "action_type": action, "limit": limit}), show)


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@asks
async def cycles(api: Api, unit: str) -> None:
    """Show a unit's power cycles, and what came of them, newest first."""
    emit(await api.of(SYSTEM).get(path_of(unit, "/cycles")), lambda rows: show_table(CYCLES, rows))


@click.command(cls=Command)
@click.argument("unit", shell_complete=words.units)
@asks
async def why(api: Api, unit: str) -> None:
    """Say why a unit's power was or was not cut, and when it could be next."""

    def show(found: Row) -> None:
        click.echo(found["sentence"])
        if found["next_possible_at"]:
            click.echo(f"Possible again from {figures.moment(found['next_possible_at'])} on.")
        if found["events"]:
            click.echo()
            show_table(EVENTS, found["events"])

    emit(await api.of(SYSTEM).get(path_of(unit, "/why")), show)


@click.command(cls=Command)
@click.option("--weeks", type=click.IntRange(1, 52), default=1, show_default=True)
@asks
async def report(api: Api, weeks: int) -> None:
    """Sum up outages and power cycles by unit, and whether these helped.

    A unit that needs a power cycle twice a week is a case for a technician.
    """
    emit(await api.of(SYSTEM).get("/report", {"weeks": weeks}), lambda rows: show_table(REPORT, rows))
