"""Which dialect is told how."""

from collections.abc import Mapping
from types import MappingProxyType

from . import antminer, avalon, braiins, elphapex, luxos, vnish, whatsminer, whatsminer_api3
from .control import Control

CONTROLS: Mapping[str, Control] = MappingProxyType(
    {
        "whatsminer": whatsminer.CONTROL,
        "whatsminer-api3": whatsminer_api3.CONTROL,
        "antminer": antminer.CONTROL,
        "avalon": avalon.CONTROL,
        "elphapex": elphapex.CONTROL,
        "braiins": braiins.CONTROL,
        "luxos": luxos.CONTROL,
        "vnish": vnish.CONTROL,
    }
)
