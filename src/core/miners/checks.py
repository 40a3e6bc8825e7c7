"""What people may write down about miners and containers: every wrong field is named, and all at once."""

import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ...ports.errors import FieldError, Invalid
from ...ports.miners import Maker, UnknownMaker
from ...ports.secrets import Secret
from ..fields import Check, check_plain
from ..fields import checked as checked
from ..fields import invalid as invalid

LONGEST_NAME = 200
LONGEST_TEXT = 2000
#: Bytes; the wire has the same bound.
LONGEST_SECRET = 1024
LONGEST_TAG = 50
MOST_TAGS = 20
#: They separate tags where these are written in one line.
NOT_IN_TAGS = (",", ";", "|", '"', "\\")
#: Rows, shelves or slots.
LARGEST_GRID = 1000

#: The specification's spelling of a maker that writes itself otherwise.
_ALIASES = {"elhapex": Maker.ELPHAPEX, "bitmain": Maker.ANTMINER, "microbt": Maker.WHATSMINER, "canaan": Maker.AVALON}

_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def maker_named(text: Any) -> Maker:
    """The maker of that name in any case.

    Raises:
        UnknownMaker: The detail names those there are.
    """
    wanted = str(text).strip().lower()
    for maker in Maker:
        if wanted == maker.lower():
            return maker
    if wanted in _ALIASES:
        return _ALIASES[wanted]
    raise UnknownMaker(f"{str(text)[:50]!r} is none of {', '.join(Maker)}", field="manufacturer")


def name(value: Any) -> str:
    """1 to 200 characters on one line."""
    found = text(value, LONGEST_NAME)
    if found is None:
        raise Invalid("must not be empty")
    return found


def text(value: Any, longest: int = LONGEST_NAME, *, lines: bool = False) -> str | None:
    """Text without spaces around it; ``None`` for nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid("must be text")
    found = value.strip()
    if len(found) > longest:
        raise Invalid(f"is longer than {longest} characters")
    check_plain(found, lines=lines)
    return found or None


def description(value: Any) -> str | None:
    """A longer text that may have lines."""
    return text(value, LONGEST_TEXT, lines=True)


def address(value: Any) -> str:
    """An IPv4 or IPv6 address or a host name, in its shortest form."""
    found = str(value or "").strip().lower()
    try:
        literal = ipaddress.ip_address(found.removeprefix("[").removesuffix("]"))
    except ValueError:
        return _host_name(found)
    # The same place in another spelling: a miner is asked by one conversation at a time, so it has one address.
    literal = getattr(literal, "ipv4_mapped", None) or literal
    if literal.is_unspecified or literal.is_multicast or str(literal) == "255.255.255.255":
        raise Invalid(f"{found} is not the address of one miner")
    return str(literal)


def _host_name(found: str) -> str:
    labels = found.removesuffix(".").split(".")
    fits = len(found) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)
    # What ends in a number is an address gone wrong, such as 10.0.0.256.
    if not fits or labels[-1].isdigit():
        raise Invalid(f"{found[:60]!r} is neither an IP address nor a host name")
    return found


def port(value: Any) -> int:
    """1 to 65535."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise Invalid(f"{str(value)[:30]} is not a port: ports are 1 to 65535")
    return value


def optional(check: Check) -> Check:
    """The same check, or nothing at all."""
    return lambda value: None if value is None else check(value)


def identity(value: Any) -> int:
    """The id of something stored."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**63:
        raise Invalid(f"{str(value)[:30]} is not an id")
    return value


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("must be true or false")
    return value


def secret(value: Any) -> Secret:
    """A password of at most 1024 bytes on one line."""
    if not isinstance(value, Secret):
        raise Invalid("must be a secret")
    plain = value.reveal()
    if len(plain.encode("utf-8", "replace")) > LONGEST_SECRET:
        raise Invalid(f"is longer than {LONGEST_SECRET} bytes")
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in plain):
        raise Invalid("must not have control characters in it")
    return value


def wrong(field: str, message: str) -> Invalid:
    """One wrong field."""
    return invalid([FieldError(field, message)])


def tag(value: Any) -> str:
    """A word or a few, in lower case, without commas and quotes."""
    found = name(value).casefold()
    if len(found) > LONGEST_TAG:
        raise Invalid(f"a tag is longer than {LONGEST_TAG} characters")
    if any(one in found for one in NOT_IN_TAGS):
        raise Invalid(f"a tag has none of {' '.join(NOT_IN_TAGS)} in it")
    return found


def tags(value: Any) -> tuple[str, ...]:
    """At most 20 tags, each once, sorted."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid("must be a list of tags")
    found = tuple(sorted({tag(one) for one in value}))
    if len(found) > MOST_TAGS:
        raise Invalid(f"{len(found)} are more than {MOST_TAGS} tags")
    return found


def size(value: Any) -> int:
    """1 to 1000: a row, shelf or slot, or how many there are."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_GRID:
        raise Invalid(f"{str(value)[:30]} is not between 1 and {LARGEST_GRID}")
    return value


MINER: Mapping[str, Check] = {
    "name": name,
    "ip_address": address,
    "port": port,
    "web_port": optional(port),
    "api3_port": optional(port),
    "manufacturer": maker_named,
    "model": text,
    "container_id": optional(identity),
    "is_active": truth,
    "username": text,
    "password": optional(secret),
    "tags": tags,
    "group_id": optional(identity),
    "row": optional(size),
    "shelf": optional(size),
    "slot": optional(size),
}

#: A place, from 1 on.
GRID: Mapping[str, Check] = {"row": optional(size), "shelf": optional(size), "slot": optional(size)}

CONTAINER: Mapping[str, Check] = {
    "name": name,
    "description": description,
    "location": text,
    "rows": optional(size),
    "shelves": optional(size),
    "slots": optional(size),
}

LOGIN: Mapping[str, Check] = {"username": text, "password": optional(secret)}

GROUP: Mapping[str, Check] = {"name": name, "username": text, "password": optional(secret)}
