"""Whatsminer, API 3: commands are signed with an account's password, and only lists of pools are encrypted."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .whatsminer3 import SALT

if TYPE_CHECKING:
    from .miner import SimulatedMiner

_ACCOUNTS = ("super", "user1", "user2", "user3")


def obeyed(miner: "SimulatedMiner", raw: bytes) -> bytes | None:
    """Return the reply to a command, after doing it; ``None``: it is a question."""
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    command = request.get("cmd") if isinstance(request, dict) else None
    if not isinstance(command, str) or not command.startswith("set."):
        return None
    signed = f"{command}{miner.login[1]}{SALT}{request.get('ts')}".encode()
    key = hashlib.sha256(signed).digest()
    known = request.get("account") in _ACCOUNTS and request.get("token") == base64.b64encode(key).decode()[:8]
    if not known or miner.knobs.locked:
        code, message = -4, "permission denied"
    else:
        wrong = _done(miner, command, request.get("param"), key)
        code, message = (0, "ok") if wrong is None else (-1, wrong)
    return json.dumps({"code": code, "when": miner.moment().when, "msg": message, "desc": command}).encode()


def _done(miner: "SimulatedMiner", command: str, parameter: Any, key: bytes) -> str | None:
    """Do what is wanted; return what is wrong with it."""
    match command, parameter:
        case ("set.system.reboot", _) | ("set.miner.service", "restart"):
            miner.reboot()
        case "set.miner.service", "stop":
            miner.sleep()
        case "set.miner.service", "start":
            miner.wake()
        case "set.system.led", _:
            miner.told = replace(miner.told, light=parameter != "auto")
        case "set.miner.power_limit", int() if 0 < parameter <= 99_999:
            miner.limit(parameter)
        case "set.miner.pools", str():
            pools = _opened(parameter, key)
            if not pools:
                return "invalid param"
            miner.told = miner.told.with_pools(pools)
            miner.reboot()
        case _:
            return "invalid command or param"
    return None


def _opened(parameter: str, key: bytes) -> list[tuple[str, str, str]]:
    try:
        plain = Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(base64.b64decode(parameter))  # noqa: S305 As the maker does it.
        pools = json.loads(plain[: -plain[-1]])
        return [(str(one["pool"]), str(one["worker"]), str(one["passwd"])) for one in pools]
    except (ValueError, IndexError, KeyError, TypeError):
        return []
