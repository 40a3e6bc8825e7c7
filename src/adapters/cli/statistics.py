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
        emit(answer, lambda course: _show_courses(course["points"], _courses(course, MINER_COURSES)))
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
            rates = [_rate_course(answer, course) for course in answer["algorithms"]]
            _show_courses(answer["points"], rates + _courses(answer, CONTAINER_COURSES))
        else:
            rated = [_rate_column(answer, course) for course in answer["algorithms"]]
            title = f"the last {hours} h, by {answer['level']}"
            show_table((*COURSE, *rated, *WARMTH), answer["points"], title=title)

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
)
#: What follows the hash rates, of which there is one for each algorithm.
WARMTH = (
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


def _power(totals: Mapping[str, Any]) -> str | None:
    if totals["power_w"] is None:
        return None
    power = figures.scaled(totals["power_w"], "W")
    # A service that is older than this command does not count them.
    known = totals.get("power_miners")
    return power if known is None else f"{power}, said by {known} of {totals['miners']} miners"


def _totals(totals: Mapping[str, Any]) -> dict[str, object]:
    return {
        "miners": totals["miners"],
        "active": totals["active"],
        "availability": figures.counts(totals["availability"]),
        "states": figures.counts(totals["states"]),
        "hash rate": figures.rates(totals["hash_rate_hs"]),
        "nominal": figures.rates(totals["hash_rate_nominal_hs"]),
        "power": _power(totals),
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
    ("hashing", "hashing", "miners"),
    ("temperature", "temperature_max", "°C"),
    ("power", "power_w", "W"),
)
#: A title, values in time, and their unit.
Drawn = tuple[str, Sequence[float | None], str]


def _courses(answer: Mapping[str, Any], courses: Sequence[tuple[str, str, str | None]]) -> list[Drawn]:
    drawn: list[Drawn] = []
    for title, name, unit in courses:
        divisor = answer["divisor"] if unit is None else 1
        values = [None if point[name] is None else point[name] / divisor for point in answer["points"]]
        drawn.append((title, values, unit or answer["unit"]))
    return drawn


def _rate_course(answer: Mapping[str, Any], course: Mapping[str, Any]) -> Drawn:
    """The rate of one algorithm at each of the container's points."""
    told = {point["at"]: point["hash_rate_hs"] for point in course["points"]}
    rates = [told.get(point["at"]) for point in answer["points"]]
    values = [None if rate is None else rate / course["divisor"] for rate in rates]
    return f"hash rate, {_named(course)}", values, course["unit"]


def _rate_column(answer: Mapping[str, Any], course: Mapping[str, Any]) -> Column:
    told = {point["at"]: point["hash_rate_hs"] for point in course["points"]}

    def value(point: Mapping[str, Any]) -> object:
        rate = told.get(point["at"])
        return None if rate is None else figures.rate(rate, course["algorithm"])

    header = "Hash rate" if len(answer["algorithms"]) == 1 else f"Hash rate {_named(course)}"
    return Column(header, value, right=True)


def _named(course: Mapping[str, Any]) -> str:
    return text(course["algorithm"] or "unknown algorithm")


def _show_courses(points: Sequence[Mapping[str, Any]], courses: Sequence[Drawn]) -> None:
    if not points:
        note("nothing was read in this time")
        return
    width = max(shutil.get_terminal_size((100, 24)).columns - 4, 20)
    click.echo(f"{figures.moment(points[0]['at'])} to {figures.moment(points[-1]['at'])}, {len(points)} points")
    for title, values, unit in courses:
        known = [value for value in values if value is not None]
        if not known:
            continue
        low, high, last = (figures.number(value) for value in (min(known), max(known), known[-1]))
        click.echo(f"\n{title}: {low} to {high}, last {last} {text(unit)}")
        click.echo(figures.sparkline(values, width))
