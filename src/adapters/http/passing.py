"""Work for the process that works: what needs a device is passed on to the holder of the lease."""

from collections.abc import Callable, Iterable, Sequence

import anyio
import attrs
import httpx
import msgspec

from ...core.lease import Permit
from ...core.miners.actions import Actions
from ...core.miners.polling import Polling
from ...core.permissions import allow
from ...ports.errors import Unavailable
from ...ports.identity import Actor, Permission
from ...ports.lease import Lease, Passkey
from ...ports.miners import Action, MinerQuery, MinerStore, Order
from .told import told

#: Bytes of a holder's answer; it carries a whole reading and the raw replies.
LIMIT = 1 << 24
#: Seconds that a holder may take beside what the devices take.
MANNERS = 10.0

#: The request that tells these miners the same.
Passed = Callable[[Sequence[int]], bytes]


@attrs.frozen
class Holder:
    """The way to the process that works, as the one who asked."""

    passkey: Passkey
    http: httpx.AsyncClient

    async def post(
        self, other: Lease, actor: Actor, system: str, path: str, body: bytes = b"", *, deadline: float
    ) -> bytes:
        """Post to the same path of the same system there, whatever it serves; what it answers.

        Raises:
            Unavailable: It does not answer.
            LinemanError: What it says.
        """
        if not other.address:
            raise Unavailable(
                f"{other.holder} works until {other.expires_at:%H:%M:%S} UTC and serves nothing", retry_after=5.0
            )
        headers = {"authorization": f"Bearer {self.passkey.mint(actor.name).reveal()}"}
        if body:
            headers["content-type"] = "application/json"
        url = f"{other.address.rstrip('/')}/systems/{system}{path}"
        try:
            with anyio.fail_after(deadline):
                async with self.http.stream("POST", url, headers=headers, content=body) as answer:
                    found = bytearray()
                    async for chunk in answer.aiter_bytes():
                        found += chunk
                        if len(found) > LIMIT:
                            raise Unavailable(f"{other.address} answers with more than {LIMIT} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unavailable(
                f"{other.holder}, which works, does not answer at {other.address} "
                f"({str(error) or type(error).__name__}); it is given up at {other.expires_at:%H:%M:%S} UTC",
                retry_after=5.0,
            ) from error
        if answer.status_code >= 300:
            raise told(answer.status_code, bytes(found))
        return bytes(found)


@attrs.frozen
class Polls:
    """Polls a miner wherever the polling is done; returns once the outcome is stored."""

    polling: Polling
    permit: Permit
    miner_store: MinerStore
    holder: Holder

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
        deadline = self.polling.deadline + MANNERS
        await self.holder.post(other, actor, "miners", f"/api/miners/{miner_id}/poll", deadline=deadline)


class _Told(msgspec.Struct):
    """All that is needed of an action which another process stored."""

    id: int


@attrs.frozen
class Acts:
    """Has actions done wherever the work is done.

    Who asks is checked here, before anything is passed on: the holder takes it for an admin's.
    """

    actions: Actions
    permit: Permit
    holder: Holder

    async def one(self, actor: Actor, miner_id: int, action: Action, *, confirmed: bool, body: bytes) -> Order:
        """Have one miner do something; returns once it was told.  ``body`` is the request, to be passed on.

        Raises as ``Actions.may_order`` and ``Actions.order``, and ``Unavailable``.
        """
        miner = await self.actions.may_order(actor, miner_id, action, confirmed=confirmed)
        async with self.permit.borrowed() as other:
            if other is None:
                await self._take_over()
                return await self.actions.order(actor, miner, action)
        deadline = 2 * self.actions.deadline + MANNERS
        answer = await self.holder.post(
            other, actor, "miners", f"/api/miners/{miner_id}/actions", body, deadline=deadline
        )
        return await self.actions.get(actor, msgspec.json.decode(answer, type=_Told).id)

    async def many(
        self, actor: Actor, query: MinerQuery, ids: Iterable[int] | None, action: Action, *, confirmed: bool,
        pass_on: Passed,
    ) -> Sequence[Order]:  # fmt: skip
        """Have many miners do something.

        Returns at once where the work is done all the time, else once all were
        told.  ``pass_on`` makes the request for those miners that may be told.

        Raises as ``Actions.may_order_all`` and ``Actions.order_all``, and ``Unavailable``.
        """
        miners = await self.actions.may_order_all(actor, query, ids, action, confirmed=confirmed)
        if not miners:
            return []
        async with self.permit.borrowed() as other:
            if other is None:
                await self._take_over()
                orders = await self.actions.order_all(actor, miners, action)
                if self.permit.working:
                    return orders
                while await self.actions.work():
                    pass
                return [await self.actions.get(actor, order.id) for order in orders]
        body = pass_on([miner.id for miner in miners])
        answer = await self.holder.post(other, actor, "miners", "/api/miners/actions", body, deadline=6 * MANNERS)
        found = msgspec.json.decode(answer, type=list[_Told])
        return [await self.actions.get(actor, one.id) for one in found]

    async def _take_over(self) -> None:
        """Settle what the last one who worked left behind.  Whoever works all the time did so when he began."""
        if not self.permit.working:
            await self.actions.recover()
