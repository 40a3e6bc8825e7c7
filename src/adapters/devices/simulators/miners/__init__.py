"""Simulated ASIC miners of four makers: Whatsminer, AntMiner, Avalon, Elphapex.

They speak the real wire (cgminer's API on 4028, Whatsminer's API 3 on 4433, web
pages with a digest login), so foreign clients can be pointed at them.
"""

from .farm import LIVELY, MIX, SimulatedFarm
from .kinds import KINDS
from .knobs import Knobs
from .life import Condition
from .miner import SimulatedMiner

__all__ = ["KINDS", "LIVELY", "MIX", "Condition", "Knobs", "SimulatedFarm", "SimulatedMiner"]
