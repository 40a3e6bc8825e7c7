"""Tables over HTTP, of all systems: what comes in as CSV or JSON, and what goes out."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from email.message import Message
from typing import Annotated, Any, Literal

import anyio
import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from ...core.tables import Report, Row, RowStatus, decoded
from ...ports.errors import Invalid
from .wire import Call

JSON, CSV = "application/json", "text/csv"
#: So that spreadsheets of some countries read what is theirs.
MARK = "\ufeff"

Batches = AsyncGenerator[Sequence[dict[str, Any]]]
Format = Literal["csv", "json"]
Excel = Annotated[bool, Meta(description="Semicolons and a byte order mark, as Excel likes it")]


class ImportCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became, or in a dry run would become, of the rows of an import, in numbers."""

    dry_run: bool
    added: int
    changed: int
    same: int
    failed: int


def counted(report: Report[Any]) -> dict[str, Any]:
    """The fields of ``ImportCounts``."""
    return {
        "dry_run": report.dry_run,
        "added": report.count(RowStatus.ADDED),
        "changed": report.count(RowStatus.CHANGED),
        "same": report.count(RowStatus.SAME),
        "failed": report.count(RowStatus.ERROR),
    }


async def rows_of(
    call: Call, read_csv: Callable[[str], Sequence[Row]], read_objects: Callable[[Any], Sequence[Row]]
) -> Sequence[Row]:
    """The rows of the body, by its content type.  Raises ``Invalid``, ``TooLarge``."""
    head = Message()
    head["content-type"] = call.request.headers.get("content-type", JSON)
    body = await call.request.body()
    # Tables of ten thousand rows take a while to read.
    match head.get_content_type():
        case "application/json":
            return await anyio.to_thread.run_sync(lambda: read_objects(_array(body)))
        case "text/csv" | "text/plain" | "application/csv" | "application/vnd.ms-excel":
            charset = head.get_content_charset()
            return await anyio.to_thread.run_sync(lambda: read_csv(decoded(body, charset)))
        case other:
            raise Invalid(f"an import is {JSON} or {CSV}, not {other[:100]}")


def attachment(
    name: str, batches: Batches, write: Callable[..., str], *, form: Format = "csv", excel: bool = False
) -> Response:
    """Rows as a file to keep, written batch by batch.

    ``write`` makes CSV of rows, with the keywords ``header`` and ``separator``.
    """
    media, stream = (JSON, _json(batches)) if form == "json" else (CSV, _csv(batches, write, excel=excel))
    kind = f"{media}; charset=utf-8" if media == CSV else media
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"', "cache-control": "no-store"}
    return StreamingResponse(stream, media_type=kind, headers=headers)


def _array(body: bytes) -> Any:
    if b"\\u0000" in body:
        raise Invalid("The body holds the character U+0000, which no field may have.")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"The body is not JSON: {error}") from error


async def _csv(batches: Batches, write: Callable[..., str], *, excel: bool) -> AsyncGenerator[str]:
    separator = ";" if excel else ","
    nothing: Iterable[Mapping[str, Any]] = ()
    yield (MARK if excel else "") + write(nothing, separator=separator)
    async for batch in batches:
        yield write(batch, header=False, separator=separator)


async def _json(batches: Batches) -> AsyncGenerator[bytes]:
    opening = b"[\n"
    async for batch in batches:
        for row in batch:
            yield opening + msgspec.json.encode(row)
            opening = b",\n"
    yield b"]\n" if opening == b",\n" else b"[]\n"
