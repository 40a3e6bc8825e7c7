"""What a reader should find in the replies of a simulated miner."""

from typing import Any

from .kinds import Kind
from .life import Moment


def truth(kind: Kind, m: Moment) -> dict[str, Any]:
    """Return the facts of one moment in base units (H/s, W, °C, rpm, seconds); ``None``: this miner does not say.

    ``state`` is what the miner does, which not every wire tells: an AntMiner
    that warms up just has a rate of 0, and says that it sleeps only on its web pages.
    """
    hw = kind.hw
    maker = hw.maker
    silent = hw.kind == "s21" and m.state == "sleeping"
    counts = kind.api is not None or maker == "Elphapex"
    # The makers count their slots from different numbers.
    first = 1 + (5 if hw.kind == "s9" else 0) if maker == "AntMiner" else 0
    avalon_power = 11 if m.state == "sleeping" else max(m.power_w, 837)
    return {
        "maker": maker,
        "model": hw.model,
        "firmware": hw.firmware,
        "algorithm": hw.algorithm,
        "state": "idle" if m.state == "sleeping" and not hw.sleeps else m.state,
        "hash_rate_hs": m.rate_hs,
        "hash_rate_nominal_hs": None if silent or (maker == "Avalon" and m.state != "mining") else hw.nominal_hs,
        "power_w": {"Whatsminer": m.power_w, "Avalon": avalon_power}.get(maker),
        "temp_env_c": m.ambient_c if maker in ("Whatsminer", "Avalon") else None,
        "temp_board_max_c": None if silent or maker == "Avalon" else m.temp_max_c,
        "temp_chip_max_c": None if silent else m.chip_max_c,
        "fans_rpm": [] if silent else list(m.fans),
        "accepted": m.accepted if counts else None,
        "rejected": m.rejected if counts else None,
        "stale": m.stale if counts else None,
        "hw_errors": m.hw_errors,
        "uptime_s": m.uptime_s,
        "active_pool": m.pool + (maker == "Whatsminer" and kind.api is not None),
        "boards": []
        if silent
        else [
            {
                "slot": board.slot + first,
                "hash_rate_hs": board.rate_hs,
                "temp_board_c": board.temp_c,
                "temp_chip_c": board.chip_c,
                "chips_total": hw.chips,
                "chips_ok": board.chips_ok,
            }
            for board in m.boards
        ],
        "mac": m.mac,
        "serial": m.serial,
    }
