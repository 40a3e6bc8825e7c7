"""The door: passwords, sessions and tokens become somebody who asks."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from ...ports.clock import Clock
from ...ports.errors import NotAllowed, NotLoggedIn, Unavailable
from ...ports.identity import (
    Actor,
    BadLogin,
    NewUser,
    PasswordHash,
    Role,
    Session,
    TokenMint,
    TokenStore,
    UnknownUser,
    User,
    UserExists,
    UserStore,
)
from ...ports.journal import Entry, Journal
from ...ports.secrets import Secret
from .rules import (
    TOKEN_PREFIX,
    actor_of,
    actor_of_token,
    check_password,
    checked_email,
    checked_name,
    csrf_of,
    digest,
    open_role,
    valid,
)
from .throttle import Throttle

#: A command on the same database reaches the holder of the lease with such a token.
PASSKEY_TERM = timedelta(minutes=1)
#: A token's last use is written at most so often.
USED_EVERY = timedelta(minutes=1)


@attrs.frozen
class Policy:
    """What a deployment decides about log-ins."""

    registration_open: bool = False
    #: How long a bearer token and a browser's session last.
    login: timedelta = timedelta(minutes=60)
    session: timedelta = timedelta(hours=12)


@attrs.frozen
class Login:
    """A bearer token, to be handed to the user once."""

    user: User
    token: Secret
    expires_at: datetime


@attrs.frozen
class Visitor:
    """Who asks, and how he proved it."""

    actor: Actor
    user: User | None = None
    #: The browser's session, and the CSRF token that guards what changes something.
    session: Session | None = None
    csrf: str | None = attrs.field(default=None, repr=False)


def _untold(entry: Entry, error: str) -> None:
    """Where nobody listens."""


@attrs.define
class Unwritten:
    """Log-ins that went through though the database took no line of them, as on a full disk."""

    tell: Callable[[Entry, str], None] = _untold
    count: int = 0

    def __call__(self, entry: Entry, error: Unavailable) -> None:
        self.count += 1
        self.tell(entry, error.detail)


@attrs.frozen(kw_only=True)
class Identity:
    """Logging in and out, and being known.

    On a full disk those who are to see to it must get in: a log-in to a bearer token goes through
    without its journal line, which is told to ``unwritten`` instead.  A browser's session is a row
    itself, and has to wait.
    """

    users: UserStore
    tokens: TokenStore
    hasher: PasswordHash
    mint: TokenMint
    journal: Journal
    clock: Clock
    policy: Policy = Policy()
    throttle: Throttle = attrs.field(factory=Throttle)
    unwritten: Unwritten = attrs.field(factory=Unwritten)
    #: 256 random bits as text.
    fresh: Callable[[], str] = secrets.token_urlsafe

    async def ensure_admin(self, password: Secret | None = None) -> Secret | None:
        """Make the first user, ``admin``, if there is nobody yet.

        Returns the password if it was made up here, for the caller to hand over
        once.  A crash before that loses it: remove the database and start again.

        Raises:
            WeakPassword: The given password will not do.
        """
        if await self.users.count():
            return None
        chosen = password or Secret(self.fresh())
        check_password(chosen, "admin", field="LINEMAN_ADMIN_PASSWORD")
        try:
            await self._add("admin", chosen, Role.ADMIN, actor="system")
        except UserExists:
            return None  # Another process was first.
        return None if password else chosen

    async def log_in(self, username: str, password: Secret, *, client: str) -> Login:
        """Exchange a password for a bearer token.  ``client`` is the address it came from.

        Raises:
            BadLogin: The name or the password is wrong; which of them is not told, nor by the time it takes.
            NotAllowed: The password is right, but the account is not active.
            TooManyRequests: The account or the address has tried too often.
        """
        user = await self._proved(username, password, client)
        expires_at = self.clock.now() + self.policy.login
        claims: dict[str, object] = {"kind": "login", "sub": str(user.id), "rev": user.revision}
        return Login(user, self.mint.mint(claims, expires_at=expires_at), expires_at)

    async def open_session(self, username: str, password: Secret, *, client: str) -> tuple[Secret, Visitor]:
        """Exchange a password for a browser's session: the key for the cookie, and who it is.  Raises as ``log_in``."""
        return await self.renew_session(await self._proved(username, password, client))

    async def renew_session(self, user: User) -> tuple[Secret, Visitor]:
        """A new session for somebody who has just proved who he is."""
        key, now = Secret(self.fresh()), self.clock.now()
        session = Session(user.id, now, now + self.policy.session, user.revision)
        await self.tokens.add_session(digest(key), session)
        return key, Visitor(actor_of(user), user, session, csrf_of(key.reveal()))

    async def log_out(self, key: str) -> None:
        """End a browser's session; one that is not there has ended already."""
        if session := await self.tokens.session(digest(key)):
            await self.tokens.remove_session(digest(key))
            await self._note(await self._name(session.user_id), "log-out")

    async def by_bearer(self, text: str) -> Visitor:
        """Who shows a script's token, a bearer token or a passkey.

        Every call asks the store, so that a revoked token, a changed role or a
        deactivated user ends at once.

        Raises:
            NotLoggedIn: It is forged, expired, revoked, or older than its user's last change.
        """
        if text.startswith(TOKEN_PREFIX):
            return await self._by_token(text)
        claims = self.mint.read(text) or {}
        match claims:
            case {"kind": "passkey", "sub": str(name)}:
                return Visitor(Actor(name, Role.ADMIN))
            case {"kind": "login", "sub": str(sub), "rev": int(revision)} if sub.isdecimal():
                if user := await self._current(int(sub), revision):
                    return Visitor(actor_of(user), user)
        raise NotLoggedIn("The bearer token is not valid or has expired; log in again.")

    async def by_session(self, key: str) -> Visitor:
        """Who shows a browser's session.

        Raises:
            NotLoggedIn: It has expired, was ended, or is older than its user's last change.
        """
        session = await self.tokens.session(digest(key))
        if session is None or self.clock.now() >= session.expires_at:
            user = None
        else:
            user = await self._current(session.user_id, session.revision)
        if user:
            return Visitor(actor_of(user), user, session, csrf_of(key))
        raise NotLoggedIn("The session has ended; log in again.")

    async def register(self, username: str, password: Secret, role: str, email: str | None, *, client: str) -> User:
        """Let somebody ask for an account, which an admin then activates.

        Raises:
            NotAllowed: Registration is closed.
            Invalid, UserExists, TooManyRequests
        """
        if not self.policy.registration_open:
            raise NotAllowed("Registration is closed here; ask an admin for an account.")
        self.throttle.attempt(None, client, now=self.clock.monotonic())
        wanted = open_role(role)
        return await self._add(username, password, wanted, email, active=False, actor="nobody", action="register")

    async def change_password(self, user: User, old: Secret, new: Secret, *, client: str) -> User:
        """A user changes his own password, which ends his other sessions and bearer tokens.

        Raises:
            BadLogin: The old password is wrong.
            WeakPassword, TooManyRequests
        """
        check_password(new, user.username, field="new_password")
        await self._proved(user.username, old, client, action="change-password")
        return await self.users.set_password(user.id, await self.hasher.hash(new))

    async def sweep(self) -> int:
        """Forget expired sessions; how many.  Safe to repeat."""
        return await self.tokens.sweep(now=self.clock.now())

    async def _proved(self, username: str, password: Secret, client: str, action: str = "log-in") -> User:
        self.throttle.attempt(username, client, now=self.clock.monotonic())
        found = await self.users.named(username)
        if found is None:
            # As slow as a known name, so that the time tells nothing.  The name is not
            # written down: it may be a password in the wrong field.
            await self.hasher.hash(password)
            await self._note("nobody", action, f"unknown name, from {client}", outcome="refused")
            raise BadLogin("The name or the password is wrong.")
        user, stored = found
        if not await self.hasher.verify(stored, password):
            await self._note("nobody", action, f"wrong password, from {client}", user.username, "refused")
            raise BadLogin("The name or the password is wrong.")
        self.throttle.succeeded(username, client, now=self.clock.monotonic())
        if not user.is_active:
            await self._note(user.username, action, f"not active, from {client}", outcome="refused")
            raise NotAllowed("This account is not active; an admin can activate it.")
        try:
            if self.hasher.outdated(stored):
                user = await self.users.set_password(user.id, await self.hasher.hash(password))
            await self.users.logged_in(user.id, at=self.clock.now())
            await self._note(user.username, action, f"from {client}")
        except Unavailable as error:
            subject = f"user {user.username}"
            entry = Entry(self.clock.now(), user.username, f"identity.{action}", subject, detail=f"from {client}")
            self.unwritten(entry, error)
        return user

    async def _by_token(self, text: str) -> Visitor:
        token, now = await self.tokens.token(digest(text)), self.clock.now()
        if token is None or not valid(token, now):
            raise NotLoggedIn("The token is unknown, revoked or expired; `lineman token create` makes a new one.")
        if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
            # On a full disk those who watch must still be let in to see it.
            with suppress(Unavailable):
                await self.tokens.token_used(token.id, at=now)
        return Visitor(actor_of_token(token))

    async def _current(self, user_id: int, revision: int) -> User | None:
        try:
            user = await self.users.get(user_id)
        except UnknownUser:
            return None
        return user if user.is_active and user.revision == revision else None

    async def _name(self, user_id: int) -> str:
        try:
            return (await self.users.get(user_id)).username
        except UnknownUser:
            return f"user {user_id}"

    async def _add(
        self, username: str, password: Secret, role: Role, email: str | None = None, *, actor: str,
        active: bool = True, action: str = "add-user",
    ) -> User:  # fmt: skip
        name, address = checked_name(username), checked_email(email)
        check_password(password, name)
        new = NewUser(name, await self.hasher.hash(password), role, address, active)
        user = await self.users.add(new, at=self.clock.now())
        await self._note(actor, action, f"as {role}", name)
        return user

    async def _note(
        self, actor: str, action: str, detail: str = "", user: str | None = None, outcome: str = "ok"
    ) -> None:
        subject = f"user {user or actor}"
        await self.journal.write(Entry(self.clock.now(), actor, f"identity.{action}", subject, outcome, detail))


@attrs.frozen
class Passkeys:
    """Lets a command on the same database in, through the key that they share."""

    signer: TokenMint
    clock: Clock

    def mint(self, name: str = "cli") -> Secret:
        """A token of a minute's life, accepted by every process on this database as an admin of that name."""
        return self.signer.mint({"kind": "passkey", "sub": name}, expires_at=self.clock.now() + PASSKEY_TERM)
