"""Users, scripts' tokens and the journal, over HTTP; and all of identity's routes."""

from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.identity import Identity, NewToken, Tokens, UserEdit, Users
from ...core.identity.rules import LastAdmin, WeakPassword
from ...core.journal import Journals
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed, Stale
from ...ports.identity import Permission, Role, Token, UnknownToken, UnknownUser, User, UserExists
from ...ports.journal import Entry
from ...ports.secrets import Secret
from .auth import AuthApi, Email, Name
from .security import Guard
from .wire import Call, Id, Limit, Offset, Page, operation, route

T = TypeVar("T")

Number = Annotated[str, Meta(min_length=1, max_length=64)]
Containers = Annotated[tuple[Id, ...], Meta(max_length=1000)]
Enterprises = Annotated[tuple[Number, ...], Meta(max_length=1000)]


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    password: Secret


class NewUserBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    username: Name
    password: Secret
    role: Role = Role.CLIENT
    email: Email | None = None
    is_active: bool = True
    container_ids: Containers = ()
    enterprise_numbers: Enterprises = ()


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is not named stays as it is; an ``email`` of null is removed."""

    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    container_ids: Containers | UnsetType = UNSET
    enterprise_numbers: Enterprises | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET


class NewTokenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``expires_at`` or ``expires_in_days`` a token lasts until it is revoked."""

    name: Name
    role: Role
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    expires_in_days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    container_ids: Containers = ()
    enterprise_numbers: Enterprises = ()


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 100
    offset: Offset = 0


class JournalQuery(msgspec.Struct, frozen=True, kw_only=True):
    action: Annotated[str, Meta(max_length=100, description="How the action begins, such as identity.")] | None = None
    subject: Annotated[str, Meta(max_length=100, description="Such as `user anna`")] | None = None
    limit: Limit = 100
    offset: Offset = 0


@attrs.frozen
class MadeToken:
    """A token and, this once, its key."""

    id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None
    container_ids: tuple[int, ...]
    enterprise_numbers: tuple[str, ...]
    token: str


@attrs.frozen
class UserApi:
    """The people of the house."""

    users: Users

    @operation(returns=Page[User], query=PageQuery, errors=(NotAllowed,), tag="users", needs=Permission.MANAGE_USERS)
    async def all(self, call: Call, query: PageQuery) -> Page[User]:
        """List users by name."""
        return Page(*await self.users.all(call.actor, limit=query.limit, offset=query.offset))

    @operation(returns=User, errors=(NotAllowed, UnknownUser), tag="users")
    async def one(self, call: Call, user_id: int) -> User:
        """Show a user."""
        return _tagged(call, await self.users.get(call.actor, user_id))

    @operation(
        returns=User,
        body=NewUserBody,
        status=201,
        errors=(NotAllowed, Invalid, UserExists),
        tag="users",
        needs=Permission.MANAGE_USERS,
    )
    async def add(self, call: Call, body: NewUserBody) -> User:
        """Make a user."""
        edit = UserEdit(
            role=body.role,
            is_active=body.is_active,
            container_ids=body.container_ids,
            enterprise_numbers=body.enterprise_numbers,
            email=body.email,
        )
        return _tagged(call, await self.users.add(call.actor, body.username, body.password, edit))

    @operation(
        returns=User,
        body=UserChange,
        errors=(NotAllowed, UnknownUser, Invalid, LastAdmin, Stale),
        tag="users",
        needs=Permission.MANAGE_USERS,
    )
    async def change(self, call: Call, user_id: int, body: UserChange) -> User:
        """Change the fields that are named.

        Ends the user's sessions and bearer tokens, and revokes the scripts' tokens
        that he made and could not make any more.
        """
        edit = UserEdit(
            role=_named(body.role),
            is_active=_named(body.is_active),
            container_ids=_named(body.container_ids),
            enterprise_numbers=_named(body.enterprise_numbers),
            email=_named(body.email) if body.email is not None else "",
        )
        return _tagged(call, await self.users.change(call.actor, user_id, edit, expect=call.expect))

    @operation(status=204, errors=(NotAllowed, UnknownUser, LastAdmin), tag="users")
    async def remove(self, call: Call, user_id: int) -> None:
        """Remove a user, his sessions and the tokens that he made."""
        await self.users.remove(call.actor, user_id)

    @operation(
        status=204,
        body=NewPassword,
        errors=(NotAllowed, UnknownUser, WeakPassword),
        tag="users",
        needs=Permission.MANAGE_USERS,
    )
    async def set_password(self, call: Call, user_id: int, body: NewPassword) -> None:
        """Give a user a new password, which ends his sessions."""
        await self.users.set_password(call.actor, user_id, body.password)


@attrs.frozen
class TokenApi:
    """The scripts' keys."""

    tokens: Tokens
    clock: Clock

    @operation(returns=list[Token], errors=(NotAllowed,), tag="tokens")
    async def all(self, call: Call) -> list[Token]:
        """List all tokens, without their keys."""
        tokens = list(await self.tokens.all(call.actor))
        call.headers["x-total-count"] = str(len(tokens))
        return tokens

    @operation(
        returns=MadeToken,
        body=NewTokenBody,
        status=201,
        errors=(NotAllowed, Invalid),
        tag="tokens",
        needs=Permission.MANAGE_TOKENS,
    )
    async def create(self, call: Call, body: NewTokenBody) -> MadeToken:
        """Make a token.  Its key is shown this once."""
        if body.expires_at and body.expires_in_days:
            raise Invalid("Give expires_at or expires_in_days, not both.", field="expires_at")
        days = body.expires_in_days
        expires_at = self.clock.now() + timedelta(days=days) if days else body.expires_at
        new = NewToken(
            name=body.name,
            role=body.role,
            expires_at=expires_at,
            container_ids=body.container_ids,
            enterprise_numbers=body.enterprise_numbers,
        )
        token, key = await self.tokens.create(call.actor, new)
        return MadeToken(**attrs.asdict(token, recurse=False), token=key.reveal())

    @operation(status=204, errors=(NotAllowed, UnknownToken), tag="tokens")
    async def revoke(self, call: Call, token_id: int) -> None:
        """End a token, and those made with it."""
        await self.tokens.revoke(call.actor, token_id)


@attrs.frozen
class JournalApi:
    """Who did what."""

    journal: Journals

    @operation(
        returns=Page[Entry], query=JournalQuery, errors=(NotAllowed,), tag="journal", needs=Permission.SEE_JOURNAL
    )
    async def read(self, call: Call, query: JournalQuery) -> Page[Entry]:
        """Read the journal, the newest lines first."""
        page = await self.journal.read(
            call.actor, action=query.action, subject=query.subject, limit=query.limit, offset=query.offset
        )
        return Page(page.lines, page.total)


def routes(identity: Identity, users: Users, tokens: Tokens, journal: Journals, guard: Guard) -> list[Route]:
    """All of it."""
    people, keys = UserApi(users), TokenApi(tokens, identity.clock)
    return [
        *AuthApi(identity, users, guard).routes(),
        route("GET", "/api/users", people.all),
        route("POST", "/api/users", people.add),
        route("GET", "/api/users/{user_id:int}", people.one),
        route("PUT", "/api/users/{user_id:int}", people.change),
        route("DELETE", "/api/users/{user_id:int}", people.remove),
        route("POST", "/api/users/{user_id:int}/password", people.set_password),
        route("GET", "/api/tokens", keys.all),
        route("POST", "/api/tokens", keys.create),
        route("DELETE", "/api/tokens/{token_id:int}", keys.revoke),
        route("GET", "/api/journal", JournalApi(journal).read),
    ]


def _named(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _tagged(call: Call, user: User) -> User:
    call.tag(user.revision)
    return user
