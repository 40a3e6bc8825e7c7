"""Lists of pools that are written as a whole: the one that is wanted first, the others behind it."""

from collections.abc import Sequence

import attrs

from .....ports.miners import NewPool, NotPossible, SwitchPool

#: As many as a miner keeps.
MOST = 3
#: What one should know where the miner does not tell the passwords of its pools.
FORMER = "the miner does not tell the passwords of its pools, so those that stay get the password x"


@attrs.frozen
class PoolLine:
    """One pool as it is written to a miner."""

    #: The vendor's id, as readings have it.
    index: object = None
    url: str = ""
    user: str = ""
    password: str = attrs.field(default="", repr=False)


def first_of(pools: Sequence[PoolLine], action: SwitchPool, where: str) -> list[PoolLine]:
    """The pools with the wanted one first.

    Raises:
        NotPossible: There is no pool of that number.
    """
    wanted = action.pool
    if isinstance(wanted, NewPool):
        password = wanted.password.reveal() if wanted.password else "x"
        new = PoolLine(None, wanted.url, wanted.user, password)
        others = [pool for pool in pools if (pool.url, pool.user) != (new.url, new.user)]
        return [new, *(pool for pool in others if pool.url)][:MOST]
    found = next((pool for pool in pools if pool.index == wanted), None)
    if found is None or not found.url:
        numbers = ", ".join(str(pool.index) for pool in pools if pool.url)
        raise NotPossible(f"{where} has no pool {wanted}; it has {numbers or 'none'}")
    return [found, *(pool for pool in pools if pool is not found and pool.url)][:MOST]
