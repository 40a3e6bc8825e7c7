"""Enterprises over HTTP: the tenants whose devices these are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.enterprises import COLUMNS, Enterprises, ImportReport
from ...core.tables import RowStatus
from ...ports.enterprises import Enterprise, EnterpriseExists, EnterpriseInUse, NewEnterprise, UnknownEnterprise
from ...ports.errors import FieldError, Invalid, NotAllowed, Stale, TooLarge
from ...ports.identity import Permission
from ...ports.secrets import Secret
from .tables import CSV, JSON, ImportCounts, counted, rows_of
from .wire import Call, Limit, Offset, Page, operation, route

Number = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 32})]
Text = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Comment = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]
Password = Annotated[Secret, Meta(extra_json_schema={"maxLength": 1024})]


class EnterpriseBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The login is that of its gateways which have none of their own."""

    number: Number
    name: Text
    gateway_username: Text | None = None
    gateway_password: Password | None = None
    comment: Comment = ""


class EnterpriseChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes a login away.  The number never changes."""

    number: Number | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    gateway_username: Text | UnsetType | None = UNSET
    gateway_password: Password | UnsetType | None = UNSET
    comment: Comment | UnsetType = UNSET

    def named(self) -> Mapping[str, Any]:
        """The fields that were sent."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class EnterprisesQuery(msgspec.Struct, frozen=True, kw_only=True):
    search: Annotated[str, Meta(max_length=200, description="Part of its number or name, in any case")] | None = None
    limit: Limit = 100
    offset: Offset = 0


class EnterpriseImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: Annotated[bool, Meta(description="Only tell what would be done")] = False
    update: Annotated[bool, Meta(description="Change enterprises that are there by number")] = False


class EnterpriseView(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant; the password of its gateways is never shown."""

    number: str
    name: str
    gateway_username: str | None
    has_gateway_password: bool
    comment: str
    gateways: int
    created_at: datetime
    revision: int


class EnterpriseRowView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a row: of a CSV the header is row 1, an array is counted from 1."""

    row: int
    status: RowStatus
    number: str | None
    errors: tuple[FieldError, ...]


class EnterpriseImportView(ImportCounts, frozen=True, kw_only=True):
    """What became, or in a dry run would become, of an import."""

    rows: list[EnterpriseRowView]


@attrs.frozen
class EnterpriseApi:
    """The tenants."""

    enterprises: Enterprises

    @operation(
        returns=Page[EnterpriseView], query=EnterprisesQuery, errors=(NotAllowed,), tag="enterprises",
        needs=Permission.SEE_ENTERPRISES,
    )  # fmt: skip
    async def all(self, call: Call, query: EnterprisesQuery) -> Page[EnterpriseView]:
        """List enterprises by number.

        An enterprise admin gets his own.
        """
        found, total = await self.enterprises.list(
            call.actor, search=query.search, limit=query.limit, offset=query.offset
        )
        return Page([enterprise_view(enterprise) for enterprise in found], total)

    @operation(returns=EnterpriseView, errors=(NotAllowed, UnknownEnterprise), tag="enterprises")
    async def one(self, call: Call, number: str) -> EnterpriseView:
        """Show an enterprise."""
        return _tagged(call, await self.enterprises.get(call.actor, number))

    @operation(
        returns=EnterpriseView, body=EnterpriseBody, status=201, errors=(NotAllowed, Invalid, EnterpriseExists),
        tag="enterprises", needs=Permission.CHANGE_ENTERPRISES,
    )  # fmt: skip
    async def add(self, call: Call, body: EnterpriseBody) -> EnterpriseView:
        """Add an enterprise."""
        return _tagged(call, await self.enterprises.add(call.actor, NewEnterprise(**msgspec.structs.asdict(body))))

    @operation(
        returns=EnterpriseView, body=EnterpriseChange, errors=(NotAllowed, UnknownEnterprise, Invalid, Stale),
        tag="enterprises", needs=Permission.CHANGE_ENTERPRISES,
    )  # fmt: skip
    async def change(self, call: Call, number: str, body: EnterpriseChange) -> EnterpriseView:
        """Change the fields that are named; the number stays.

        With `If-Match` only if nobody changed the enterprise since the revision was read.
        """
        changed = await self.enterprises.change(call.actor, number, body.named(), expect=call.expect)
        return _tagged(call, changed)

    @operation(status=204, errors=(NotAllowed, UnknownEnterprise, EnterpriseInUse), tag="enterprises")
    async def remove(self, call: Call, number: str) -> None:
        """Remove an enterprise that has no gateways, and to which no user or token is confined."""
        await self.enterprises.remove(call.actor, number)

    @operation(
        returns=EnterpriseImportView, query=EnterpriseImportQuery, takes=(JSON, CSV),
        errors=(NotAllowed, Invalid, TooLarge), tag="enterprises", needs=Permission.CHANGE_ENTERPRISES,
    )  # fmt: skip
    async def import_(self, call: Call, query: EnterpriseImportQuery) -> EnterpriseImportView:
        """Add enterprises from a table, and change them with `update`.

        An array of objects, or CSV with a header (commas, semicolons or tabs;
        UTF-8, UTF-16 with a mark, or the charset of the content type).  Each
        row has a result of its own; broken ones do not stop the rest.  At most
        10,000 rows.
        """
        rows = await rows_of(call, COLUMNS.read_csv, COLUMNS.read_objects)
        report = await self.enterprises.import_rows(call.actor, rows, dry_run=query.dry_run, update=query.update)
        return import_view(report)

    def routes(self) -> list[Route]:
        """All of them: they stand at the root and under every system."""
        return [
            route("GET", "/api/enterprises", self.all),
            route("POST", "/api/enterprises", self.add),
            route("POST", "/api/enterprises/import", self.import_),
            route("GET", "/api/enterprises/{number}", self.one),
            route("PUT", "/api/enterprises/{number}", self.change),
            route("DELETE", "/api/enterprises/{number}", self.remove),
        ]


def enterprise_view(enterprise: Enterprise) -> EnterpriseView:
    """An enterprise without its secret."""
    return EnterpriseView(
        number=enterprise.number,
        name=enterprise.name,
        gateway_username=enterprise.gateway_username,
        has_gateway_password=enterprise.gateway_password is not None,
        comment=enterprise.comment,
        gateways=enterprise.gateways,
        created_at=enterprise.created_at,
        revision=enterprise.revision,
    )


def import_view(report: ImportReport) -> EnterpriseImportView:
    """The report as the world sees it."""
    return EnterpriseImportView(
        **counted(report),
        rows=[
            EnterpriseRowView(row=row.row, status=row.status, number=row.number, errors=row.errors)
            for row in report.rows
        ],
    )


def _tagged(call: Call, enterprise: Enterprise) -> EnterpriseView:
    call.tag(enterprise.revision)
    return enterprise_view(enterprise)
