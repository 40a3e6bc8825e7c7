"""Asterisk units: the rules of when their power may be cut, and what one can ask about them."""

from .clouds import Clouds, TokenState
from .config import UnitConfig
from .cycling import Cycling
from .inventory import UnitEdit, UnitQuery, UnitRow, Units
from .kinds import KINDS
from .past import UnitPast, UnitReport, Why, sentence_of
from .powering import NothingToCycle, PlugCheck, Powering, PowerStopped
from .reporting import UnitReports
from .sequence import Limits
from .surroundings import Surroundings
from .wanted import Wanted
from .watching import Watching, WatchingStats

__all__ = [
    "KINDS",
    "Clouds",
    "Cycling",
    "Limits",
    "NothingToCycle",
    "PlugCheck",
    "PowerStopped",
    "Powering",
    "Surroundings",
    "TokenState",
    "UnitConfig",
    "UnitEdit",
    "UnitPast",
    "UnitQuery",
    "UnitReport",
    "UnitReports",
    "UnitRow",
    "Units",
    "Wanted",
    "Watching",
    "WatchingStats",
    "Why",
    "sentence_of",
]
