"""``lineman containers map`` and ``place``: the miners of a container by place."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures, words
from .client import Api, asks
from .frame import Command
from .lookup import container_of, miner_of
from .output import Column, emit, field, note, show_table


def _place(cell: Mapping[str, Any]) -> str:
    return f"{cell['row']}-{cell['shelf']}-{cell['slot']}" if cell["row"] else ""


def _rate(cell: Mapping[str, Any]) -> object:
    value = cell["hash_rate"]
    return None if value is None else f"{figures.number(value)} {cell['hash_rate_unit']}"


PLACE = ("row", "shelf", "slot")
COLUMNS = (
    Column("Row-shelf-slot", _place),
    field("ID", "miner_id", right=True),
    field("Name", "name"),
    field("Availability", "availability"),
    field("State", "state", spare=1),
    Column("Hash rate", _rate, right=True),
    field("Rate %", "rate_ratio", lambda ratio: figures.number(round(ratio * 100, 1)), right=True, spare=3),
    field("Temp °C", "temperature", figures.number, right=True),
    field("Power W", "power_consumption", figures.number, right=True, spare=2),
)


@click.command(cls=Command)
@click.argument("container", shell_complete=words.containers)
@asks
async def map_(api: Api, container: str) -> None:
    """Show the miners of CONTAINER in the order of their places, and then those without one."""
    found = await container_of(api, container)
    emit(await api.get(f"/api/containers/{found['id']}/map"), _show)


@click.command(cls=Command)
@click.argument("container", shell_complete=words.containers)
@click.argument("placings", metavar="MINER=ROW-SHELF-SLOT...", nargs=-1, required=True)
@asks
async def place(api: Api, container: str, placings: tuple[str, ...]) -> None:
    """Put miners of CONTAINER to their places, all of them or none.

    Two that are named together may swap: rig-1=1-1-2 rig-2=1-1-1.  MINER=none takes one off the map.
    """
    wanted = [_placing(word) for word in placings]
    found = await container_of(api, container)
    places = [{"miner_id": (await miner_of(api, miner))["id"], **at} for miner, at in wanted]
    answer = await api.put(f"/api/containers/{found['id']}/places", {"places": places})
    emit(answer, lambda _: click.echo(f"container {found['id']} arranged: {', '.join(placings)}"))


def _placing(word: str) -> tuple[str, dict[str, int | None]]:
    miner, _, place = word.rpartition("=")
    if miner and place == "none":
        return miner, dict.fromkeys(PLACE)
    parts = place.split("-")
    if not miner or len(parts) != len(PLACE) or not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"{word!r} is not like rig-1=1-2-3 (row, shelf, slot) or rig-1=none")
    return miner, dict(zip(PLACE, map(int, parts), strict=True))


def _show(found: Mapping[str, Any]) -> None:
    show_table(COLUMNS, [*found["cells"], *found["unplaced"]])
    if found["rows"] is None:
        note("it has no grid yet; lineman containers change CONTAINER --grid 4x6x12 sets one")
    else:
        size = found["rows"] * found["shelves"] * found["slots"]
        note(f"{len(found['cells'])} of {size} places taken, {len(found['unplaced'])} miners without one")
