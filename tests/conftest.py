"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

#: Captured answers and right readings, beside the checkout where they are kept.
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device",
        action="append",
        default=[],
        metavar="KIND=HOST[:PORT]",
        help="a real device to read in the contract tests, as miners=192.0.2.10; nothing on it is changed",
    )
    parser.addoption(
        "--allow-reboot", action="store_true", help="also run what changes or reboots the devices that are given"
    )
    parser.addoption(
        "--ewelink-sdk",
        default="",
        metavar="FOLDER",
        help="where `npm install ewelink-api-next` was run: let the vendor's SDK drive the simulated cloud",
    )
    parser.addoption(
        "--login", default="", metavar="USER:PASSWORD", help="the login of the devices that are given; with commands"
    )


@pytest.fixture
def anyio_backend() -> str:
    """Asyncio only: psycopg, aiosqlite and the poller's protocols are."""
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command that says how much is logged says it for its own test only: loggers remember it otherwise."""
    configure = structlog.configure
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**how | {"cache_logger_on_first_use": False}))
    # The usual way takes seconds to print a traceback, with all variables in it.
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a device where none is given, and shared fixtures where there are none (not in CI)."""
    if not config.getoption("--device"):
        real = {"real_gateways", "real_miners"}
        _leave_out(config, items, [item for item in items if real.intersection(getattr(item, "fixturenames", ()))])
    if not config.getoption("--ewelink-sdk"):
        _leave_out(config, items, [item for item in items if "ewelink_sdk" in getattr(item, "fixturenames", ())])
    if not config.getoption("--allow-reboot"):
        _leave_out(config, items, [item for item in items if item.get_closest_marker("destructive") is not None])
    if SHARED.is_dir():
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI needs the shared fixtures in {SHARED}")
    _leave_out(config, items, [item for item in items if item.get_closest_marker("shared") is not None])


def _leave_out(config: pytest.Config, items: list[pytest.Item], left_out: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that skipped something: what cannot run there is left out by name above, never in passing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
