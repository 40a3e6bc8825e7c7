"""A page of our own to read the OpenAPI document and to try it: no foreign scripts, so it works offline too."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .openapi import Handbook

STATIC = Path(__file__).with_name("static")
#: Path, file and type of what the page is made of.
PARTS = (
    ("/docs", "docs.html", "text/html"),
    ("/docs/docs.js", "docs.js", "text/javascript"),
    ("/docs/docs.css", "docs.css", "text/css"),
)


def routes(handbook: Handbook) -> list[Route]:
    """``/openapi.json`` and ``/docs``.  They need no login: they tell what the program is, not what it knows."""

    async def openapi(request: Request) -> Response:
        return _answer(handbook.read(), "application/json")

    parts = [_part(path, (STATIC / name).read_bytes(), kind) for path, name, kind in PARTS]
    return [Route("/openapi.json", openapi, include_in_schema=False), *parts]


def _part(path: str, body: bytes, kind: str) -> Route:
    async def part(request: Request) -> Response:
        return _answer(body, kind)

    return Route(path, part, include_in_schema=False)


def _answer(body: bytes, kind: str) -> Response:
    return Response(body, media_type=kind, headers={"cache-control": "no-cache"})
