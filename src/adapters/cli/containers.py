"""``lineman containers``: places that hold miners."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures, words
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Group
from .lookup import container_of, given
from .output import Column, emit, field, show_fields, show_table

LATE = {
    "stats": ("statistics:container_stats", "Show the totals of a container now, and its course."),
    "place": ("map:place", "Put miners of a container to their places, all at once."),
    "map": ("map:map_", "Show the miners of a container by place."),
}


@click.group(cls=Group, late=LATE)
def containers() -> None:
    """List and change containers, and see their totals.

    CONTAINER is a number or a name.
    """


GRID = ("rows", "shelves", "slots")
COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Location", "location"),
    Column("Grid", lambda one: one["rows"] and f"{one['rows']} x {one['shelves']} x {one['slots']}"),
    field("Description", "description", spare=1),
    field("Created", "created_at", figures.moment, spare=2),
)


@containers.command("list")
@asks
async def list_(api: Api) -> None:
    """List containers."""
    emit(await api.get("/api/containers", {"limit": 1000}), lambda found: show_table(COLUMNS, found))


@containers.command()
@click.argument("container", shell_complete=words.containers)
@asks
async def show(api: Api, container: str) -> None:
    """Show one container."""
    found = await container_of(api, container)
    emit(await api.get(f"/api/containers/{found['id']}"), _show)


def _show(container: Mapping[str, Any]) -> None:
    show_fields(
        {"number": container["id"], **{column.header.lower(): column.value(container) for column in COLUMNS[1:]}}
    )


@containers.command()
@click.argument("name")
@click.option("--location")
@click.option("--description")
@asks
async def add(api: Api, name: str, location: str | None, description: str | None) -> None:
    """Add a container called NAME."""
    fields = given(name=name, location=location, description=description)
    emit(await api.post("/api/containers", fields), lambda made: click.echo(f"container {made['id']} added: {name}"))


@containers.command()
@click.argument("container", shell_complete=words.containers)
@click.option("--name")
@click.option("--location")
@click.option("--description")
@click.option("--grid", metavar="ROWSxSHELVESxSLOTS", help="The places for miners, such as 4x6x12.")
@click.option("--no-grid", is_flag=True, help="Have no places.")
@asks
async def change(api: Api, container: str, grid: str | None, no_grid: bool, **told: str | None) -> None:
    """Change the fields that the options name, and no others."""
    fields: dict[str, Any] = given(**told)
    if grid:
        fields |= dict(zip(GRID, _sizes(grid), strict=True))
    if no_grid:
        fields |= dict.fromkeys(GRID)
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await container_of(api, container)
    answer = await api.put(f"/api/containers/{found['id']}", fields)
    emit(answer, lambda one: click.echo(f"container {one['id']} changed: {one['name']}"))


def _sizes(grid: str) -> list[int]:
    parts = grid.lower().replace("*", "x").split("x")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"{grid!r} is not like 4x6x12: rows, shelves of a row, slots of a shelf")
    return [int(part) for part in parts]


@containers.command()
@click.argument("container", shell_complete=words.containers)
@yes_option
@asks
async def remove(api: Api, container: str, yes: bool) -> None:
    """Remove a container that holds no miners."""
    found = await container_of(api, container)
    confirm(f"Remove container {found['id']}, {found['name']}?", yes=yes)
    answer = await api.delete(f"/api/containers/{found['id']}")
    emit(answer, lambda _: click.echo(f"container {found['id']} removed: {found['name']}"))
