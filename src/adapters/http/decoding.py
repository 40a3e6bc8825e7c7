"""Requests become Structs, or one ``Invalid`` that names every field that is wrong."""

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec

from ...ports.errors import FieldError, Invalid
from ...ports.secrets import LongSecret, Secret

S = TypeVar("S", bound=msgspec.Struct)

#: Longer ones are no passwords, and hashing them is work for nothing.
SECRET_BYTES = 1024
#: A private key is the longest.
LONG_SECRET_BYTES = 16_384
#: More are no form of ours; the sum of the query's length is the server's limit.
QUERY_FIELDS = 100

_PLACE = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`$")


class BadQuery(Invalid):
    """The query of the address is not valid."""


class BadBody(Invalid):
    """The body of the request is not valid."""


class Body(Generic[S]):
    """Reads JSON bodies of one shape."""

    def __init__(self, shape: type[S]) -> None:
        self._shape = shape
        self._decode = msgspec.json.Decoder(shape, dec_hook=secrets).decode

    def read(self, raw: bytes) -> S:
        """Raises ``BadBody``, naming every wrong field."""
        if not raw.strip():
            fields = ", ".join(field.encode_name for field in msgspec.structs.fields(self._shape))
            raise BadBody(f"The body is empty: send a JSON object with {fields}")
        if b"\\u0000" in raw:
            raise BadBody("The body holds the character U+0000, which no field may have.")
        try:
            return self._decode(raw)
        except msgspec.ValidationError as error:
            raise _wrong(BadBody, self._shape, _plain(raw), error, strict=True) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadBody(f"The body is not JSON: {error}") from error


class Query(Generic[S]):
    """Reads query strings of one shape.  Unknown parameters are passed over, empty ones count as absent."""

    def __init__(self, shape: type[S]) -> None:
        self._shape = shape

    def read(self, raw: bytes) -> S:
        """Raises ``BadQuery``, naming every wrong parameter."""
        try:
            pairs = parse_qsl(raw.decode("ascii"), max_num_fields=QUERY_FIELDS, errors="strict")
        except ValueError as error:
            raise BadQuery(f"The query cannot be read: {error}") from error
        values = dict(pairs)
        for name, value in values.items():
            if "\0" in value:
                raise BadQuery(f"{name} holds the character U+0000.", field=name)
        try:
            return msgspec.convert(values, self._shape, strict=False, dec_hook=secrets)
        except msgspec.ValidationError as error:
            raise _wrong(BadQuery, self._shape, values, error, strict=False) from error


def numbers(field: str, text: str | None) -> tuple[int, ...]:
    """Ids of a query, separated by commas.  Raises ``BadQuery``."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if any(not (part.isascii() and part.isdigit()) or len(part) > 18 for part in parts):
        raise BadQuery(f"{field} are whole numbers, separated by commas.", field=field)
    return tuple(int(part) for part in parts)


def secrets(kind: type, value: Any) -> Any:
    """msgspec's hook: text becomes a ``Secret`` at the door, so that not even the request's repr shows it."""
    if kind not in (Secret, LongSecret):
        raise NotImplementedError(kind.__name__)
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    longest = LONG_SECRET_BYTES if kind is LongSecret else SECRET_BYTES
    if len(value.encode()) > longest:
        raise ValueError(f"Expected at most {longest} bytes")
    return kind(value)


def _plain(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Broken behind the first wrong field: that one is what can be said.
        return None


def _wrong(
    kind: type[Invalid], shape: type[msgspec.Struct], value: Any, first: msgspec.ValidationError, *, strict: bool
) -> Invalid:
    """msgspec stops at the first wrong field; people who fill in forms want them all."""
    errors = list(_field_errors(shape, value, strict=strict)) if isinstance(value, Mapping) else []
    errors = errors or [_field_error(str(first))]
    detail = "; ".join(f"{wrong.field}: {wrong.message}" if wrong.field else wrong.message for wrong in errors)
    return kind(detail, errors=tuple(wrong for wrong in errors if wrong.field))


def _field_errors(shape: type[msgspec.Struct], value: Mapping[str, Any], *, strict: bool) -> list[FieldError]:
    errors = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        if name not in value:
            if field.required:
                errors.append(FieldError(name, "is required"))
            continue
        try:
            msgspec.convert(value[name], field.type, strict=strict, dec_hook=secrets)
        except msgspec.ValidationError as error:
            errors.append(_field_error(str(error), name))
    if strict and shape.__struct_config__.forbid_unknown_fields:
        errors += [FieldError(name, "is not known here") for name in list(value)[:QUERY_FIELDS] if name not in fields]
    return errors


def _field_error(text: str, parent: str = "") -> FieldError:
    """``Expected `int` <= 65535 - at `$.port``` as the field ``port`` and the rest."""
    found = _PLACE.match(text)
    message, path = (found["message"], found["path"] or "") if found else (text, "")
    field = (parent + path.removeprefix("$")).removeprefix(".")
    if named := _NAMED.match(message):
        field = f"{field}.{named['name']}".removeprefix(".")
        message = "is required" if named["what"].startswith("missing") else "is not known here"
    return FieldError(field, message)
