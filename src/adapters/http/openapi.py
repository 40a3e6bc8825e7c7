"""The routes as an OpenAPI 3.1 document: what ``operation`` says of them, and nothing written twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, get_origin

import attrs
import msgspec
from starlette.convertors import IntegerConvertor
from starlette.routing import BaseRoute, Mount, Route

from ...ports.errors import (
    Invalid,
    LinemanError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Overloaded,
    Stale,
    TooLarge,
    Unavailable,
)
from .problems import MEDIA_TYPE, status_of
from .schemas import Schema, name_of, returned, schemas_of
from .security import COOKIE, CSRF_HEADER
from .wire import Operation, Page, operation_of

PROBLEM: Schema = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` is stable; `errors` names the fields of an invalid request.",
    "type": "object",
    "required": ["title", "status", "detail", "code"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "request_id": {"type": "string"},
    },
}
SCHEMES: Schema = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from POST /api/auth/login, or a script's token from POST /api/tokens.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser's session."},
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "What GET /api/auth/me calls csrf; with a session, whatever changes something needs it.",
    },
}


@attrs.frozen
class Entry:
    """One operation at its place."""

    method: str
    path: str
    route: Route
    facts: Operation


def document(title: str, version: str, routes: Sequence[BaseRoute], *, server: str = "/") -> Schema:
    """Describe every route that is an ``operation``, those in mounts with their prefix."""
    entries = list(_walk(routes, ""))
    schemas, components = schemas_of([entry.facts for entry in entries])
    paths: dict[str, Schema] = {}
    names: set[str] = set()
    for entry in entries:
        described = _operation(entry, schemas, components)
        described["operationId"] = _unique(described["operationId"], names)
        paths.setdefault(entry.path, {})[entry.method.lower()] = described
    for query in {entry.facts.query for entry in entries if entry.facts.query}:
        components.pop(name_of(schemas[query]), None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Errors are application/problem+json. Times are RFC 3339 in UTC. Lists are bare arrays; "
            "those that come in pages tell the whole number in X-Total-Count.",
        },
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in dict.fromkeys(entry.facts.tag for entry in entries) if tag],
        "paths": paths,
        "components": {"schemas": {**components, "Problem": PROBLEM}, "securitySchemes": SCHEMES},
    }


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Entry]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _walk(route.routes, prefix + route.path)
        elif isinstance(route, Route) and (facts := operation_of(route)):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Entry(method, prefix + route.path_format, route, facts)


def _operation(entry: Entry, schemas: dict[Any, Schema], components: dict[str, Schema]) -> Schema:
    facts = entry.facts
    described: Schema = {
        "operationId": f"{facts.tag or 'lineman'}-{entry.route.name.rpartition('-')[2]}",
        "summary": facts.summary,
        "tags": [facts.tag] if facts.tag else [],
        "security": _security(entry),
        "parameters": [*_path_parameters(entry.route), *_query_parameters(facts, schemas, components)],
        "responses": _responses(entry, schemas),
    }
    if facts.description:
        described["description"] = "\n".join(line.strip() for line in facts.description.splitlines())
    if Stale in facts.errors:
        note = "The ETag that was read, to change nothing that one has not seen"
        described["parameters"].append(
            {"name": "If-Match", "in": "header", "required": False, "description": note, "schema": {"type": "string"}}
        )
    if facts.body:
        content = {"application/json": {"schema": schemas[facts.body]}}
        described["requestBody"] = {"required": True, "content": content}
    elif facts.takes:
        described["requestBody"] = {"required": True, "content": {media: _whole(media) for media in facts.takes}}
    return described


def _whole(media: str) -> Schema:
    """A table of rows, in a media type."""
    return {"schema": {"type": "array", "items": {"type": "object"}} if "json" in media else {"type": "string"}}


def _security(entry: Entry) -> list[Schema]:
    if entry.facts.anonymous:
        return []
    session: Schema = {"session": []} if entry.method == "GET" else {"session": [], "csrf": []}
    known: list[Schema] = [{"bearer": []}, session]
    return [{}, *known] if entry.facts.public else known


def _path_parameters(route: Route) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if isinstance(convertor, IntegerConvertor) else _TEXT,
        }
        for name, convertor in route.param_convertors.items()
    ]


_TEXT: Schema = {"type": "string", "minLength": 1}


def _query_parameters(facts: Operation, schemas: dict[Any, Schema], components: dict[str, Schema]) -> Iterator[Schema]:
    if facts.query is None:
        return
    shape = components[name_of(schemas[facts.query])]
    for name, schema in shape["properties"].items():
        schema = _without_null(schema)
        parameter: Schema = {"name": name, "in": "query", "required": False, "schema": schema}
        if note := schema.pop("description", None):
            parameter["description"] = note
        yield parameter


def _without_null(schema: Schema) -> Schema:
    """A query string cannot say null: the parameter is left out instead."""
    schema = dict(schema)
    if "anyOf" in schema:
        kinds = [kind for kind in schema.pop("anyOf") if kind != {"type": "null"}]
        schema = {**schema, **kinds[0]} if len(kinds) == 1 else {**schema, "anyOf": kinds}
    if schema.get("default", ...) is None:
        del schema["default"]
    return schema


def _responses(entry: Entry, schemas: dict[Any, Schema]) -> Schema:
    facts = entry.facts
    good: Schema = {"description": "Done." if facts.returns is None else facts.summary + "."}
    if facts.returns is not None:
        good["content"] = {facts.media: {"schema": schemas[returned(facts)]}}
        good["content"] |= {media: _whole(media) for media in facts.also}
    if get_origin(facts.returns) is Page:
        note = "How many there are on all pages"
        good["headers"] = {"X-Total-Count": {"description": note, "schema": {"type": "integer"}, "required": True}}
    responses: Schema = {str(facts.status): good}
    titles: dict[int, list[str]] = {}
    for error in _errors(entry):
        title = (error.__doc__ or "").strip().splitlines()[0]
        titles.setdefault(status_of(error), []).append(title)
    for status, found in sorted(titles.items()):
        responses[str(status)] = _problem(" ".join(dict.fromkeys(found)), waits=status in {429, 503})
    responses["default"] = _problem("Anything else that went wrong.")
    return responses


def _problem(description: str, *, waits: bool = False) -> Schema:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if not waits:
        return {"description": description, "content": content}
    header = {"description": "Seconds to wait", "schema": {"type": "integer"}}
    return {"description": description, "headers": {"Retry-After": header}, "content": content}


def _errors(entry: Entry) -> Iterator[type[LinemanError]]:
    facts = entry.facts
    yield from facts.errors
    if not facts.anonymous:
        yield NotLoggedIn
    if not facts.public and entry.method != "GET":
        yield NotAllowed
    if entry.route.param_convertors and not any(issubclass(error, NotFound) for error in facts.errors):
        yield NotFound
    if facts.body or facts.takes:
        yield from (Invalid, TooLarge)
    elif facts.query:
        yield Invalid
    if not any(issubclass(error, Overloaded) and status_of(error) == 503 for error in facts.errors):
        yield Unavailable


def _unique(name: str, taken: set[str]) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    taken.add(candidate)
    return candidate


class Handbook:
    """The document as bytes, made when first asked for: most processes never are."""

    def __init__(self, make: Callable[[], Schema]) -> None:
        self._make = make
        self._bytes: bytes | None = None

    def read(self) -> bytes:
        if self._bytes is None:
            self._bytes = msgspec.json.encode(self._make())
        return self._bytes
