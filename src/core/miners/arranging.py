"""Miners of one container change their places all at once: swaps, rows that move on, a map filled."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ...ports.errors import FieldError, Invalid
from ...ports.miners import Container, Miner, Spot
from . import checks
from .grid import PLACE, check_place

#: Miners named in the journal; the others are counted.
NAMED = 20


@attrs.frozen
class Placing:
    """A miner and where it is to stand; all three ``None``: nowhere."""

    miner_id: int
    row: int | None = None
    shelf: int | None = None
    slot: int | None = None

    @property
    def place(self) -> tuple[int | None, ...]:
        """Row, shelf and slot."""
        return self.row, self.shelf, self.slot


def moves(placings: Sequence[Placing], container: Container, there: Mapping[int, Miner]) -> dict[int, Spot | None]:
    """Where the miners go that do not stand there already.  ``there`` are the miners of the container by id.

    Raises:
        Invalid: With every placing that is wrong, by its position: ``places[3].row``.
    """
    if wrong := list(_wrong(placings, container, there)):
        raise checks.invalid(wrong)
    found = dict[int, Spot | None]()
    for placing in placings:
        miner = there[placing.miner_id]
        if placing.place != (miner.row, miner.shelf, miner.slot):
            found[miner.id] = spot(placing.place)
    return found


def _wrong(placings: Sequence[Placing], container: Container, there: Mapping[int, Miner]) -> Iterator[FieldError]:
    miners, spots = dict[int, int](), dict[Spot, int]()
    for position, placing in enumerate(placings):
        field = f"places[{position}]"
        if placing.miner_id not in there:
            yield FieldError(f"{field}.miner_id", f"no miner {placing.miner_id} is in container {container.name}")
        elif (first := miners.setdefault(placing.miner_id, position)) != position:
            yield FieldError(f"{field}.miner_id", f"miner {placing.miner_id} has a place in places[{first}] already")
        try:
            checks.checked(dict(zip(PLACE, placing.place, strict=True)), checks.GRID)
            check_place(placing.place, container)
        except Invalid as error:
            yield from (FieldError(f"{field}.{one.field}", one.message) for one in error.errors)
            continue
        wanted = spot(placing.place)
        if wanted and (first := spots.setdefault(wanted, position)) != position:
            yield FieldError(
                f"{field}.row",
                f"row {wanted[0]}, shelf {wanted[1]}, slot {wanted[2]} is given in places[{first}] already",
            )


def spot(place: Sequence[int | None]) -> Spot | None:
    """A place of which all three are known."""
    row, shelf, slot = place
    return None if row is None or shelf is None or slot is None else (row, shelf, slot)


def told(moved: Mapping[int, Spot | None], there: Mapping[int, Miner]) -> str:
    """What was moved, for the journal."""
    words = [
        f"{there[number].name} to {'-'.join(map(str, place)) if place else 'no place'}"
        for number, place in list(moved.items())[:NAMED]
    ]
    if len(moved) > NAMED:
        words.append(f"{len(moved) - NAMED} more")
    return ", ".join(words)
