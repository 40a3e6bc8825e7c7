"""Finds a route by the literal part of its path, where Starlette tries one after the other.

What is not found so goes Starlette's own way, with its redirects and its 405s:
nothing but the time differs.  And a part of a path is what its sender put
between two slashes, so that a name may have slashes of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

#: Stands for an encoded slash while parts are told apart: a character that is none.
_VEIL = "\ufdd0"


class PartRoute(Route):
    """A route whose parameters may hold slashes, where they are sent as ``%2F``.

    Servers decode a path before it is routed, and ``a%2Fb`` would be two parts.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        raw: bytes = scope.get("raw_path") or b""
        if b"%2f" not in raw and b"%2F" not in raw:
            return super().matches(scope)
        veiled = raw.partition(b"?")[0].replace(b"%2f", b"%2F").replace(b"%2F", _VEIL.encode())
        match, child = super().matches({**scope, "path": unquote_to_bytes(veiled).decode(errors="replace")})
        if "path_params" in child:
            parameters = child["path_params"].items()
            child["path_params"] = {
                name: value.replace(_VEIL, "/") if isinstance(value, str) else value for name, value in parameters
            }
        return match, child


class Switchboard(Router):
    """A router over many routes.  Of two that fit, the one with the longer literal part wins."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any] | None = None) -> None:
        super().__init__(routes, lifespan=lifespan)
        self._index = _index(routes)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for key in _keys(scope["path"].removeprefix(scope.get("root_path", ""))):
                for route in self._index.get(key, ()):
                    match, child = route.matches(scope)
                    if match is Match.FULL:
                        scope.setdefault("router", self)
                        scope["route"] = route
                        scope.update(child)
                        await route.handle(scope, receive, send)
                        return
        await super().app(scope, receive, send)


def _index(routes: Sequence[BaseRoute]) -> Mapping[str, Sequence[BaseRoute]]:
    index: dict[str, list[BaseRoute]] = {}
    for route in routes:
        if isinstance(route, Route | Mount):
            # What a parameter is a part of a word of begins with the word before it.
            literal, brace, _ = (route.path + "/{}" if isinstance(route, Mount) else route.path).partition("{")
            index.setdefault(literal[: literal.rindex("/") + 1] if brace else literal, []).append(route)
    return index


def _keys(path: str) -> Iterator[str]:
    """``/a/b/c``, then ``/a/b/``, ``/a/`` and ``/``."""
    yield path
    end = path.rfind("/")
    while end >= 0:
        yield path[: end + 1]
        end = path.rfind("/", 0, end)
