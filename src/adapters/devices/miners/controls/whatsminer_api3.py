"""Whatsminer, API 3: commands signed with the password of one of the accounts super, user1, user2, user3."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import assert_never

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from .....ports.errors import Declined
from .....ports.miners import (
    Accepted,
    AccessDenied,
    Action,
    ActionKind,
    Fingerprint,
    Light,
    NotPossible,
    PowerLimit,
    Reboot,
    Restart,
    Sleep,
    SwitchPool,
    Target,
    Wake,
    WritesDisabled,
)
from .control import Control
from .line import Json, Line, seen
from .pools import FORMER, PoolLine, first_of

_ACCOUNTS = frozenset({"super", "user1", "user2", "user3"})
_LACKING = "the miner takes commands from its accounts super, user1, user2 and user3; set the miner's password"
_BLINK = ({"color": "red", "period": 200, "duration": 100, "start": 0},)


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    return {} if target.password else dict.fromkeys(ActionKind, _LACKING)


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    match action:
        case Reboot():
            return await _tell(line, "set.system.reboot")
        case Restart():
            return await _tell(line, "set.miner.service", "restart")
        case Sleep():
            return await _tell(line, "set.miner.service", "stop")
        case Wake():
            return await _tell(line, "set.miner.service", "start")
        case Light(on):
            accepted = await _tell(line, "set.system.led", list(_BLINK) if on else "auto")
            return Accepted(accepted.detail, seen=await seen(_light_is(line, on)), shows=False)
        case PowerLimit(watts):
            return await _tell(line, "set.miner.power_limit", watts)
        case SwitchPool():
            lines = first_of(await _pools(line), action, line.where)
            accepted = await _tell(
                line,
                "set.miner.pools",
                [{"pool": one.url, "worker": one.user, "passwd": one.password} for one in lines],
                sealed=True,
            )
            return Accepted(f"{accepted.detail}; {FORMER}")
        case _:
            assert_never(action)


async def _tell(line: Line, command: str, parameter: object = None, *, sealed: bool = False) -> Accepted:
    info = await _info(line)
    system = info.get("system")
    if isinstance(system, dict) and str(system.get("apiswitch", "1")) == "0":
        raise WritesDisabled(f"{line.where}: its API is switched off; switch it on with the maker's WhatsMinerTool")
    username = line.target.username
    account = username if username in _ACCOUNTS else "super"
    moment = int(line.now())
    digest = hashlib.sha256(f"{command}{line.password}{info.get('salt', '')}{moment}".encode()).digest()
    token = base64.b64encode(digest).decode()[:8]
    request: dict[str, object] = {"cmd": command, "ts": moment, "account": account, "token": token}
    if parameter is not None:
        request["param"] = _sealed(parameter, digest) if sealed else parameter
    try:
        answer = await line.tell_api3(request)
    except AccessDenied:
        raise
    except Declined as error:
        if "error -4" in error.detail:
            raise AccessDenied(f"{error.detail}: {account} has another password, or may not do that") from error
        raise
    return Accepted(str(answer.get("msg", ""))[:200])


async def _info(line: Line) -> Json:
    return _message(await line.ask_api3({"cmd": "get.device.info"}))


def _message(answer: Json) -> Json:
    told = answer.get("msg")
    return told if isinstance(told, dict) else {}


def _sealed(parameter: object, key: bytes) -> str:
    plain = json.dumps(parameter, separators=(",", ":")).encode()
    padder = PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 The maker's choice.
    return base64.b64encode(cipher.encryptor().update(padded)).decode()


async def _light_is(line: Line, on: bool) -> bool:
    return (str((await _info(line))["system"]["ledstatus"]).lower() != "auto") is on


async def _pools(line: Line) -> list[PoolLine]:
    told = _message(await line.ask_api3({"cmd": "get.miner.status", "param": "pools"})).get("pools")
    found = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    if not found:
        raise NotPossible(f"{line.where} tells of no pools that could be kept")
    return [
        PoolLine(place, str(one.get("url", "")), str(one.get("account", "")), "x") for place, one in enumerate(found)
    ]


CONTROL = Control(_refusals, _act, {ActionKind.POOL: FORMER})
