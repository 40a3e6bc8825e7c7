"""What a simulated miner does when it is told to: the same for all makers, however they say it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .life import Condition, Moment

#: Whom the miners work for: made-up pools, the second one for a while now and then, the third never.
POOLS = (
    ("stratum+tcp://pool.example.com:3333", "Alive"),
    ("stratum+tcp://pool.example.net:443", "Alive"),
    ("stratum+tcp://pool.example.org:25", "Dead"),
)
#: A host that no miner reaches.
_DEAD = "pool.example.org"
#: No limit leaves less than that of a miner's rate.
_LEAST = 0.2


@dataclass(frozen=True, slots=True)
class Told:
    """What a miner was told, and holds to until it is told otherwise."""

    #: Address, user and password of its pools; none: those that it came with.
    pools: tuple[tuple[str, str, str], ...] = ()
    #: The place of the one that was chosen.
    pool: int | None = None
    light: bool = False
    #: Watts; ``None``: as it came.
    limit_w: int | None = None
    #: What was the matter with it before it went to sleep.
    awake: Condition = Condition.HEALTHY

    def with_pools(self, pools: Iterable[tuple[str, str, str]]) -> "Told":
        """Return the same with other pools; the first one that can be reached is worked for."""
        return replace(self, pools=tuple(pool for pool in pools if pool[0])[:3], pool=0)

    def apply(self, m: Moment) -> None:
        """Put it into a moment."""
        own = tuple((url, f"acct.w{m.index:05d}", "x") for url, _ in POOLS)
        m.pools = tuple((*pool, "Dead" if _DEAD in pool[0] else "Alive") for pool in self.pools or own)
        m.light = self.light
        m.limit_w = m.hw.power_w + 150 if self.limit_w is None else self.limit_w
        if self.pool is not None:
            m.fixed = True
            order = [self.pool, *range(len(m.pools))]
            m.pool = next((place for place in order if m.pools[place][3] == "Alive"), self.pool)


def part_of(watts: int, full_w: int) -> float:
    """Return which part of its rate a miner makes with so many watts."""
    return max(_LEAST, min(1.0, (watts - 25) / full_w))
