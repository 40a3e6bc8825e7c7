"""The account behind cloud plugs: authorisation, tokens, quota, and the sockets that keep and use them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Invalid, Refused
from ..secrets import Secret
from . import Grant, Listed

#: The closed set of regions; each becomes part of a host name.
REGIONS = ("cn", "as", "us", "eu")


@attrs.frozen
class Application:
    """What the developer account gave us."""

    app_id: str
    app_secret: Secret
    #: Exactly the registered one.
    redirect_url: str


@attrs.frozen
class Tokens:
    """A pair as it is used.  Each refresh replaces both."""

    region: str
    access: Secret
    refresh: Secret
    access_expires_at: datetime
    refresh_expires_at: datetime
    granted_at: datetime
    revision: int = 1

    @property
    def grant(self) -> Grant:
        """What people may see of it."""
        return Grant(
            self.region, self.access_expires_at, self.refresh_expires_at, self.granted_at, self.revision
        )  # fmt: skip


class BadState(Refused):
    """The authorisation was not asked for here, or too long ago."""


class BadRegion(Invalid):
    """There is no such region."""


class CloudTokenStore(Protocol):
    """Keeps the one pair, sealed, and the states of authorisations under way."""

    async def get(self) -> Tokens | None: ...

    async def put(self, tokens: Tokens, *, expected: int | None) -> Tokens:
        """Store a new pair before anybody uses it; ``expected`` is the revision that it replaces.

        Raises:
            Stale: Another process was quicker; read again.
        """

    def alone(self) -> AbstractAsyncContextManager[None]:
        """One refresh at a time in the whole installation, over all processes; bounded, else ``Unavailable``."""

    async def remember_state(self, state: str, *, by: str, expires_at: datetime) -> None:
        """A state that was handed out (kept as a hash)."""

    async def take_state(self, state: str, *, now: datetime) -> bool:
        """Whether it was handed out, not used, and not too long ago; it is used up by this."""

    async def count(self, *, month: str, region: str, calls: int = 1) -> int:
        """Add calls to the month's counter and give its new value."""


class Cloud(Protocol):
    """The account, for people."""

    async def authorise_url(self, state: str, *, at: datetime) -> str:
        """Where the owner of the account has to go."""

    async def exchange(self, code: str, region: str) -> Grant:
        """Make tokens of a code, within its 30 seconds, and store them.

        Raises:
            BadRegion, ReauthoriseNeeded, CloudMisconfigured, CloudFault, Unreachable
        """

    async def refresh(self) -> Grant:
        """Replace the pair, once in the whole installation.  Raises as ``exchange``."""

    async def grant(self) -> Grant | None: ...

    async def devices(self) -> Sequence[Listed]:
        """Every plug of every home; an error on a later page is an error."""

    async def calls_this_month(self) -> int: ...
