"""``lineman alerts maintenance``: when nobody is told."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from . import figures, words
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Group
from .lookup import container_id_of, given, miner_of
from .output import emit, field, show_table

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@click.group(cls=Group)
def maintenance() -> None:
    """When nobody is told.

    Alerts that begin in a window are listed, and told only if they last beyond its end.
    """


class When(click.ParamType[datetime]):
    """A time from now (``30m``, ``2h``, ``1d``), or a time such as 2027-01-31T08:00."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if match := re.fullmatch(r"(\d{1,5})([mhd])", str(value)):
            return datetime.now(UTC) + int(match[1]) * UNITS[match[2]]
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither 30m, 2h, 1d, nor a time such as 2027-01-31T08:00", param, ctx)


def _numbers(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


COLUMNS = (
    field("ID", "id", right=True),
    field("Since", "since", figures.moment),
    field("Until", "until", figures.moment),
    field("Containers", "container_ids", _numbers),
    field("Enterprises", "enterprise_numbers", ", ".join),
    field("Miners", "miner_ids", _numbers),
    field("Reason", "reason"),
    field("By", "created_by", spare=1),
)


@maintenance.command("list")
@asks
async def list_(api: Api) -> None:
    """List the windows, the latest beginning first; one that names nothing is about everything."""
    emit(await api.get("/api/maintenance", {"limit": 1000}), lambda found: show_table(COLUMNS, found))


@maintenance.command()
@click.option("--until", type=When(), required=True, help="30m, 2h, 1d from now, or a time.")
@click.option("--since", type=When(), help="The same; without it, it begins now.")
@click.option("--container", multiple=True, shell_complete=words.containers, help="Only in this one; repeatable.")
@click.option("--enterprise", multiple=True, shell_complete=words.enterprises, help="Only of this one; repeatable.")
@click.option("--miner", multiple=True, shell_complete=words.miners, help="Only this one; repeatable.")
@click.option("--reason")
@asks
async def add(api: Api, until: datetime, since: datetime | None, **told: Any) -> None:
    """Announce maintenance, of everything if neither containers, enterprises nor miners are named."""
    places = [await container_id_of(api, word) for word in told["container"]]
    miners = [(await miner_of(api, word))["id"] for word in told["miner"]]
    fields = given(
        until=until.isoformat(), since=since and since.isoformat(), container_ids=places or None,
        enterprise_numbers=list(told["enterprise"]) or None, miner_ids=miners or None, reason=told["reason"],
    )  # fmt: skip
    answer = await api.post("/api/maintenance", fields)
    emit(answer, lambda made: click.echo(f"maintenance {made['id']} announced until {figures.moment(made['until'])}"))


@maintenance.command()
@click.argument("window_id", metavar="ID", type=click.IntRange(1))
@click.option("--until", type=When(), help="30m, 2h, 1d from now, or a time.")
@click.option("--since", type=When())
@click.option("--reason")
@asks
async def change(api: Api, window_id: int, until: datetime | None, since: datetime | None, reason: str | None) -> None:
    """Change the fields that the options name, and no others."""
    fields = given(until=until and until.isoformat(), since=since and since.isoformat(), reason=reason)
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    answer = await api.put(f"/api/maintenance/{window_id}", fields)
    emit(answer, lambda made: click.echo(f"maintenance {made['id']} lasts until {figures.moment(made['until'])}"))


@maintenance.command()
@click.argument("window_id", metavar="ID", type=click.IntRange(1))
@yes_option
@asks
async def remove(api: Api, window_id: int, yes: bool) -> None:
    """Remove a window; what began in it and goes on is told."""
    confirm(f"Remove maintenance {window_id}?", yes=yes)
    answer = await api.delete(f"/api/maintenance/{window_id}")
    emit(answer, lambda _: click.echo(f"maintenance {window_id} removed"))
