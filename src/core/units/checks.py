"""What people may write down about units: every wrong field is named, and all at once."""

import re
from collections.abc import Mapping
from typing import Any

import attrs

from ...ports.errors import Invalid
from ...ports.power import Plug, PlugKind
from ...ports.secrets import Secret
from ...ports.units import LinePatterns, Unit
from ..fields import Check, host, login, port, secret, text, truth

#: Patterns of one kind, and characters of one.
MOST_PATTERNS, LONGEST_PATTERN = 20, 100
#: Bytes of a private key.
LONGEST_KEY = 16_384
HIGHEST_OUTLET = 63
#: Repeated things in one pattern.
MOST_REPEATS = 3

#: A character that stands for itself, or one of a class.
_LITERAL = re.compile(r"\\[^1-9]|\[\^?\]?[^\]]*\]")
_EWELINK = re.compile(r"[0-9a-zA-Z]{10}")


def _one_of(*words: str) -> Check:
    def check(value: Any) -> str:
        if value not in words:
            raise Invalid(f"is none of {', '.join(words)}")
        return str(value)

    return check


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None or value == "" else check(value)


def _named(value: Any) -> str:
    if (found := text(64)(value)) is None:
        raise Invalid("must not be empty")
    return str(found)


def _user(value: Any) -> str:
    if (found := login(value)) is None:
        raise Invalid("must not be empty")
    return str(found)


def _key(value: Any) -> Secret | None:
    """A private key in OpenSSH's format."""
    if value is None:
        return None
    if not isinstance(value, Secret):
        raise Invalid("must be a secret")
    plain = value.reveal().strip()
    if not plain:
        return None
    if len(plain) > LONGEST_KEY or not plain.startswith("-----BEGIN") or "PRIVATE KEY-----" not in plain:
        raise Invalid("is no private key in OpenSSH's format")
    return Secret(plain + "\n")


def _host_key(value: Any) -> str | None:
    found: str | None = text(100)(value)
    if found is not None and not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}=?", found):
        raise Invalid("is no fingerprint such as SHA256:…; leave it out to trust the next key that is shown")
    return found


def _threshold(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise Invalid("must be 1 to 100")
    return value


def _patterns(value: Any) -> LinePatterns:
    """Regular expressions by kind of line."""
    if isinstance(value, LinePatterns):
        value = {"excluded": value.excluded, "gsm": value.gsm, "internal": value.internal}
    if not isinstance(value, Mapping) or value.keys() - {"excluded", "gsm", "internal"}:
        raise Invalid("has the keys excluded, gsm and internal, each with a list of regular expressions")
    found: dict[str, tuple[str, ...]] = {}
    for kind, patterns in value.items():
        if not isinstance(patterns, list | tuple) or len(patterns) > MOST_PATTERNS:
            raise Invalid(f"{kind}: must be a list of at most {MOST_PATTERNS} regular expressions")
        for pattern in patterns:
            _compiled(kind, pattern)
        found[kind] = tuple(patterns)
    return LinePatterns(**found)


def _compiled(kind: str, pattern: Any) -> None:
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        raise Invalid(f"{kind}: a pattern is text of at most {LONGEST_PATTERN} characters")
    # What repeats a group, or repeats often, can take for ever on a name that an unfriendly exchange makes up.
    bare = _LITERAL.sub("x", pattern)
    if re.search(r"\)[*+{]|\(\?(?!:)|\\[1-9]", bare) or len(re.findall(r"[*+{]", bare)) > MOST_REPEATS:
        raise Invalid(
            f"{kind}: {pattern!r} is too clever: no group may be repeated or look around, and at most "
            f"{MOST_REPEATS} things be repeated"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise Invalid(f"{kind}: {pattern!r} is no regular expression: {error}") from error


EDITED: Mapping[str, Check] = {
    "host": host,
    "port": port,
    "username": _user,
    "password": secret,
    "key": _key,
    "via": _one_of("ssh", "ami"),
    "parameter_option_2": truth,
    "may_restart_service": truth,
    "parent": _or_none(_named),
    "host_key": _host_key,
    "failure_threshold": _or_none(_threshold),
    "patterns": _patterns,
    "second_opinion": _or_none(_one_of("tcp", "sip")),
    "second_port": _or_none(port),
}
UNIT: Mapping[str, Check] = {"enterprise_number": _named, **EDITED}


def changed(unit: Unit, found: Mapping[str, Any]) -> Unit:
    """The unit with these fields; another host has its host key learnt anew."""
    wanted = attrs.evolve(unit, **found)
    moved = (wanted.host, wanted.port) != (unit.host, unit.port)
    return attrs.evolve(wanted, host_key=None) if moved and "host_key" not in found else wanted


def can_get_in(unit: Unit) -> None:
    """See that what belongs together is there.  Raises ``Invalid``."""
    if unit.password is None and unit.key is None:
        raise Invalid("a password or a key is needed to look at it", field="password")
    if unit.via == "ami" and unit.password is None:
        raise Invalid("AMI takes a password and no key", field="password")
    if (unit.second_opinion is None) != (unit.second_port is None):
        raise Invalid("a second opinion needs both, how and which port", field="second_port")


def plug(kind: Any, device_id: Any, outlet: Any = None) -> Plug:
    """A plug as somebody names it.

    Raises:
        Invalid: Naming the field.
    """
    if kind not in set(PlugKind):
        raise Invalid(f"{str(kind)[:30]!r} is none of {', '.join(PlugKind)}", field="kind")
    found = device_id.strip() if isinstance(device_id, str) else ""
    if kind == PlugKind.EWELINK:
        if not _EWELINK.fullmatch(found):
            raise Invalid("an eWeLink device id has ten letters and digits, such as 1000011001", field="device_id")
    else:
        found = _local(found)
    if outlet is not None and (
        isinstance(outlet, bool) or not isinstance(outlet, int) or not 0 <= outlet <= HIGHEST_OUTLET
    ):
        raise Invalid(f"an outlet is 0 to {HIGHEST_OUTLET}", field="outlet")
    return Plug(PlugKind(kind), found, outlet)


def _local(device_id: str) -> str:
    """``host`` or ``host:port`` of a plug with an HTTP interface of its own."""
    name, colon, number = device_id.rpartition(":") if not device_id.endswith("]") else (device_id, "", "")
    bare = name if colon and "]" not in number else device_id
    try:
        found = host(bare or number)
        if colon and name:
            return f"{found}:{port(int(number))}"
    except (Invalid, ValueError) as error:
        raise Invalid("is a host, or host:port", field="device_id") from error
    return found
