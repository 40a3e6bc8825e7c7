"""Changes of what several people edit at once.  Shared by all contexts."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..ports.errors import Stale, Unavailable

T = TypeVar("T")

#: Is given the revision that stands now, and raises ``Stale`` if the actor has seen another one.
Expect = Callable[[int], None]

#: Times that a change is tried anew.  Each time that it fails, somebody else's went through.
TRIES = 50


def anything(revision: int) -> None:
    """Whoever has no opinion on the revision."""


async def edit(
    read: Callable[[], Awaitable[T]], change: Callable[[T], Awaitable[T]], store: Callable[[T], Awaitable[T]]
) -> tuple[T, T]:
    """Read something, change it and store it, anew when others store theirs in between; as it was, and as it is.

    What does not change is not stored.  ``change`` refuses what the actor has not seen:
    he who named no revision changes his fields of whatever stands there.

    Raises:
        Stale: By ``change``; of the store's own none gets out.
        Unavailable: Others change the same thing without end.
    """
    for _ in range(TRIES):
        before = await read()
        after = await change(before)
        if after == before:
            return before, before
        try:
            return before, await store(after)
        except Stale:
            continue
    raise Unavailable("Others change the same thing all the time; try again.", retry_after=1)
