"""Simulated GoIP gateways behind a simulated remote administration server (RADMIN).

They speak the real wire (HTTP/1.0 with bare line feeds, tunnels that one
connection uses up, ports that move), so foreign clients can be pointed at them.
"""

from .calling import Calling
from .goip import SimulatedGoip
from .knobs import FAULTS, Knobs, ListKnobs
from .life import Condition
from .lone import SimulatedGoips
from .plates import MIX, PLATES
from .radmin import SimulatedRadmin
from .town import SimulatedGatewayTown
from .tunnel import Kind, Tunnel
from .world import Times, World

__all__ = [
    "FAULTS",
    "MIX",
    "PLATES",
    "Calling",
    "Condition",
    "Kind",
    "Knobs",
    "ListKnobs",
    "SimulatedGatewayTown",
    "SimulatedGoip",
    "SimulatedGoips",
    "SimulatedRadmin",
    "Times",
    "Tunnel",
    "World",
]
