"""The remote administration server's list (RADMIN): one page, read whole."""

import asyncio

from ....ports.errors import Unreachable
from ....ports.gateways import Directory, Listing, PageCut
from .failures import DIRECTORY_FAILURES, directory_door, directory_refused
from .listing import read_listing
from .pages import RETRY_AFTER, Pages


class RadminDirectory:
    """Reads lists.  One object serves any number of directories at once."""

    def __init__(self, reply_limit: int = 1 << 20, *, retry_after: float = RETRY_AFTER) -> None:
        """``reply_limit`` is the most bytes of a list; what was cut is asked for again after ``retry_after``."""
        retried = (Unreachable, PageCut)
        self._pages = Pages(reply_limit, DIRECTORY_FAILURES, directory_refused, retried, retry_after=retry_after)

    async def listing(self, directory: Directory, *, deadline: float) -> Listing:
        """See ``GatewayDirectory.listing``.  A list that broke off is asked for once more."""
        door = directory_door(directory)
        until = asyncio.get_running_loop().time() + deadline
        try:
            async with asyncio.timeout_at(until):
                return await self._pages.ask(door, "/", lambda page: read_listing(page, door.where), until=until)
        except TimeoutError as error:
            raise Unreachable(f"{door.where} did not answer within {deadline:g} s") from error
