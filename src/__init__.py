"""lineman keeps field devices on the line.

Used as a library, a Starlette service (``lineman serve``), a command line
(``lineman``) and, by those who write drivers, as simulators and contract suites.
The names below are imported when they are first used, so that ``lineman --help`` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .library import Polled, poll, poll_all
    from .ports.errors import DeviceError, Invalid, LinemanError
    from .ports.miners import Board, Maker, Pool, PowerKind, Reading, Shares, State

__version__ = "0.1.0"

__all__ = [
    "Board",
    "DeviceError",
    "Invalid",
    "LinemanError",
    "Maker",
    "Polled",
    "Pool",
    "PowerKind",
    "Reading",
    "Shares",
    "State",
    "poll",
    "poll_all",
]

_HOMES = {
    "DeviceError": ".ports.errors",
    "Invalid": ".ports.errors",
    "LinemanError": ".ports.errors",
    "Polled": ".library",
    "poll": ".library",
    "poll_all": ".library",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, ".ports.miners"), __name__), name)
