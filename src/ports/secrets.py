"""Secrets: a type that nothing prints and nothing serialises."""

from typing import Protocol

from .errors import LinemanError


class Secret:
    """A password, a key or a token.  It prints as ``set``; only ``reveal`` gives it away.

    It is deliberately not an attrs class: no encoder knows it, so that
    serialising one by mistake fails instead of leaking.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one who sends or seals it."""
        return self._value

    def __repr__(self) -> str:
        return "set"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "set"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")


class LongSecret(Secret):
    """A secret of several lines, such as a private key."""

    __slots__ = ()


class Sealed(LinemanError):
    """A stored secret cannot be opened with the keys at hand."""


class Vault(Protocol):
    """What keeps secrets at rest."""

    def seal(self, secret: Secret) -> str:
        """Encrypt a secret for storage."""

    def unseal(self, sealed: str) -> Secret:
        """Decrypt a stored secret.

        Raises:
            Sealed: No key at hand opens it.
        """
