"""The server on a real socket: ready, reachable, and gone when told."""

import socket
from contextlib import AsyncExitStack

import anyio
import httpx
import pytest
from anyio.abc import TaskStatus
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.http.server import CannotBind, bind, serve, url_of

pytestmark = pytest.mark.anyio


async def run(app: ASGIApp, stop: anyio.Event, head_within: float = 60, *, task_status: TaskStatus[str]) -> None:
    await serve(
        app, "127.0.0.1", 0, stop=stop, ready=task_status.started, grace=1, head_within=head_within, connections=5
    )  # fmt: skip


async def test_a_served_app_answers_at_the_address_it_names_and_ends_when_told(app: Starlette) -> None:
    stop = anyio.Event()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            url = await tasks.start(run, app, stop)
            async with httpx.AsyncClient(base_url=url) as client:
                answer = await client.get("/health")
                assert answer.json()["status"] == "ok"
                assert "server" not in answer.headers
            stop.set()
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(base_url=url) as client:
                await client.get("/health")


async def test_a_request_under_way_is_answered_before_the_end() -> None:
    stop, arrived = anyio.Event(), anyio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await stop.wait()
        await anyio.sleep(0.2)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    answers = []

    async def ask(url: str) -> None:
        async with httpx.AsyncClient() as client:
            answers.append((await client.get(url)).status_code)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            url = await tasks.start(run, slow, stop)
            tasks.start_soon(ask, url)
            await arrived.wait()
            stop.set()
    assert answers == [204]


async def test_an_address_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotBind, match=rf"127\.0\.0\.1:{port}.*--port"):
            await bind("127.0.0.1", port)
    with pytest.raises(CannotBind, match="no-such-host"):
        await bind("no-such-host.invalid", 0)


async def test_a_name_binds_all_its_addresses_on_one_port() -> None:
    bound = await bind("localhost", 0)
    try:
        assert len({sock.getsockname()[1] for sock in bound}) == 1
        assert all(sock.proto == socket.IPPROTO_TCP for sock in bound)
        assert url_of(bound[0]).startswith(("http://127.0.0.1:", "http://[::1]:"))
    finally:
        for sock in bound:
            sock.close()


@pytest.mark.parametrize("said", [b"", b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow: "])
async def test_who_says_nothing_or_never_ends_is_shown_out(app: Starlette, said: bytes) -> None:
    stop = anyio.Event()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            url = await tasks.start(run, app, stop, 0.2)
            async with await anyio.connect_tcp("127.0.0.1", int(url.rpartition(":")[2])) as stream:
                await stream.send(said)
                with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                    await stream.receive()
            stop.set()


async def test_connections_are_bounded(app: Starlette) -> None:
    stop = anyio.Event()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks, AsyncExitStack() as open_ones:
            url = await tasks.start(run, app, stop)
            for _ in range(5):
                await open_ones.enter_async_context(await anyio.connect_tcp("127.0.0.1", int(url.rpartition(":")[2])))
            async with httpx.AsyncClient(base_url=url) as client:
                assert (await client.get("/health")).status_code == 503
            stop.set()
