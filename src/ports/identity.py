"""Who asks, and what he may do."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from .errors import Conflict, NotFound, Refused
from .secrets import Secret


class Role(StrEnum):
    """What somebody is to the house."""

    ADMIN = "admin"
    OPERATOR = "operator"
    ACCOUNTANT = "accountant"
    CLIENT = "client"
    ENTERPRISE_ADMIN = "enterprise_admin"


class Permission(StrEnum):
    """What can be allowed.  ``core.permissions.PERMISSIONS`` says to whom."""

    SEE_MINERS = "see-miners"
    SEE_STATISTICS = "see-statistics"
    CHANGE_MINERS = "change-miners"
    POLL_MINERS = "poll-miners"
    ACT_ON_MINERS = "act-on-miners"
    SEE_JOURNAL = "see-journal"
    MANAGE_USERS = "manage-users"
    MANAGE_TOKENS = "manage-tokens"
    MANAGE_DATABASE = "manage-database"
    SEE_ALERTS = "see-alerts"
    MANAGE_ALERTS = "manage-alerts"
    SEE_ENTERPRISES = "see-enterprises"
    CHANGE_ENTERPRISES = "change-enterprises"
    SEE_GATEWAYS = "see-gateways"
    CHANGE_GATEWAYS = "change-gateways"
    SCAN_GATEWAYS = "scan-gateways"
    REBOOT_GATEWAYS = "reboot-gateways"
    SEE_UNITS = "see-units"
    CHANGE_UNITS = "change-units"
    CHECK_UNITS = "check-units"
    #: Cut a unit's power and give it back.
    CYCLE_POWER = "power:cycle"
    #: Switch a plug; off alone needs its own.
    SWITCH_ON = "power:on"
    SWITCH_OFF = "power:off"
    #: Authorise and renew the cloud account of the plugs.
    MANAGE_CLOUD = "manage-cloud"


@attrs.frozen
class Actor:
    """Who asks: an argument of every use case."""

    name: str
    role: Role
    user_id: int | None = None
    #: The containers a client is confined to; ``None`` confines nobody.
    container_ids: frozenset[int] | None = None
    #: The enterprises an enterprise admin is confined to; ``None`` confines nobody.
    enterprise_numbers: frozenset[str] | None = None


@attrs.frozen
class User:
    """Somebody who can log in."""

    id: int
    username: str
    email: str | None
    role: Role
    is_active: bool
    created_at: datetime
    container_ids: tuple[int, ...] = ()
    enterprise_numbers: tuple[str, ...] = ()
    last_login_at: datetime | None = None
    #: Grows with every change and every password change: older sessions and JWTs end there.
    revision: int = 1


@attrs.frozen
class NewUser:
    """What a user is made of.  ``password_hash`` is the output of ``PasswordHash``."""

    username: str
    password_hash: str = attrs.field(repr=False)
    role: Role
    email: str | None = None
    is_active: bool = True
    container_ids: tuple[int, ...] = ()
    enterprise_numbers: tuple[str, ...] = ()


@attrs.frozen
class Token:
    """A script's key, without the key: that is shown once and stored as a hash."""

    id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    created_by: str
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    container_ids: tuple[int, ...] = ()
    enterprise_numbers: tuple[str, ...] = ()


@attrs.frozen
class Session:
    """A browser's login.  The cookie holds the key, the database its SHA-256."""

    user_id: int
    created_at: datetime
    expires_at: datetime
    #: The user's revision when he logged in.
    revision: int = 1


class BadLogin(Refused):
    """The name or the password is wrong."""


class UnknownUser(NotFound):
    """There is no such user."""


class UnknownToken(NotFound):
    """There is no such token."""


class UserExists(Conflict):
    """A user of this name exists already."""


class UserStore(Protocol):
    """Keeps users."""

    async def all(self, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[User], int]:
        """A page of users by name, and how many there are."""

    async def get(self, user_id: int) -> User:
        """Raises ``UnknownUser``."""

    async def named(self, username: str) -> tuple[User, str] | None:
        """A user (any case of the name) and his password hash."""

    async def add(self, new: NewUser, *, at: datetime) -> User:
        """Raises ``UserExists`` (any case of the name)."""

    async def change(self, user: User) -> User:
        """Store the user's fields and raise his revision.

        Raises:
            Stale: ``user.revision`` is not the stored one.
        """

    async def set_password(self, user_id: int, password_hash: str) -> User:
        """Store a new hash and raise the revision, which ends his sessions."""

    async def logged_in(self, user_id: int, *, at: datetime) -> None:
        """Remember the time; no new revision."""

    async def remove(self, user_id: int) -> None:
        """Raises ``UnknownUser``."""

    async def count(self) -> int:
        """How many users there are."""


class TokenStore(Protocol):
    """Keeps scripts' tokens and browsers' sessions, as SHA-256 digests (hex)."""

    async def add_token(self, token: Token, digest: str) -> Token:
        """Store a token; the id given is ignored, the one returned is the store's."""

    async def token(self, digest: str) -> Token | None: ...

    async def tokens(self) -> Sequence[Token]: ...

    async def revoke_token(self, token_id: int, *, at: datetime) -> None:
        """Raises ``UnknownToken``."""

    async def token_used(self, token_id: int, *, at: datetime) -> None: ...

    async def add_session(self, digest: str, session: Session) -> None: ...

    async def session(self, digest: str) -> Session | None: ...

    async def remove_session(self, digest: str) -> None: ...

    async def sweep(self, *, now: datetime) -> int:
        """Remove what has expired; how many."""


class PasswordHash(Protocol):
    """Hashes passwords, slowly."""

    async def hash(self, password: Secret) -> str: ...

    async def verify(self, stored: str, password: Secret) -> bool: ...

    def outdated(self, stored: str) -> bool:
        """Whether the hash should be made anew at the next login."""


class TokenMint(Protocol):
    """Signs and reads JWTs; expiry and audience are always checked."""

    def mint(self, claims: dict[str, object], *, expires_at: datetime) -> Secret: ...

    def read(self, token: str) -> dict[str, object] | None:
        """The claims, or ``None`` for anything forged, expired or strange."""
