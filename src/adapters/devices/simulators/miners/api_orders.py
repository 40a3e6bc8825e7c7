"""Commands over port 4028: cgminer's privileged ones, ``ascset`` of Avalons, and what Whatsminers take in AES."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from . import whatsminer_orders
from .cgminer import Dialect, as_text

if TYPE_CHECKING:
    from .miner import SimulatedMiner

#: What an AntMiner refuses to everybody, as its maker sets it up.
_PRIVILEGED = frozenset(
    (
        "switchpool", "enablepool", "disablepool", "addpool", "removepool", "poolpriority", "restart", "quit", "zero",
        "save", "ascset", "setpool",
    )
)  # fmt: skip
Answer = tuple[str, int, str]


def obeyed(miner: "SimulatedMiner", dialect: Dialect, raw: bytes) -> bytes | None:
    """Return the reply to a command, after doing it; ``None``: it is a question."""
    maker = miner.maker
    if maker == "Whatsminer":
        said = whatsminer_orders.obeyed(miner, raw) if "cmd" in dialect.keys else None
        return None if said is None else said + dialect.end
    command, parameter, in_text = _split(raw)
    if command not in _PRIVILEGED:
        return None
    if maker != "Avalon" or miner.knobs.locked:
        answer: Answer = ("E", 45, f"Access denied to '{command}' command")
    elif command == "restart":
        miner.reboot()
        return b'{"STATUS":"RESTART"}' + dialect.end
    else:
        answer = _AVALON.get(command, _unknown)(miner, parameter)
    letter, code, message = answer
    status = {
        "STATUS": letter, "When": miner.moment().when, "Code": code, "Msg": message,
        "Description": dialect.description,
    }  # fmt: skip
    reply = {"STATUS": [status], "id": 1}
    return (as_text(reply) if in_text else json.dumps(reply)).encode() + dialect.end


def _split(raw: bytes) -> tuple[str, str, bool]:
    if not raw.startswith(b"{"):
        command, _, parameter = raw.split(b"\0")[0].decode("latin-1").strip().partition("|")
        return command, parameter, True
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return "", "", False
    return str(request.get("command", "")), str(request.get("parameter", "")), False


def _switch(miner: "SimulatedMiner", parameter: str) -> Answer:
    pools = miner.moment().pools
    if not parameter.isdecimal() or int(parameter) >= len(pools):
        return "E", 26, f"Invalid pool id {parameter} - range is 0 - {len(pools) - 1}"
    miner.told = replace(miner.told, pool=int(parameter))
    return "S", 27, f"Switching to pool {parameter}:'{pools[int(parameter)][0]}'"


def _set_pool(miner: "SimulatedMiner", parameter: str) -> Answer:
    """Write one pool; that it counts from the next boot on is left out."""
    parts = parameter.split(",")
    if len(parts) != 6 or (parts[0], parts[1]) != miner.login or parts[2] not in ("0", "1", "2"):
        return "E", 120, "setpool failed: check the login and the parameters"
    pools = [pool[:3] for pool in miner.moment().pools]
    pools[int(parts[2]) : int(parts[2]) + 1] = [(parts[3], parts[4], parts[5])]
    miner.told = miner.told.with_pools(pools)
    return "S", 119, "setpool success"


def _set(miner: "SimulatedMiner", parameter: str) -> Answer:
    number, _, rest = parameter.partition(",")
    option, _, value = rest.partition(",")
    old = miner.kind.hw.kind == "a741"
    if option == "led" and value == "1-255":
        return "I", 118, f"ASC {number} set info: LED[{int(miner.told.light)}]"
    if option == "led" and value in ("1-0", "1-1"):
        miner.told = replace(miner.told, light=value == "1-1")
        return "S", 119, f"ASC {number} set OK"
    if option == "reboot" and not old:
        miner.reboot()
        return "I", 118, f"ASC {number} set info: reboot"
    if option in ("softoff", "softon") and not old:
        (miner.sleep if option == "softoff" else miner.wake)()
        return "I", 118, f"ASC {number} set info: success {option}: {value}"
    return "E", 120, f"ASC {number} set failed: unknown option: {option}"


def _unknown(miner: "SimulatedMiner", parameter: str) -> Answer:
    return "E", 14, "Invalid command"


_AVALON: Mapping[str, Callable[["SimulatedMiner", str], Answer]] = {
    "ascset": _set,
    "switchpool": _switch,
    "setpool": _set_pool,
}
