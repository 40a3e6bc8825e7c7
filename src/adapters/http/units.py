"""Asterisk units over HTTP: what is written down of them, and what is known of them now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.units import UnitQuery, Units
from ...ports.clock import Clock
from ...ports.errors import Invalid, NotAllowed, Stale, TooManyRequests, Unavailable
from ...ports.identity import Permission
from ...ports.secrets import LongSecret, Secret
from ...ports.units import Outcome, UnitExists, UnknownUnit
from .units_passing import UnitActs
from .units_views import UnitView, unit_view
from .wire import Call, Limit, Offset, Page, operation, route

Number = Annotated[str, Meta(min_length=1, max_length=64, description="The number of its enterprise; never changes")]
Host = Annotated[str, Meta(min_length=1, max_length=253, description="Its address or name")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Threshold = Annotated[int, Meta(ge=1, le=100, description="Failed looks running after which it is down")]
Patterns = Annotated[
    Mapping[str, list[str]], Meta(description="Regular expressions over whole names: excluded, gsm, internal")
]


class UnitChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes away what may be missing."""

    host: Host | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    username: Word | UnsetType = UNSET
    password: Secret | UnsetType | None = UNSET
    key: LongSecret | UnsetType | None = UNSET
    via: Annotated[str, Meta(description="ssh or ami")] | UnsetType = UNSET
    parameter_option_2: bool | UnsetType = UNSET
    may_restart_service: bool | UnsetType = UNSET
    parent: Word | UnsetType | None = UNSET
    host_key: Annotated[str, Meta(max_length=100)] | UnsetType | None = UNSET
    failure_threshold: Threshold | UnsetType | None = UNSET
    patterns: Patterns | UnsetType = UNSET
    second_opinion: Annotated[str, Meta(description="tcp or sip")] | UnsetType | None = UNSET
    second_port: Port | UnsetType | None = UNSET

    def named(self) -> Mapping[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class UnitBody(UnitChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enterprise_number: Number


class UnitsQuery(msgspec.Struct, frozen=True, kw_only=True):
    search: Annotated[str, Meta(max_length=200, description="Part of the number, the name or the host")] | None = None
    status: Annotated[Outcome, Meta(description="What the last look came to")] | None = None
    limit: Limit = 100
    offset: Offset = 0


class PauseBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when, or for how many minutes."""

    until: datetime | None = None
    minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 31)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


@attrs.frozen
class UnitApi:
    """The list of units, one, and a look at it now."""

    units: Units
    acts: UnitActs
    clock: Clock

    @operation(
        returns=Page[UnitView], query=UnitsQuery, errors=(NotAllowed, Invalid), tag="units", needs=Permission.SEE_UNITS
    )
    async def all(self, call: Call, query: UnitsQuery) -> Page[UnitView]:
        """List units with what is known of them now, by number."""
        wanted = UnitQuery(search=query.search, status=query.status, limit=query.limit, offset=query.offset)
        rows, total = await self.units.find(call.actor, wanted)
        return Page([unit_view(row) for row in rows], total)

    @operation(returns=UnitView, errors=(NotAllowed, UnknownUnit), tag="units")
    async def one(self, call: Call, enterprise_number: str) -> UnitView:
        """Show a unit."""
        row = await self.units.get(call.actor, enterprise_number)
        call.tag(row.unit.revision)
        return unit_view(row)

    @operation(
        returns=UnitView, body=UnitBody, status=201, errors=(NotAllowed, Invalid, UnitExists), tag="units",
        needs=Permission.CHANGE_UNITS,
    )  # fmt: skip
    async def add(self, call: Call, body: UnitBody) -> UnitView:
        """Add a unit, with a password or a key.

        Its power is never cut before `parameter_option_2` is set, a plug is
        bound and it was seen online.
        """
        row = await self.units.add(call.actor, body.named())
        call.tag(row.unit.revision)
        return unit_view(row)

    @operation(
        returns=UnitView, body=UnitChange, errors=(NotAllowed, UnknownUnit, Invalid, Stale), tag="units",
        needs=Permission.CHANGE_UNITS,
    )  # fmt: skip
    async def change(self, call: Call, enterprise_number: str, body: UnitChange) -> UnitView:
        """Change the fields that are named; another host has its host key learnt anew.

        With `If-Match` only if nobody changed the unit since the revision was read.
        """
        row = await self.units.change(call.actor, enterprise_number, body.named(), expect=call.expect)
        call.tag(row.unit.revision)
        return unit_view(row)

    @operation(status=204, errors=(NotAllowed, UnknownUnit), tag="units")
    async def remove(self, call: Call, enterprise_number: str) -> None:
        """Remove a unit; its history stays."""
        await self.units.remove(call.actor, enterprise_number)

    @operation(
        returns=UnitView, errors=(NotAllowed, UnknownUnit, TooManyRequests, Unavailable), tag="units",
        needs=Permission.CHECK_UNITS,
    )  # fmt: skip
    async def check(self, call: Call, enterprise_number: str) -> UnitView:
        """Look at a unit now.  What is wrong with it is told as its status, not as an error."""
        await self.acts.check(call.actor, enterprise_number)
        return unit_view(await self.units.get(call.actor, enterprise_number))

    @operation(
        returns=UnitView, body=PauseBody, errors=(NotAllowed, UnknownUnit, Invalid), tag="units",
        needs=Permission.CHANGE_UNITS,
    )  # fmt: skip
    async def pause(self, call: Call, enterprise_number: str, body: PauseBody) -> UnitView:
        """Keep a unit's power from being cut by itself until then; it is watched all the same."""
        until = body.until
        if until is None and body.minutes is not None:
            until = self.clock.now() + timedelta(minutes=body.minutes)
        if until is None or until.tzinfo is None:
            raise Invalid("say until when, with a time zone, or for how many minutes", field="until")
        return unit_view(await self.units.pause(call.actor, enterprise_number, until, body.reason))

    @operation(returns=UnitView, errors=(NotAllowed, UnknownUnit), tag="units")
    async def resume(self, call: Call, enterprise_number: str) -> UnitView:
        """End a pause."""
        return unit_view(await self.units.resume(call.actor, enterprise_number))

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        one = "/units/{enterprise_number}"
        return [
            route("GET", "/units", self.all),
            route("POST", "/units", self.add),
            route("GET", one, self.one),
            route("PUT", one, self.change),
            route("DELETE", one, self.remove),
            route("POST", f"{one}/check", self.check),
            route("POST", f"{one}/pause", self.pause),
            route("DELETE", f"{one}/pause", self.resume),
        ]
