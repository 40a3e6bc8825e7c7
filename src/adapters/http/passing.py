"""Work for the process that works: a poll by hand is passed on to the holder of the lease."""

import anyio
import attrs
import httpx

from ...core.lease import Permit
from ...core.miners.polling import Polling
from ...core.permissions import allow
from ...ports.errors import Unavailable
from ...ports.identity import Actor, Permission
from ...ports.lease import Lease, Passkey
from ...ports.miners import MinerStore
from .told import told

#: Bytes of a holder's answer; it carries a whole reading and the raw replies.
LIMIT = 1 << 24


@attrs.frozen
class Polls:
    """Polls a miner wherever the polling is done; returns once the outcome is stored."""

    polling: Polling
    permit: Permit
    miner_store: MinerStore
    passkey: Passkey
    http: httpx.AsyncClient

    async def __call__(self, actor: Actor, miner_id: int) -> None:
        """Raises as ``Polling.poll``, and ``Unavailable`` if the process that works does not answer."""
        async with self.permit.borrowed() as other:
            if other is None:
                try:
                    await self.polling.poll(actor, miner_id)
                finally:
                    if not self.permit.working:
                        # By the next time another process may have polled it.
                        self.polling.forget()
                return
        allow(actor, Permission.POLL_MINERS)
        await self.miner_store.get(miner_id, visible=actor.container_ids)
        await self._pass_on(other, actor, miner_id)

    async def _pass_on(self, other: Lease, actor: Actor, miner_id: int) -> None:
        if not other.address:
            raise Unavailable(
                f"{other.holder} works until {other.expires_at:%H:%M:%S} UTC and serves nothing", retry_after=5.0
            )
        headers = {"authorization": f"Bearer {self.passkey.mint(actor.name).reveal()}"}
        path = f"{other.address.rstrip('/')}/api/miners/{miner_id}/poll"
        try:
            with anyio.fail_after(self.polling.deadline + 10):
                async with self.http.stream("POST", path, headers=headers) as answer:
                    body = bytearray()
                    async for chunk in answer.aiter_bytes():
                        body += chunk
                        if len(body) > LIMIT:
                            raise Unavailable(f"{other.address} answers with more than {LIMIT} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unavailable(
                f"{other.holder}, which works, does not answer at {other.address} "
                f"({str(error) or type(error).__name__}); it is given up at {other.expires_at:%H:%M:%S} UTC",
                retry_after=5.0,
            ) from error
        if answer.status_code >= 300:
            raise told(answer.status_code, bytes(body))
