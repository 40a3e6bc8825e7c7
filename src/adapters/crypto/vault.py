"""Secrets at rest, by Fernet."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ...ports.secrets import Sealed, Secret, Vault
from .keys import checked, fernet_key


class FernetVault(Vault):
    """Seals with the first key, opens with any."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        """``keys`` come newest first."""
        self._fernet = MultiFernet([Fernet(fernet_key(key)) for key in checked(keys)])

    def seal(self, secret: Secret) -> str:
        return self._fernet.encrypt(secret.reveal().encode()).decode()

    def unseal(self, sealed: str) -> Secret:
        try:
            return Secret(self._fernet.decrypt(sealed.encode()).decode())
        except (InvalidToken, UnicodeError) as error:
            raise Sealed("A stored secret cannot be opened with the keys at hand") from error
