"""Many gateways at once over HTTP: tables in and out."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.gateways.importing import GatewayImport, ImportReport
from ...core.gateways.inventory import Gateways
from ...core.gateways.table import COLUMNS, EXPORTED
from ...core.tables import RowStatus, write_csv
from ...ports.clock import Clock
from ...ports.errors import FieldError, Invalid, NotAllowed, TooLarge
from ...ports.gateways import GatewayQuery, GatewayRow
from ...ports.identity import Actor, Permission
from .gateways import DevicesQuery
from .gateways_views import device_view
from .tables import CSV, JSON, Excel, Format, ImportCounts, attachment, counted, rows_of
from .wire import Call, operation, route

#: Gateways that are in memory at a time.
BATCH = 500


class GatewayImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: Annotated[bool, Meta(description="Only tell what would be done")] = False
    update: Annotated[bool, Meta(description="Change gateways that are there by name")] = False


class GatewayExportQuery(DevicesQuery, frozen=True, kw_only=True):
    """The filters of the list of gateways; all that they find is exported, in that order."""

    format: Format = "csv"
    excel: Excel = False


class GatewayRowView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a row: of a CSV the header is row 1, an array is counted from 1."""

    row: int
    status: RowStatus
    gateway_name: str | None
    errors: tuple[FieldError, ...]


class GatewayImportView(ImportCounts, frozen=True, kw_only=True):
    """What became, or in a dry run would become, of an import."""

    rows: list[GatewayRowView]


@attrs.frozen
class GatewayTableApi:
    """Imports and exports."""

    gateways: Gateways
    importing: GatewayImport
    clock: Clock

    @operation(
        returns=GatewayImportView, query=GatewayImportQuery, takes=(JSON, CSV), errors=(NotAllowed, Invalid, TooLarge),
        tag="gateways", needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def import_(self, call: Call, query: GatewayImportQuery) -> GatewayImportView:
        """Add gateways from a table, and change them with `update`.

        An array of objects, or CSV with a header (commas, semicolons or tabs;
        UTF-8, UTF-16 with a mark, or the charset of the content type).  Each
        row has a result of its own; broken ones do not stop the rest.  At most
        10,000 rows.
        """
        rows = await rows_of(call, COLUMNS.read_csv, COLUMNS.read_objects)
        report = await self.importing.run(call.actor, rows, dry_run=query.dry_run, update=query.update)
        return import_view(report)

    @operation(
        returns=str, query=GatewayExportQuery, media=CSV, also=(JSON,), errors=(NotAllowed, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def export(self, call: Call, query: GatewayExportQuery) -> Response:
        """Give all gateways that the filters find, as CSV or as an array.

        Passwords are left out. What can be read back in comes first.
        """
        wanted = attrs.evolve(query.found(), limit=BATCH, offset=0)
        # Whatever is wrong is told before the first byte.
        first, _ = await self.gateways.list(call.actor, wanted)
        batches = self._batches(call.actor, wanted, first)
        write = partial(write_csv, columns=EXPORTED)
        return attachment("gateways", batches, write, form=query.format, excel=query.excel)

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        return [route("POST", "/import", self.import_), route("GET", "/export", self.export)]

    async def _batches(
        self, actor: Actor, query: GatewayQuery, rows: Sequence[GatewayRow]
    ) -> AsyncGenerator[Sequence[dict[str, Any]]]:
        while rows:
            yield [self._exported(row) for row in rows]
            if len(rows) < BATCH:
                return
            query = attrs.evolve(query, offset=query.offset + BATCH)
            rows, _ = await self.gateways.list(actor, query)

    def _exported(self, row: GatewayRow) -> dict[str, Any]:
        view = device_view(row, self.clock.now())
        # What was only seen, or follows from nothing being said, is not to be read back in as what an operator said.
        fields = msgspec.structs.asdict(view) | {"serial_last4": row.gateway.serial_last4}
        if row.gateway.directory_id is None:
            fields["directory"] = None
        fields |= {f"lines_{name}": getattr(view.lines, name) for name in ("ok", "weak", "down", "busy")}
        return {name: fields[name] for name in EXPORTED}


def import_view(report: ImportReport) -> GatewayImportView:
    """The report as the world sees it."""
    return GatewayImportView(
        **counted(report),
        rows=[
            GatewayRowView(row=row.row, status=row.status, gateway_name=row.gateway_name, errors=row.errors)
            for row in report.rows
        ],
    )
