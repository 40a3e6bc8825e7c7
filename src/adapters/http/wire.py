"""The wire: what an endpoint takes and gives is said once, in ``operation``, and checked on the way in.

A handler is a method of a frozen attrs class::

    @attrs.frozen
    class UserApi:
        identity: Identity

        @operation(returns=UserView, body=UserChange, errors=(UnknownUser, Stale), tag="users")
        async def change(self, call: Call, user_id: int, body: UserChange) -> UserView:
            \"\"\"Change a user.\"\"\"

    route("PUT", "/api/users/{user_id:int}", api.change)

It gets the ``Call``, the path's parameters by name, and ``body`` and ``query``
where the operation has them.  It gives nouns, a ``Page`` of nouns, a Starlette
``Response``, or ``None``.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

import attrs
import msgspec
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ...core.permissions import allow
from ...ports.errors import LinemanError, NotFound, NotLoggedIn, Stale
from ...ports.identity import Actor, Permission
from .decoding import Body, Query
from .routing import PartRoute

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

#: Ids and counts as they may come in: what both databases can hold.
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="How many at most")]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="How many to pass over")]

#: Who asks, in the ASGI scope.  No server on a network sets it, so it is believed:
#: that is how the command line acts in its own process.
ACTOR = "lineman.actor"
#: How credentials become an actor: ``security.Guard`` puts itself there.
GUARD = "lineman.guard"
#: Why somebody who might have been let in was not, for the one who wonders.
REFUSAL = "lineman.refusal"

_MARK = "__lineman_operation__"
_ENCODE = msgspec.json.Encoder().encode


@attrs.frozen
class Page(Generic[T]):
    """A part of a longer list: the body is the bare items, ``X-Total-Count`` the whole number."""

    items: Sequence[T]
    total: int


@attrs.frozen
class Operation:
    """What an endpoint takes and gives."""

    returns: Any = None
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    status: int = 200
    errors: tuple[type[LinemanError], ...] = ()
    #: Answers without a login, too.
    public: bool = False
    #: Does not even look at credentials, so that stale ones do no harm (log-in, log-out).
    anonymous: bool = False
    tag: str = ""
    #: The media type of an answer that is no JSON.
    media: str = "application/json"
    summary: str = ""
    description: str = ""
    #: Media types of a body that the handler reads by itself.
    takes: tuple[str, ...] = ()
    #: Another media type that the same answer may have, if that is asked for.
    also: tuple[str, ...] = ()
    #: Who lacks this is told so before his mistakes; the use case asks again.
    needs: Permission | None = None


@attrs.define
class Call:
    """One request on its way through an endpoint, and what its answer gets beside the body."""

    request: Request
    #: Who asks, if he said so; ``actor`` where that is needed.
    visitor: Actor | None = None
    #: Added to the answer.
    headers: MutableHeaders = attrs.field(factory=MutableHeaders)
    #: Instead of the operation's status.
    status: int | None = None

    @property
    def actor(self) -> Actor:
        """Who asks.

        Raises:
            NotLoggedIn: Nobody we know.
        """
        if self.visitor is None:
            usual = "This needs a login: send a bearer token from /api/auth/login or a script's token."
            raise NotLoggedIn(self.request.scope.get(REFUSAL, usual))
        return self.visitor

    @property
    def client(self) -> str:
        """The address that the request came from, as far as trusted proxies tell."""
        peer = self.request.client
        return peer.host if peer else "local"

    @property
    def secure(self) -> bool:
        """Whether the browser speaks https to us or to a trusted proxy."""
        return self.request.scope.get("scheme") == "https"

    def tag(self, revision: int) -> None:
        """Give the answer an ETag, for a later ``If-Match``."""
        self.headers["etag"] = f'"{revision}"'

    def expect(self, revision: int) -> None:
        """Refuse to go on if the client saw another revision.

        Raises:
            Stale: ``If-Match`` names others only.
        """
        wanted = self.request.headers.get("if-match", "*").strip()
        tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
        if wanted != "*" and str(revision) not in tags:
            raise Stale(f"You have seen revision {wanted}, it is {revision} by now: read it again, then change it.")


def operation(
    *,
    returns: Any = None,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    status: int = 200,
    errors: tuple[type[LinemanError], ...] = (),
    public: bool = False,
    anonymous: bool = False,
    tag: str = "",
    media: str = "application/json",
    takes: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    needs: Permission | None = None,
) -> Callable[[F], F]:
    """Say what a handler takes and gives; its docstring becomes summary and description."""

    def mark(handler: F) -> F:
        summary, _, description = (handler.__doc__ or "").strip().partition("\n")
        facts = Operation(
            returns, body, query, status, errors, public or anonymous, anonymous, tag, media,
            summary.rstrip("."), description.strip(), takes, also, needs,
        )  # fmt: skip
        setattr(handler, _MARK, facts)
        return handler

    return mark


def operation_of(route: Route) -> Operation | None:
    """The operation behind a route, if it has one."""
    endpoint = route.endpoint
    return endpoint.operation if isinstance(endpoint, Endpoint) else None


def route(method: str, path: str, handler: Callable[..., Awaitable[Any]]) -> Route:
    """A route to a handler that is marked with ``operation``."""
    name = getattr(handler, "__qualname__", "").replace(".", "-")
    return PartRoute(path, Endpoint(getattr(handler, _MARK), handler), methods=[method], name=name)


class Endpoint:
    """An ASGI endpoint around a handler."""

    def __init__(self, facts: Operation, handler: Callable[..., Awaitable[Any]]) -> None:
        self.operation = facts
        self._handler = handler
        self._body = Body(facts.body) if facts.body else None
        self._query = Query(facts.query) if facts.query else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        call = Call(request)
        if not self.operation.anonymous:
            call.visitor = await _visitor(request)
            if not self.operation.public:
                _ = call.actor
            if self.operation.needs:
                allow(call.actor, self.operation.needs)
        arguments: dict[str, Any] = {**request.path_params}
        for name, value in arguments.items():
            if (isinstance(value, int) and value >= 2**63) or (isinstance(value, str) and "\0" in value):
                raise NotFound(f"There can be no {name} {value!r}.")
        if self._query:
            arguments["query"] = self._query.read(scope["query_string"])
        if self._body:
            try:
                arguments["body"] = self._body.read(await request.body())
            except ClientDisconnect:
                return
        response = self._response(call, await self._handler(call, **arguments))
        await response(scope, receive, send)

    def _response(self, call: Call, result: Any) -> Response:
        if isinstance(result, Response):
            response = result
        else:
            if isinstance(result, Page):
                call.headers["x-total-count"] = str(result.total)
                result = result.items
            status = call.status or self.operation.status
            empty = status == HTTPStatus.NO_CONTENT
            response = Response(None if empty else _ENCODE(result), status, None, None if empty else "application/json")
            call.headers.setdefault("cache-control", "no-store")
        response.raw_headers.extend(call.headers.raw)
        return response


async def _visitor(request: Request) -> Actor | None:
    scope = request.scope
    if ACTOR not in scope:
        guard = scope.get(GUARD)
        scope[ACTOR] = await guard(request) if guard else None
    actor: Actor | None = scope[ACTOR]
    return actor
