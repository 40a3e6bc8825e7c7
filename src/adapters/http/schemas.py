"""The types of the wire as JSON Schema: msgspec's, and what it cannot know of ours."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

import msgspec
from msgspec import inspect

from ...ports.secrets import LongSecret, Secret
from .decoding import LONG_SECRET_BYTES, SECRET_BYTES
from .wire import Operation, Page

Schema = dict[str, Any]


def schemas_of(operations: Sequence[Operation]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """The schema of each type that is used, and the named parts that they refer to."""
    used = {item: None for facts in operations for item in _types(facts)}
    found, components = msgspec.json.schema_components(
        list(used), schema_hook=_secret, ref_template="#/components/schemas/{name}"
    )
    for kind in inspect.multi_type_info(list(used)):
        _say_times(kind, components, set())
    schemas = dict(zip(used, found, strict=True))
    asked = {name_of(schemas[kind]) for facts in operations for kind in (facts.query, facts.body) if kind}
    for name, schema in components.items():
        if name not in asked and "properties" in schema:
            # What we answer is always whole; msgspec takes what has a default as optional.
            schema["required"] = list(schema["properties"])
            for part in schema["properties"].values():
                part.pop("default", None)
    return schemas, components


def _say_times(kind: inspect.Type, components: dict[str, Schema], seen: set[Any]) -> None:
    """msgspec calls a time a string unless it must have a zone; ours have one, whether they must or not."""
    match kind:
        case inspect.DataclassType() | inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            properties = components[kind.cls.__name__]["properties"] if kind.cls.__name__ in components else {}
            for field in kind.fields:
                if _is_time(field.type) and field.encode_name in properties:
                    _text(properties[field.encode_name])["format"] = "date-time"
                _say_times(field.type, components, seen)
        case inspect.ListType() | inspect.VarTupleType():
            _say_times(kind.item_type, components, seen)
        case inspect.DictType():
            _say_times(kind.value_type, components, seen)
        case inspect.UnionType():
            for part in kind.types:
                _say_times(part, components, seen)
        case inspect.Metadata():
            _say_times(kind.type, components, seen)


def _is_time(kind: inspect.Type) -> bool:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(each, inspect.DateTimeType) for each in kinds)


def _text(schema: Schema) -> Schema:
    """The part of a schema that is text."""
    return next((part for part in schema.get("anyOf", ()) if part.get("type") == "string"), schema)


def _types(facts: Operation) -> Iterator[Any]:
    if facts.body:
        yield facts.body
    if facts.query:
        yield facts.query
    if facts.returns is not None:
        yield returned(facts)


def returned(facts: Operation) -> Any:
    if get_origin(facts.returns) is Page:
        return list.__class_getitem__(get_args(facts.returns)[0])
    return facts.returns


def _secret(kind: type) -> Schema:
    if kind in (Secret, LongSecret):
        longest = LONG_SECRET_BYTES if kind is LongSecret else SECRET_BYTES
        return {"type": "string", "format": "password", "maxLength": longest, "writeOnly": True}
    raise NotImplementedError(kind.__name__)


def name_of(schema: Schema) -> str:
    """The component that a schema refers to."""
    return str(schema["$ref"]).rpartition("/")[2]
