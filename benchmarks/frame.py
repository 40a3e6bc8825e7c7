"""What the HTTP frame costs: lineman beside a bare Starlette app that answers fixed bytes, in one run.

    python benchmarks/frame.py [--seconds 4] [--connections 32]

Both are served by the same server (uvicorn, uvloop, httptools) in a process of
their own; the load comes from this one over kept-alive connections, so on few
cores the requests a second are what both together manage.  The CPU time a
request is the server's alone.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

import anyio
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineman.adapters.http.server import fast_loop, serve
from lineman.ports.secrets import Secret
from lineman.service import opened_service
from lineman.settings import Settings

PASSWORD = "a password for the benchmark"
FIXED = json.dumps({"status": "ok", "version": "0", "database": {"ok": True}, "scheduler": {}, "lease": None}).encode()


async def bare(pipe: Connection) -> None:
    async def fixed(request: Request) -> Response:
        return Response(FIXED, media_type="application/json")

    await hold(Starlette(routes=[Route("/health", fixed)]), pipe)


async def whole(pipe: Connection) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=f"sqlite:///{folder}/lineman.db")
        async with opened_service(settings, works=False) as service:
            await service.house.identity().ensure_admin(Secret(PASSWORD))
            await hold(service.application(), pipe)


async def hold(app: Any, pipe: Connection) -> None:
    """Serve until told; answer each ping with the CPU seconds used so far."""
    stop = anyio.Event()

    async def listen() -> None:
        while await anyio.to_thread.run_sync(pipe.recv) != "stop":
            used = resource.getrusage(resource.RUSAGE_SELF)
            pipe.send(used.ru_utime + used.ru_stime)
        stop.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await serve(app, "127.0.0.1", 0, stop=stop, ready=pipe.send)


def child(main: Callable[[Connection], Any], pipe: Connection) -> None:
    anyio.run(main, pipe, backend_options=fast_loop())


class Client(asyncio.Protocol):
    """Sends one request again and again, as soon as it is answered."""

    def __init__(self, request: bytes, done: asyncio.Event) -> None:
        self.request, self.done, self.count, self.buffer = request, done, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        self.buffer = b""
        self.count += 1
        if self.done.is_set():
            self.transport.close()
        else:
            self.transport.write(self.request)


async def load(url: str, path: str, headers: str, seconds: float, connections: int) -> int:
    place = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nhost: {place.netloc}\r\n{headers}\r\n".encode()
    done, loop = asyncio.Event(), asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(request, done), place.hostname, place.port))[1]
        for _ in range(connections)
    ]
    await anyio.sleep(seconds)
    done.set()
    await anyio.sleep(0.2)
    return sum(client.count for client in clients)


def measure(name: str, url: str, path: str, headers: str, pipe: Connection, options: Any) -> tuple[float, float]:
    def cpu() -> float:
        pipe.send("cpu")
        used: float = pipe.recv()
        return used

    def run(seconds: float) -> int:
        return anyio.run(load, url, path, headers, seconds, options.connections, backend_options=fast_loop())

    run(0.5)
    before, began = cpu(), time.perf_counter()
    count = run(options.seconds)
    rate, each = count / (time.perf_counter() - began), (cpu() - before) / count * 1e6
    print(f"{name:<44}{rate:>9.0f} /s{each:>9.0f} µs CPU a request")
    return rate, each


def token(url: str) -> str:
    import httpx

    answer = httpx.post(f"{url}/api/auth/login", json={"username": "admin", "password": PASSWORD})
    return str(answer.raise_for_status().json()["access_token"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    servers = []
    for entry in (bare, whole):
        ours, theirs = context.Pipe()
        process = context.Process(target=child, args=(entry, theirs))
        process.start()
        servers.append((process, ours, ours.recv()))
    (_, bare_pipe, bare_url), (_, pipe, url) = servers
    login = f"authorization: Bearer {token(url)}\r\n"
    floor, cheapest = measure("bare Starlette, fixed bytes", bare_url, "/health", "", bare_pipe, options)
    for name, path, headers in (
        ("lineman /docs/docs.css (frame, fixed bytes)", "/docs/docs.css", ""),
        ("lineman /health (asks the database)", "/health", ""),
        ("lineman /api/miners/manufacturers (login)", "/miners/api/miners/manufacturers", login),
        ("lineman /api/users (login, two queries)", "/api/users", login),
    ):
        rate, each = measure(name, url, path, headers, pipe, options)
        print(f"{'':<44}{rate / floor:>9.2f} times the rate, {each / cheapest:.2f} times the CPU of the bare app")
    for process, ours, _ in servers:
        ours.send("stop")
        process.join(20)


if __name__ == "__main__":
    main()
