"""The configuration of an AntMiner or an Elphapex: one page that is read, changed and written back as a whole."""

from collections.abc import Mapping

import attrs

from .....ports.miners import NotPossible, SwitchPool
from .line import Json, Line
from .pools import PoolLine, first_of

_READ, _WRITE = "/cgi-bin/get_miner_conf.cgi", "/cgi-bin/set_miner_conf.cgi"
_BLINK, _BLINKS = "/cgi-bin/blink.cgi", "/cgi-bin/get_blink_status.cgi"


@attrs.frozen
class Names:
    """What a maker calls the parts of its configuration."""

    #: The mode as it is read; it is written as ``miner-mode``.
    mode: tuple[str, ...]
    #: Other parts that have to be written again, by the names that they are read by.
    kept: Mapping[str, str]


async def set_mode(line: Line, names: Names, mode: int) -> Json:
    """Let it sleep (1) or work (0).

    Raises:
        NotPossible: Its firmware knows no modes.
    """
    conf = await line.page(_READ)
    if not any(name in conf for name in names.mode):
        raise NotPossible(f"{line.where}: its firmware has no sleep mode ({_READ} shows none)")
    return await line.tell_page(_WRITE, {**_kept(line, conf, names), "miner-mode": mode})


async def set_pools(line: Line, names: Names, action: SwitchPool) -> Json:
    """Put a pool first, and keep the others with their passwords."""
    conf = await line.page(_READ)
    body = _kept(line, conf, names)
    lines = [
        PoolLine(place, str(one.get("url", "")), str(one.get("user", "")), str(one.get("pass", "")))
        for place, one in enumerate(body["pools"])
    ]
    wanted = [{"url": one.url, "user": one.user, "pass": one.password} for one in first_of(lines, action, line.where)]
    empty = {"url": "", "user": "", "pass": ""}
    return await line.tell_page(_WRITE, {**body, "pools": [*wanted, empty, empty][: max(3, len(wanted))]})


async def set_light(line: Line, on: bool) -> Json:
    """Let the light blink, or not."""
    return await line.tell_page(_BLINK, {"blink": on})


async def light_is(line: Line, on: bool) -> bool:
    """Whether the light blinks as it should."""
    told = await line.page(_BLINKS)
    blinks = told["blink"] if "blink" in told else told["isBlinking"]
    return (str(blinks).lower() == "true") is on


def _kept(line: Line, conf: Json, names: Names) -> Json:
    """What is written back; the miner forgets what is left out, so nothing may be missing or masked."""
    pools = conf.get("pools")
    if not isinstance(pools, list) or not pools or not all(isinstance(one, dict) for one in pools):
        raise NotPossible(f"{line.where}: {_READ} shows no pools, and writing would lose them")
    if any(str(one.get("pass", "")).strip("*") == "" and one.get("pass") for one in pools):
        raise NotPossible(f"{line.where}: {_READ} hides the passwords of the pools, and writing would lose them")
    body = {written: conf[read] for read, written in names.kept.items() if read in conf}
    mode = next((conf[name] for name in names.mode if name in conf), 0)
    return {**body, "miner-mode": _whole(mode), "pools": pools}


def _whole(mode: object) -> object:
    return int(mode) if isinstance(mode, str) and mode.isdecimal() else mode
