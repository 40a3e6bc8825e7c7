"""The whole house, and the water in it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..adapters.db.admin import check_key
from .gateways import GatewayRooms
from .miners import MinerRooms
from .units import UnitRooms


class House(MinerRooms, GatewayRooms, UnitRooms):
    """All of lineman but its faces."""


@asynccontextmanager
async def opened(house: House) -> AsyncGenerator[House]:
    """Open what has to be opened, and close it again.

    Raises:
        Unavailable: The database is not there.
        NewerDatabase, ChangedMigration: It is not that of this program.
        Sealed: The secret keys are not those that it was used with.
    """
    async with house.database() as database:
        await check_key(database, house.vault())
        yield house
