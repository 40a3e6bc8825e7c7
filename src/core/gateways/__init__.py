"""Gateways: the rules of their lives, and what one can ask about them."""

from ..tables import RowStatus
from .commands import Commands
from .config import GatewayConfig
from .counting import FleetStats, OperatorStats
from .directories import Directories
from .health import rebooting, why, why_line
from .importing import GatewayImport, ImportReport, RowResult
from .inventory import GatewayDraft, GatewayEdit, Gateways
from .keeping import Keeping
from .kinds import KINDS
from .past import GatewayPast, LineCourse
from .probing import Probing
from .reporting import GatewayReports
from .scanning import Scanning, ScanningStats
from .scans import Scans

__all__ = [
    "KINDS",
    "Commands",
    "Directories",
    "FleetStats",
    "GatewayConfig",
    "GatewayDraft",
    "GatewayEdit",
    "GatewayImport",
    "GatewayPast",
    "GatewayReports",
    "Gateways",
    "ImportReport",
    "Keeping",
    "LineCourse",
    "OperatorStats",
    "Probing",
    "RowResult",
    "RowStatus",
    "Scanning",
    "ScanningStats",
    "Scans",
    "rebooting",
    "why",
    "why_line",
]
