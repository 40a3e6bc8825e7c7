"""Alerts: the rules of when one fires and recovers, who is told, and what one can ask.  Used by every system."""

from .alerts import Alerts, Told
from .channels import Channels
from .dispatch import Dispatch
from .judging import Judging
from .maintenance import Maintenance
from .rule_book import RuleBook

__all__ = ["Alerts", "Channels", "Dispatch", "Judging", "Maintenance", "RuleBook", "Told"]
