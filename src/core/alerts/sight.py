"""What those who are confined may know of rules and windows: nothing of others' containers and enterprises."""

from collections.abc import Sequence

from ...ports.identity import Actor
from ..permissions import enterprises_of

Part = tuple[tuple[int, ...], tuple[str, ...]]


def confined(actor: Actor) -> bool:
    """Whether the actor may see a part of all things only."""
    return actor.container_ids is not None or enterprises_of(actor) is not None


def part_of(
    actor: Actor,
    container_ids: Sequence[int],
    enterprise_numbers: Sequence[str],
    *,
    of_enterprises: bool | None,
    others: bool = False,
) -> Part | None:
    """The containers and enterprises that the actor may know of; ``None``: it is not about his things.

    Args:
        actor: Who asks.
        container_ids: Those that it is about.
        enterprise_numbers: Those that it is about; with neither it is about all.
        of_enterprises: Whether it is about things that enterprises have; ``None``: about any.
        others: Whether it is about single things of somebody's.
    """
    narrow = bool(container_ids or enterprise_numbers or others)
    if actor.container_ids is not None:
        places = tuple(number for number in container_ids if number in actor.container_ids)
        return None if of_enterprises or (narrow and not places) else (places, ())
    if (numbers := enterprises_of(actor)) is not None:
        his = tuple(number for number in enterprise_numbers if number in numbers)
        return None if of_enterprises is False or (narrow and not his) else ((), his)
    return tuple(container_ids), tuple(enterprise_numbers)
