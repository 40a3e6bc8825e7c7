"""What people may write down about gateways and directories: every wrong field is named, and all at once."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from ...ports.errors import FieldError, Invalid
from ...ports.gateways import MOST_LINES, GatewayQuery, LineQuery
from ...ports.gateways.inventory import SORTS
from ...ports.secrets import Secret
from ..fields import Check, check_plain, invalid

#: Characters of a gateway's name: as many as the server takes.
LONGEST_NAME = 255
LONGEST_TEXT = 200
#: Bytes of a secret.
LONGEST_SECRET = 1024
#: Rows of a page.
LARGEST_PAGE = 1000

_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def name(value: Any) -> str:
    """A gateway's id on its server, exactly as it stands there: 1 to 255 characters on one line."""
    found = text(value, LONGEST_NAME)
    if found is None:
        raise Invalid("must not be empty")
    return found


def text(value: Any, longest: int = LONGEST_TEXT) -> str | None:
    """Text without spaces around it; ``None`` for nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid("must be text")
    found = value.strip()
    if len(found) > longest:
        raise Invalid(f"is longer than {longest} characters")
    check_plain(found)
    return found or None


def needed(value: Any) -> str:
    """Text that must be there."""
    if (found := text(value)) is None:
        raise Invalid("must not be empty")
    return found


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
    return text(value)


def host(value: Any) -> str:
    """An IPv4 or IPv6 address or a host name, in its shortest form."""
    found = str(value or "").strip().lower()
    try:
        literal = ipaddress.ip_address(found.removeprefix("[").removesuffix("]"))
    except ValueError:
        labels = found.removesuffix(".").split(".")
        fits = len(found) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)
        # What ends in a number is an address gone wrong, such as 10.0.0.256.
        if not fits or labels[-1].isdigit():
            raise Invalid(f"{found[:60]!r} is neither an IP address nor a host name") from None
        return found
    if literal.is_unspecified or literal.is_multicast:
        raise Invalid(f"{found} is not the address of one server")
    return str(literal)


def port(value: Any) -> int:
    """1 to 65535."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise Invalid(f"{str(value)[:30]} is not a port: ports are 1 to 65535")
    return value


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("must be true or false")
    return value


def username(value: Any) -> str | None:
    """A login, without the colon that would end it on the wire."""
    if (found := text(value)) is not None and ":" in found:
        raise Invalid("must not have a colon in it")
    return found


def secret(value: Any) -> Secret | None:
    """A password of at most 1024 bytes on one line; ``None`` for none."""
    if value is None:
        return None
    if not isinstance(value, Secret):
        raise Invalid("must be a secret")
    plain = value.reveal()
    if len(plain.encode("utf-8", "replace")) > LONGEST_SECRET:
        raise Invalid(f"is longer than {LONGEST_SECRET} bytes")
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in plain):
        raise Invalid("must not have control characters in it")
    return value if plain else None


def line_number(value: int, count: int | None = None) -> int:
    """A line: 1 to 32, and at most as many as the gateway has.  Raises ``Invalid``."""
    if not 1 <= value <= MOST_LINES:
        raise Invalid(f"{str(value)[:30]} is not a line: lines are 1 to {MOST_LINES}", field="line")
    if count is not None and value > count:
        raise Invalid(f"the gateway has {count} lines, and no line {value}", field="line")
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
    "username": username,
    "password": secret,
}
GATEWAY: Mapping[str, Check] = {"gateway_name": name, **EDITED}

DIRECTORY: Mapping[str, Check] = {
    "name": needed,
    "host": host,
    "port": port,
    "username": username,
    "password": secret,
    "is_active": truth,
}
