"""What gateways there are, as people write it down, and what is known of them now."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore, UnknownEnterprise
from ...ports.errors import Invalid
from ...ports.gateways import (
    MOST_LINES,
    Directory,
    DirectoryStore,
    Gateway,
    GatewayQuery,
    GatewayRow,
    GatewayStore,
    GatewayWatchStore,
    LineQuery,
    LineWatch,
    NewGateway,
    Seen,
    UnknownDirectory,
)
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.secrets import Secret
from ..editing import Expect, anything, edit
from ..fields import checked, invalid
from ..permissions import allow, enterprises_of
from . import checks
from .config import GatewayConfig
from .counting import FleetStats, Tally
from .planning import directories_of, named, placed


@attrs.frozen
class GatewayDraft:
    """A gateway as somebody describes it, not yet checked."""

    #: Its id on the server; the field that errors name is ``gateway_name``.
    name: str
    enterprise_number: str
    serial_last4: str | None = None
    #: A directory's name, or its number; ``None`` = the first.
    directory: str | int | None = None
    username: str | None = None
    password: Secret | None = attrs.field(default=None, repr=False)


#: The fields of a draft that are to be changed, all but the name; what is not named stays.
GatewayEdit = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Gateways:
    """What one can ask about gateways, and change.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.  What an actor may see is part of each question
    to the stores; all raise ``NotAllowed`` to those who lack the permission.
    """

    gateway_store: GatewayStore
    directory_store: DirectoryStore
    watch_store: GatewayWatchStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    async def list(self, actor: Actor, query: GatewayQuery) -> tuple[Sequence[GatewayRow], int]:
        """A page of the gateways that the actor may see, whatever ``query.visible`` says, and how many there are."""
        allow(actor, Permission.SEE_GATEWAYS)
        if wrong := list(checks.wrong_in(query)):
            raise invalid(wrong)
        rows, total = await self.gateway_store.rows(attrs.evolve(query, visible=enterprises_of(actor)))
        directories = await self._directories()
        return [placed(row, directories) for row in rows], total

    async def get(self, actor: Actor, name: str) -> GatewayRow:
        """Raises ``UnknownGateway``."""
        allow(actor, Permission.SEE_GATEWAYS)
        return await self._row(actor, name)

    async def lines(self, actor: Actor, query: LineQuery) -> tuple[Sequence[LineWatch], int]:
        """A page of the lines of all gateways that the actor may see, and how many there are."""
        allow(actor, Permission.SEE_GATEWAYS)
        if wrong := [*checks.wrong_in_lines(query)]:
            raise invalid(wrong)
        return await self.gateway_store.lines(attrs.evolve(query, visible=enterprises_of(actor)))

    async def lines_of(self, actor: Actor, name: str) -> tuple[GatewayRow, Sequence[LineWatch]]:
        """A gateway and all its lines by number.  Raises ``UnknownGateway``."""
        row = await self.get(actor, name)
        query = LineQuery(visible=enterprises_of(actor), gateway_ids=(row.gateway.id,), limit=MOST_LINES)
        lines, _ = await self.gateway_store.lines(query)
        return row, lines

    async def stats(self, actor: Actor) -> FleetStats:
        """Gateways by status, lines by health, operators: of all that the actor may see."""
        allow(actor, Permission.SEE_GATEWAYS)
        tally = Tally()
        async for rows in self._all(actor):
            tally.gateways(rows)
        offset = 0
        while True:
            query = LineQuery(visible=enterprises_of(actor), limit=checks.LARGEST_PAGE, offset=offset)
            lines, _ = await self.gateway_store.lines(query)
            tally.lines(lines)
            offset += len(lines)
            if len(lines) < checks.LARGEST_PAGE:
                return tally.stats()

    async def add(self, actor: Actor, draft: GatewayDraft) -> GatewayRow:
        """Write a gateway down; the next scan looks for it.

        Raises:
            Invalid: With the fields.
            GatewayExists
        """
        allow(actor, Permission.CHANGE_GATEWAYS)
        given = attrs.asdict(draft, recurse=False)
        fields = checked({"gateway_name": given.pop("name")} | given, checks.GATEWAY)
        fields["name"] = fields.pop("gateway_name")
        await self._must_be_enterprise(actor, fields["enterprise_number"])
        new = NewGateway(**await self._placed(fields))
        try:
            gateway = await self.gateway_store.add(new, at=self.clock.now())
        except UnknownEnterprise as error:
            raise Invalid(error.detail, field="enterprise_number") from error
        except UnknownDirectory as error:
            raise Invalid(error.detail, field="directory") from error
        await self._note(actor, "gateways.add", gateway.name, f"of enterprise {gateway.enterprise_number}")
        return await self._row(actor, gateway.name)

    async def change(self, actor: Actor, name: str, changes: GatewayEdit, *, expect: Expect = anything) -> GatewayRow:
        """Change the fields named, and leave the others.

        ``expect`` is given the revision that stands now, and raises ``Stale``
        if the actor has seen another one.  ``serial_last4`` of ``None`` has the
        next scan learn the serial number anew; a crash just before that is
        stored leaves the one that was learnt.

        Raises:
            Invalid: With the fields.
            Stale: Somebody else changed it first.
            UnknownGateway
        """
        allow(actor, Permission.CHANGE_GATEWAYS)
        fields = await self._placed(checked(changes, checks.EDITED))

        async def changed(gateway: Gateway) -> Gateway:
            expect(gateway.revision)
            wanted = attrs.evolve(gateway, **fields)
            if wanted.enterprise_number != gateway.enterprise_number:
                await self._must_be_enterprise(actor, wanted.enterprise_number)
            return wanted

        async def read() -> Gateway:
            return (await self.gateway_store.row(name, visible=enterprises_of(actor))).gateway

        try:
            before, after = await edit(read, changed, self.gateway_store.change)
        except UnknownEnterprise as error:
            raise Invalid(error.detail, field="enterprise_number") from error
        except UnknownDirectory as error:
            raise Invalid(error.detail, field="directory") from error
        if "serial_last4" in fields and fields["serial_last4"] is None:
            await self._learn_anew(after)
        if after != before:
            await self._note(actor, "gateways.change", name, difference(before, after))
        return await self._row(actor, name)

    async def remove(self, actor: Actor, name: str) -> None:
        """Remove a gateway with all that was recorded of it.  Raises ``UnknownGateway``."""
        allow(actor, Permission.CHANGE_GATEWAYS)
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        await self.gateway_store.remove(name)
        await self._note(actor, "gateways.remove", name, f"of enterprise {row.gateway.enterprise_number}")

    async def _row(self, actor: Actor, name: str) -> GatewayRow:
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        return placed(row, await self._directories())

    async def _directories(self) -> Sequence[Directory]:
        return directories_of(self.config, await self.directory_store.all())

    async def _all(self, actor: Actor) -> AsyncGenerator[Sequence[GatewayRow]]:
        offset = 0
        while True:
            query = GatewayQuery(visible=enterprises_of(actor), limit=checks.LARGEST_PAGE, offset=offset)
            rows, _ = await self.gateway_store.rows(query)
            yield rows
            offset += len(rows)
            if len(rows) < checks.LARGEST_PAGE:
                return

    async def _must_be_enterprise(self, actor: Actor, number: str) -> None:
        try:
            await self.enterprises.get(number, visible=enterprises_of(actor))
        except UnknownEnterprise as error:
            raise checks.wrong("enterprise_number", f"there is no enterprise {number}") from error

    async def _placed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with the number of a directory for its name.  Raises ``Invalid``."""
        found = dict(fields)
        if "directory" not in found:
            return found
        found["directory_id"] = None
        if (which := found.pop("directory")) is not None:
            directories = await self._directories()
            if (directory := named(which, directories)) is None:
                there = ", ".join(one.name for one in directories[:20]) or "none"
                raise checks.wrong("directory", f"there is no directory {which!r}; there are: {there}")
            found["directory_id"] = directory.id
        return found

    async def _learn_anew(self, gateway: Gateway) -> None:
        watched = await self.watch_store.one(gateway.id)
        if watched.watch.serial_last4 is not None:
            watch = attrs.evolve(watched.watch, serial_last4=None)
            await self.watch_store.keep([Seen(gateway.id, self.clock.now(), watch)])

    async def _note(self, actor: Actor, action: str, name: str, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, f"gateway {name}", detail=detail))


def difference(before: Gateway, after: Gateway) -> str:
    """The fields that differ, old and new; of a password only that it does."""
    parts = []
    for field in attrs.fields(Gateway):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name != "revision":
            parts.append("password changed" if field.name == "password" else f"{field.name} {old} -> {new}")
    return ", ".join(parts)
