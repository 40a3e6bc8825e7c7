"""Logins of gateways, enterprises and directories are stored sealed; here they are opened."""

import functools

import attrs

from ...ports.gateways.driver import Directory
from ...ports.gateways.inventory import Gateway
from ...ports.secrets import Sealed, Secret, Vault


class GatewayOpener:
    """Opens passwords, and remembers so many: a scan each few minutes opens nothing twice."""

    def __init__(self, vault: Vault, size: int = 16384) -> None:
        self._unseal = functools.lru_cache(maxsize=size)(vault.unseal)

    def gateway(self, gateway: Gateway) -> Gateway:
        """The gateway with a password that can be sent.

        Raises:
            Sealed: The keys at hand are not those that the password was sealed with.
        """
        if gateway.password is None:
            return gateway
        password = self.secret(f"gateway {gateway.name}", gateway.password.reveal())
        return attrs.evolve(gateway, password=password)

    def directory(self, directory: Directory) -> Directory:
        """The directory with a password that can be sent.  Raises as for a gateway."""
        if directory.password is None:
            return directory
        password = self.secret(f"directory {directory.id} ({directory.name})", directory.password.reveal())
        return attrs.evolve(directory, password=password)

    def secret(self, whose: str, sealed: str) -> Secret:
        try:
            return self._unseal(sealed)
        except Sealed as error:
            raise Sealed(
                f"The password of {whose} cannot be opened with the keys at hand; "
                "put back the key that it was stored with"
            ) from error
