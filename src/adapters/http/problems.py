"""Errors as RFC 9457 problem documents: one table over the kinds, so that a new leaf needs no change here."""

import math
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...ports.errors import (
    ConfirmationNeeded,
    Conflict,
    DeviceError,
    Invalid,
    LinemanError,
    NotAllowed,
    NotFound,
    Overloaded,
    Refused,
    Stale,
    TooLarge,
    TooManyRequests,
    Unreachable,
)
from ...ports.identity import BadLogin

MEDIA_TYPE = "application/problem+json"
_IN_THE_LOG = "The log has it under request {}."

STATUS: MappingProxyType[type[BaseException], int] = MappingProxyType(
    {
        Invalid: 422,
        Refused: 401,
        NotAllowed: 403,
        NotFound: 404,
        Conflict: 409,
        Stale: 412,
        DeviceError: 502,
        Unreachable: 504,
        Overloaded: 503,
        TooManyRequests: 429,
        TooLarge: 413,
    }
)


def status_of(error: type[BaseException]) -> int:
    """The HTTP status of an error: that of its nearest kind, else 500."""
    return next((STATUS[kind] for kind in error.__mro__ if kind in STATUS), 500)


def problem(error: LinemanError, request_id: str = "") -> Response:
    """What went wrong, with which thing, and the way out; of what has no kind only the title, for the log has it."""
    status = status_of(type(error))
    if status == 500:
        return _answer(500, error.title, _IN_THE_LOG.format(request_id), error.code, request_id=request_id)
    extra: dict[str, Any] = {}
    headers = {}
    if isinstance(error, Invalid) or (isinstance(error, Conflict) and error.errors):
        extra["errors"] = [{"field": wrong.field, "message": wrong.message} for wrong in error.errors]
    if isinstance(error, ConfirmationNeeded) and error.calls is not None:
        extra["calls"] = error.calls
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    elif isinstance(error, TooLarge):
        # The rest of the body is still on its way: do not wait for it.
        headers["connection"] = "close"
    if status == 401 and not isinstance(error, BadLogin):
        headers["www-authenticate"] = 'Bearer realm="lineman"'
    return _answer(status, error.title, error.detail, error.code, headers, **extra)


def unexpected(request_id: str) -> Response:
    """A fault of ours: nothing of it is shown but the id under which the log has it."""
    title = "Something went wrong inside lineman"
    return _answer(500, title, _IN_THE_LOG.format(request_id), "internal", request_id=request_id)


def bad_request(detail: str) -> Response:
    """For what is no proper HTTP, before anything else is looked at."""
    return _answer(400, "The request is malformed", detail, "bad-request", {"connection": "close"})


async def on_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for our own errors; faults go on to those who log them."""
    if not isinstance(error, LinemanError) or status_of(type(error)) == 500:
        raise error
    return problem(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals, above all 404 and 405, in our words."""
    if not isinstance(error, HTTPException):
        raise error
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    path = f"{request.method} {request.scope['path']}"
    if error.status_code == 404:
        return _answer(404, "There is no such path", f"{path}: no such path; /docs lists them all.", "unknown-path")
    if error.status_code == 405:
        headers["allow"] = ", ".join(sorted(_methods(request)))
        detail = f"{path}: this path answers to {headers['allow']}."
        return _answer(405, "The path does not know this method", detail, "method-not-allowed", headers)
    phrase = HTTPStatus(error.status_code).phrase
    return _answer(error.status_code, phrase, error.detail, phrase.lower().replace(" ", "-"), headers)


def _methods(request: Request) -> set[str]:
    """All methods of the path: Starlette's answer knows only the first route that fits."""
    hit = request.scope["route"]
    siblings = _siblings(request.app.routes, hit)
    path = hit.path_regex
    fits = [route for route in siblings if isinstance(route, Route) and route.path_regex == path]
    return {method for route in fits for method in route.methods or ()}


def _siblings(routes: list[BaseRoute], hit: BaseRoute) -> list[BaseRoute]:
    if any(route is hit for route in routes):
        return routes
    inner = (_siblings(getattr(route, "routes", None) or [], hit) for route in routes)
    return next((found for found in inner if found), [])


def _answer(
    status: int, title: str, detail: str, code: str, headers: dict[str, str] | None = None, **extra: Any
) -> Response:
    headers = {"cache-control": "no-store", **(headers or {})}
    content = {"title": title, "status": status, "detail": detail, "code": code, **extra}
    return Response(msgspec.json.encode(content), status, headers, MEDIA_TYPE)
