"""Password hashes, by Argon2."""

import anyio
from anyio.to_thread import run_sync
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ...ports.errors import Unavailable
from ...ports.identity import PasswordHash
from ...ports.secrets import Secret


class Argon2Hash(PasswordHash):
    """Argon2id with the least cost that OWASP recommends: 19 MiB and two passes, some 30 ms.

    It runs in threads, two at a time, so that a burst of logins neither holds
    up the loop nor fills the memory; past ``queue`` waiting ones it declines.
    """

    def __init__(self, *, queue: int = 100) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._limiter = anyio.CapacityLimiter(2)
        self._queue = queue

    async def hash(self, password: Secret) -> str:
        self._admit()
        return await run_sync(self._hasher.hash, password.reveal(), limiter=self._limiter)

    async def verify(self, stored: str, password: Secret) -> bool:
        self._admit()
        return await run_sync(self._matches, stored, password, limiter=self._limiter)

    def outdated(self, stored: str) -> bool:
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _matches(self, stored: str, password: Secret) -> bool:
        try:
            return self._hasher.verify(stored, password.reveal())
        except (InvalidHashError, VerificationError):
            return False

    def _admit(self) -> None:
        if self._limiter.statistics().tasks_waiting >= self._queue:
            raise Unavailable("Too many people are logging in; try again in a moment", retry_after=2.0)
