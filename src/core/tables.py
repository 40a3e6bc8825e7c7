"""Tables that people send and take away: what spreadsheets make of CSV, and what they can be given.

Shared by all contexts; each says what columns it has.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ..ports.errors import FieldError, Invalid, TooLarge
from ..ports.secrets import Secret

#: Rows of one import.
MOST_ROWS = 10_000
#: Spreadsheets take what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TRUE, _FALSE = frozenset({"true", "yes", "1", "да", "истина"}), frozenset({"false", "no", "0", "нет", "ложь"})


@attrs.frozen
class Row:
    """One row of an import: where it stood, what it says, and what is wrong with it already."""

    number: int
    fields: Mapping[str, Any]
    errors: tuple[FieldError, ...] = ()


class RowStatus(StrEnum):
    """What became of a row of an import."""

    ADDED = "added"
    CHANGED = "changed"
    #: There is such a thing, and it is as the row says.
    SAME = "same"
    ERROR = "error"


class _Told(Protocol):
    @property
    def status(self) -> RowStatus: ...


R = TypeVar("R", bound=_Told)


@attrs.frozen
class Report(Generic[R]):
    """What became, or in a dry run would become, of all rows."""

    dry_run: bool
    rows: Sequence[R]

    def count(self, status: RowStatus) -> int:
        """How many rows came to that."""
        return sum(row.status is status for row in self.rows)


def text_of(said: str) -> str:
    """A cell as it was before it was guarded from spreadsheets."""
    return said[1:] if said[0] == "'" and said[1:2] in _FORMULA and said[1:2] else said


def number_of(said: str) -> int:
    """A whole number.  Raises ``Invalid``."""
    if not (said.isascii() and said.isdigit()) or len(said) > 18:
        raise Invalid(f"{said[:30]} is not a whole number")
    return int(said)


def truth_of(said: str) -> bool:
    """A yes or no.  Raises ``Invalid``."""
    if said.casefold() in _TRUE | _FALSE:
        return said.casefold() in _TRUE
    raise Invalid(f"{said[:30]} is neither true nor false")


@attrs.frozen(kw_only=True)
class Columns:
    """What a table of one kind of things may have."""

    #: What the rows are of, for people.
    noun: str
    #: What a row may say.
    fields: Sequence[str]
    #: The column that an import cannot do without.
    needed: str
    #: What an export has besides; an import passes it over, so that one can be read back in.
    shown: Sequence[str] = ()
    aliases: Mapping[str, str] = attrs.field(factory=dict)
    #: How cells are read that are not plain text.  A secret is kept as it is.
    cells: Mapping[str, Callable[[str], Any]] = attrs.field(factory=dict)
    secrets: frozenset[str] = frozenset({"password"})

    def read_csv(self, text: str) -> Sequence[Row]:
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
        header = self._header(next(csv.reader([first], delimiter=separator), []))
        rows: list[Row] = []
        reader = csv.reader(lines, delimiter=separator, strict=True)
        try:
            for number, cells in enumerate(reader, 2):
                if not any(cell.strip() for cell in cells):
                    continue
                if len(rows) == MOST_ROWS:
                    raise _too_many()
                rows.append(self._row(number, header, cells))
        except csv.Error as error:
            raise Invalid(f"row {len(rows) + 2} cannot be read: {error}") from error
        return rows

    def read_objects(self, items: Any) -> Sequence[Row]:
        """The rows of a JSON array of objects, counted from 1.

        Raises:
            Invalid: It is no array.
            TooLarge: More than 10,000 rows.
        """
        if not isinstance(items, list):
            raise Invalid(f"an import is an array of {self.noun}")
        if len(items) > MOST_ROWS:
            raise _too_many()
        return [self._object(number, item) for number, item in enumerate(items, 1)]

    def _header(self, cells: Sequence[str]) -> Sequence[str]:
        named = [cell.strip().lower().replace(" ", "_") for cell in cells]
        header = [self.aliases.get(name, name) for name in named]
        while header and not header[-1]:
            header.pop()
        if not header:
            raise Invalid("the first row names the columns; it is empty")
        if strange := [name for name in header if name not in self.fields and name not in self.shown]:
            raise Invalid(
                f"there are no columns {', '.join(name[:50] or '(empty)' for name in strange[:10])}; "
                f"there are {', '.join(self.fields)}",
                field=strange[0][:50],
            )
        if twice := [name for name in header if header.count(name) > 1]:
            raise Invalid(f"column {twice[0]} is there twice", field=twice[0])
        if self.needed not in header:
            raise Invalid(f"a column {self.needed} is needed", field=self.needed)
        return header

    def _row(self, number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
        fields: dict[str, Any] = {}
        errors = []
        if any(cell.strip() for cell in cells[len(header) :]):
            errors.append(FieldError("", f"has {len(cells)} cells, the header has {len(header)}"))
        for name, cell in zip(header, cells, strict=False):
            said = cell.strip()
            if not said or name in self.shown:
                continue
            try:
                fields[name] = self._typed(name, said)
            except Invalid as error:
                errors.append(FieldError(name, error.detail))
        return Row(number, fields, tuple(errors))

    def _typed(self, name: str, said: str) -> Any:
        if name in self.secrets:
            return Secret(said)
        if name in self.cells:
            return self.cells[name](said)
        return text_of(said)

    def _object(self, number: int, item: Any) -> Row:
        if not isinstance(item, dict):
            return Row(number, {}, (FieldError("", "is no object"),))
        fields = {name: value for name, value in item.items() if name not in self.shown}
        for name in self.secrets & fields.keys():
            if isinstance(plain := fields[name], str):
                fields[name] = Secret(plain)
        return Row(number, fields)


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


def write_csv(
    rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str], header: bool = True, separator: str = ","
) -> str:
    """Rows as CSV.  Text that a spreadsheet would take for a formula begins with an apostrophe."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=separator, lineterminator="\r\n")
    if header:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return lines.getvalue()


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
