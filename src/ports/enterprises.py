"""Enterprises: the tenants whose devices these are, and the socket that keeps them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from .errors import Conflict, NotFound
from .secrets import Secret


@attrs.frozen
class Enterprise:
    """A tenant.  Its number is a text that others (telephone exchange, CRM) know it by; it never changes."""

    number: str
    name: str
    created_at: datetime
    #: The login of its gateways, for those that have none of their own.
    gateway_username: str | None = None
    gateway_password: Secret | None = None
    #: What people write about it.
    comment: str = ""
    #: How many gateways it has.
    gateways: int = 0
    revision: int = 1


@attrs.frozen
class NewEnterprise:
    number: str
    name: str
    gateway_username: str | None = None
    gateway_password: Secret | None = None
    comment: str = ""


class UnknownEnterprise(NotFound):
    """There is no such enterprise."""


class EnterpriseExists(Conflict):
    """An enterprise of this number exists already."""


class EnterpriseInUse(Conflict):
    """Things still belong to the enterprise."""


class EnterpriseStore(Protocol):
    """Keeps enterprises, their passwords sealed.

    ``visible`` limits every question to the numbers that the actor may see; ``None`` = all.
    """

    async def all(
        self, *, search: str | None = None, visible: frozenset[str] | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Enterprise], int]:
        """A page of enterprises by number, and how many there are.  ``search`` finds parts of number and name."""

    async def get(self, number: str, *, visible: frozenset[str] | None = None) -> Enterprise:
        """Raises ``UnknownEnterprise``, also for what the actor may not see."""

    async def add(self, new: NewEnterprise, *, at: datetime) -> Enterprise:
        """Raises ``EnterpriseExists``."""

    async def change(self, enterprise: Enterprise) -> Enterprise:
        """Store the fields and raise the revision.

        Raises:
            Stale: ``enterprise.revision`` is not the stored one.
            UnknownEnterprise
        """

    async def remove(self, number: str) -> None:
        """Raises ``UnknownEnterprise``, ``EnterpriseInUse``."""
