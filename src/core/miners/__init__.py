"""Miners: the rules of their lives, and what one can ask about them."""

from .backlog import Backlog
from .events import Event
from .health import Policy
from .inventory import MinerDraft, Miners
from .levels import Detail
from .polling import Polling, PollingStats
from .statistics import Statistics

__all__ = ["Backlog", "Detail", "Event", "MinerDraft", "Miners", "Policy", "Polling", "PollingStats", "Statistics"]
