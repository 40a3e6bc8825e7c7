"""A simulated eWeLink cloud, and plugs with web servers of their own; what hangs on them really loses its power."""

from .account import Account, Lives, Pair
from .answers import BAD_GATEWAY, BLOCKED, DROPPED, EMPTY, HTML, LOST, MUTE, Instead, failing
from .cloud import SimulatedEwelink
from .local import KINDS, SimulatedPlug
from .page import RegisteredApplication
from .relay import Order, Relay
from .things import CloudPlug

__all__ = [
    "BAD_GATEWAY",
    "BLOCKED",
    "DROPPED",
    "EMPTY",
    "HTML",
    "KINDS",
    "LOST",
    "MUTE",
    "Account",
    "CloudPlug",
    "Instead",
    "Lives",
    "Order",
    "Pair",
    "RegisteredApplication",
    "Relay",
    "SimulatedEwelink",
    "SimulatedPlug",
    "failing",
]
