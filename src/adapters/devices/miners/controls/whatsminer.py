"""Whatsminer, API 2: commands in AES, by a key that is made of a token and the account's password."""

import base64
import hashlib
import json
from typing import Any, assert_never

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .....ports.errors import DeviceError
from .....ports.miners import (
    Accepted,
    AccessDenied,
    Action,
    ActionKind,
    Fingerprint,
    Light,
    NotJson,
    NotPossible,
    PowerLimit,
    Reboot,
    Restart,
    Sleep,
    SwitchPool,
    Target,
    UnknownCommand,
    Wake,
    WritesDisabled,
)
from ..decode import document
from ..verdict import judge
from . import whatsminer_api3
from .control import Control
from .line import Json, Line, seen
from .md5crypt import md5crypt
from .pools import FORMER, PoolLine, first_of

_LACKING = "the miner's API takes commands by the password of its account admin; set the miner's password"
#: How people find the miner: red, twice a second.
_BLINK = {"color": "red", "period": "200", "duration": "100", "start": "0"}


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    return {} if target.password else dict.fromkeys(ActionKind, _LACKING)


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    try:
        return await _acted(line, action)
    except (WritesDisabled, NoTokens) as refused:
        # Nothing was done.  Newer firmware takes commands over API 3 only.
        line.sent = line.answered = False
        try:
            await line.ask_api3({"cmd": "get.device.info"})
        except DeviceError:
            raise refused from None
        return await whatsminer_api3.CONTROL.act(line, known, action)


class NoTokens(NotPossible):
    """This miner cannot do that."""


async def _acted(line: Line, action: Action) -> Accepted:
    match action:
        case Reboot():
            return await _tell(line, "reboot")
        case Restart():
            return await _tell(line, "restart_btminer")
        case Sleep():
            return await _tell(line, "power_off", respbefore="true")
        case Wake():
            return await _tell(line, "power_on")
        case Light(on):
            accepted = await _tell(line, "set_led", **(_BLINK if on else {"param": "auto"}))
            return Accepted(accepted.detail, seen=await seen(_light_is(line, on)), shows=False)
        case PowerLimit(watts):
            return await _tell(line, "adjust_power_limit", power_limit=str(watts))
        case SwitchPool():
            pools = await _pools(line)
            lines = first_of(pools, action, line.where)
            accepted = await _tell(line, "update_pools", **_numbered(lines))
            return Accepted(f"{accepted.detail}; {FORMER}")
        case _:
            assert_never(action)


async def _tell(line: Line, command: str, **more: str) -> Accepted:
    try:
        told = (await line.ask("get_token", key="cmd")).get("Msg")
    except UnknownCommand as error:
        raise NoTokens(f"{error.detail}; firmware as old as this takes no commands") from error
    if not isinstance(told, dict) or not {"salt", "newsalt", "time"} <= told.keys():
        raise WritesDisabled(f"{line.where} gives no token ({str(told)[:100]}); {_ENABLE}")
    key = md5crypt(line.password, str(told["salt"]))
    token = md5crypt(key + str(told["time"]), str(told["newsalt"]))
    secret = hashlib.sha256(key.encode()).digest()
    body = json.dumps({"cmd": command, **more, "token": token}).encode()
    data = base64.b64encode(_cipher(secret).encryptor().update(body + b"\0" * (-len(body) % 16))).decode()
    answer = document(await line.tell_raw(json.dumps({"enc": 1, "data": data}).encode()), line.where).value
    opened = _opened(answer, secret, line.where)
    _judge(opened, line.where)
    return Accepted(str(opened.get("Msg", ""))[:200])


_ENABLE = "enable its API with the maker's WhatsMinerTool first, and give it a password other than the default"


def _judge(answer: Json, where: str) -> None:
    said = str(answer.get("Msg", ""))
    if "access write" in said.lower() or answer.get("Code") == 45:
        raise WritesDisabled(f"{where} takes no commands ({said[:100]}); {_ENABLE}")
    if answer.get("STATUS") == "E" and answer.get("Code") in (23, 135, 136):
        raise AccessDenied(f"{where} refuses the command ({said[:100]}): the password is not that of its account admin")
    judge(answer, where)


def _opened(answer: Json, secret: bytes, where: str) -> Json:
    """The answer in the clear; errors are not encrypted."""
    sealed = answer.get("enc")
    if not isinstance(sealed, str):
        return answer
    try:
        plain = _cipher(secret).decryptor().update(base64.b64decode(sealed)).rstrip(b"\0")
    except ValueError as error:
        raise NotJson(f"{where}: the answer is not encrypted as it should be") from error
    return document(plain, where).value


def _cipher(secret: bytes) -> Cipher[Any]:
    return Cipher(algorithms.AES(secret), modes.ECB())  # noqa: S305 The maker's choice.


async def _light_is(line: Line, on: bool) -> bool:
    told = (await line.ask("get_miner_info", key="cmd"))["Msg"]
    return (str(told["ledstat"]).lower() != "auto") is on


async def _pools(line: Line) -> list[PoolLine]:
    told = (await line.ask("pools")).get("POOLS")
    found = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    if not found:
        raise NotPossible(f"{line.where} tells of no pools that could be kept")
    return [PoolLine(one.get("POOL"), str(one.get("URL", "")), str(one.get("User", "")), "x") for one in found]


def _numbered(lines: list[PoolLine]) -> dict[str, str]:
    numbered: dict[str, str] = {}
    for place, pool in enumerate((*lines, PoolLine(), PoolLine())[:3], 1):
        numbered |= {f"pool{place}": pool.url, f"worker{place}": pool.user, f"passwd{place}": pool.password}
    return numbered


CONTROL = Control(_refusals, _act, {ActionKind.POOL: FORMER})
