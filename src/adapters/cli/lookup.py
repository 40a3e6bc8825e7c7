"""Things by number, by name or by address."""

from collections.abc import Mapping
from typing import Any

from ...ports import errors
from .client import Api

Thing = Mapping[str, Any]


async def miner_of(api: Api, word: str) -> Thing:
    """The miner of this number, name, address or address:port.

    Raises:
        NotFound: There is none.
        Invalid: There are several.
    """
    if word.isdecimal():
        found: Thing = (await api.get(f"/api/miners/{word}")).value
        return found
    host, _ = split_address(word)
    miners = [miner async for miner in api.pages("/api/miners", {"search": host})]
    return _only(_called(word, miners, "name", "ip_address") or _at(word, miners), "miner", word)


async def container_of(api: Api, word: str) -> Thing:
    """The container of this number or name.  Raises as ``miner_of``."""
    if word.isdecimal():
        found: Thing = (await api.get(f"/api/containers/{word}")).value
        return found
    containers = [one async for one in api.pages("/api/containers", {})]
    return _only(_called(word, containers, "name"), "container", word)


async def container_id_of(api: Api, word: str | None) -> int | None:
    """The number of a container, if one is named."""
    return None if word is None else int((await container_of(api, word))["id"])


async def group_id_of(api: Api, word: str | None) -> int | None:
    """The number of a group of miners, if one is named by number or name.  Raises as ``miner_of``."""
    if word is None or word.isdecimal():
        return None if word is None else int(word)
    groups = (await api.get("/api/miners/groups")).value
    return int(_only(_called(word, groups, "name"), "group", word)["id"])


async def user_of(api: Api, word: str) -> Thing:
    """The user of this name or number.  Raises as ``miner_of``."""
    users = [user async for user in api.pages("/api/users", {})]
    return _only(_called(word, users, "username") or [one for one in users if str(one["id"]) == word], "user", word)


def _called(word: str, things: list[Any], *fields: str) -> list[Any]:
    """Those of exactly this name, else those of this name in any case."""
    wanted = word.casefold()
    exact = [one for one in things if word in (one[name] for name in fields)]
    return exact or [one for one in things if wanted in (one[name].casefold() for name in fields)]


def _at(word: str, miners: list[Any]) -> list[Any]:
    return [miner for miner in miners if address(miner) == word]


def _only(found: list[Any], what: str, word: str) -> Thing:
    if not found:
        shows = "miners groups" if what == "group" else f"{what}s"
        raise errors.NotFound(f"no {what} is called {word!r}; lineman {shows} list shows all")
    if len(found) > 1:
        numbers = ", ".join(str(one["id"]) for one in found[:10])
        raise errors.Invalid(f"{len(found)} {what}s are called {word!r}; give a number: {numbers}", field=what)
    only: Thing = found[0]
    return only


def address(miner: Thing) -> str:
    """``10.0.0.5:4028``, an IPv6 address in brackets."""
    host = miner["ip_address"]
    return f"[{host}]:{miner['port']}" if ":" in host else f"{host}:{miner['port']}"


def split_address(word: str) -> tuple[str, int | None]:
    """Address and port of ``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address."""
    host, colon, port = word.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.endswith("]")):
        return word.strip("[]"), None
    return host.strip("[]"), int(port)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given: a change names only those."""
    return {name: value for name, value in fields.items() if value is not None}
