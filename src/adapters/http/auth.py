"""Logging in and out over HTTP, and being told who one is."""

from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.identity import Identity, UserEdit, Users, Visitor
from ...core.identity.rules import WeakPassword
from ...core.permissions import PERMISSIONS
from ...ports.errors import Invalid, NotAllowed, NotLoggedIn, TooManyRequests
from ...ports.identity import BadLogin, Permission, Role, User, UserExists
from ...ports.secrets import Secret
from .security import COOKIE, VISITOR, BadOrigin, Guard, cookie
from .wire import Call, operation, route

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Email = Annotated[str, Meta(max_length=254)]


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    username: Annotated[str, Meta(min_length=1, max_length=150)]
    password: Secret


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``role`` is client or accountant, in any case."""

    username: Name
    password: Secret
    role: Annotated[str, Meta(max_length=32)] = "client"
    email: Email | None = None


class NewAdmin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    username: Name
    password: Secret
    email: Email | None = None


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    old_password: Secret
    new_password: Secret


@attrs.frozen
class LoginView:
    """``access_token`` goes into ``Authorization: Bearer …``; ``expires_in`` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    user: User


@attrs.frozen
class SessionView:
    """``csrf`` goes into ``X-CSRF-Token`` with whatever changes something."""

    user: User
    csrf: str


@attrs.frozen
class Me:
    """Who asks.  ``user`` is null for tokens, ``csrf`` for all but browsers' sessions."""

    user: User | None
    name: str
    role: Role
    permissions: list[str]
    csrf: str | None


@attrs.frozen
class AuthApi:
    """The door."""

    identity: Identity
    users: Users
    guard: Guard

    @operation(
        returns=LoginView, body=Credentials, errors=(BadLogin, NotAllowed, TooManyRequests), anonymous=True, tag="auth"
    )
    async def log_in(self, call: Call, body: Credentials) -> LoginView:
        """Exchange a password for a bearer token."""
        made = await self.identity.log_in(body.username, body.password, client=call.client)
        seconds = int((made.expires_at - self.identity.clock.now()).total_seconds())
        return LoginView(made.token.reveal(), "bearer", seconds, made.user)

    @operation(
        returns=SessionView, body=Credentials, errors=(BadLogin, BadOrigin, TooManyRequests), anonymous=True, tag="auth"
    )
    async def open_session(self, call: Call, body: Credentials) -> SessionView:
        """Log a browser in, by a cookie."""
        self.guard.check_origin(call.request)
        key, visitor = await self.identity.open_session(body.username, body.password, client=call.client)
        return self._seated(call, key, visitor)

    @operation(status=204, errors=(BadOrigin,), anonymous=True, tag="auth")
    async def close_session(self, call: Call) -> None:
        """Log a browser out.

        An ended session is no error, and no CSRF token is asked for: the worst
        that another site can do is to log somebody out, and its origin is refused.
        """
        if key := call.request.cookies.get(COOKIE):
            self.guard.check_origin(call.request, needed=True)
            await self.identity.log_out(key)
        call.headers.append("set-cookie", cookie("", seconds=0, secure=self._secure(call)))

    @operation(returns=Me, tag="auth")
    async def me(self, call: Call) -> Me:
        """Tell who asks, and what he may do."""
        actor, visitor = call.actor, _visitor(call)
        permissions = sorted(PERMISSIONS[actor.role])
        return Me(visitor.user, actor.name, actor.role, list(permissions), visitor.csrf)

    @operation(
        returns=User, body=Registration, status=201, errors=(NotAllowed, Invalid, UserExists, TooManyRequests),
        anonymous=True, tag="auth",
    )  # fmt: skip
    async def register(self, call: Call, body: Registration) -> User:
        """Ask for an account, which an admin then activates.

        Answers 403 unless the setting ``registration`` is ``open``.
        """
        return await self.identity.register(body.username, body.password, body.role, body.email, client=call.client)

    @operation(
        returns=User,
        body=NewAdmin,
        status=201,
        errors=(NotAllowed, Invalid, UserExists),
        tag="auth",
        needs=Permission.MANAGE_USERS,
    )
    async def create_admin(self, call: Call, body: NewAdmin) -> User:
        """Make another admin."""
        edit = UserEdit(role=Role.ADMIN, email=body.email)
        return await self.users.add(call.actor, body.username, body.password, edit)

    @operation(
        status=204, body=PasswordChange, errors=(BadLogin, WeakPassword, NotAllowed, TooManyRequests), tag="auth"
    )
    async def change_password(self, call: Call, body: PasswordChange) -> None:
        """Change one's own password.

        Ends all sessions and bearer tokens of the user; the browser that asks gets
        a new session.
        """
        visitor = _visitor(call)
        if visitor.user is None:
            raise NotAllowed(f"{visitor.actor.name} is no user and has no password.")
        user = await self.identity.change_password(
            visitor.user, body.old_password, body.new_password, client=call.client
        )
        if visitor.session:
            self._seated(call, *await self.identity.renew_session(user))

    def _seated(self, call: Call, key: Secret, visitor: Visitor) -> SessionView:
        session, user = visitor.session, visitor.user
        if session is None or user is None or visitor.csrf is None:
            raise NotLoggedIn("There is no session.")
        seconds = int((session.expires_at - session.created_at).total_seconds())
        call.headers.append("set-cookie", cookie(key.reveal(), seconds=seconds, secure=self._secure(call)))
        return SessionView(user, visitor.csrf)

    def _secure(self, call: Call) -> bool:
        return call.secure or (self.guard.public_url or "").startswith("https:")

    def routes(self) -> list[Route]:
        return [
            route("POST", "/api/auth/login", self.log_in),
            route("POST", "/api/auth/session", self.open_session),
            route("DELETE", "/api/auth/session", self.close_session),
            route("GET", "/api/auth/me", self.me),
            route("POST", "/api/auth/register", self.register),
            route("POST", "/api/auth/admin/create", self.create_admin),
            route("POST", "/api/auth/password", self.change_password),
        ]


def _visitor(call: Call) -> Visitor:
    """Who asks; in the command line's own process there is an actor only."""
    visitor: Visitor | None = call.request.scope.get(VISITOR)
    return visitor or Visitor(call.actor)
