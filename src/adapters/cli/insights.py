"""Miners and containers held against each other, and what happened to a miner."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from ...core.miners.ranks import By, Metric
from ...ports.miners.watch import Level
from . import figures, words
from .client import Api, asks
from .frame import Command, Group
from .lookup import container_of, miner_of
from .moments import moment
from .output import Column, emit, field, note, show_fields, show_table

hours_option = click.option("--hours", type=click.IntRange(1, 24 * 3660), help="How far back; 24 without --since.")
COURSES = [metric.value for metric in Metric if metric is not Metric.RATE_RATIO]
#: Seconds that a point of each level stands for.
STEPS = {Level.RAW: 60, Level.FIVE_MINUTES: 300, Level.HOUR: 3600}
#: Figures that are shown in percent.
RATIOS = (Metric.REJECT_RATIO, Metric.RATE_RATIO)


@click.group(cls=Group)
def stats() -> None:
    """Compare miners and containers, rank them, and see how their figures are spread."""


@stats.command()
@click.argument("names", nargs=-1, required=True, shell_complete=words.miners)
@click.option("--containers", is_flag=True, help="The names are those of containers.")
@click.option("--metric", type=click.Choice(COURSES), default=Metric.HASH_RATE.value, show_default=True)
@hours_option
@click.option("--since", metavar="TIME", help="A date, or a time such as 2026-11-01T06:00.")
@click.option("--until", metavar="TIME", help="The same; without it, now.")
@asks
async def compare(
    api: Api,
    names: tuple[str, ...],
    containers: bool,
    metric: str,
    hours: int | None,
    since: str | None,
    until: str | None,
) -> None:
    """Draw the courses of several miners (or containers) below each other, on one scale of time."""
    found = [await (container_of if containers else miner_of)(api, name) for name in names]
    query = {
        "containers" if containers else "miners": ",".join(str(one["id"]) for one in found),
        "metric": metric,
        "hours": hours,
        "since": moment("since", since),
        "until": moment("until", until),
    }
    emit(await api.get("/api/stats/compare", query), _show_courses)


@stats.command()
@click.argument("container", shell_complete=words.containers)
@click.option("--by", type=click.Choice([by.value for by in By]), default=By.RATE_RATIO.value, show_default=True)
@click.option("--hours", type=click.IntRange(1, 2232), default=24, show_default=True)
@click.option("-n", type=click.IntRange(1, 100), default=10, show_default=True, help="How many at each end.")
@asks
async def ranking(api: Api, container: str, by: str, hours: int, n: int) -> None:
    """Show the miners of a container with the greatest and the least figures."""
    found = await container_of(api, container)

    def show(answer: Mapping[str, Any]) -> None:
        if not answer["ranked"]:
            note("no miner of this container has such a figure in this time")
            return
        columns = (
            field("ID", "miner_id", right=True), field("Name", "name"), Column(by, _ranked(answer), right=True),
            field("Polls", "polls", right=True), field("Misses", "misses", right=True),
        )  # fmt: skip
        show_table(columns, answer["top"], title=f"the greatest of {answer['ranked']}, last {hours} h")
        click.echo()
        show_table(columns, answer["bottom"], title="the least")
        if answer["unranked"]:
            note(f"{answer['unranked']} miners have no such figure, or mine something else")

    emit(await api.get(f"/api/stats/containers/{found['id']}/ranking", {"by": by, "hours": hours, "n": n}), show)


@stats.command()
@click.argument("container", shell_complete=words.containers)
@click.option(
    "--metric", type=click.Choice([metric.value for metric in Metric]), default=Metric.HASH_RATE.value,
    show_default=True,
)  # fmt: skip
@asks
async def distribution(api: Api, container: str, metric: str) -> None:
    """Show how a figure is spread over the miners of a container now."""
    found = await container_of(api, container)

    def show(answer: Mapping[str, Any]) -> None:
        if not answer["n"]:
            note("no miner of this container says this now")
            return
        parts = {"least": "min", "5 %": "p5", "25 %": "p25", "median": "p50", "75 %": "p75", "95 %": "p95",
                 "greatest": "max"}  # fmt: skip
        rows = {label: _said(metric, answer[name], answer["unit"]) for label, name in parts.items()}
        show_fields(rows, title=f"{metric} of {answer['n']} miners of {found['name']}")

    emit(await api.get(f"/api/stats/containers/{found['id']}/distribution", {"metric": metric}), show)


@click.command(cls=Command)
@click.argument("miner", shell_complete=words.miners)
@click.option("--hours", type=click.IntRange(1, 24 * 3660), default=168, show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows, the newest first.")
@asks
async def events(api: Api, miner: str, hours: int, limit: int) -> None:
    """Show what happened to a miner: changes of availability and state, restarts, pools, devices."""
    found = await miner_of(api, miner)
    path = f"/api/stats/miners/{found['id']}/events"

    def show(rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            show_table(EVENTS, rows)
        else:
            note(f"nothing happened to {found['name']} in the last {figures.span(hours * 3600)}")

    emit(await api.get(path, {"hours": hours, "limit": limit}), show)


EVENTS = (
    field("Time", "at", figures.moment),
    field("What", "kind"),
    field("Before", "before"),
    field("After", "after"),
    field("Detail", "detail", spare=1),
)


def _ranked(answer: Mapping[str, Any]) -> Any:
    def show(row: Mapping[str, Any]) -> str:
        return _said(answer["by"], row["value"] / answer["divisor"], answer["unit"])

    return show


def _said(name: str, value: float, unit: str) -> str:
    if name in RATIOS:
        return f"{100 * value:.1f} %"
    return figures.number(value) if unit in ("polls", "restarts") else f"{figures.number(value)} {unit}"


def _show_courses(answer: Mapping[str, Any]) -> None:
    start, end = (datetime.fromisoformat(answer[name]).timestamp() for name in ("since", "until"))
    width = max(shutil.get_terminal_size((100, 24)).columns - 4, 20)
    click.echo(f"{answer['metric']}, {figures.moment(answer['since'])} to {figures.moment(answer['until'])}")
    courses = Counter(series["id"] for series in answer["series"])
    for series in answer["series"]:
        # A container has a course of rates for each algorithm.
        several = courses[series["id"]] > 1
        name = f"{series['name']}, {series['algorithm'] or 'unknown algorithm'}" if several else series["name"]
        known = [value / series["divisor"] for _, value in series["points"] if value is not None]
        if not known:
            click.echo(f"\n{name}: nothing was read in this time")
            continue
        low, high, last = (
            _said(answer["metric"], value, series["unit"]) for value in (min(known), max(known), known[-1])
        )
        click.echo(f"\n{name}: {low} to {high}, last {last}")
        click.echo(
            figures.sparkline(figures.in_time(series["points"], start, end, STEPS[answer["level"]], width), width)
        )
