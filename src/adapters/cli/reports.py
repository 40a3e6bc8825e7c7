"""Reports for accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ...core.miners.periods import Period, zone
from . import figures, words
from .client import Api, asks, problem
from .frame import Group
from .lookup import container_id_of
from .moments import moment
from .output import Column, emit, field, note, show_table
from .sheets import TARGET, written

#: Seconds; years of many containers take a while.
DEADLINE = 120.0


@click.group(cls=Group)
def report() -> None:
    """Reports for accounts."""


@report.command("containers")
@click.option("--since", metavar="DATE", help="Without it, the beginning of this month.")
@click.option("--until", metavar="DATE", help="The first day that is not in it; without it, now.")
@click.option(
    "--period", type=click.Choice([period.value for period in Period]), default=Period.MONTH.value, show_default=True
)
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="Where days begin, as Europe/Berlin.")
@click.option("--container", shell_complete=words.containers, help="Only this container.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, units in columns of their own.")
@click.option("--excel", is_flag=True, help="CSV with semicolons and a byte order mark.")
@click.option("-o", "--output", type=TARGET, help="Write the CSV to this file.")
@asks
async def containers(
    api: Api,
    since: str | None,
    until: str | None,
    period: str,
    tz: str,
    container: str | None,
    as_csv: bool,
    excel: bool,
    output: Path | None,
) -> None:
    """Report energy, mean rate and uptime by container and period.

    What was not measured is missing: "watched" is the part of the period in
    which the container was polled, "measured" the part of its miners' time
    whose power is known.
    """
    where = zone(tz)
    query = {
        "since": moment("since", since, where),
        "until": moment("until", until, where),
        "period": period,
        "tz": tz,
        "container_id": await container_id_of(api, container),
    }
    path = "/api/reports/containers"
    if as_csv or excel or output:
        answer = await api.ask("GET", path, query={**query, "format": "csv", "excel": excel}, deadline=DEADLINE)
        if answer.status >= 300:
            raise problem(answer)
        written(answer, output)
        return

    def show(rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            show_table(COLUMNS, rows)
        else:
            note("no container was polled in this time")

    emit(await api.get(path, query, deadline=DEADLINE), show)


def _day(said: str) -> str:
    """A boundary of a period in its own zone."""
    found = datetime.fromisoformat(said)
    return found.strftime("%Y-%m-%d" if (found.hour, found.minute) == (0, 0) else "%Y-%m-%d %H:%M")


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f} %"


def _energy(row: Mapping[str, Any]) -> object:
    return None if row["energy_kwh"] is None else f"{figures.number(row['energy_kwh'])} kWh"


def _rate(row: Mapping[str, Any]) -> object:
    return None if row["mean_rate"] is None else f"{figures.number(row['mean_rate'])} {row['unit']}"


COLUMNS = (
    field("Container", "container"),
    field("From", "period_start", _day),
    field("To", "period_end", _day),
    field("Algorithm", "algorithm", spare=3),
    Column("Energy", _energy, right=True),
    field("Watts at", "energy_kind", spare=2),
    field("Measured", "energy_coverage", _percent, right=True, spare=1),
    field("Watched", "watched_ratio", _percent, right=True),
    Column("Mean rate", _rate, right=True),
    field("Uptime", "uptime_ratio", _percent, right=True),
    field("Polls", "polls", right=True, spare=6),
    field("Misses", "misses", right=True, spare=5),
    field("Accepted", "accepted", right=True, spare=8),
    field("Rejected", "rejected", right=True, spare=7),
    field("Restarts", "restarts", right=True, spare=4),
)
