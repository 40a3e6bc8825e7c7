"""The pages: one shell, whose scripts ask the same API as everybody else.

All files are read when the routes are built, so a path outside the folder is
not a question.  Their addresses hold a digest of all of them: browsers keep
them for a year and fetch them anew when any has changed.
"""

import hashlib
import html
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from string import Template

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).with_name("static")
CHARTS = "vendor/uplot/uPlot.iife.min.js"
NO_FILE = "The pages have no such file."
#: mimetypes reads the system's tables, which differ; a module of a wrong type is not run.
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


@attrs.frozen
class StaticFile:
    """One file as it is sent."""

    body: bytes = attrs.field(repr=False)
    etag: str
    media_type: str


@attrs.frozen
class StaticFiles:
    """The files of the pages by their path below ``static``, and a digest of them all."""

    files: Mapping[str, StaticFile]
    digest: str

    @classmethod
    def read(cls, folder: Path = STATIC) -> "StaticFiles":
        """Read the folder.  HTML is left out: it is rendered, not sent."""
        files = {
            path.relative_to(folder).as_posix(): _static_file(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix not in {".html", ".map"}
        }
        whole = hashlib.sha256("".join(f"{name} {file.etag}\n" for name, file in files.items()).encode())
        return cls(files, whole.hexdigest()[:16])

    @property
    def charts(self) -> bool:
        """Whether the build found the chart library."""
        return CHARTS in self.files

    @property
    def modules(self) -> list[str]:
        """The scripts of the pages, to be fetched at once instead of one after the other."""
        return [name for name in self.files if name.startswith("js/")]


def pages(*, api: str = "/api", identity: str = "/api", static: Path = STATIC) -> list[BaseRoute]:
    """The routes of the pages under ``/ui/``.  They need no login: what they ask the API does.

    Args:
        api: Where the miners' API is, below the place that these routes are
            mounted at: ``/miners/api`` in the full house, ``/api`` alone.
            The other systems are asked under ``/systems``.
        identity: Where logins, users and tokens are.
        static: The folder of the files.
    """
    files = StaticFiles.read(static)
    shell = Template((static / "shell.html").read_text("utf-8"))

    async def page(request: Request) -> Response:
        if request.path_params["path"].startswith("static/"):
            raise HTTPException(404, NO_FILE)
        root = request.scope.get("root_path", "").rstrip("/")
        return _answer(request, _render(shell, files, root, api, identity), "no-cache")

    async def file(request: Request) -> Response:
        found = files.files.get(request.path_params["path"])
        if found is None:
            raise HTTPException(404, NO_FILE)
        # A page opened before an upgrade asks under the old digest: it gets the new files, and keeps none.
        current = request.path_params["digest"] == files.digest
        return _answer(request, found, "public, max-age=31536000, immutable" if current else "no-cache")

    async def slash(request: Request) -> Response:
        return RedirectResponse(request.scope.get("root_path", "") + "/ui/", 308)

    return [
        Route("/ui", slash, include_in_schema=False),
        Route("/ui/static/{digest}/{path:path}", file, include_in_schema=False),
        Route("/ui/{path:path}", page, include_in_schema=False),
    ]


def _static_file(path: Path) -> StaticFile:
    body = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return StaticFile(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', kind)


def _render(shell: Template, files: StaticFiles, root: str, api: str, identity: str) -> StaticFile:
    static = f"{root}/ui/static/{files.digest}"
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{html.escape(f"{static}/{name}")}">' for name in files.modules
    )
    chart_style = f'<link rel="stylesheet" href="{html.escape(static)}/vendor/uplot/uPlot.min.css">'
    values = {
        "root": root, "ui": f"{root}/ui/", "api": root + api, "identity": root + identity, "systems": f"{root}/systems",
        "static": static, "charts": "yes" if files.charts else "no",
    }  # fmt: skip
    body = shell.substitute(
        {name: html.escape(value) for name, value in values.items()},
        preloads=preloads,
        chart_style=chart_style if files.charts else "",
    ).encode()
    return StaticFile(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', TYPES[".html"])


def _answer(request: Request, file: StaticFile, cache: str) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": cache}
    # A proxy or a compressing layer may have weakened the tag.
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
