"""Telling watchers only what is new: one look at the database for all who may see the same."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

import anyio
import attrs

from ..ports.clock import Clock
from ..ports.identity import Actor
from .permissions import enterprises_of

#: Rows in one turn.
MOST = 200
#: Seconds after which a look that nobody shares any more is forgotten.
KEPT = 60.0

Look = TypeVar("Look")
Key = TypeVar("Key")
Row = TypeVar("Row")


@attrs.frozen
class Turn(Generic[Row]):
    """What is new since the turn before."""

    rows: Sequence[Row] = ()
    #: Some are gone: what is shown is to be read anew.
    lost: bool = False
    #: There is more already.
    more: bool = False


@attrs.define(eq=False)
class Looks(Generic[Look]):
    """Looks at the database, each shared by all watchers of this process who see the same enterprises."""

    clock: Clock
    #: Seconds between two looks.
    every: float = 2.0

    _looks: dict[frozenset[str] | None, tuple[float, Look]] = attrs.field(init=False, factory=dict)
    _looking: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)

    async def of(self, actor: Actor, look: Callable[[Actor], Awaitable[Look]]) -> Look:
        """How all is that the actor may see, as of a moment ago; ``look`` is asked where that is too long ago."""
        seen = enterprises_of(actor)
        async with self._looking:
            now = self.clock.monotonic()
            self._looks = {one: (at, found) for one, (at, found) in self._looks.items() if now - at < KEPT}
            known = self._looks.get(seen)
            if known is None or now - known[0] >= self.every:
                known = self._looks[seen] = now, await look(actor)
            return known[1]


@attrs.define(eq=False)
class Told(Generic[Key, Row]):
    """What one watcher was told already."""

    rows: dict[Key, Row]

    def turn(self, now: Mapping[Key, Row]) -> Turn[Row]:
        """What is new to him; a bounded piece of it."""
        gone = self.rows.keys() - now.keys()
        for key in gone:
            del self.rows[key]
        new = [(key, row) for key, row in now.items() if self.rows.get(key) != row]
        self.rows.update(new[:MOST])
        return Turn([row for _, row in new[:MOST]], lost=bool(gone), more=len(new) > MOST)
