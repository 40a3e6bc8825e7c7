"""The account behind cloud plugs in SQL: one pair of tokens, sealed, that one process at a time replaces."""

import hashlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import LinemanError, Stale, Unavailable
from ...ports.power.cloud import CloudTokenStore, Tokens
from ...ports.secrets import Sealed, Secret, Vault
from .engine import Database

COLUMNS = "region, access_sealed, refresh_sealed, access_expires_at, refresh_expires_at, granted_at, revision"
#: Tokens that were given up with a lost key are as good as none.
GET = f"""
select {COLUMNS.replace("_sealed", "_sealed as {}").format("access", "refresh")}
from cloud_token where access_sealed is not null and refresh_sealed is not null
"""
CHANGES = """
region = :region, access_sealed = :access, refresh_sealed = :refresh, access_expires_at = :access_expires_at,
refresh_expires_at = :refresh_expires_at, granted_at = :granted_at, revision = cloud_token.revision + 1
"""
PUT_FIRST = f"""
insert into cloud_token (id, {COLUMNS})
values (1, :region, :access, :refresh, :access_expires_at, :refresh_expires_at, :granted_at, 1)
on conflict (id) do update set {CHANGES}
where cloud_token.access_sealed is null or cloud_token.refresh_sealed is null returning revision
"""
PUT_NEXT = f"update cloud_token set {CHANGES} where revision = :expected returning revision"

#: A row beside the working lease, for all processes.
TAKE = """
insert into lease (name, holder, address, expires_at) values ('cloud', :holder, '', :expires_at)
on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
where lease.expires_at <= :now
"""
RELEASE = "delete from lease where name = 'cloud' and holder = :holder"
#: After this the turn of a process that was killed is over; the deadlines of a refresh are far below.
TERM = timedelta(seconds=60)
#: Seconds to wait for a turn: longer than that of a dead process lasts.
PATIENCE = 65.0
LOOK_EVERY = 0.1
#: Seconds for giving a turn back; it ends by itself if that fails.
LEAVE = 5.0

#: Authorisations that nobody finished are remembered so long after their end.
FORGET_AFTER = timedelta(days=1)
TAKE_STATE = "delete from cloud_state where digest = :digest returning case when expires_at > :now then 1 else 0 end"
COUNT = """
insert into cloud_quota (month, region, calls) values (:month, :region, :calls)
on conflict (month, region) do update set calls = cloud_quota.calls + excluded.calls returning calls
"""


class SqlCloudTokens(CloudTokenStore):
    """Processes on several machines need clocks that agree to a fraction of ``TERM``."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db, self._vault, self._clock = db, vault, clock

    async def get(self) -> Tokens | None:
        rows = await self._db.fetch(Tokens, GET)
        if not rows:
            return None
        return attrs.evolve(rows[0], access=self._opened(rows[0].access), refresh=self._opened(rows[0].refresh))

    async def put(self, tokens: Tokens, *, expected: int | None) -> Tokens:
        values = attrs.asdict(tokens, recurse=False, filter=lambda field, _: field.name != "revision")
        values |= {name: self._vault.seal(values[name]) for name in ("access", "refresh")}
        async with self._db.transaction() as tx:
            if expected is None:
                stored = await tx.fetch(int, PUT_FIRST, **values)
            else:
                stored = await tx.fetch(int, PUT_NEXT, expected=expected, **values)
        if not stored:
            raise Stale("The tokens of the cloud account were replaced by another process; read them again")
        return attrs.evolve(tokens, revision=stored[0])

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """What takes longer than ``TERM`` is not alone any more; ``put`` finds that out."""
        holder = secrets.token_hex(8)
        try:
            await self._take(holder)
            yield
        finally:
            with anyio.move_on_after(LEAVE, shield=True), suppress(LinemanError):
                await self._db.run(RELEASE, holder=holder)

    async def remember_state(self, state: str, *, by: str, expires_at: datetime) -> None:
        async with self._db.transaction() as tx:
            await tx.run("delete from cloud_state where expires_at < :gone", gone=expires_at - FORGET_AFTER)
            await tx.run(
                "insert into cloud_state (digest, asked_by, expires_at) values (:digest, :by, :expires_at)",
                digest=_digest(state), by=by, expires_at=expires_at,
            )  # fmt: skip

    async def take_state(self, state: str, *, now: datetime) -> bool:
        async with self._db.transaction() as tx:
            return 1 in await tx.fetch(int, TAKE_STATE, digest=_digest(state), now=now)

    async def count(self, *, month: str, region: str, calls: int = 1) -> int:
        async with self._db.transaction() as tx:
            [counted] = await tx.fetch(int, COUNT, month=month, region=region, calls=calls)
        return counted

    async def _take(self, holder: str) -> None:
        until = self._clock.monotonic() + PATIENCE
        while True:
            now = self._clock.now()
            if await self._db.run(TAKE, holder=holder, now=now, expires_at=now + TERM):
                return
            if self._clock.monotonic() >= until:
                raise Unavailable(
                    f"The tokens of the cloud account have been replaced by others for {PATIENCE:g} s; try again",
                    retry_after=5.0,
                )
            await self._clock.sleep(LOOK_EVERY)

    def _opened(self, sealed: Secret) -> Secret:
        try:
            return self._vault.unseal(sealed.reveal())
        except Sealed as error:
            raise Sealed(
                "The tokens of the cloud account cannot be opened with the keys at hand; put back the key that they "
                "were stored with"
            ) from error


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "backslashreplace")).hexdigest()
