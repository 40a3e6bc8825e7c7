"""Fields that people send: every wrong one is named, and all at once.  Shared by all contexts."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..ports.errors import FieldError, Invalid
from ..ports.secrets import Secret

_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

#: Makes of a value what is to be stored, or raises ``Invalid`` with what is wrong with it.
Check = Callable[[Any], Any]

#: Bytes of a secret; the wire has the same bound.
LONGEST_SECRET = 1024
LONGEST_LOGIN = 200

#: Categories that are no text: controls, halves of characters, separators of lines, and what is never seen,
#: such as marks that turn the direction of writing and so let a name look like another.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Persian and pictures of several persons are written with these two.
_JOINERS = frozenset({"\u200c", "\u200d"})


def check_plain(text: str, *, lines: bool = False) -> None:
    """See that text holds what people can see and nothing else; with ``lines``, also ends of lines and tabs.

    Raises:
        Invalid: Naming the character.
    """
    for one in text:
        if unicodedata.category(one) in _UNSEEN and one not in _JOINERS and not (lines and one in "\n\t\r"):
            raise Invalid(f"must not have control characters or other invisible ones in it, such as U+{ord(one):04X}")


def checked(fields: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The fields as they are to be stored.

    Raises:
        Invalid: One error for each wrong field, and for each that has no check.
    """
    errors, found = [], {}
    for field, value in fields.items():
        if field not in checks:
            errors.append(FieldError(field, "is not known here"))
            continue
        try:
            found[field] = checks[field](value)
        except Invalid as error:
            errors.append(FieldError(field, error.detail))
    if errors:
        raise invalid(errors)
    return found


def invalid(errors: Iterable[FieldError]) -> Invalid:
    """One error for several fields."""
    errors = tuple(errors)
    return Invalid("; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors)


def text(longest: int, *, lines: bool = False) -> Check:
    """Text without spaces around it, of one line or with ``lines`` of several; ``None`` for nothing."""

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid("must be text")
        found = value.strip()
        if len(found) > longest:
            raise Invalid(f"is longer than {longest} characters")
        check_plain(found, lines=lines)
        return found or None

    return check


def login(value: Any) -> str | None:
    """A user name for a device, without the colon that would end it on the wire; ``None`` for none."""
    found: str | None = text(LONGEST_LOGIN)(value)
    if found is not None and ":" in found:
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
