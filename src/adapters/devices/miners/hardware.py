"""Which device it is: its MAC address, else its serial number, where the wire gives one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ....ports.miners import Fingerprint
from .dialect import Replies
from .values import first, sections, text
from .words import Way

_MAC = re.compile(r"[0-9a-f]{12}")
_SERIAL = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{5,63}")
_DNA = re.compile(r"\bDNA\[([0-9A-Za-z]+)\]")
#: What firmware says that does not know.
_NOBODY = frozenset({"0" * 12, "f" * 12})

#: What to ask of a dialect whose usual answers do not tell.
_ASKED = {"antminer": f"{Way.WEB} /cgi-bin/get_system_info.cgi", "luxos": f"{Way.COMMAND} config"}


def asked(known: Fingerprint) -> str | None:
    """The one word that would tell, for a device that has not told yet."""
    if known.dialect == "whatsminer":
        way = Way.COMMAND if any(planned.startswith(Way.COMMAND) for planned in known.plan) else Way.CMD
        return f"{way} get_miner_info"
    return _ASKED.get(known.dialect)


def hardware_id(replies: Replies) -> str | None:
    """``aa:bb:cc:dd:ee:ff``, or a serial number as it is written; ``None`` where no answer has either."""
    for said in _macs(replies):
        digits = re.sub("[:.-]", "", (text(said) or "").lower())
        if _MAC.fullmatch(digits) and digits not in _NOBODY:
            return ":".join(digits[place : place + 2] for place in range(0, 12, 2))
    for said in _serials(replies):
        serial = (text(said) or "").strip()
        if _SERIAL.fullmatch(serial) and set(serial) != {"0"}:
            return serial
    return None


def _macs(replies: Replies) -> Iterator[Any]:
    system, info = replies.get("get_system_info", {}), replies.get("info", {})
    yield system.get("macaddr")
    yield first(replies.get("summary"), "SUMMARY").get("MAC")
    yield _within(replies.get("get_miner_info"), "Msg").get("mac")
    yield _within(replies.get("get.device.info"), "msg", "network").get("mac")
    yield first(replies.get("version"), "VERSION").get("MAC")
    yield first(replies.get("config"), "CONFIG").get("MACAddr")
    yield _within(info, "system", "network_status").get("mac")


def _serials(replies: Replies) -> Iterator[Any]:
    yield replies.get("get_system_info", {}).get("serinum")
    yield _within(replies.get("get_miner_info"), "Msg").get("minersn")
    yield _within(replies.get("get.device.info"), "msg", "miner").get("miner-sn")
    yield first(replies.get("version"), "VERSION").get("DNA")
    found = {
        dna
        for name in ("litestats", "estats", "stats")
        for entry in sections(replies.get(name), "STATS")
        for key, said in entry.items()
        if key.startswith("MM ID") and isinstance(said, str)
        for dna in _DNA.findall(said)
    }
    # Of several modules behind one address each has its own.
    if len(found) == 1:
        yield found.pop()


def _within(reply: Mapping[str, Any] | None, *keys: str) -> Mapping[str, Any]:
    found: Any = reply
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
