"""The whole HTTP face: one application, either all systems under their names or one alone at the root."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import attrs
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan

from ...core.identity import Identity, Tokens, Users
from ...core.journal import Journals
from ...ports.errors import LinemanError, NotFound
from . import docs, identity
from .bounds import DEADLINE, Bounds, Compress, Shield
from .health import Health, HealthApi
from .openapi import Handbook, document
from .pages import pages
from .problems import on_error, on_http_exception
from .routing import Switchboard
from .security import Gate, Guard
from .telemetry import Metrics, Telemetry

#: Where every system stands in every process.
ALWAYS = "/systems"


class UnknownSystem(NotFound):
    """There is no such system."""


@attrs.frozen(kw_only=True)
class Faces:
    """All that the HTTP face is handed: use cases, and what tells how the process is."""

    version: str
    identity: Identity
    users: Users
    tokens: Tokens
    journal: Journals
    health: Callable[[], Awaitable[Health]]
    stats: Callable[[], Awaitable[Mapping[str, Any]]]
    #: What ``/metrics`` shows; the caller adds his own figures.
    registry: CollectorRegistry = attrs.field(factory=CollectorRegistry)
    metrics: Metrics = attrs.field(default=attrs.Factory(lambda self: Metrics(self.registry), takes_self=True))
    trust_local: bool = False
    public_url: str | None = None
    #: More routes that stand at the root and under every system, such as those of the alerts.
    everywhere: Sequence[BaseRoute] = ()
    #: Paths of systems that stand at the root of the full house as well: others have them burnt in.
    at_root: Sequence[BaseRoute] = ()
    #: Bytes of a request's body, and seconds until the first byte of its answer.
    body_limit: int = 1 << 20
    deadline: float = DEADLINE


def build_app(
    house: Faces,
    *,
    systems: Mapping[str, Sequence[BaseRoute]],
    alone: str | None = None,
    served: Collection[str] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Put the application together.

    Whatever is served, every system also stands under ``/systems/NAME``, with the
    frame: for programs that need not know how the process was started.

    Args:
        house: What it is handed.
        systems: The routes of each system as its specification has them, by name.
        alone: The system to serve alone at the root; ``None`` for several under their names.
        served: These only; all, if none is named.
        lifespan: Run around the application by the server.

    Raises:
        UnknownSystem: ``alone`` or one of ``served`` is none of ``systems``.
    """
    for name in (*served, *([] if alone is None else [alone])):
        if name not in systems:
            raise UnknownSystem(f"There is no system {name!r}; there are {', '.join(sorted(systems))}.")
    guard = Guard(house.identity, house.trust_local, house.public_url)
    process = HealthApi(house.version, house.health, house.stats, house.registry)
    frame = [
        *identity.routes(house.identity, house.users, house.tokens, house.journal, guard),
        *house.everywhere,
        *process.routes(),
    ]
    always = [Mount(f"{ALWAYS}/{name}", Switchboard([*own, *frame])) for name, own in systems.items()]
    if alone is None:
        named = {name: own for name, own in systems.items() if not served or name in served}
        routes = [*_all(house, named, frame), *always]
    else:
        routes = [*_alone(house, alone, systems[alone], frame), *always]
    app = Starlette(
        exception_handlers={LinemanError: on_error, HTTPException: on_http_exception},
        middleware=[
            Middleware(Telemetry, metrics=house.metrics),
            Middleware(Shield),
            Middleware(Compress),
            Middleware(Bounds, body_limit=house.body_limit, deadline=house.deadline),
            Middleware(Gate, guard=guard),
        ],
    )
    app.router = Switchboard(routes, lifespan)
    return app


def _alone(house: Faces, name: str, own: Sequence[BaseRoute], frame: Sequence[BaseRoute]) -> list[BaseRoute]:
    """One system at the root, a drop-in for the service that it replaces."""
    told = [*own, *frame]
    shell = pages(api="/api" if name == "miners" else f"{ALWAYS}/miners/api")
    handbook = _handbook(house, f"lineman {name}", told, "/")
    # A specification may say itself what stands at the root.
    root = [] if any(getattr(route, "path", None) == "/" for route in own) else [_root(house, name)]
    return [*told, *docs.routes(handbook), *root, *shell]


def _all(house: Faces, systems: Mapping[str, Sequence[BaseRoute]], frame: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Every system under its name; one document tells of all, without repeating what each has of the frame."""
    told = [*(Mount(f"/{name}", routes=list(own)) for name, own in systems.items()), *frame]
    shell = pages(api="/miners/api" if "miners" in systems else f"{ALWAYS}/miners/api")
    mounts = [Mount(f"/{name}", Switchboard(_mounted(house, name, own, frame))) for name, own in systems.items()]
    handbook = docs.routes(_handbook(house, "lineman", told, "/"))
    return [*frame, *handbook, _root(house, None), *shell, *house.at_root, *mounts]


def _mounted(house: Faces, name: str, own: Sequence[BaseRoute], frame: Sequence[BaseRoute]) -> list[BaseRoute]:
    """A system under its name, with the paths that it has alone."""
    all_of_it = [*own, *frame]
    return [*all_of_it, *docs.routes(_handbook(house, f"lineman {name}", all_of_it, f"/{name}"))]


def _handbook(house: Faces, title: str, routes: Sequence[BaseRoute], server: str) -> Handbook:
    return Handbook(lambda: document(title, house.version, routes, server=server))


def _root(house: Faces, alone: str | None) -> Route:
    """``/``: the pages for people; what is here for programs that ask a system alone."""

    async def root(request: Request) -> Response:
        wants_page = alone is None or "text/html" in request.headers.get("accept", "")
        if wants_page:
            return RedirectResponse(request.scope.get("root_path", "") + "/ui/", 307)
        told = {
            "name": f"lineman {alone or ''}".strip(),
            "version": house.version,
            "docs": "/docs",
            "health": "/health",
        }
        return JSONResponse(told)

    return Route("/", root, include_in_schema=False)
