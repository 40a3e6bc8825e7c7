"""What changes while somebody watches."""

from collections.abc import Sequence
from typing import Protocol

import attrs

from .inventory import Miner
from .watch import Snapshot


@attrs.frozen
class Changes:
    """What came after a number."""

    #: The number to ask on from.
    latest: int
    #: Miners that were polled, each once, the last polled last.
    miner_ids: tuple[int, ...] = ()
    #: ``False``: some that came after the number are forgotten already.
    whole: bool = True


class ChangeStore(Protocol):
    """Tells, to any process, which miners were polled since it asked last."""

    async def latest(self) -> int:
        """The number of the newest batch of polls; 0 before the first."""

    async def after(self, number: int) -> Changes:
        """What was polled after that number.  Some minutes are remembered."""

    async def miners(
        self, miner_ids: Sequence[int], *, container_id: int | None = None, visible: frozenset[int] | None = None
    ) -> Sequence[tuple[Miner, Snapshot]]:
        """Those of these miners that stand in ``container_id`` (anywhere, if ``None``) and may be seen."""
