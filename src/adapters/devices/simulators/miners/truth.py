"""What a reader should find in the replies of a simulated miner."""

from typing import Any

from .avalon import watts as avalon_watts
from .kinds import Kind
from .life import Moment


def truth(kind: Kind, m: Moment) -> dict[str, Any]:
    """Return the facts of one moment in base units (H/s, W, °C, rpm, seconds); ``None``: this miner does not say.

    ``state`` is what the miner does, which not every wire tells: an AntMiner
    that warms up just has a rate of 0, and says that it sleeps only on its web pages.
    """
    hw = kind.hw
    maker = hw.maker
    asleep = m.state == "sleeping"
    silent = hw.kind == "s21" and asleep
    # API 3 alone tells of no shares, and an Elphapex of errors in a unit that nobody knows.
    counts = kind.api is not None or maker == "Elphapex"
    # The makers count their slots and pools from different numbers.
    first = 1 + (5 if hw.kind == "s9" else 0) if maker == "AntMiner" else 0
    pool = m.pool + (maker == "Whatsminer" and kind.api is not None)
    # An AntMiner marks all chips of boards that do not hash, and its fans that stand still are no fans.
    marked = maker == "AntMiner" and m.state in ("sleeping", "fault")
    fans = [rpm for rpm in m.fans if rpm or maker != "AntMiner"]
    if maker == "Whatsminer" and not fans:
        fans = [0, 0]
    avalon = maker == "Avalon"
    # Old Avalons tell of their machines, not of boards, and of no power.
    modules = hw.kind == "a741"
    silent_boards = silent or modules
    return {
        "maker": maker,
        "model": {"a741": "Avalon 741", "a1246": "Avalon 1246", "a1346": "Avalon A1346"}.get(hw.kind, hw.model),
        "firmware": f"{hw.model}-{hw.firmware}" if avalon and not modules else hw.firmware,
        "algorithm": hw.algorithm,
        "state": "idle" if asleep and not hw.sleeps else m.state,
        "hash_rate_hs": m.rate_hs,
        "hash_rate_nominal_hs": None if silent or (avalon and not modules and m.state != "mining") else hw.nominal_hs,
        "power_w": m.power_w if maker == "Whatsminer" else avalon_watts(m) if avalon and not modules else None,
        "temp_env_c": m.ambient_c if maker in ("Whatsminer", "Avalon") else None,
        "temp_board_max_c": None if silent or avalon else m.temp_max_c,
        "temp_chip_max_c": None if silent else m.chip_max_c,
        "fans_rpm": [] if silent else fans,
        "accepted": m.accepted if counts else None,
        "rejected": m.rejected if counts else None,
        "stale": m.stale if counts else None,
        "hw_errors": m.hw_errors if kind.api is not None and not silent else None,
        "uptime_s": m.uptime_s,
        "active_pool": None if asleep and maker == "Whatsminer" else pool,
        "boards": []
        if silent_boards
        else [
            {
                "slot": board.slot + first,
                "hash_rate_hs": board.rate_hs,
                "temp_board_c": None if avalon else board.temp_c,
                "temp_chip_c": board.chip_c,
                "chips_ok": None if avalon else 0 if marked else board.chips_ok,
            }
            for board in m.boards
        ],
        "mac": m.mac,
        "serial": m.serial,
    }
