"""Figures over time: of one miner, of a container, of everything."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ...ports.miners.watch import Level
from . import figures, words
from .client import Api, asks
from .frame import Command, frame
from .lookup import container_of, miner_of
from .output import MISSING, Column, emit, field, note, show_fields, show_table, text

#: So far back a chart may be drawn from single readings.
RAW_HOURS = 72

hours_option = click.option("--hours", type=click.IntRange(1, 24 * 3660), default=24, show_default=True)


@click.command(cls=Command)
@click.argument("miner", shell_complete=words.miners)
@hours_option
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows, the newest first.")
@click.option("--chart", is_flag=True, help="Draw the course of each figure instead.")
@click.option(
    "--level", type=click.Choice(["auto", *(level.value for level in Level)]), default="auto", show_default=True,
    help="How coarse the chart is.",
)  # fmt: skip
@asks
async def stats(api: Api, miner: str, hours: int, limit: int, chart: bool, level: str) -> None:
    """Show the history of one miner: a row a poll, or charts."""
    found = await miner_of(api, miner)
    path = f"/api/stats/miners/{found['id']}"
    if chart:
        answer = await api.get(f"{path}/chart", {"hours": hours, "level": level})
        if level == "auto" and not frame().json and not answer.value["points"] and hours <= RAW_HOURS:
            # What is younger than five minutes is in no roll-up yet.
            answer = await api.get(f"{path}/chart", {"hours": hours, "level": Level.RAW})
        emit(answer, lambda course: _show_courses(course, MINER_COURSES))
        return
    emit(await api.get(path, {"hours": hours, "limit": limit}), lambda rows: show_table(HISTORY, rows))


@click.command(cls=Command)
@click.argument("container", shell_complete=words.containers)
@hours_option
@click.option("--chart", is_flag=True, help="Draw the course of each figure instead of rows.")
@asks
async def container_stats(api: Api, container: str, hours: int, chart: bool) -> None:
    """Show the totals of a container now, and its course."""
    found = await container_of(api, container)

    def show(answer: Mapping[str, Any]) -> None:
        show_fields(_totals(answer["totals"]), title=f"{answer['name']} now")
        click.echo()
        if chart:
            _show_courses(answer, CONTAINER_COURSES)
        else:
            show_table(COURSE, answer["points"], title=f"the last {hours} h, by {answer['level']}")

    emit(await api.get(f"/api/stats/containers/{found['id']}", {"hours": hours}), show)


@click.command(cls=Command)
@asks
async def overview(api: Api) -> None:
    """Show the totals of everything now, and of each container."""

    def show(answer: Mapping[str, Any]) -> None:
        show_fields(_totals(answer["total"]), title="everything now")
        if answer["containers"]:
            click.echo()
            show_table(TOTALS, answer["containers"])

    emit(await api.get("/api/stats/overview"), show)


def _rate(row: Mapping[str, Any]) -> object:
    value = row["hash_rate"]
    return None if value is None else f"{figures.number(value)} {row['hash_rate_unit']}"


HISTORY = (
    field("Time", "timestamp", figures.moment),
    field("State", "state"),
    Column("Hash rate", _rate, right=True),
    field("Temp °C", "temperature", figures.number, right=True),
    field("Fan rpm", "fan_speed", figures.number, right=True),
    field("Power W", "power_consumption", figures.number, right=True),
    field("Accepted", "accepted_shares", right=True, spare=1),
    field("Rejected", "rejected_shares", right=True, spare=2),
    field("HW errors", "hw_errors", right=True, spare=5),
    field("Switches", "pool_switches", right=True, spare=4),
    field("Restarts", "restarts", right=True, spare=3),
    field("Error", "error"),
)

COURSE = (
    field("Time", "at", figures.moment),
    field("Miners", "miners", right=True),
    field("Seen", "seen", right=True),
    field("Hashing", "hashing", right=True),
    field("Hash rate", "hash_rate_hs", figures.rate, right=True),
    field("Nominal", "hash_rate_nominal_hs", figures.rate, right=True, spare=2),
    field("Power", "power_w", lambda watts: figures.scaled(watts, "W"), right=True),
    field("Max °C", "temperature_max", figures.number, right=True),
    field("Mean °C", "temperature_avg", figures.number, right=True, spare=1),
)

TOTALS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Location", "location", spare=3),
    field("Miners", "miners", right=True),
    field("Active", "active", right=True, spare=2),
    field("Availability", "availability", lambda of: figures.counts(of) or MISSING),
    field("Hash rate", "hash_rate_hs", lambda of: figures.rates(of) or MISSING),
    field("Power", "power_w", lambda watts: figures.scaled(watts, "W"), right=True),
    field("Max °C", "temperature_max", figures.number, right=True),
    field("Mean °C", "temperature_avg", figures.number, right=True, spare=1),
)


def _totals(totals: Mapping[str, Any]) -> dict[str, object]:
    return {
        "miners": totals["miners"],
        "active": totals["active"],
        "availability": figures.counts(totals["availability"]),
        "states": figures.counts(totals["states"]),
        "hash rate": figures.rates(totals["hash_rate_hs"]),
        "nominal": figures.rates(totals["hash_rate_nominal_hs"]),
        "power": None if totals["power_w"] is None else figures.scaled(totals["power_w"], "W"),
        "hottest °C": totals["temperature_max"] and figures.number(totals["temperature_max"]),
        "mean °C": totals["temperature_avg"] and figures.number(totals["temperature_avg"]),
    }


#: Title, field of a point, unit (of rates: from the answer).
MINER_COURSES = (
    ("hash rate", "hash_rate_hs", None),
    ("temperature", "temperature_max", "°C"),
    ("fans", "fan_speed_max", "rpm"),
    ("power", "power_w", "W"),
)
CONTAINER_COURSES = (
    ("hash rate", "hash_rate_hs", None),
    ("hashing", "hashing", "miners"),
    ("temperature", "temperature_max", "°C"),
    ("power", "power_w", "W"),
)


def _show_courses(answer: Mapping[str, Any], courses: Sequence[tuple[str, str, str | None]]) -> None:
    points = answer["points"]
    if not points:
        note("nothing was read in this time")
        return
    width = max(shutil.get_terminal_size((100, 24)).columns - 4, 20)
    click.echo(f"{figures.moment(points[0]['at'])} to {figures.moment(points[-1]['at'])}, {len(points)} points")
    for title, name, unit in courses:
        divisor = answer["divisor"] if unit is None else 1
        values = [None if point[name] is None else point[name] / divisor for point in points]
        known = [value for value in values if value is not None]
        if not known:
            continue
        low, high, last = (figures.number(value) for value in (min(known), max(known), known[-1]))
        click.echo(f"\n{title}: {low} to {high}, last {last} {text(unit or answer['unit'])}")
        click.echo(figures.sparkline(values, width))
