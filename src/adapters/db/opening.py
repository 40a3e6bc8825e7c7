"""Stored miners carry their passwords sealed; here they are opened."""

import functools

import attrs

from ...ports.miners.inventory import Miner
from ...ports.secrets import Sealed, Secret, Vault


class Opener:
    """Opens passwords, and remembers so many: a reload of all miners opens nothing twice."""

    def __init__(self, vault: Vault, size: int = 16384) -> None:
        self._unseal = functools.lru_cache(maxsize=size)(vault.unseal)

    def __call__(self, miner: Miner) -> Miner:
        """The miner with a password that can be sent.

        Raises:
            Sealed: The keys at hand are not those that the password was sealed with.
        """
        if miner.password is None:
            return miner
        return attrs.evolve(miner, password=self._opened(miner, miner.password.reveal()))

    def _opened(self, miner: Miner, sealed: str) -> Secret:
        try:
            return self._unseal(sealed)
        except Sealed as error:
            raise Sealed(
                f"The password of miner {miner.id} ({miner.name}) cannot be opened with the keys at hand; "
                "put back the key that it was stored with"
            ) from error
