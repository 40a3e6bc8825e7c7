"""Rows to nouns, by the types that the nouns declare."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from ...ports.secrets import Secret

T = TypeVar("T")
Decoders = Mapping[type, Callable[[Any], object]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCALARS = frozenset({int, float, str, bytes})


def micros(at: datetime) -> int:
    """Microseconds since 1970: how SQLite keeps times."""
    gone = at - EPOCH
    return (gone.days * 86400 + gone.seconds) * 1_000_000 + gone.microseconds


def from_micros(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def to_json(value: object) -> bytes:
    """JSON of a noun.  Letters that are none (a device may send anything) become question marks."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")


def to_text(value: object) -> str:
    """JSON that is kept as text: lists, fingerprints."""
    return to_json(value).decode()


def read(kind: type[T], columns: Sequence[str], decoders: Decoders, rows: Sequence[Sequence[Any]]) -> list[T]:
    """Make a noun of each row.

    A ``Secret`` comes as it is stored, sealed; whatever is no plain value is JSON.
    Column by column, as a list of all miners is read often.
    """
    if kind in SCALARS:
        return [row[0] for row in rows]
    if kind is tuple:
        return [tuple(row) for row in rows]  # type: ignore[misc]  # tuple is the T that was asked for
    if not rows:
        return []
    hints = _hints(cast("Any", kind))
    by_name = {
        name: _decoded(_decoder(hints[name], decoders), values)
        for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    }
    fields = tuple(hints)[: len(columns)]
    if by_name.keys() == set(fields):
        return list(map(kind, *(by_name[name] for name in fields)))
    return [kind(**dict(zip(by_name, values, strict=True))) for values in zip(*by_name.values(), strict=True)]


def _decoded(decode: Callable[[Any], object] | None, values: Sequence[Any]) -> Sequence[Any]:
    if decode is None:
        return values
    return [None if value is None else decode(value) for value in values]


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _decoder(hint: Any, decoders: Decoders) -> Callable[[Any], object] | None:
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if hint in decoders:
        return decoders[hint]
    if hint in SCALARS or hint is bool or hint is datetime:
        return None
    if hint is Secret:
        return Secret
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _members(hint)
    return _json(hint)


@functools.cache
def _members(hint: type[Enum]) -> Callable[[Any], object]:
    return {member.value: member for member in hint}.__getitem__


@functools.cache
def _json(hint: Any) -> Callable[[Any], object]:
    # Fleets are alike: a few fingerprints serve thousands of miners.  What is read here is frozen, so it can be shared.
    return functools.lru_cache(maxsize=4096)(msgspec.json.Decoder(hint).decode)
