"""What an admin does about people."""

from collections.abc import Sequence

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore
from ...ports.identity import (
    Actor,
    NewUser,
    PasswordHash,
    Permission,
    Role,
    TokenStore,
    User,
    UserStore,
)
from ...ports.journal import Entry, Journal
from ...ports.miners import ContainerStore
from ...ports.secrets import Secret
from ..editing import Expect, anything, edit
from ..permissions import allow
from .confining import check_there
from .rules import (
    actor_of,
    check_confinement,
    check_last_admin,
    check_password,
    checked_email,
    checked_name,
    is_admin,
    orphans,
)


@attrs.frozen(kw_only=True)
class UserEdit:
    """The fields to change; ``None`` leaves one as it is, an empty email removes it."""

    role: Role | None = None
    is_active: bool | None = None
    container_ids: tuple[int, ...] | None = None
    enterprise_numbers: tuple[str, ...] | None = None
    email: str | None = None


def edited(user: User, edit: UserEdit) -> User:
    """The user as he is to be.  A confinement that the new role does not know falls away.

    Raises:
        Invalid: A confinement that the role does not know was asked for.
    """
    role = edit.role or user.role
    check_confinement(role, edit.container_ids or (), edit.enterprise_numbers or ())
    containers = user.container_ids if edit.container_ids is None else edit.container_ids
    numbers = user.enterprise_numbers if edit.enterprise_numbers is None else edit.enterprise_numbers
    return attrs.evolve(
        user,
        role=role,
        is_active=user.is_active if edit.is_active is None else edit.is_active,
        container_ids=tuple(sorted(set(containers))) if role is Role.CLIENT else (),
        enterprise_numbers=tuple(sorted(set(numbers))) if role is Role.ENTERPRISE_ADMIN else (),
        email=user.email if edit.email is None else checked_email(edit.email),
    )


@attrs.frozen(kw_only=True)
class Users:
    """The people of the house.  All of it needs ``manage-users``."""

    users: UserStore
    tokens: TokenStore
    containers: ContainerStore
    enterprises: EnterpriseStore
    hasher: PasswordHash
    journal: Journal
    clock: Clock
    #: Two admins must not demote each other at the same moment (in two processes they still may).
    lock: anyio.Lock = attrs.field(factory=anyio.Lock, repr=False)

    async def all(self, actor: Actor, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[User], int]:
        """A page of users by name, and how many there are."""
        allow(actor, Permission.MANAGE_USERS)
        return await self.users.all(limit=limit, offset=offset)

    async def get(self, actor: Actor, user_id: int) -> User:
        """Raises ``UnknownUser``."""
        allow(actor, Permission.MANAGE_USERS)
        return await self.users.get(user_id)

    async def add(self, actor: Actor, username: str, password: Secret, edit: UserEdit) -> User:
        """Make a user; without a role he is a client who sees nothing yet.

        Raises:
            Invalid: The name, password, email, role, a container or an enterprise will not do.
            UserExists
        """
        allow(actor, Permission.MANAGE_USERS)
        name, role = checked_name(username), edit.role or Role.CLIENT
        check_password(password, name)
        check_confinement(role, edit.container_ids or (), edit.enterprise_numbers or ())
        await self._check_there(edit)
        new = NewUser(
            name,
            await self.hasher.hash(password),
            role,
            checked_email(edit.email),
            edit.is_active is not False,
            tuple(sorted(set(edit.container_ids or ()))),
            tuple(sorted(set(edit.enterprise_numbers or ()))),
        )
        user = await self.users.add(new, at=self.clock.now())
        await self._note(actor, "add-user", user, f"as {role}")
        return user

    async def change(self, actor: Actor, user_id: int, wanted: UserEdit, *, expect: Expect = anything) -> User:
        """Change what ``wanted`` names; ``expect`` refuses a revision that the caller has not seen.

        Tokens that he made and that now exceed his rights are revoked.  A crash
        before that leaves them to be revoked by hand.

        Raises:
            UnknownUser, Invalid, LastAdmin, Stale
        """
        allow(actor, Permission.MANAGE_USERS)
        await self._check_there(wanted)

        async def changed(user: User) -> User:
            expect(user.revision)
            after = edited(user, wanted)
            if after != user:
                check_last_admin(user, after, await self._admins())
            return after

        async with self.lock:
            before, after = await edit(lambda: self.users.get(user_id), changed, self.users.change)
        if after == before:
            return before
        names = [
            field.name for field in attrs.fields(User) if getattr(before, field.name) != getattr(after, field.name)
        ]
        await self._note(actor, "change-user", after, ", ".join(name for name in names if name != "revision"))
        await self._end_tokens(actor, after.username, actor_of(after) if after.is_active else None)
        return after

    async def set_password(self, actor: Actor, user_id: int, password: Secret) -> User:
        """Give somebody a new password, which ends his sessions.  Raises ``UnknownUser``, ``WeakPassword``."""
        allow(actor, Permission.MANAGE_USERS)
        user = await self.users.get(user_id)
        check_password(password, user.username)
        user = await self.users.set_password(user_id, await self.hasher.hash(password))
        await self._note(actor, "set-password", user)
        return user

    async def remove(self, actor: Actor, user_id: int) -> None:
        """Remove a user, his sessions and the tokens that he made.  Raises ``UnknownUser``, ``LastAdmin``."""
        allow(actor, Permission.MANAGE_USERS)
        async with self.lock:
            user = await self.users.get(user_id)
            check_last_admin(user, None, await self._admins())
            await self.users.remove(user_id)
        await self._note(actor, "remove-user", user)
        await self._end_tokens(actor, user.username, None)

    async def _admins(self) -> int:
        admins, offset, total = 0, 0, 1
        while offset < total:
            page, total = await self.users.all(limit=1000, offset=offset)
            admins += sum(map(is_admin, page))
            offset += 1000
        return admins

    async def _check_there(self, edit: UserEdit) -> None:
        await check_there(self.containers, self.enterprises, edit.container_ids or (), edit.enterprise_numbers or ())

    async def _end_tokens(self, actor: Actor, maker: str, left: Actor | None) -> None:
        for token in orphans(await self.tokens.tokens(), maker, left):
            await self.tokens.revoke_token(token.id, at=self.clock.now())
            detail = f"made by {token.created_by}, who lost the right"
            await self.journal.write(
                Entry(self.clock.now(), actor.name, "identity.revoke-token", f"token {token.id}", "ok", detail)
            )

    async def _note(self, actor: Actor, action: str, user: User, detail: str = "") -> None:
        entry = Entry(self.clock.now(), actor.name, f"identity.{action}", f"user {user.username}", "ok", detail)
        await self.journal.write(entry)
