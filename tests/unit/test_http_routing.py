"""The switchboard finds what Starlette finds, only sooner."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Message, Scope

from lineman.adapters.http.routing import Switchboard

pytestmark = pytest.mark.anyio


def named(path: str, name: str, *methods: str) -> Route:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(f"{name} {request.path_params} {request.scope['root_path']}")

    return Route(path, answer, methods=list(methods) or ["GET"], name=name)


def tree(kind: type[Router]) -> list[BaseRoute]:
    inner = [
        named("/", "inner root"),
        named("/x/{key}", "inner key"),
        Mount("/deep", kind([named("/{n:int}", "deep")])),
    ]
    return [
        named("/", "root"),
        named("/a", "a"),
        named("/a", "a written", "POST"),
        named("/a/{key:int}", "key"),
        named("/a/{key:int}/b", "key b"),
        named("/a/{key:int}/{rest:path}", "rest"),
        named("/files/{name}.txt", "text"),
        named("/pre{key}", "part of a word"),
        Mount("/in", kind(inner)),
        named("/{whatever:path}", "whatever", "DELETE"),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a",
        "/a/",
        "/a/1",
        "/a/x",
        "/a/1/b",
        "/a/1/c/d",
        "/files/one.txt",
        "/files/one",
        "/prefix",
        "/in",
        "/in/",
        "/in/x/1",
        "/in/x",
        "/in/deep/7",
        "/in/deep/x",
        "/in/deep",
        "/nothing",
        "/nothing/else",
        "//a",
        "",
    ],
)
async def test_it_answers_as_starlettes_own_router(method: str, path: str) -> None:
    assert await answer(Switchboard, method, path) == await answer(Router, method, path)


async def answer(kind: type[Router], method: str, path: str) -> tuple[int, bytes]:
    scope: Scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path, "query_string": b"",
        "root_path": "", "headers": [(b"host", b"house")], "server": ("house", 80), "client": None,
    }  # fmt: skip
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await kind(tree(kind))(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]
