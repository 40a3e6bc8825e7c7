"""The pages of AntMiners and Elphapexes that make them do something."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .web import Order

if TYPE_CHECKING:
    from .miner import SimulatedMiner


def _read(body: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _failed(code: str, message: str) -> str:
    return json.dumps({"stats": "error", "code": code, "msg": message})


def _blink(miner: "SimulatedMiner", body: bytes) -> str:
    wanted = (_read(body) or {}).get("blink")
    if wanted is None or miner.knobs.locked:
        return _failed("B001", "failed")
    on = str(wanted).lower() == "true"
    miner.told = replace(miner.told, light=on)
    return json.dumps({"stats": "success", "code": "B000" if on else "B100", "msg": "OK!"})


def _reboot(miner: "SimulatedMiner", body: bytes) -> str:
    if miner.knobs.locked:
        return _failed("R001", "failed")
    miner.reboot()
    return json.dumps({"stats": "success", "code": "R000", "msg": "OK!"})


def _configure(miner: "SimulatedMiner", body: bytes) -> str:
    """Take a whole configuration; whatever is in it, the process starts anew."""
    conf = _read(body) or {}
    pools = conf.get("pools")
    if miner.knobs.locked or not isinstance(pools, list):
        return _failed("M001", "failed")
    told = tuple((str(one.get("url", "")), str(one.get("user", "")), str(one.get("pass", ""))) for one in pools)
    if told != tuple(pool[:3] for pool in miner.moment().pools):
        miner.told = miner.told.with_pools(told)
    mode = str(conf.get("miner-mode", 0))
    if mode == "1" and miner.kind.hw.sleeps:
        miner.sleep()
    elif mode == "0":
        miner.wake()
    miner.reboot()
    return json.dumps({"stats": "success", "code": "M000", "msg": "OK!"})


ORDERS: Mapping[str, Order] = {
    "/cgi-bin/blink.cgi": _blink,
    "/cgi-bin/reboot.cgi": _reboot,
    "/cgi-bin/set_miner_conf.cgi": _configure,
}
