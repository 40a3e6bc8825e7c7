"""A system: what each adds to the process, its paths and its work."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import attrs
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute

from ..adapters.http.app import UnknownSystem
from ..adapters.scheduler import Job
from ..settings import Settings

#: The systems, and the ports that they are served on alone.
SYSTEMS: Mapping[str, int] = {"miners": 8000, "goip": 8008, "units": 8020, "ewelink": 8010}


class System:
    """One system in one process.  What a system does not say of itself, it does not have."""

    def routes(self) -> Sequence[BaseRoute]:
        """Its paths, as its specification has them."""
        return ()

    async def begin(self) -> None:
        """Make ready for work, when the lease was taken."""

    def jobs(self) -> Sequence[Job]:
        """What is repeated while the process works."""
        return ()

    def rounds(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What runs all the while that the process works."""
        return ()

    async def end(self) -> None:
        """Say the last words, when the lease is given back or lost: bounded, and it forgets what may be out of date."""

    def collectors(self) -> Sequence[Collector]:
        """What ``/metrics`` shows of it."""
        return ()

    def stats(self) -> Mapping[str, Any]:
        """What ``/stats`` tells of it."""
        return {}

    def figures(self) -> Mapping[str, float]:
        """What ``/health`` tells of its work: no secret may be among it."""
        return {}

    def ailing(self) -> bool:
        """Whether its work does not get on: late, or nothing of it can be written."""
        return False


def alone_port(systems: Sequence[str], port: int) -> int:
    """The port to serve on: a system alone has its own old one, unless another than the default is set.

    Raises:
        UnknownSystem: One of the names is no system.
    """
    for name in systems:
        if name not in SYSTEMS:
            raise UnknownSystem(f"There is no system {name!r}; there are {', '.join(sorted(SYSTEMS))}.")
    default = attrs.fields(Settings).port.default
    return SYSTEMS[systems[0]] if len(systems) == 1 and port == default else port
