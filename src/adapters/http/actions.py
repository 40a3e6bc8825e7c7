"""Telling miners to do something over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.miners.action_checks import WATTS, PoolDraft, action_of
from ...core.miners.actions import MOST_WAITING, Actions
from ...ports.errors import ConfirmationNeeded, DeviceError, Invalid, NotAllowed, TooManyRequests, Unavailable
from ...ports.identity import Permission
from ...ports.miners import (
    Ability,
    Action,
    ActionKind,
    ActionUnderWay,
    MinerQuery,
    Order,
    OrderStatus,
    UnknownMaker,
    UnknownMiner,
    UnknownOrder,
)
from ...ports.secrets import Secret
from .bulk import FilterBody
from .miners import PageQuery
from .passing import Acts
from .wire import Call, Id, Page, operation, route


class PoolBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pool that the miner need not know yet."""

    url: Annotated[str, Meta(description="Such as stratum+tcp://pool.example.com:3333")]
    user: str
    password: Annotated[Secret, Meta(description="Only sent to the miner, never kept; without it x")] | None = None


class ActionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do; `on` goes with light, `pool` with pool, `watts` with power-limit."""

    action: ActionKind
    confirm: Annotated[bool, Meta(description="Without it nothing is done")] = False
    on: bool | None = None
    pool: Annotated[int, Meta(description="The number of a pool that the miner has")] | PoolBody | None = None
    watts: (
        Annotated[int, Meta(extra_json_schema={"minimum": WATTS.start, "maximum": WATTS.stop - 1})] | None
    ) = None  # fmt: skip

    def noun(self) -> Action:
        """The action as the core speaks of it.  Raises ``Invalid``."""
        pool = self.pool
        if isinstance(pool, PoolBody):
            return action_of(
                self.action, on=self.on, watts=self.watts, pool=PoolDraft(pool.url, pool.user, pool.password)
            )
        return action_of(self.action, on=self.on, watts=self.watts, pool=pool)


class ActionsBody(ActionBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `ids` or a `filter`, and what to do."""

    ids: Annotated[tuple[Id, ...], Meta(max_length=MOST_WAITING)] | None = None
    filter: FilterBody | None = None


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """One action of one miner, and what became of it."""

    id: int
    miner_id: int
    miner: str
    action: ActionKind
    arguments: Mapping[str, Any]
    status: OrderStatus
    detail: str
    by: str
    requested_at: datetime
    accepted_at: datetime | None
    finished_at: datetime | None


@attrs.frozen
class ActionApi:
    """Actions: what is possible, what was ordered, and orders."""

    actions: Actions
    acts: Acts

    @operation(returns=list[Ability], errors=(NotAllowed, UnknownMiner), tag="actions")
    async def abilities(self, call: Call, miner_id: int) -> list[Ability]:
        """List what a miner can do, and why it cannot do the rest.

        Where something is possible, the reason says what one should know before.
        """
        return list(await self.actions.abilities(call.actor, miner_id))

    @operation(
        returns=Page[ActionView],
        query=PageQuery,
        errors=(NotAllowed, UnknownMiner),
        tag="actions",
        needs=Permission.SEE_MINERS,
    )
    async def of_miner(self, call: Call, miner_id: int, query: PageQuery) -> Page[ActionView]:
        """List the actions of a miner, newest first."""
        orders, total = await self.actions.of_miner(call.actor, miner_id, limit=query.limit, offset=query.offset)
        return Page([action_view(order) for order in orders], total)

    @operation(returns=ActionView, errors=(NotAllowed, UnknownOrder), tag="actions")
    async def one(self, call: Call, action_id: int) -> ActionView:
        """Show what became of an action."""
        return action_view(await self.actions.get(call.actor, action_id))

    @operation(
        returns=ActionView, body=ActionBody, status=202,
        errors=(NotAllowed, UnknownMiner, Invalid, ConfirmationNeeded, ActionUnderWay, TooManyRequests, Unavailable,
                DeviceError),
        tag="actions", needs=Permission.ACT_ON_MINERS,
    )  # fmt: skip
    async def order(self, call: Call, miner_id: int, body: ActionBody) -> ActionView:
        """Have a miner do something.

        Answers once the miner was told: `accepted` waits for a reading that
        shows the effect (`verified`), and becomes `unverified` when none does
        in time or the miner's answer got lost. `declined` and `failed` say why
        in `detail`. A command is never sent twice. Needs `confirm`.
        """
        order = await self.acts.one(
            call.actor, miner_id, body.noun(), confirmed=body.confirm, body=await call.request.body()
        )
        call.headers["location"] = f"{call.request.scope.get('root_path', '')}/api/actions/{order.id}"
        return action_view(order)

    @operation(
        returns=list[ActionView], body=ActionsBody, status=202,
        errors=(NotAllowed, UnknownMiner, UnknownMaker, Invalid, ConfirmationNeeded, TooManyRequests, Unavailable,
                DeviceError),
        tag="actions", needs=Permission.ACT_ON_MINERS,
    )  # fmt: skip
    async def order_all(self, call: Call, body: ActionsBody) -> list[ActionView]:
        """Have many miners do something, some at a time.

        Answers as soon as it is written down; ask for each action what became
        of it. A miner with another action under way gets a declined one.
        """
        if (body.ids is None) == (body.filter is None):
            raise Invalid("give either ids or a filter", field="ids")
        query = MinerQuery() if body.filter is None else body.filter.noun()
        orders = await self.acts.many(
            call.actor, query, body.ids, body.noun(), confirmed=body.confirm, pass_on=_passed_on(await _plain(call))
        )
        return [action_view(order) for order in orders]

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        one = "/api/miners/{miner_id:int}"
        return [
            route("GET", f"{one}/abilities", self.abilities),
            route("GET", f"{one}/actions", self.of_miner),
            route("POST", f"{one}/actions", self.order),
            route("POST", "/api/miners/actions", self.order_all),
            route("GET", "/api/actions/{action_id:int}", self.one),
        ]


def action_view(order: Order) -> ActionView:
    """An order as the world sees it."""
    return ActionView(
        id=order.id,
        miner_id=order.miner_id,
        miner=order.miner,
        action=order.action,
        arguments=order.arguments,
        status=order.status,
        detail=order.detail,
        by=order.by,
        requested_at=order.requested_at,
        accepted_at=order.accepted_at,
        finished_at=order.finished_at,
    )


async def _plain(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(await call.request.body())
    return found


def _passed_on(body: Mapping[str, Any]) -> Any:
    """The same for those miners that the actor sees; the holder takes him for an admin."""
    rest = {name: value for name, value in body.items() if name != "filter"}
    return lambda ids: msgspec.json.encode({**rest, "ids": list(ids)})
