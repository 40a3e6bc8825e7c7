"""Enterprises: the tenants whose devices these are, one by one and from a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio.lowlevel
import attrs

from ..ports.clock import Clock
from ..ports.enterprises import Enterprise, EnterpriseStore, NewEnterprise, UnknownEnterprise
from ..ports.errors import Conflict, FieldError, Invalid, NotFound
from ..ports.identity import Actor, Permission
from ..ports.journal import Entry, Journal
from ..ports.secrets import Secret
from .editing import Expect, anything, edit
from .fields import Check, checked, invalid, login, secret, text
from .permissions import allow, enterprises_of
from .tables import Columns, Report, Row, RowStatus

LONGEST_NUMBER, LONGEST_NAME, LONGEST_COMMENT = 32, 200, 2000
#: Rows of a page.
LARGEST_PAGE = 1000
#: Rows of an import after which others in the process get their turn.
BREATH = 50


def number(value: Any) -> str:
    """What others know an enterprise by: 1 to 32 characters without blanks and commas."""
    found = text(LONGEST_NUMBER)(value)
    if found is None:
        raise Invalid("must not be empty")
    # The dots would be a way in an address, and commas part numbers where several stand in one line.
    if found in (".", "..") or any(one.isspace() or one in ",;" for one in found):
        raise Invalid("is one word, such as 0367: no blanks, commas or semicolons")
    return str(found)


def name(value: Any) -> str:
    """1 to 200 characters on one line."""
    found = text(LONGEST_NAME)(value)
    if found is None:
        raise Invalid("must not be empty")
    return str(found)


#: What people may change.
EDITED: Mapping[str, Check] = {
    "name": name,
    "gateway_username": login,
    "gateway_password": secret,
    "comment": lambda value: text(LONGEST_COMMENT, lines=True)(value) or "",
}
ENTERPRISE: Mapping[str, Check] = {"number": number, **EDITED}

#: An import's table; what a list shows besides is passed over.
COLUMNS = Columns(
    noun="enterprises",
    fields=tuple(ENTERPRISE),
    needed="number",
    shown=("has_gateway_password", "gateways", "created_at", "revision"),
    aliases={"enterprise_number": "number", "username": "gateway_username", "password": "gateway_password"},
    secrets=frozenset({"gateway_password"}),
)


@attrs.frozen
class RowResult:
    row: int
    status: RowStatus
    number: str | None = None
    errors: tuple[FieldError, ...] = ()


@attrs.frozen
class ImportReport(Report[RowResult]):
    """What became, or in a dry run would become, of all rows."""


@attrs.frozen(kw_only=True)
class Enterprises:
    """What one can ask about enterprises, and change.  An enterprise admin sees his own only, and changes none.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.  All raise ``NotAllowed`` to those who lack the permission.
    """

    enterprise_store: EnterpriseStore
    journal: Journal
    clock: Clock

    async def list(
        self, actor: Actor, *, search: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Enterprise], int]:
        """A page by number, and how many there are; ``search`` finds parts of number and name in any case."""
        allow(actor, Permission.SEE_ENTERPRISES)
        return await self.enterprise_store.all(
            search=search, visible=enterprises_of(actor), limit=min(limit, LARGEST_PAGE), offset=offset
        )

    async def get(self, actor: Actor, number: str) -> Enterprise:
        """Raises ``UnknownEnterprise``, also for what the actor may not see."""
        allow(actor, Permission.SEE_ENTERPRISES)
        return await self.enterprise_store.get(number, visible=enterprises_of(actor))

    async def add(self, actor: Actor, new: NewEnterprise) -> Enterprise:
        """Raises ``Invalid``, ``EnterpriseExists``."""
        allow(actor, Permission.CHANGE_ENTERPRISES)
        fields = checked(attrs.asdict(new, recurse=False), ENTERPRISE)
        made = await self.enterprise_store.add(NewEnterprise(**fields), at=self.clock.now())
        await self._note(actor, "enterprises.add", made.number, made.name)
        return made

    async def change(
        self, actor: Actor, number: str, changes: Mapping[str, Any], *, expect: Expect = anything
    ) -> Enterprise:
        """Change the fields named, and leave the others.  Its gateways are asked with the new login from then on.

        Raises:
            Invalid: With the fields; the number never changes.
            Stale: Somebody else changed it first.
            UnknownEnterprise
        """
        allow(actor, Permission.CHANGE_ENTERPRISES)
        if changes.get("number", number) != number:
            raise invalid([FieldError("number", "stays what it is: add another enterprise, and remove this one")])
        fields = checked({name: value for name, value in changes.items() if name != "number"}, EDITED)

        async def changed(enterprise: Enterprise) -> Enterprise:
            expect(enterprise.revision)
            return attrs.evolve(enterprise, **fields)

        async def read() -> Enterprise:
            return await self.enterprise_store.get(number, visible=enterprises_of(actor))

        before, after = await edit(read, changed, self.enterprise_store.change)
        if after != before:
            await self._note(actor, "enterprises.change", number, difference(before, after))
        return after

    async def remove(self, actor: Actor, number: str) -> None:
        """Remove an enterprise without gateways that nobody is confined to.

        Raises:
            UnknownEnterprise, EnterpriseInUse
        """
        allow(actor, Permission.CHANGE_ENTERPRISES)
        enterprise = await self.enterprise_store.get(number, visible=enterprises_of(actor))
        await self.enterprise_store.remove(number)
        await self._note(actor, "enterprises.remove", number, enterprise.name)

    async def import_rows(
        self, actor: Actor, rows: Sequence[Row], *, dry_run: bool = False, update: bool = False
    ) -> ImportReport:
        """Add the enterprises of the rows, and with ``update`` change those that are there by number.

        Without ``update`` a row that says something else than what is there is
        an error.  What a row does not say stays.  Rows are stored one by one: a
        crash loses those that were not begun, and the journal's line; the same
        table can then be sent again.
        """
        allow(actor, Permission.CHANGE_ENTERPRISES)
        named: dict[str, int] = {}
        results = []
        for place, row in enumerate(rows):
            if place % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            try:
                results.append(await self._taken(row, named, dry_run=dry_run, update=update))
            except (Invalid, Conflict, NotFound) as error:
                errors = getattr(error, "errors", ()) or (FieldError("", error.detail),)
                results.append(RowResult(row.number, RowStatus.ERROR, _named(row), errors))
        report = ImportReport(dry_run, results)
        if not dry_run:
            counts = ", ".join(f"{report.count(status)} {status}" for status in RowStatus)
            entry = Entry(
                self.clock.now(),
                actor.name,
                "enterprises.import",
                "enterprises",
                detail=f"{counts}, of {len(rows)} rows",
            )
            await self.journal.write(entry)
        return report

    async def _taken(self, row: Row, named: dict[str, int], *, dry_run: bool, update: bool) -> RowResult:
        """Do what a row says.  Raises ``Invalid``, and what the store raises."""
        if row.errors:
            raise invalid(row.errors)
        if "number" not in row.fields:
            raise invalid([FieldError("number", "is required")])
        fields = checked(row.fields, ENTERPRISE)
        number = fields.pop("number")
        if (first := named.setdefault(number, row.number)) != row.number:
            raise invalid([FieldError("number", f"row {first} is of {number} already")])
        try:
            before = await self.enterprise_store.get(number)
        except UnknownEnterprise:
            if "name" not in fields:
                raise invalid([FieldError("name", "is required")]) from None
            if not dry_run:
                await self.enterprise_store.add(NewEnterprise(number, **fields), at=self.clock.now())
            return RowResult(row.number, RowStatus.ADDED, number)
        after = attrs.evolve(before, **fields)
        if after == before:
            return RowResult(row.number, RowStatus.SAME, number)
        if not update:
            raise invalid([FieldError("number", f"there is an enterprise {number} already; update=true changes it")])
        if not dry_run:
            await self.enterprise_store.change(after)
        return RowResult(row.number, RowStatus.CHANGED, number)

    async def _note(self, actor: Actor, action: str, number: str, detail: str) -> None:
        await self.journal.write(Entry(self.clock.now(), actor.name, action, f"enterprise {number}", detail=detail))


def difference(before: Enterprise, after: Enterprise) -> str:
    """What people changed, in words; of a password only that it is another."""
    words = []
    for field in EDITED:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            words.append(f"{field} changed" if isinstance(old or new, Secret) else f"{field} {old} -> {new}")
    return ", ".join(words)


def _named(row: Row) -> str | None:
    found = row.fields.get("number")
    return found.strip()[:LONGEST_NUMBER] if isinstance(found, str) else None
