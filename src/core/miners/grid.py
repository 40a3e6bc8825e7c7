"""The grid of a container, and who may stand at which place of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...ports.miners import Container, Miner
from . import checks

PLACE = ("row", "shelf", "slot")


def grid_of(container: Container) -> tuple[int, int, int] | None:
    """Rows, shelves and slots, if they are set."""
    if container.rows is None or container.shelves is None or container.slots is None:
        return None
    return container.rows, container.shelves, container.slots


def check_grid(container: Container) -> None:
    """Raises ``Invalid``: a grid has all three sizes, or none."""
    sizes = {"rows": container.rows, "shelves": container.shelves, "slots": container.slots}
    missing = [name for name, size in sizes.items() if size is None]
    if missing and len(missing) < len(sizes):
        raise checks.wrong(missing[0], "a grid has rows, shelves and slots: give all three, or none")


def check_place(place: Sequence[int | None], container: Container | None) -> None:
    """See that a miner can stand at row, shelf and slot of a container.

    Raises:
        Invalid: With the field that is wrong.
    """
    missing = [name for name, at in zip(PLACE, place, strict=True) if at is None]
    if len(missing) == len(PLACE):
        return
    if missing:
        raise checks.wrong(missing[0], "a place has a row, a shelf and a slot: give all three, or none")
    if container is None:
        raise checks.wrong("row", "a place is in a container: give one")
    if (grid := grid_of(container)) is None:
        raise checks.wrong("row", f"container {container.name} has no rows, shelves and slots yet: set them first")
    for name, at, size in zip(PLACE, place, grid, strict=True):
        if at is not None and at > size:
            raise checks.wrong(name, f"{at} is outside of container {container.name}, which has {size}")


def settled(before: Miner, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Changes of a miner, with its place given up when it goes to another container without one there."""
    moves = "container_id" in fields and fields["container_id"] != before.container_id
    if moves and not any(name in fields for name in PLACE):
        return {**fields, **dict.fromkeys(PLACE)}
    return fields
