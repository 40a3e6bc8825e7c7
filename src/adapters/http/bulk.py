"""Many miners at once over HTTP: tables in and out, and the same done to many."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.miners.bulk import MOST, Bulk, Deed, Order
from ...core.miners.checks import maker_named
from ...core.miners.exporting import Exporting
from ...core.miners.importing import Importing, ImportReport
from ...core.miners.table import read_csv, read_objects, write_csv
from ...core.tables import RowStatus
from ...ports.errors import ConfirmationNeeded, FieldError, Invalid, NotAllowed, TooLarge
from ...ports.identity import Actor, Permission
from ...ports.miners import Availability, MinerQuery, State, UnknownMaker
from .miners import MakerName, MinersQuery, Tag
from .tables import CSV, JSON, Excel, Format, ImportCounts, attachment, counted, rows_of
from .wire import Call, Id, operation, route


class ImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: Annotated[bool, Meta(description="Only tell what would be done")] = False
    update: Annotated[bool, Meta(description="Change miners that are there by address and port")] = False


class ExportQuery(MinersQuery, frozen=True, kw_only=True):
    """The filters of the list of miners; all that they find is exported, in that order."""

    format: Format = "csv"
    excel: Excel = False


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a row: of a CSV the header is row 1, an array is counted from 1."""

    row: int
    status: RowStatus
    miner_id: int | None
    name: str | None
    errors: tuple[FieldError, ...]


class ImportView(ImportCounts, frozen=True, kw_only=True):
    """What became, or in a dry run would become, of an import."""

    rows: list[RowView]


class FilterBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters of the list of miners."""

    container_id: Id | None = None
    is_active: bool | None = None
    manufacturer: MakerName | None = None
    availability: Availability | None = None
    state: State | None = None
    search: Annotated[str, Meta(max_length=200)] | None = None
    tag: Annotated[str, Meta(max_length=200)] | None = None
    group_id: Id | None = None

    def noun(self) -> MinerQuery:
        """The query as the core speaks of it.  Raises ``UnknownMaker``."""
        fields = msgspec.structs.asdict(self)
        if self.manufacturer is not None:
            fields["manufacturer"] = maker_named(self.manufacturer)
        return MinerQuery(**fields)


class BulkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `ids` or a `filter`, and what is to be done; `container_id`, `tags` or `group_id` go with it."""

    action: Deed
    ids: Annotated[tuple[Id, ...], Meta(max_length=MOST)] | None = None
    filter: FilterBody | None = None
    container_id: Id | None = None
    tags: tuple[Tag, ...] = ()
    group_id: Id | None = None
    confirm: Annotated[bool, Meta(description="Needed to remove")] = False


class DoneView(msgspec.Struct, frozen=True, kw_only=True):
    miner_id: int
    ok: bool
    error: str | None


class BulkView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each."""

    done: int
    failed: int
    rows: list[DoneView]


@attrs.frozen
class BulkApi:
    """Imports, exports and bulk changes."""

    importing: Importing
    exporting: Exporting
    bulk: Bulk
    #: Polls a miner wherever the polling is done.
    poll: Callable[[Actor, int], Awaitable[object]]

    @operation(
        returns=ImportView,
        query=ImportQuery,
        takes=(JSON, CSV),
        errors=(NotAllowed, Invalid, TooLarge),
        tag="miners",
        needs=Permission.CHANGE_MINERS,
    )
    async def import_(self, call: Call, query: ImportQuery) -> ImportView:
        """Add miners from a table, and change them with `update`.

        An array of objects, or CSV with a header (commas, semicolons or tabs;
        UTF-8, UTF-16 with a mark, or the charset of the content type).  Each
        row has a result of its own; broken ones do not stop the rest.  At most
        10,000 rows.
        """
        rows = await rows_of(call, read_csv, read_objects)
        report = await self.importing.run(call.actor, rows, dry_run=query.dry_run, update=query.update)
        return import_view(report)

    @operation(
        returns=str, query=ExportQuery, media=CSV, also=(JSON,), errors=(NotAllowed, Invalid, UnknownMaker),
        tag="miners", needs=Permission.SEE_MINERS,
    )  # fmt: skip
    async def export(self, call: Call, query: ExportQuery) -> Response:
        """Give all miners that the filters find, as CSV or as an array.

        Values and units have columns of their own; passwords are left out.
        What can be read back in comes first.
        """
        batches = await self.exporting.start(call.actor, query.noun())
        return attachment("miners", batches, write_csv, form=query.format, excel=query.excel)

    @operation(
        returns=BulkView,
        body=BulkBody,
        errors=(NotAllowed, Invalid, UnknownMaker, ConfirmationNeeded),
        tag="miners",
        needs=Permission.POLL_MINERS,
    )
    async def many(self, call: Call, body: BulkBody) -> BulkView:
        """Move, tag, activate, group, poll or remove many miners.

        At most 10,000 at once, and 1,000 to poll or to remove.
        """
        order = Order(body.action, body.container_id, body.tags, body.group_id, body.confirm)
        query = None if body.filter is None else body.filter.noun()
        done = await self.bulk.run(call.actor, order, poll=self.poll, ids=body.ids, query=query)
        rows = [DoneView(miner_id=one.miner_id, ok=one.error is None, error=one.error) for one in done]
        return BulkView(done=sum(row.ok for row in rows), failed=sum(not row.ok for row in rows), rows=rows)

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        return [
            route("POST", "/api/miners/import", self.import_),
            route("GET", "/api/miners/export", self.export),
            route("POST", "/api/miners/bulk", self.many),
        ]


def import_view(report: ImportReport) -> ImportView:
    """The report as the world sees it."""
    return ImportView(
        **counted(report),
        rows=[
            RowView(row=row.row, status=row.status, miner_id=row.miner_id, name=row.name, errors=row.errors)
            for row in report.rows
        ],
    )
