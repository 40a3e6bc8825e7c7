"""Simulated Asterisk units: real SSH servers and manager ports, with power that can be cut."""

from .knobs import CURED, FAULTS, RIGHTS, UnitKnobs, UnitTimes
from .town import SimulatedPbxTown
from .unit import SimulatedUnit

__all__ = ["CURED", "FAULTS", "RIGHTS", "SimulatedPbxTown", "SimulatedUnit", "UnitKnobs", "UnitTimes"]
