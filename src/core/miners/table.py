"""Miners as tables: what spreadsheets make of CSV, and what they can be given."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from ...ports.errors import FieldError, Invalid, TooLarge
from ...ports.secrets import Secret

#: Rows of one import.
MOST_ROWS = 10_000

#: What a row may say.  ``container`` and ``group`` are names, beside the ids that programs use.
FIELDS = (
    "name", "ip_address", "port", "web_port", "api3_port", "manufacturer", "model", "container", "container_id",
    "row", "shelf", "slot", "tags", "group", "group_id", "is_active", "username", "password",
)  # fmt: skip
#: What an export has besides; an import passes it over, so that one can be read back in.
SHOWN = (
    "id", "has_password", "hardware_id", "created_at", "last_seen", "availability", "state", "error", "hash_rate",
    "hash_rate_unit", "hash_rate_nominal", "rate_ratio", "temperature", "temperature_unit", "fan_speed",
    "fan_speed_unit", "power_consumption", "power_unit", "power_kind", "efficiency", "efficiency_unit",
    "reported_manufacturer", "reported_model", "firmware", "uptime_s", "accepted_shares", "rejected_shares",
)  # fmt: skip
#: The columns of an export: what can be read back first.  Passwords never leave.
EXPORTED = (
    "id", *(name for name in FIELDS if name not in ("container_id", "group_id", "password")), *SHOWN[1:],
)  # fmt: skip

_NUMBERS = frozenset({"port", "web_port", "api3_port", "container_id", "group_id", "row", "shelf", "slot"})
_ALIASES = {"ip": "ip_address", "address": "ip_address", "host": "ip_address", "maker": "manufacturer", "tag": "tags"}
_TRUE, _FALSE = frozenset({"true", "yes", "1", "да", "истина"}), frozenset({"false", "no", "0", "нет", "ложь"})
#: Spreadsheets take what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@attrs.frozen
class Row:
    """One row of an import: where it stood, what it says, and what is wrong with it already."""

    number: int
    fields: Mapping[str, Any]
    errors: tuple[FieldError, ...] = ()


def decoded(raw: bytes, charset: str | None = None) -> str:
    """The text of a file: UTF-8 with or without a mark, or UTF-16 with one, as spreadsheets save it.

    Raises:
        Invalid: It is in another encoding than said, or than these.
    """
    try:
        if charset is None and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return raw.decode("utf-16")
        return raw.decode(charset or "utf-8-sig").removeprefix("\ufeff")
    except LookupError as error:
        raise Invalid(f"there is no charset {str(charset)[:50]!r}") from error
    except UnicodeError as error:
        raise Invalid(
            f"the text is not {charset or 'UTF-8'}: save it as CSV UTF-8, or name its charset (such as windows-1251)"
        ) from error


def read_csv(text: str) -> Sequence[Row]:
    """The rows of a CSV with a header, separated by commas, semicolons or tabs.  The header is row 1.

    An empty cell says nothing.

    Raises:
        Invalid: There is no header, or one with columns that nobody knows, or the quotes do not end.
        TooLarge: More than 10,000 rows.
    """
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        separator, first = first.strip()[4], lines.readline()
    else:
        separator = max(",;\t", key=first.count)
    header = _header(next(csv.reader([first], delimiter=separator), []))
    rows: list[Row] = []
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MOST_ROWS:
                raise _too_many()
            rows.append(_row(number, header, cells))
    except csv.Error as error:
        raise Invalid(f"row {len(rows) + 2} cannot be read: {error}") from error
    return rows


def read_objects(items: Any) -> Sequence[Row]:
    """The rows of a JSON array of objects, counted from 1.

    Raises:
        Invalid: It is no array.
        TooLarge: More than 10,000 rows.
    """
    if not isinstance(items, list):
        raise Invalid("an import is an array of miners")
    if len(items) > MOST_ROWS:
        raise _too_many()
    return [_object(number, item) for number, item in enumerate(items, 1)]


def write_csv(
    rows: Iterable[Mapping[str, Any]],
    *,
    header: bool = True,
    separator: str = ",",
    columns: Sequence[str] = EXPORTED,
) -> str:
    """Rows of an export as CSV.  Text that a spreadsheet would take for a formula begins with an apostrophe."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=separator, lineterminator="\r\n")
    if header:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return lines.getvalue()


def _header(cells: Sequence[str]) -> Sequence[str]:
    named = [cell.strip().lower().replace(" ", "_") for cell in cells]
    header = [_ALIASES.get(name, name) for name in named]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise Invalid("the first row names the columns; it is empty")
    if strange := [name for name in header if name not in FIELDS and name not in SHOWN]:
        raise Invalid(
            f"there are no columns {', '.join(name[:50] or '(empty)' for name in strange[:10])}; "
            f"there are {', '.join(FIELDS)}",
            field=strange[0][:50],
        )
    if twice := [name for name in header if header.count(name) > 1]:
        raise Invalid(f"column {twice[0]} is there twice", field=twice[0])
    if "ip_address" not in header:
        raise Invalid("a column ip_address is needed", field="ip_address")
    return header


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    fields: dict[str, Any] = {}
    errors = []
    if any(cell.strip() for cell in cells[len(header) :]):
        errors.append(FieldError("", f"has {len(cells)} cells, the header has {len(header)}"))
    for name, cell in zip(header, cells, strict=False):
        said = cell.strip()
        if not said or name in SHOWN:
            continue
        try:
            fields[name] = _typed(name, said)
        except Invalid as error:
            errors.append(FieldError(name, error.detail))
    return Row(number, fields, tuple(errors))


def _typed(name: str, said: str) -> Any:
    if name in _NUMBERS:
        if not (said.isascii() and said.isdigit()) or len(said) > 18:
            raise Invalid(f"{said[:30]} is not a whole number")
        return int(said)
    if name == "is_active":
        if said.casefold() in _TRUE | _FALSE:
            return said.casefold() in _TRUE
        raise Invalid(f"{said[:30]} is neither true nor false")
    if name == "password":
        return Secret(said)
    if said[0] == "'" and said[1:2] in _FORMULA and said[1:2]:
        said = said[1:]
    if name == "tags":
        return [tag for part in said.split("|") for tag in part.replace(";", ",").split(",") if tag.strip()]
    return said


def _object(number: int, item: Any) -> Row:
    if not isinstance(item, dict):
        return Row(number, {}, (FieldError("", "is no object"),))
    fields = {name: value for name, value in item.items() if name not in SHOWN}
    if isinstance(password := fields.get("password"), str):
        fields["password"] = Secret(password)
    return Row(number, fields)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        value = "|".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _too_many() -> TooLarge:
    return TooLarge(f"an import has at most {MOST_ROWS} rows; send it in parts")
