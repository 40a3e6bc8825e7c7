"""Plugs: those of the eWeLink cloud, and those with an HTTP interface of their own."""

from .account import EwelinkAccount
from .cloud import EwelinkCloud
from .ewelink import EwelinkSwitch
from .local import LocalSwitch
from .switches import Switches

__all__ = ["EwelinkAccount", "EwelinkCloud", "EwelinkSwitch", "LocalSwitch", "Switches"]
