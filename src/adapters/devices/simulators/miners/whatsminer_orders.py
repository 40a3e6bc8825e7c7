"""Whatsminer, API 2: commands come in AES, by a key of the password and a token that is given to everybody."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from .miner import SimulatedMiner

#: A token holds for so long, and one that was given just before for as long again.
_TOKEN_S = 1800
_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def obeyed(miner: "SimulatedMiner", raw: bytes) -> bytes | None:
    """Return the reply to a command, after doing it; ``None``: it is none."""
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict):
        return None
    when = miner.moment().when
    if request.get("cmd") == "get_token":
        return _plain(when, "S", 134, _terms(miner, when // _TOKEN_S))
    if request.get("enc") != 1:
        return None
    if miner.knobs.locked:
        return _plain(when, "E", 45, "can't access write cmd")
    key, order = _opened(miner, str(request.get("data")))
    if order is None or order.get("token") not in _tokens(miner, when):
        return _plain(when, "E", 135, "check token err")
    said = _done(miner, order)
    answer = _plain(when, "S" if said is None else "E", 131 if said is None else 132, said or "API command OK")
    sealed = _aes(key).encryptor().update(answer + b"\0" * (-len(answer) % 16))
    return json.dumps({"enc": base64.b64encode(sealed).decode()}).encode()


def _plain(when: int, letter: str, code: int, message: object) -> bytes:
    return json.dumps({"STATUS": letter, "When": when, "Code": code, "Msg": message, "Description": ""}).encode()


def _terms(miner: "SimulatedMiner", period: int) -> dict[str, str]:
    serial = miner.moment().serial
    new = hashlib.sha256(f"{serial} {period}".encode()).hexdigest()
    return {"time": str(period % 10_000).zfill(4), "salt": serial[-8:], "newsalt": new[:8]}


def _tokens(miner: "SimulatedMiner", when: int) -> set[str]:
    found = set()
    for period in (when // _TOKEN_S, when // _TOKEN_S - 1):
        terms = _terms(miner, period)
        found.add(crypt(crypt(miner.login[1], terms["salt"]) + terms["time"], terms["newsalt"]))
    return found


def _opened(miner: "SimulatedMiner", data: str) -> tuple[bytes, dict[str, Any] | None]:
    salt = _terms(miner, 0)["salt"]
    key = hashlib.sha256(crypt(miner.login[1], salt).encode()).digest()
    try:
        plain = _aes(key).decryptor().update(base64.b64decode(data)).rstrip(b"\0")
        order = json.loads(plain)
    except (ValueError, RecursionError):
        return key, None
    return key, order if isinstance(order, dict) else None


def _aes(key: bytes) -> Cipher[Any]:
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 As the maker does it.


def _done(miner: "SimulatedMiner", order: dict[str, Any]) -> str | None:
    """Do what is wanted; return what is wrong with it."""
    match order.get("cmd"):
        case "reboot" | "restart_btminer":
            miner.reboot()
        case "power_off":
            miner.sleep()
        case "power_on":
            miner.wake()
        case "set_led":
            miner.told = replace(miner.told, light=order.get("param") != "auto")
        case "adjust_power_limit":
            watts = str(order.get("power_limit", ""))
            if not watts.isdecimal() or not 0 < int(watts) <= 99_999:
                return "invalid power_limit"
            miner.limit(int(watts))
        case "update_pools":
            pools = [tuple(str(order.get(f"{part}{n}") or "") for part in ("pool", "worker", "passwd")) for n in "123"]
            if not pools[0][0]:
                return "invalid pool1"
            miner.told = miner.told.with_pools((url, user, password) for url, user, password in pools)
            miner.reboot()
        case _:
            return "invalid cmd"
    return None


def crypt(word: str, salt: str) -> str:
    """Return what md5crypt writes behind ``$1$salt$``."""
    secret, spice = word.encode(), salt.encode()

    def digest(*parts: bytes) -> bytes:
        return hashlib.md5(b"".join(parts), usedforsecurity=False).digest()

    around = digest(secret, spice, secret) * (len(secret) // 16 + 1)
    bits = f"{len(secret):b}"[::-1] if secret else ""
    tail = b"".join(b"\0" if bit == "1" else secret[:1] for bit in bits)
    found = digest(secret, b"$1$", spice, around[: len(secret)], tail)
    for n in range(1000):
        pieces = [secret if n % 2 else found]
        pieces += [spice] if n % 3 else []
        pieces += [secret] if n % 7 else []
        pieces += [found if n % 2 else secret]
        found = digest(*pieces)
    words = [(found[n], found[n + 6], found[n + 12 if n < 4 else 5]) for n in range(5)]
    numbers = [((a << 16) + (b << 8) + c, 4) for a, b, c in words] + [(found[11], 2)]
    return "".join(_ALPHABET[(number >> (6 * n)) % 64] for number, count in numbers for n in range(count))
