"""What may be a name, a password, a role or a token: pure functions, no state."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from ...ports.errors import Conflict, Invalid, NotAllowed
from ...ports.identity import Actor, Role, Token, User
from ...ports.secrets import Secret
from ..fields import check_plain, checked
from ..permissions import PERMISSIONS

#: Characters of a password at least, and bytes at most (more are only work for the hash).
SHORTEST = 10
LONGEST = 1024
NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
#: Actors that are no users: a user of such a name would lie in the journal.
RESERVED = frozenset({"cli", "scheduler", "system", "local", "nobody"})
#: Roles that people may ask for themselves.
OPEN_ROLES = (Role.CLIENT, Role.ACCOUNTANT)
TOKEN_PREFIX = "lm_"  # noqa: S105 - what keys start with, so that scanners for leaked secrets find them


class WeakPassword(Invalid):
    """The password will not do."""


class LastAdmin(Conflict):
    """This is the last active admin."""


def same(name: str) -> str:
    """One spelling for all names that count as one: any case, and letters that look the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def checked_name(name: str) -> str:
    """A user's name, or ``Invalid``."""
    if not NAME.fullmatch(name):
        raise Invalid(
            "A user's name is 1 to 64 letters, digits and . @ + - _, and starts with a letter or digit.",
            field="username",
        )
    if same(name) in RESERVED:
        raise Invalid(f"The name {name} is reserved; choose another.", field="username")
    return name


def checked_email(email: str | None) -> str | None:
    """An address that may be one, ``None`` for none, or ``Invalid``."""
    if not email:
        return None
    checked({"email": email}, {"email": check_plain})
    if not EMAIL.fullmatch(email):
        raise Invalid("This is no e-mail address.", field="email")
    return email


def check_password(password: Secret, username: str, *, field: str = "password") -> None:
    """Raises ``WeakPassword`` for what is too short, too long or the name itself."""
    text = password.reveal()
    if len(text) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.", field=field)
    if len(text.encode()) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} bytes.", field=field)
    if same(text) == same(username):
        raise WeakPassword("A password is not the user's name.", field=field)


def open_role(text: str) -> Role:
    """The role that somebody asks for at registration, in any case."""
    found = next((role for role in OPEN_ROLES if role == text.strip().lower()), None)
    if found is None:
        raise Invalid("One can register as client or accountant; an admin gives other roles.", field="role")
    return found


def check_confinement(role: Role, container_ids: Sequence[int], enterprise_numbers: Sequence[str]) -> None:
    """Only clients are confined to containers, only enterprise admins to enterprises.

    Raises:
        Invalid: A confinement that would have no effect, and so deceive the one who sets it.
    """
    if container_ids and role is not Role.CLIENT:
        raise Invalid(f"Only a client is confined to containers, not {role}.", field="container_ids")
    if enterprise_numbers and role is not Role.ENTERPRISE_ADMIN:
        raise Invalid(f"Only an enterprise admin is confined to enterprises, not {role}.", field="enterprise_numbers")


def actor_of(user: User) -> Actor:
    """The user as one who asks."""
    return _actor(user.username, user.role, user.container_ids, user.enterprise_numbers, user.id)


def actor_of_token(token: Token) -> Actor:
    """The script as one who asks; its name has a space, so that no user can bear it."""
    return _actor(f"token {token.id} ({token.name})", token.role, token.container_ids, token.enterprise_numbers, None)


def _actor(name: str, role: Role, containers: Iterable[int], numbers: Iterable[str], user_id: int | None) -> Actor:
    return Actor(
        name,
        role,
        user_id,
        frozenset(containers) if role is Role.CLIENT else None,
        frozenset(numbers) if role is Role.ENTERPRISE_ADMIN else None,
    )


def within(inner: Actor, outer: Actor) -> bool:
    """Whether ``inner`` may do nothing that ``outer`` may not."""
    return (
        PERMISSIONS[inner.role] <= PERMISSIONS[outer.role]
        and _narrower(inner.container_ids, outer.container_ids)
        and _narrower(inner.enterprise_numbers, outer.enterprise_numbers)
    )


def _narrower(inner: frozenset[object] | None, outer: frozenset[object] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def check_within(token: Token, maker: Actor) -> None:
    """Raises ``NotAllowed`` if a token would have more rights than the one who makes it."""
    if not within(actor_of_token(token), maker):
        raise NotAllowed(f"A token of {maker.name} ({maker.role}) cannot have the role {token.role}.")


def valid(token: Token, now: datetime) -> bool:
    """Whether a token opens anything at all."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def orphans(tokens: Sequence[Token], maker: str, left: Actor | None) -> list[Token]:
    """The live tokens that must end when ``maker`` keeps only the rights of ``left`` (``None``: no rights).

    What a token has made ends with it.
    """
    ended = []
    for token in tokens:
        if token.created_by == maker and token.revoked_at is None:
            actor = actor_of_token(token)
            if left is None or not within(actor, left):
                ended.append(token)
                ended += orphans(tokens, actor.name, None)
    return ended


def is_admin(user: User | None) -> bool:
    """Whether a user, as he is or is to be, can look after the house."""
    return user is not None and user.is_active and user.role is Role.ADMIN


def check_last_admin(before: User, after: User | None, admins: int) -> None:
    """Raises ``LastAdmin`` if a change (``None``: removal) would leave nobody to look after the house."""
    if is_admin(before) and not is_admin(after) and admins <= 1:
        raise LastAdmin(f"{before.username} is the last active admin; make another one first.")


def digest(key: Secret | str) -> str:
    """What is stored of a token or a session's key.  Both are 256 random bits, so a fast hash is enough."""
    return hashlib.sha256((key.reveal() if isinstance(key, Secret) else key).encode()).hexdigest()


def csrf_of(key: str) -> str:
    """The CSRF token of a session: its key, which only the browser has, tells it, and it tells nothing of the key."""
    return hmac.new(key.encode(), b"csrf", hashlib.sha256).hexdigest()
