"""One suite over both databases, and a PostgreSQL of our own to run it on."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from anyio.from_thread import start_blocking_portal

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.postgres import PostgresDatabase
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.ports.secrets import Secret, Vault

#: A server to use instead of one of our own; its role must be allowed to create databases.
SERVER = "LINEMAN_TEST_POSTGRES"


def _binaries() -> Path | None:
    """Where the distribution keeps PostgreSQL's programs; the newest version counts."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    return next((place for place in places if (place / "initdb").is_file()), None)


AVAILABLE = SERVER in os.environ or _binaries() is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs PostgreSQL where there is none, and say so; in CI it must be there."""
    if AVAILABLE:
        return
    left_out = [item for item in items if "postgres" in getattr(item, "fixturenames", ()) or _on_postgres(item)]
    if left_out and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI needs PostgreSQL: install postgresql, or set {SERVER}")
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
    config.stash[LEFT_OUT] = len(left_out)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests left out: PostgreSQL is not available (install postgresql, or set {SERVER})", yellow=True
        )


def _on_postgres(item: pytest.Item) -> bool:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return "postgres" in parameters.values()


@pytest.fixture(scope="session")
def postgres() -> Generator[str]:
    """The address of a server: the one that is given, else one of our own that ends with the session."""
    if given := os.environ.get(SERVER):
        yield given
        return
    binaries = _binaries()
    assert binaries is not None
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.getuid() == 0 else None
    groups: list[str] | None = [] if user else None
    with tempfile.TemporaryDirectory(prefix="lineman-postgres-") as folder:
        if user:
            shutil.chown(folder, user)
        data = Path(folder, "data")
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "lineman", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True, capture_output=True, timeout=120, cwd=folder, user=user, extra_groups=groups,
        )  # fmt: skip
        options = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200,
            "shared_buffers": "64MB", "log_min_messages": "panic", "logging_collector": "off",
        }  # fmt: skip
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            *(f"-c{name}={value}" for name, value in options.items()),
        ]
        # Somebody may take a port that was free a moment ago.
        for _ in range(5):
            port = _free_port()
            server = subprocess.Popen(
                [*command, f"-cport={port}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=user, extra_groups=groups,
            )  # fmt: skip
            dsn = f"postgresql://lineman@127.0.0.1:{port}/postgres"
            if _answers(dsn, server):
                break
        else:
            pytest.fail("PostgreSQL does not start")
        try:
            yield dsn
        finally:
            server.send_signal(2)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(dsn: str, server: "subprocess.Popen[bytes]") -> bool:
    """Wait until it does; ``False``: it ended instead, as it does where the port is taken."""
    deadline = time.monotonic() + 60
    while server.poll() is None:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
            return True
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                server.kill()
                raise
            time.sleep(0.05)
    return False


@contextmanager
def _created(postgres: str, more: str = "") -> Iterator[str]:
    name = f"lineman_{time.time_ns()}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'create database "{name}" {more}')
        yield name
        server.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def new_postgres(postgres: str) -> Generator[str]:
    """The address of an empty database of this test's own."""
    with _created(postgres) as name:
        yield psycopg.conninfo.make_conninfo(postgres, dbname=name)


# Migrating takes many times as long as copying what is migrated; it has tests of its own.


async def _migrate(database: Database) -> None:
    async with database:
        pass


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "lineman.db"
    with start_blocking_portal() as portal:
        portal.call(_migrate, SqliteDatabase(path))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> Generator[str]:
    """The name of a migrated database, to be copied."""
    with _created(postgres) as name:
        with start_blocking_portal() as portal:
            portal.call(_migrate, PostgresDatabase(psycopg.conninfo.make_conninfo(postgres, dbname=name)))
        yield name


@pytest.fixture
def copied_postgres(postgres: str, migrated_postgres: str) -> Generator[str]:
    """The address of a migrated database of this test's own."""
    with _created(postgres, f'template "{migrated_postgres}"') as name:
        yield psycopg.conninfo.make_conninfo(postgres, dbname=name)


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    """An empty, migrated database of either kind."""
    if request.param == "sqlite":
        path = Path(shutil.copy(request.getfixturevalue("migrated"), tmp_path / "lineman.db"))
        async with SqliteDatabase(path) as db:
            yield db
        return
    async with PostgresDatabase(request.getfixturevalue("copied_postgres"), connections=4) as db:
        yield db


@pytest.fixture
def vault() -> Vault:
    return FernetVault([Secret("a key for tests only, long enough")])


@pytest.fixture(params=["sqlite", "postgres"])
async def processes(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncGenerator[tuple[Database, Database]]:
    """One migrated database of either kind, as two processes have it open."""
    if request.param == "sqlite":
        path = Path(shutil.copy(request.getfixturevalue("migrated"), tmp_path / "lineman.db"))
        async with SqliteDatabase(path) as one, SqliteDatabase(path) as other:
            yield one, other
        return
    dsn = request.getfixturevalue("copied_postgres")
    async with PostgresDatabase(dsn, connections=4) as one, PostgresDatabase(dsn, connections=4) as other:
        yield one, other
