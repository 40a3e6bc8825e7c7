"""The HTTP face over real stores, in process."""

import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import structlog
from starlette.applications import Starlette

from lineman.adapters.crypto.passwords import Argon2Hash
from lineman.adapters.crypto.tokens import JwtMint
from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.enterprises import SqlEnterprises
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.tokens import SqlTokens
from lineman.adapters.db.users import SqlUsers
from lineman.adapters.http.app import Faces, build_app
from lineman.adapters.http.health import Health
from lineman.core.identity import Identity, Policy, Tokens, Users
from lineman.core.journal import Journals
from lineman.ports.clock import Clock
from lineman.ports.identity import TokenMint
from lineman.ports.secrets import Secret

PASSWORD = "correct horse battery"

LogIn = Callable[[str, str], Awaitable[httpx.AsyncClient]]


@attrs.define
class SetClock(Clock):
    """A clock that stands until it is moved."""

    at: datetime
    passed: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed += seconds


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime.now(UTC))


@pytest.fixture
def advance(clock: SetClock) -> Callable[[float], None]:
    """Let seconds pass."""
    return clock.advance


@pytest.fixture(autouse=True)
def migrated_already(migrated: Path, tmp_path: Path) -> None:
    """Whatever opens the database of a test finds it migrated."""
    shutil.copy(migrated, tmp_path / "lineman.db")


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    """The stores have a suite of their own over both databases; here the embedded one will do."""
    async with SqliteDatabase(tmp_path / "lineman.db") as db:
        yield db


@pytest.fixture
def mint() -> TokenMint:
    return JwtMint([Secret("a key for tests only, long enough")])


@pytest.fixture
def policy() -> Policy:
    return Policy()


@pytest.fixture
async def faces(store: Database, clock: SetClock, mint: TokenMint, policy: Policy) -> Faces:
    """What the application is handed, with ``admin`` as the only user."""
    users, tokens, journal, hasher = SqlUsers(store), SqlTokens(store), SqlJournal(store), Argon2Hash()
    containers = SqlContainers(store)
    enterprises = SqlEnterprises(store, FernetVault([Secret("a key for tests only, long enough")]))
    identity = Identity(
        users=users, tokens=tokens, hasher=hasher, mint=mint, journal=journal, clock=clock, policy=policy
    )
    await identity.ensure_admin(Secret(PASSWORD))

    async def health() -> Health:
        return Health(database_ok=True)

    async def stats() -> Mapping[str, Any]:
        return {"polls": 7}

    return Faces(
        version="1.2.3",
        identity=identity,
        users=Users(
            users=users, tokens=tokens, containers=containers, enterprises=enterprises, hasher=hasher, journal=journal,
            clock=clock,
        ),
        tokens=Tokens(tokens=tokens, containers=containers, enterprises=enterprises, journal=journal, clock=clock),
        journal=Journals(journal),
        health=health,
        stats=stats,
    )  # fmt: skip


@pytest.fixture
def app(faces: Faces) -> Starlette:
    return build_app(faces, systems={})


@pytest.fixture
async def log_in(app: Starlette, anyio_backend: str) -> AsyncGenerator[LogIn]:
    """A client with a user's bearer token; with an empty name, one without."""
    async with AsyncExitStack() as stack:

        async def client(username: str, password: str = PASSWORD) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=("192.0.2.7", 1))
            made = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://house"))
            if username:
                answer = await made.post("/api/auth/login", json={"username": username, "password": password})
                made.headers["authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
            return made

        yield client


@pytest.fixture
async def nobody(log_in: LogIn) -> httpx.AsyncClient:
    return await log_in("", "")


@pytest.fixture
async def admin(log_in: LogIn) -> httpx.AsyncClient:
    return await log_in("admin", PASSWORD)


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What is logged, as dictionaries."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines  # type: ignore[misc]  # structlog says MutableMapping, and makes dictionaries
