"""What all tests share."""

import os
from pathlib import Path

import pytest

#: Captured answers and right readings, beside the checkout where they are kept.
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def anyio_backend() -> str:
    """Asyncio only: psycopg, aiosqlite and the poller's protocols are."""
    return "asyncio"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the shared fixtures where there are none; in CI they must be there."""
    if SHARED.is_dir():
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI needs the shared fixtures in {SHARED}")
    wanted = [item for item in items if item.get_closest_marker("shared") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
    items[:] = wanted
