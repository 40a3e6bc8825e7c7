"""Users in SQL."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.errors import Stale
from ...ports.identity import NewUser, UnknownUser, User, UserExists, UserStore
from .engine import Database, Statements, Taken, next_number
from .rows import to_text

COLUMNS = "id, username, email, role, is_active, created_at, container_ids, enterprise_numbers, last_login_at, revision"


@attrs.frozen
class _Password:
    id: int
    password_hash: str = attrs.field(repr=False)


class SqlUsers(UserStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[User], int]:
        users = await self._db.fetch(
            User,
            f"select {COLUMNS} from account order by username_key limit :limit offset :offset",
            limit=limit, offset=offset,
        )  # fmt: skip
        return users, await self.count()

    async def get(self, user_id: int) -> User:
        return await _get(self._db, user_id)

    async def named(self, username: str) -> tuple[User, str] | None:
        async with self._db.snapshot() as db:
            users = await db.fetch(User, f"select {COLUMNS} from account where username_key = :key", key=key(username))
            if not users:
                return None
            [stored] = await db.fetch(_Password, "select id, password_hash from account where id = :id", id=users[0].id)
        return users[0], stored.password_hash

    async def add(self, new: NewUser, *, at: datetime) -> User:
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "account")
                await tx.run(
                    f"""insert into account ({COLUMNS}, username_key, password_hash)
                        values (:id, :username, :email, :role, :is_active, :at, :container_ids, :enterprise_numbers,
                                null, 1, :key, :password_hash)""",
                    id=number, at=at, password_hash=new.password_hash, **_values(new),
                )  # fmt: skip
                return await _get(tx, number)
        except Taken as error:
            raise _exists(new.username) from error

    async def change(self, user: User) -> User:
        try:
            async with self._db.transaction() as tx:
                changed = await tx.run(
                    """update account set username = :username, username_key = :key, email = :email, role = :role,
                              is_active = :is_active, container_ids = :container_ids,
                              enterprise_numbers = :enterprise_numbers, revision = revision + 1
                       where id = cast(:id as bigint) and revision = :revision""",
                    id=user.id, revision=user.revision, **_values(user),
                )  # fmt: skip
                now = await _get(tx, user.id)
                if not changed:
                    raise Stale(
                        f"User {user.username} was changed by somebody else; read it again and repeat the change"
                    )
                return now
        except Taken as error:
            raise _exists(user.username) from error

    async def set_password(self, user_id: int, password_hash: str) -> User:
        async with self._db.transaction() as tx:
            await tx.run(
                "update account set password_hash = :password_hash, revision = revision + 1 "
                "where id = cast(:id as bigint)",
                id=user_id, password_hash=password_hash,
            )  # fmt: skip
            return await _get(tx, user_id)

    async def logged_in(self, user_id: int, *, at: datetime) -> None:
        await self._db.run("update account set last_login_at = :at where id = cast(:id as bigint)", id=user_id, at=at)

    async def remove(self, user_id: int) -> None:
        if not await self._db.run("delete from account where id = cast(:id as bigint)", id=user_id):
            raise _unknown(user_id)

    async def count(self) -> int:
        [count] = await self._db.fetch(int, "select count(*) from account")
        return count


def key(username: str) -> str:
    """What makes a name unique: any case, and letters that look the same are the same."""
    return unicodedata.normalize("NFKC", username).casefold()


def _values(user: NewUser | User) -> dict[str, object]:
    return {
        "username": user.username,
        "key": key(user.username),
        "email": user.email,
        "role": user.role,
        "is_active": user.is_active,
        "container_ids": to_text(user.container_ids),
        "enterprise_numbers": to_text(user.enterprise_numbers),
    }


async def _get(db: Statements, user_id: int) -> User:
    rows = await db.fetch(User, f"select {COLUMNS} from account where id = cast(:id as bigint)", id=user_id)
    if not rows:
        raise _unknown(user_id)
    return rows[0]


def _unknown(user_id: int) -> UnknownUser:
    return UnknownUser(f"There is no user {user_id}")


def _exists(username: str) -> UserExists:
    return UserExists(f"There is a user {username!r} already")
