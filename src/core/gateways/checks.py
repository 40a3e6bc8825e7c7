"""What people may write down about gateways and directories: every wrong field is named, and all at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...ports.errors import FieldError, Invalid
from ...ports.gateways import MOST_LINES, GatewayQuery, LineQuery
from ...ports.gateways.inventory import SORTS
from ..fields import Check, host, invalid, login, port, secret, text, truth

#: Characters of a gateway's name: as many as the server takes.
LONGEST_NAME = 255
LONGEST_TEXT = 200
#: Rows of a page.
LARGEST_PAGE = 1000

_name, _text = text(LONGEST_NAME), text(LONGEST_TEXT)


def name(value: Any) -> str:
    """A gateway's id on its server, exactly as it stands there: 1 to 255 characters on one line."""
    if (found := _name(value)) is None:
        raise Invalid("must not be empty")
    return str(found)


def needed(value: Any) -> str:
    """Text that must be there."""
    if (found := _text(value)) is None:
        raise Invalid("must not be empty")
    return str(found)


def last4(value: Any) -> str | None:
    """The last four digits of a serial number."""
    found = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else value
    if found is None or found == "":
        return None
    if not (isinstance(found, str) and len(found) == 4 and found.isascii() and found.isdigit()):
        raise Invalid("must be the last four digits of the serial number, such as 0042")
    return found


def which_directory(value: Any) -> str | int | None:
    """A directory by its name or its number; ``None`` = the first."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < 2**63:
            raise Invalid(f"{str(value)[:30]} is not the number of a directory")
        return value
    found: str | None = _text(value)
    return found


def line_number(value: int, count: int | None = None) -> int:
    """A line: 1 to 32, and at most as many as the gateway has.  Raises ``Invalid``."""
    if not 1 <= value <= MOST_LINES:
        raise Invalid(f"{str(value)[:30]} is not a line: lines are 1 to {MOST_LINES}", field="line")
    if count is not None and value > count:
        raise Invalid(f"the gateway has no line {value}: its last is {count}", field="line")
    return value


def wrong(field: str, message: str) -> Invalid:
    """One wrong field."""
    return invalid([FieldError(field, message)])


def wrong_in(query: GatewayQuery) -> Iterator[FieldError]:
    """What is wrong with a query."""
    if query.sort not in SORTS:
        yield FieldError("sort", f"{query.sort[:50]!r} is none of {', '.join(SORTS)}")
    yield from _page(query.limit, query.offset)
    for field in ("search", "operator"):
        if len(getattr(query, field) or "") > LONGEST_NAME:
            yield FieldError(field, f"is longer than {LONGEST_NAME} characters")


def wrong_in_lines(query: LineQuery) -> Iterator[FieldError]:
    """What is wrong with a query for lines."""
    yield from _page(query.limit, query.offset)
    if len(query.operator or "") > LONGEST_NAME:
        yield FieldError("operator", f"is longer than {LONGEST_NAME} characters")


def _page(limit: int, offset: int) -> Iterator[FieldError]:
    if not 1 <= limit <= LARGEST_PAGE:
        yield FieldError("limit", f"{limit} is not between 1 and {LARGEST_PAGE}")
    if offset < 0:
        yield FieldError("offset", f"{offset} is below 0")


#: What is written down of a gateway beside its name.
EDITED: Mapping[str, Check] = {
    "enterprise_number": needed,
    "serial_last4": last4,
    "directory": which_directory,
    "username": login,
    "password": secret,
}
GATEWAY: Mapping[str, Check] = {"gateway_name": name, **EDITED}

DIRECTORY: Mapping[str, Check] = {
    "name": needed,
    "host": host,
    "port": port,
    "username": login,
    "password": secret,
    "is_active": truth,
}
