"""The eWeLink account, for people: saying yes, renewing, and the plugs that are in it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ....ports.errors import Invalid
from ....ports.power import CloudFault, Grant, Listed, NotASwitch, PlugState
from ....ports.power.cloud import Cloud
from .account import EwelinkAccount
from .errors import Call
from .params import channels, check_type, model_of, state_of, text

#: Things a page; the number of the first one's place, which may be negative; pages of a home; homes.
_PAGE = 30
_BEFORE_ALL = -9_999_999
_MOST_PAGES, _MOST_HOMES = 100, 50
#: Seconds that one page may take, and all of them.
_PATIENCE, _ALL = 15.0, 120.0
#: Our own things and those that are shared with us; groups are no plugs.
_PLUGS = (1, 2, 5)
_LONGEST_CODE = 512


class EwelinkCloud(Cloud):
    """The account behind the plugs."""

    def __init__(self, account: EwelinkAccount) -> None:
        self._account = account

    async def authorise_url(self, state: str, *, at: datetime) -> str:
        """See ``Cloud.authorise_url``.  Raises ``CloudMisconfigured``."""
        return self._account.authorise_url(state, at)

    async def exchange(self, code: str, region: str) -> Grant:
        """See ``Cloud.exchange``."""
        if not code or len(code) > _LONGEST_CODE or not code.isprintable():
            raise Invalid("there is no authorisation code in this answer", field="code")
        return (await self._account.exchange(code, region)).grant

    async def refresh(self) -> Grant:
        """See ``Cloud.refresh``."""
        return (await self._account.renew()).grant

    async def grant(self) -> Grant | None:
        """See ``Cloud.grant``."""
        tokens = await self._account.tokens()
        return None if tokens is None else tokens.grant

    async def calls_this_month(self) -> int:
        """See ``Cloud.calls_this_month``."""
        tokens = await self._account.tokens()
        return 0 if tokens is None else await self._account.budget.spent(tokens.region)

    async def devices(self) -> Sequence[Listed]:
        """See ``Cloud.devices``."""
        last = asyncio.get_running_loop().time() + _ALL
        data = await self._ask("/v2/family", [("lang", "en")], last)
        homes = [home["id"] for home in _list(data, "familyList") if isinstance(home.get("id"), str)]
        if len(homes) > _MOST_HOMES:
            raise CloudFault(f"the cloud's account has {len(homes)} homes, more than the {_MOST_HOMES} that are read")
        found: dict[str, Listed] = {}
        for home in homes:
            for item in await self._things(home, last):
                found.setdefault(item.device_id, item)
        return list(found.values())

    async def _things(self, home: str, last: float) -> list[Listed]:
        """All pages of one home.  The cloud counts things too that it does not show, so that its total ends nothing."""
        found: list[Listed] = []
        seen: set[str] = set()
        begin = _BEFORE_ALL
        for _ in range(_MOST_PAGES):
            query = [("lang", "en"), ("familyid", home), ("num", str(_PAGE)), ("beginIndex", str(begin))]
            data = await self._ask("/v2/device/thing", query, last)
            things, before = _list(data, "thingList"), len(seen)
            for thing in things:
                item = thing.get("itemData")
                key = _key(item)
                if isinstance(item, dict) and key is not None and key not in seen:
                    seen.add(key)
                    found += _plug(thing, item)
            index = things[-1].get("index") if things else None
            total = data.get("total")
            if len(seen) == before or not isinstance(index, int) or (isinstance(total, int) and len(seen) >= total):
                return found
            begin = index
        raise CloudFault(f"the cloud's list does not end within {_MOST_PAGES} pages")

    async def _ask(self, path: str, query: list[tuple[str, str]], last: float) -> Mapping[str, Any]:
        until = min(last, asyncio.get_running_loop().time() + _PATIENCE)
        return await self._account.ask(Call.READ, "GET", path, query=query, until=until)


def _list(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    if not isinstance(found, list):
        raise CloudFault(f"the cloud's answer holds no {name}")
    return [entry for entry in found if isinstance(entry, dict)]


def _key(item: object) -> str | None:
    """What a thing goes by: devices have one name for it, groups another."""
    if not isinstance(item, dict):
        return None
    key = item.get("deviceid") or item.get("id")
    return key if isinstance(key, str) else None


def _plug(thing: Mapping[str, Any], item: dict[str, Any]) -> list[Listed]:
    device_id = item.get("deviceid")
    if thing.get("itemType") not in _PLUGS or not isinstance(device_id, str) or text(device_id) != device_id:
        return []
    return [
        Listed(
            device_id=device_id,
            name=text(item.get("name")) or device_id,
            online=item.get("online") is True,
            state=_state(item, device_id),
            model=model_of(item),
            shared_by=_owner(item.get("sharedBy")),
        )
    ]


def _state(item: dict[str, Any], device_id: str) -> PlugState | None:
    params = item.get("params")
    try:
        check_type(item, device_id)
        return state_of(item, channels(params if isinstance(params, dict) else {}, device_id), None)
    except NotASwitch:
        return None


def _owner(shared: object) -> str | None:
    """Whose it is, as far as others may see: ``o…@example.org``."""
    if not isinstance(shared, dict):
        return None
    name, at, domain = (text(shared.get("email")) or "").partition("@")
    return f"{name[:1]}…@{domain}" if at else "another account"
