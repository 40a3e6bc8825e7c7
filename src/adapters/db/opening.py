"""Stored miners carry their passwords sealed; here they are opened."""

import functools
from operator import attrgetter

import attrs

from ...ports.miners.groups import Group
from ...ports.miners.inventory import Miner
from ...ports.secrets import Sealed, Secret, Vault

NAMES = tuple(field.name for field in attrs.fields(Miner))
#: All fields at once: ``attrs.evolve`` takes five times as long, and all miners are opened at a time.
FIELDS = attrgetter(*NAMES)
OWN, SHARED = NAMES.index("password"), NAMES.index("group_password")


class Opener:
    """Opens passwords, and remembers so many: a reload of all miners opens nothing twice."""

    def __init__(self, vault: Vault, size: int = 16384) -> None:
        self._unseal = functools.lru_cache(maxsize=size)(vault.unseal)

    def __call__(self, miner: Miner) -> Miner:
        """The miner with a password that can be sent.

        Raises:
            Sealed: The keys at hand are not those that the password was sealed with.
        """
        if miner.password is None and miner.group_password is None:
            return miner
        own, shared = miner.password, miner.group_password
        fields = list(FIELDS(miner))
        fields[OWN] = own and self._opened(f"miner {miner.id} ({miner.name})", own.reveal())
        fields[SHARED] = shared and self._opened(f"group {miner.group_id}", shared.reveal())
        return Miner(*fields)

    def group(self, group: Group) -> Group:
        """The group with a password that can be sent.  Raises as for a miner."""
        if group.password is None:
            return group
        return attrs.evolve(group, password=self._opened(f"group {group.id} ({group.name})", group.password.reveal()))

    def _opened(self, whose: str, sealed: str) -> Secret:
        try:
            return self._unseal(sealed)
        except Sealed as error:
            raise Sealed(
                f"The password of {whose} cannot be opened with the keys at hand; "
                "put back the key that it was stored with"
            ) from error
