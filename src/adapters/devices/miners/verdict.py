"""What a miner says about its own answer: the STATUS of cgminer, btminer and Whatsminer's API 3."""

from typing import Any

from ....ports.errors import DeviceError
from ....ports.miners import AccessDenied, BadRequest, MinerDown, UnknownCommand

#: cgminer's and btminer's codes.
_CODES: dict[int, type[DeviceError]] = {
    14: UnknownCommand,
    23: BadRequest,
    24: UnknownCommand,  # Missing JSON 'command': old btminer asked with "cmd"
    45: AccessDenied,
    134: AccessDenied,
    135: AccessDenied,
    136: AccessDenied,
    137: BadRequest,
}
#: An error for cgminer, for us an empty list: there are no pools, no devices.
_EMPTY = {8, 10}

_DOWN = ("connect failed", "connection refused", "process is down", "miner is down", "not running")
_DENIED = ("permission denied", "access denied", "over max connect", "token")
_UNKNOWN = ("invalid cmd", "invalid command", "unknown command", "not support", "missing json")


def judge(reply: dict[str, Any], where: str) -> None:
    """Pass an answer that says it is one.  An answer without STATUS passes: old and web ones have none.

    Raises:
        UnknownCommand, BadRequest, AccessDenied, MinerDown: The answer says so.
    """
    status = reply.get("STATUS")
    told: Any = reply
    if type(status) is list:
        told = status[0] if status else None
    elif type(status) is dict:
        told = status
    elif status is None and type(reply.get("code")) is int:
        _judge_api3(reply, where)
        return
    if type(told) is not dict or told.get("STATUS") not in ("E", "F"):
        return
    code = _code(told.get("Code", told.get("code")))
    if code in _EMPTY:
        return
    said = told.get("Msg", told.get("msg", ""))
    raise _kind(code, said)(f"{where}: {_shown(code, said)}")


def down(text: str) -> bool:
    """Whether a front end says that the mining process behind it does not run."""
    lower = text[:400].lower()
    return any(word in lower for word in _DOWN)


def _judge_api3(reply: dict[str, Any], where: str) -> None:
    code = reply["code"]
    if code < 0:
        said = reply.get("msg", "")
        lower = str(said)[:400].lower()
        kind: type[DeviceError] = BadRequest
        if any(word in lower for word in (*_DENIED, "account", "auth")):
            kind = AccessDenied
        elif any(word in lower for word in (*_UNKNOWN, "cmd", "command")):
            kind = UnknownCommand
        raise kind(f"{where}: {_shown(code, said)}")


def _kind(code: int | None, said: object) -> type[DeviceError]:
    if code in _CODES:
        return _CODES[code]
    text = str(said)[:400].lower()
    if down(text):
        return MinerDown
    if any(word in text for word in _DENIED):
        return AccessDenied
    return UnknownCommand if any(word in text for word in _UNKNOWN) else BadRequest


def _code(value: object) -> int | None:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]  # whatever it is, int() says so
    except (TypeError, ValueError):
        return None


def _shown(code: int | None, said: object) -> str:
    text = " ".join(str(said)[:200].split()) or "no reason given"
    return f"the miner answers with error {code}: {text}" if code is not None else f"the miner answers: {text}"
