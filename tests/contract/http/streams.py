"""One stream of server-sent events as its listener hears it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs
from starlette.types import ASGIApp, Message

from lineman.adapters.http.wire import ACTOR
from lineman.ports.identity import Actor, Role

ADMIN = Actor("anna", Role.ADMIN)
#: A test waits so long for what must come, and no longer.
SOON = 30


@attrs.define
class Heard:
    """One stream as its listener hears it."""

    status: int = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)
    _wire: Any = None
    _rest: str = ""

    async def next(self, *wanted: str) -> tuple[str, Any, str]:
        """The next event of those names: its name, data and id."""
        with anyio.fail_after(SOON):
            while True:
                block, mark, rest = self._rest.partition("\n\n")
                if not mark:
                    self._rest += (await self._wire.receive()).decode()
                    continue
                self._rest = rest
                fields = dict(line.split(": ", 1) for line in block.splitlines())
                if fields.get("event") in wanted:
                    return fields["event"], json.loads(fields["data"]), fields["id"]

    async def each(self, *wanted: str) -> Mapping[str, Any]:
        """The data of the next event of each name: a look may see the totals of a change before its miners."""
        found: dict[str, Any] = {}
        while len(found) < len(wanted):
            name, data, _ = await self.next(*wanted)
            found.setdefault(name, data)
        return found

    async def ended(self) -> None:
        with anyio.fail_after(SOON):
            async for _ in self._wire:
                pass


@asynccontextmanager
async def listening(
    app: ASGIApp,
    query: str = "",
    *,
    actor: Actor | None = ADMIN,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    path: str = "/api/stream",
) -> AsyncGenerator[Heard]:
    """Open a stream, as a server would; leaving the block closes the connection."""
    to, wire = anyio.create_memory_object_stream[bytes](1000)
    heard, started, left = Heard(wire=wire), anyio.Event(), anyio.Event()
    sent = {"host": "house", "accept-encoding": "gzip", **(headers or {})}
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        "scheme": "http", "http_version": "1.1", "client": ("192.0.2.7", 1), "server": ("house", 80),
    }  # fmt: skip
    if actor is not None:
        scope[ACTOR] = actor
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await left.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            started.set()
        elif message.get("body"):
            await to.send(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            to.close()

    async def served() -> None:
        await app(scope, receive, send)

    async with anyio.create_task_group() as tasks, to, wire:
        tasks.start_soon(served)
        with anyio.fail_after(SOON):
            await started.wait()
        yield heard
        left.set()
        with anyio.fail_after(SOON):
            await heard.ended()
