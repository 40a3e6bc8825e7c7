"""Scripts' tokens and browsers' sessions in SQL.  Only digests are kept, so that a stolen copy opens nothing."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.identity import Session, Token, TokenStore, UnknownToken
from .engine import Database, next_number
from .rows import to_text

COLUMNS = (
    "id, name, role, created_at, expires_at, created_by, last_used_at, revoked_at, container_ids, enterprise_numbers"
)
SESSION = "user_id, created_at, expires_at, revision"


class SqlTokens(TokenStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add_token(self, token: Token, digest: str) -> Token:
        values = attrs.asdict(token, recurse=False) | {
            "container_ids": to_text(token.container_ids),
            "enterprise_numbers": to_text(token.enterprise_numbers),
        }
        async with self._db.transaction() as tx:
            values["id"] = number = await next_number(tx, "token")
            await tx.run(
                f"""insert into token (digest, {COLUMNS})
                    values (:digest, :id, :name, :role, :created_at, :expires_at, :created_by, :last_used_at,
                            :revoked_at, :container_ids, :enterprise_numbers)""",
                digest=digest, **values,
            )  # fmt: skip
        return attrs.evolve(token, id=number)

    async def token(self, digest: str) -> Token | None:
        rows = await self._db.fetch(Token, f"select {COLUMNS} from token where digest = :digest", digest=digest)
        return rows[0] if rows else None

    async def tokens(self) -> Sequence[Token]:
        return await self._db.fetch(Token, f"select {COLUMNS} from token order by id")

    async def revoke_token(self, token_id: int, *, at: datetime) -> None:
        revoked = await self._db.run(
            "update token set revoked_at = coalesce(revoked_at, :at) where id = cast(:id as bigint)", id=token_id, at=at
        )
        if not revoked:
            raise UnknownToken(f"There is no token {token_id}")

    async def token_used(self, token_id: int, *, at: datetime) -> None:
        await self._db.run("update token set last_used_at = :at where id = cast(:id as bigint)", id=token_id, at=at)

    async def add_session(self, digest: str, session: Session) -> None:
        await self._db.run(
            f"insert into session (digest, {SESSION}) "
            "values (:digest, :user_id, :created_at, :expires_at, :revision)",
            digest=digest, **attrs.asdict(session, recurse=False),
        )  # fmt: skip

    async def session(self, digest: str) -> Session | None:
        rows = await self._db.fetch(Session, f"select {SESSION} from session where digest = :digest", digest=digest)
        return rows[0] if rows else None

    async def remove_session(self, digest: str) -> None:
        await self._db.run("delete from session where digest = :digest", digest=digest)

    async def sweep(self, *, now: datetime) -> int:
        async with self._db.transaction() as tx:
            sessions = await tx.run("delete from session where expires_at <= :now", now=now)
            tokens = await tx.run("delete from token where expires_at <= :now", now=now)
        return sessions + tokens
