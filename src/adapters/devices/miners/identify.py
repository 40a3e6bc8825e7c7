"""What answers at an address, by the wire alone; what the operator said only decides where to begin."""

import asyncio

from ....ports.errors import Declined, DeviceError
from ....ports.miners import (
    AccessDenied,
    Fingerprint,
    Maker,
    MinerDown,
    NotAMiner,
    NotJson,
    Refusing,
    TimedOut,
    UnknownCommand,
)
from .conversation import Conversation
from .dialect import Dialect
from .dialects import antminer, avalon, braiins, elphapex, vnish, whatsminer, whatsminer_api3
from .learn import learn
from .values import first, sections, text
from .words import Way, word

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        whatsminer.DIALECT,
        whatsminer_api3.DIALECT,
        antminer.DIALECT,
        braiins.BRAIINS,
        braiins.LUXOS,
        vnish.DIALECT,
        avalon.DIALECT,
        elphapex.DIALECT,
    )
}

#: What the answer to `version` holds, in any case, and whose that is; the first match counts.
_MARKS = (
    (b"bosminer", braiins.BRAIINS),
    (b"boser", braiins.BRAIINS),
    (b"luxminer", braiins.LUXOS),
    (b"btminer", whatsminer.DIALECT),
    (b"bitmicro", whatsminer.DIALECT),
    (b"whatsminer", whatsminer.DIALECT),
    (b"avalon", avalon.DIALECT),
    (b"antminer", antminer.DIALECT),
    (b"rwglr", antminer.DIALECT),
    (b"bmminer", antminer.DIALECT),
)

#: The part of the time left that one port may take while others could be tried.
_PATIENCE = 0.6


async def identify(talk: Conversation, *, until: float) -> Fingerprint:
    """Find out what the device is and which questions work; its answers stay in ``talk``.

    Args:
        until: The moment, in the loop's time, at which the caller gives up.

    Raises:
        NotAMiner: Something else answers there.
        DeviceError: Nothing answers, or it says why not.
    """
    maker = talk.target.maker
    if maker is Maker.ELPHAPEX:
        return await _by_web(talk)
    failed: DeviceError
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_PATIENCE * (until - loop.time())):
            return await _by_cgminer(talk)
    except TimeoutError:
        failed = TimedOut(f"{talk.where} did not answer in time")
    except DeviceError as error:
        failed = error
    # Another port is a chance only where this one is closed or somebody else's.
    if isinstance(failed, AccessDenied | MinerDown):
        raise failed
    others = [way for makers, way in _OTHER_PORTS if maker in makers]
    for other in others:
        try:
            async with asyncio.timeout(_PATIENCE * (until - loop.time())):
                return await other(talk)
        except TimeoutError:
            found: DeviceError = TimedOut(f"{talk.where} did not answer in time, and neither did its other ports")
        except DeviceError as error:
            found = error
        if isinstance(failed, Refusing) and maker is Maker.WHATSMINER and not isinstance(found, Refusing):
            # New firmware has this port alone.
            failed = found
    raise failed


async def _by_api3(talk: Conversation) -> Fingerprint:
    return await learn(talk, whatsminer_api3.DIALECT)


async def _by_cgminer(talk: Conversation) -> Fingerprint:
    try:
        dialect = await _recognise(talk)
    except NotJson as error:
        raise NotAMiner(f"{error.detail}; something else answers there") from error
    if dialect is vnish.DIALECT:
        # Its own interface says more; without it, it is read like the stock firmware.
        try:
            return await learn(talk, dialect)
        except DeviceError:
            dialect = antminer.DIALECT
    return await learn(talk, dialect)


async def _recognise(talk: Conversation) -> Dialect:
    """``version`` settles most; else what only one maker has in its answers."""
    answered = await _answers(talk, word(Way.COMMAND, "version"))
    if talk.in_text_mode:
        # It does not speak JSON.
        answered = await _answers(talk, word(Way.TEXT, "version"))
    heard = talk.heard.lower()
    if b"vnish" in heard:
        return vnish.DIALECT
    for mark, dialect in _MARKS:
        if mark in heard:
            return dialect
    if isinstance(talk.errors.get("version"), MinerDown):
        return whatsminer.DIALECT
    way = Way.TEXT if talk.in_text_mode else Way.COMMAND
    answered |= await _answers(talk, word(way, "summary"))
    if whatsminer.says_whatsminer(first(talk.replies.get("summary"), "SUMMARY")):
        return whatsminer.DIALECT
    answered |= await _answers(talk, word(way, "stats"))
    stats = talk.replies.get("stats", {})
    if avalon.is_avalon(stats):
        return avalon.DIALECT
    if any("Type" in entry for entry in sections(stats, "STATS")):
        return antminer.DIALECT
    answered |= await _answers(talk, word(way, "status"))
    if whatsminer.says_whether_it_works(talk.replies.get("status")):
        return whatsminer.DIALECT
    if answered:
        raise NotAMiner(f"{talk.where} speaks like a miner, but like none of a maker that lineman knows")
    raise talk.refusal(("version", "summary", "stats"))


async def _answers(talk: Conversation, asked: str) -> bool:
    """Whether a command has an answer; being told that it does not exist is one as well."""
    try:
        await talk.ask(asked)
    except Declined:
        return False
    return True


async def _by_web(talk: Conversation) -> Fingerprint:
    """An Elphapex, or a VNish whose port 4028 is closed."""
    if talk.target.maker is not Maker.ELPHAPEX:
        await talk.ask("web /api/v1/info")
        if text(talk.replies["info"].get("fw_name")):
            return await learn(talk, vnish.DIALECT)
        raise NotAMiner(f"{talk.where}: its web server is not that of a miner that lineman knows")
    try:
        await talk.ask("web /cgi-bin/get_system_info.cgi")
    except (UnknownCommand, NotJson) as error:
        raise NotAMiner(f"{error.detail}; an Elphapex has that page") from error
    said = (text(talk.replies["get_system_info"].get("minertype")) or "").lower()
    if "antminer" in said:
        raise NotAMiner(f"{talk.where} is an AntMiner ({said}); set its maker to AntMiner and its port to 4028")
    return await learn(talk, elphapex.DIALECT)


#: Where else a miner may answer, by what the operator said it is.
_OTHER_PORTS = (
    ((Maker.WHATSMINER, None), _by_api3),
    ((Maker.ANTMINER, None), _by_web),
)
