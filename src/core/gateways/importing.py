"""Many gateways at once, from a table: each row has a result of its own, and a broken one stops no other."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio.lowlevel
import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore, UnknownEnterprise
from ...ports.errors import Conflict, FieldError, Invalid, NotFound
from ...ports.gateways import Directory, DirectoryStore, Gateway, GatewayQuery, GatewayStore, NewGateway
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..fields import checked, invalid
from ..permissions import allow, enterprises_of
from ..tables import Report, Row, RowStatus
from . import checks
from .config import GatewayConfig
from .planning import directories_of, named

#: Gateways in one transaction, and names in one question.
BATCH = 500
#: Rows after which others in the process get their turn.
BREATH = 50


@attrs.frozen
class RowResult:
    row: int
    status: RowStatus
    gateway_name: str | None = None
    errors: tuple[FieldError, ...] = ()


@attrs.frozen
class ImportReport(Report[RowResult]):
    """What became, or in a dry run would become, of all rows."""


@attrs.define
class _Plan:
    """What there is, and what the rows before have claimed."""

    directories: Sequence[Directory]
    there: Mapping[str, Gateway]
    #: By number, whether there is such an enterprise that the actor may see.
    enterprises: dict[str, bool] = attrs.field(factory=dict)
    #: By name, the row that claimed it.
    named: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class GatewayImport:
    """Imports.

    Rows are stored in batches, each whole or not at all: a crash loses the
    batches that were not begun, and the journal's line; the same table can
    then be sent again.
    """

    gateway_store: GatewayStore
    directory_store: DirectoryStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    async def run(
        self, actor: Actor, rows: Sequence[Row], *, dry_run: bool = False, update: bool = False
    ) -> ImportReport:
        """Add the gateways of the rows, and with ``update`` change those that are there by name.

        Without ``update`` a row that says something else than what is there is
        an error.  What a row does not say stays.
        """
        allow(actor, Permission.CHANGE_GATEWAYS)
        plan = await self._look(rows)
        results: dict[int, RowResult] = {}
        new: list[tuple[int, NewGateway]] = []
        changed: list[tuple[int, Gateway]] = []
        for place, row in enumerate(rows):
            if place % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            try:
                found = await self._planned(actor, plan, row, update=update)
            except Invalid as error:
                results[row.number] = _wrong(row.number, _name(row), error.errors or (FieldError("", error.detail),))
                continue
            status = RowStatus.ADDED
            if isinstance(found, NewGateway):
                new.append((row.number, found))
            elif found == plan.there[found.name]:
                status = RowStatus.SAME
            else:
                status = RowStatus.CHANGED
                changed.append((row.number, found))
            results[row.number] = RowResult(row.number, status, found.name)
        if not dry_run:
            for number, gateway in changed:
                results |= await self._change(number, gateway)
            for start in range(0, len(new), BATCH):
                results |= await self._add(new[start : start + BATCH])
        report = ImportReport(dry_run, [results[row.number] for row in rows])
        if not dry_run:
            counts = ", ".join(f"{report.count(status)} {status}" for status in RowStatus)
            entry = Entry(
                self.clock.now(), actor.name, "gateways.import", "gateways", detail=f"{counts}, of {len(rows)} rows"
            )
            await self.journal.write(entry)
        return report

    async def _look(self, rows: Sequence[Row]) -> _Plan:
        """What there is of what the rows name, whoever may see it: names are taken by anybody."""
        directories = directories_of(self.config, await self.directory_store.all())
        names = list(dict.fromkeys(name for row in rows if (name := _name(row)) is not None))
        there: dict[str, Gateway] = {}
        for start in range(0, len(names), BATCH):
            query = GatewayQuery(names=tuple(names[start : start + BATCH]), limit=BATCH)
            found, _ = await self.gateway_store.rows(query)
            there |= {row.gateway.name: row.gateway for row in found}
        return _Plan(directories, there)

    async def _planned(self, actor: Actor, plan: _Plan, row: Row, *, update: bool) -> NewGateway | Gateway:
        """What the row makes of a gateway.  Raises ``Invalid``."""
        if row.errors:
            raise invalid(row.errors)
        if "gateway_name" not in row.fields:
            raise checks.wrong("gateway_name", "is required")
        fields = checked(row.fields, checks.GATEWAY)
        name = fields.pop("gateway_name")
        if (first := plan.named.setdefault(name, row.number)) != row.number:
            raise checks.wrong("gateway_name", f"row {first} is of {name} already")
        if "enterprise_number" in fields:
            await self._must_be_enterprise(actor, plan, fields["enterprise_number"])
        self._place(plan, fields)
        before = plan.there.get(name)
        if before is None:
            if "enterprise_number" not in fields:
                raise checks.wrong("enterprise_number", "is required")
            return NewGateway(name=name, **fields)
        if (sight := enterprises_of(actor)) is not None and before.enterprise_number not in sight:
            raise checks.wrong("gateway_name", f"a gateway {name} exists already")
        after = attrs.evolve(before, **fields)
        if after != before and not update:
            raise checks.wrong("gateway_name", f"there is a gateway {name} already; update=true changes it")
        return after

    async def _must_be_enterprise(self, actor: Actor, plan: _Plan, number: str) -> None:
        if number not in plan.enterprises:
            try:
                await self.enterprises.get(number, visible=enterprises_of(actor))
                plan.enterprises[number] = True
            except UnknownEnterprise:
                plan.enterprises[number] = False
        if not plan.enterprises[number]:
            raise checks.wrong("enterprise_number", f"there is no enterprise {number}")

    def _place(self, plan: _Plan, fields: dict[str, Any]) -> None:
        """Put the number of a directory for its name.  Raises ``Invalid``."""
        if "directory" not in fields:
            return
        fields["directory_id"] = None
        if (which := fields.pop("directory")) is not None:
            if (directory := named(which, plan.directories)) is None:
                raise checks.wrong("directory", f"there is no directory {which!r}")
            fields["directory_id"] = directory.id

    async def _change(self, number: int, gateway: Gateway) -> dict[int, RowResult]:
        try:
            await self.gateway_store.change(gateway)
        except (Conflict, NotFound) as error:
            return {number: _wrong(number, gateway.name, _fields(error))}
        return {}

    async def _add(self, new: Sequence[tuple[int, NewGateway]]) -> dict[int, RowResult]:
        """Add a batch; where others added something meanwhile, row by row."""
        try:
            await self.gateway_store.add_all([gateway for _, gateway in new], at=self.clock.now())
        except (Conflict, NotFound) as error:
            if len(new) == 1:
                [(number, gateway)] = new
                return {number: _wrong(number, gateway.name, _fields(error))}
            results: dict[int, RowResult] = {}
            for one in new:
                results |= await self._add([one])
            return results
        return {}


def _fields(error: Conflict | NotFound) -> tuple[FieldError, ...]:
    found = error.errors if isinstance(error, Conflict) else ()
    return found or (FieldError("", error.detail),)


def _wrong(number: int, name: str | None, errors: tuple[FieldError, ...]) -> RowResult:
    return RowResult(number, RowStatus.ERROR, name, errors)


def _name(row: Row) -> str | None:
    name = row.fields.get("gateway_name")
    return name.strip()[: checks.LONGEST_NAME] if isinstance(name, str) else None
