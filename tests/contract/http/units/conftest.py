"""The units' system over HTTP, with two units."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from ..unit_house import PLUG, Site, opened_site, unit


@pytest.fixture
async def site(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Site]:
    """The units' system alone, as it is served."""
    async with opened_site(tmp_path, ["units"]) as found:
        yield found


@pytest.fixture
async def anna(site: Site) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that may do everything, with the units of 17 (with a plug) and 2 (without)."""
    async with site.client() as client:
        for body in (unit("17", parameter_option_2=True), unit("2")):
            added = await client.post("/units", json=body)
            assert added.status_code == 201, added.text
        bound = await client.put("/units/17/plug", json={"kind": "ewelink", "device_id": PLUG})
        assert bound.status_code == 200, bound.text
        yield client
