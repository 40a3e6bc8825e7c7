"""The power of units over HTTP: cycles, plugs, and the red switch."""

from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.units import NothingToCycle, Powering, PowerStopped
from ...core.units.checks import plug as checked_plug
from ...ports.errors import ConfirmationNeeded, DeviceError, Invalid, NotAllowed, Stale, Unavailable
from ...ports.identity import Permission
from ...ports.power import PlugKind
from ...ports.units import CycleUnderWay, NotStuck, PlugTaken, UnknownCycle, UnknownUnit
from .units_passing import UnitActs
from .units_views import CycleView, PlugCheckView, PolicyView, cycle_view, plug_check_view, policy_view
from .wire import Call, Id, operation, route


class CycleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    confirm: bool = False


class GiveUpBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    confirm: Annotated[bool, Meta(description="The unit has power, by this plug or some other way")] = False


class PlugBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: PlugKind = PlugKind.EWELINK
    device_id: Annotated[str, Meta(min_length=1, max_length=260, description="eWeLink: ten characters; others: host")]
    outlet: Annotated[int, Meta(ge=0, le=63, description="The channel of a strip, from 0")] | None = None


class PlugQuery(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: Annotated[bool, Meta(description="Only look at the plug")] = False


class PolicyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is."""

    stopped: Annotated[bool, Meta(description="No power actions at all")] | None = None
    dry_run: Annotated[bool, Meta(description="Write down what would have been done, and do nothing")] | None = None


@attrs.frozen
class PowerApi:
    """What people do about a unit's power."""

    powering: Powering
    acts: UnitActs

    @operation(
        returns=CycleView, body=CycleBody, status=202,
        errors=(NotAllowed, UnknownUnit, ConfirmationNeeded, NothingToCycle, PowerStopped, CycleUnderWay, Unavailable),
        tag="power", needs=Permission.CYCLE_POWER,
    )  # fmt: skip
    async def cycle(self, call: Call, enterprise_number: str, body: CycleBody) -> CycleView:
        """Cut a unit's power and give it back.

        Answers at once; whoever works carries it out. While calls are in
        progress, or nobody knows whether there are, the answer is 409 with
        their number in `calls`, unless `confirm` is true. From the moment OFF
        was sent every way leads to ON.
        """
        return cycle_view(await self.acts.cycle(call.actor, enterprise_number, confirmed=body.confirm))

    @operation(returns=list[CycleView], errors=(NotAllowed, UnknownUnit), tag="power")
    async def cycles(self, call: Call, enterprise_number: str) -> list[CycleView]:
        """List a unit's power cycles, newest first."""
        return [cycle_view(cycle) for cycle in await self.powering.cycles(call.actor, enterprise_number)]

    @operation(
        returns=CycleView, body=GiveUpBody,
        errors=(NotAllowed, UnknownUnit, UnknownCycle, ConfirmationNeeded, NotStuck), tag="power",
        needs=Permission.CYCLE_POWER,
    )  # fmt: skip
    async def give_up(self, call: Call, enterprise_number: str, cycle_id: Id, body: GiveUpBody) -> CycleView:
        """End a power cycle whose plug does not take ON.

        For a plug that is dead, when its unit has power some other way: else ON
        is tried without end. Only of a cycle whose `result` is `stuck_off`.
        """
        return cycle_view(
            await self.powering.give_up(call.actor, enterprise_number, cycle_id, confirmed=body.confirm)
        )  # fmt: skip

    @operation(status=204, errors=(NotAllowed, UnknownUnit, Unavailable), tag="power", needs=Permission.CYCLE_POWER)
    async def rearm(self, call: Call, enterprise_number: str) -> None:
        """Forget what was tried in this outage, so that its power may be cut again."""
        await self.acts.rearm(call.actor, enterprise_number)

    @operation(
        returns=PlugCheckView, body=PlugBody, query=PlugQuery,
        errors=(NotAllowed, UnknownUnit, PlugTaken, Invalid, DeviceError), tag="power", needs=Permission.CHANGE_UNITS,
    )  # fmt: skip
    async def bind(self, call: Call, enterprise_number: str, body: PlugBody, query: PlugQuery) -> PlugCheckView:
        """Bind a plug to a unit, after a look at it.  Nothing is switched."""
        plug = checked_plug(body.kind, body.device_id, body.outlet)
        return plug_check_view(
            await self.powering.bind(call.actor, enterprise_number, plug, dry_run=query.dry_run)
        )  # fmt: skip

    @operation(status=204, errors=(NotAllowed, UnknownUnit), tag="power")
    async def unbind(self, call: Call, enterprise_number: str) -> None:
        """Take a unit's plug away."""
        await self.powering.unbind(call.actor, enterprise_number)

    @operation(returns=PolicyView, errors=(NotAllowed,), tag="power")
    async def policy(self, call: Call) -> PolicyView:
        """Show the red switch and the dry run."""
        policy = await self.powering.policy(call.actor)
        call.tag(policy.revision)
        return policy_view(policy)

    @operation(
        returns=PolicyView, body=PolicyBody, errors=(NotAllowed, Stale), tag="power", needs=Permission.CYCLE_POWER
    )
    async def set_policy(self, call: Call, body: PolicyBody) -> PolicyView:
        """Stop all power actions, or let them go on; every process obeys within two seconds."""
        policy = await self.powering.set_policy(
            call.actor, stopped=body.stopped, dry_run=body.dry_run, expect=call.expect
        )  # fmt: skip
        call.tag(policy.revision)
        return policy_view(policy)

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        one = "/units/{enterprise_number}"
        return [
            route("POST", f"{one}/power-cycle", self.cycle),
            route("GET", f"{one}/cycles", self.cycles),
            route("POST", f"{one}/cycles/{{cycle_id:int}}/give-up", self.give_up),
            route("POST", f"{one}/rearm", self.rearm),
            route("PUT", f"{one}/plug", self.bind),
            route("DELETE", f"{one}/plug", self.unbind),
            route("GET", "/policy", self.policy),
            route("PUT", "/policy", self.set_policy),
        ]
