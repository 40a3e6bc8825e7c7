"""Many units at once over HTTP: tables in and out."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.tables import RowStatus, write_csv
from ...core.units import UnitQuery, UnitRow, Units
from ...core.units.importing import ImportReport, UnitImport
from ...core.units.table import COLUMNS, EXPORTED
from ...ports.errors import FieldError, Invalid, NotAllowed, TooLarge
from ...ports.identity import Permission
from .tables import CSV, JSON, Excel, Format, ImportCounts, attachment, counted, rows_of
from .units import UnitsQuery
from .units_views import unit_view
from .wire import Call, operation, route

#: Units that are made into text at a time.
BATCH = 500


class UnitImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: Annotated[bool, Meta(description="Only tell what would be done")] = False
    update: Annotated[bool, Meta(description="Change units that are there by number")] = False


class UnitExportQuery(UnitsQuery, frozen=True, kw_only=True):
    """The filters of the list of units; all that they find is exported."""

    format: Format = "csv"
    excel: Excel = False


class UnitRowView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a row: of a CSV the header is row 1, an array is counted from 1."""

    row: int
    status: RowStatus
    enterprise_number: str | None
    errors: tuple[FieldError, ...]


class UnitImportView(ImportCounts, frozen=True, kw_only=True):
    """What became, or in a dry run would become, of an import."""

    rows: list[UnitRowView]


@attrs.frozen
class UnitTableApi:
    """Imports and exports."""

    units: Units
    importing: UnitImport

    @operation(
        returns=UnitImportView, query=UnitImportQuery, takes=(JSON, CSV), errors=(NotAllowed, Invalid, TooLarge),
        tag="units", needs=Permission.CHANGE_UNITS,
    )  # fmt: skip
    async def import_(self, call: Call, query: UnitImportQuery) -> UnitImportView:
        """Add units from a table, and change them with `update`.

        An array of objects, or CSV with a header (commas, semicolons or tabs;
        UTF-8, UTF-16 with a mark, or the charset of the content type).  Each
        row has a result of its own; broken ones do not stop the rest.  A parent
        stands before its children, or is there already.  At most 10,000 rows.
        """
        rows = await rows_of(call, COLUMNS.read_csv, COLUMNS.read_objects)
        report = await self.importing.run(call.actor, rows, dry_run=query.dry_run, update=query.update)
        return import_view(report)

    @operation(
        returns=str, query=UnitExportQuery, media=CSV, also=(JSON,), errors=(NotAllowed, Invalid), tag="units",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def export(self, call: Call, query: UnitExportQuery) -> Response:
        """Give all units that the filters find, as CSV or as an array.

        Passwords and keys are left out. What can be read back in comes first.
        """
        wanted = UnitQuery(search=query.search, status=query.status)
        rows = [row for row in await self.units.list(call.actor) if wanted.fits(row)]
        write = partial(write_csv, columns=EXPORTED)
        return attachment("units", _batches(rows), write, form=query.format, excel=query.excel)

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        return [route("POST", "/import", self.import_), route("GET", "/export", self.export)]


async def _batches(rows: Sequence[UnitRow]) -> AsyncGenerator[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), BATCH):
        yield [_exported(row) for row in rows[start : start + BATCH]]


def _exported(row: UnitRow) -> dict[str, Any]:
    plug = None if row.unit.plug is None else str(row.unit.plug)
    fields = msgspec.structs.asdict(unit_view(row)) | {"plug": plug}
    return {name: fields[name] for name in EXPORTED}


def import_view(report: ImportReport) -> UnitImportView:
    """The report as the world sees it."""
    return UnitImportView(
        **counted(report),
        rows=[
            UnitRowView(row=row.row, status=row.status, enterprise_number=row.enterprise_number, errors=row.errors)
            for row in report.rows
        ],
    )
