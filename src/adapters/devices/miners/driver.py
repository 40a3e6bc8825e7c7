"""The driver for all miners: remembers what works, asks only that, and finds out again when it no longer does."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs

from ....ports.errors import Declined, DeviceError
from ....ports.miners import (
    Answer,
    BadRequest,
    Fingerprint,
    Knocked,
    NotAMiner,
    NotJson,
    Reading,
    Refusing,
    State,
    Target,
    TimedOut,
    UnknownCommand,
)
from .conversation import Conversation, Wires
from .deadlines import Deadlines
from .dialect import Dialect
from .hardware import asked, hardware_id
from .identify import DIALECTS, identify
from .transports.api3 import converse
from .transports.cgminer import exchange
from .transports.knock import knock
from .transports.web import Web
from .words import Way

#: Answers after which the device is looked at anew: it may run other firmware, or be another one.
_MISFITS = (UnknownCommand, BadRequest, NotJson, NotAMiner, Refusing)

#: The part of the time left that a question may take whose answer is not needed.
_PATIENCE = 0.5
#: Seconds that a knock may wait for those who talk to the device.
_QUEUE_PATIENCE = 30.0
#: Seconds that the question which device it is may take.
_ID_PATIENCE = 2.0


class AsicDriver:
    """Reads miners of all makers.  One object serves any number of them at once."""

    def __init__(self, reply_limit: int = 1 << 20, wires: Wires | None = None) -> None:
        """``reply_limit`` is the most bytes that one reply may have; ``wires`` are the transports, for tests."""
        self._limit = reply_limit
        self._wires = wires or Wires(exchange, converse, Web(reply_limit).get)
        self._deadlines = Deadlines()
        #: Devices that are talked to now, and who waits for them; empty when idle.
        self._talks: dict[tuple[str, int], deque[asyncio.Future[None]]] = {}

    async def poll(self, target: Target, known: Fingerprint | None = None, *, deadline: float = 5.0) -> Answer:
        """See ``MinerDriver.poll``."""
        try:
            with self._deadlines.within(deadline) as limit:
                device = (target.host, target.port)
                if device in self._talks:
                    await self._turn(device)
                else:
                    self._talks[device] = deque()
                try:
                    return await self._poll(Conversation(target, self._wires, self._limit), known, limit.until)
                finally:
                    self._end(device)
        except TimeoutError as error:
            raise TimedOut(f"{target.where} did not answer within {deadline:g} s") from error

    @asynccontextmanager
    async def alone(self, target: Target) -> AsyncGenerator[None]:
        """The device's turn, for others who talk to it.  The caller bounds the time."""
        device = (target.host, target.port)
        if device in self._talks:
            await self._turn(device)
        else:
            self._talks[device] = deque()
        try:
            yield
        finally:
            self._end(device)

    async def knock(self, device: Target, port: int, *, patience: float) -> Knocked:
        """See ``MinerProbe.knock``."""
        try:
            async with asyncio.timeout(patience + _QUEUE_PATIENCE), self.alone(device):
                return await knock(device.host, port, patience)
        except TimeoutError:
            return Knocked.SILENT

    async def _turn(self, device: tuple[str, int]) -> None:
        """Wait for one's turn: a miner serves one client at a time and cuts the answers of others."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._talks[device].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._end(device)
            raise

    def _end(self, device: tuple[str, int]) -> None:
        waiting = self._talks[device]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._talks[device]

    async def _poll(self, talk: Conversation, known: Fingerprint | None, until: float) -> Answer:
        dialect = DIALECTS.get(known.dialect) if known is not None else None
        if known is None or dialect is None:
            return await self._first(talk, until)
        try:
            await _ask_planned(talk, dialect, known)
            if dialect.needed.isdisjoint(talk.replies):
                reading = await _read(talk, dialect, known, until)
            elif dialect.fits(talk.replies):
                reading = dialect.read(talk.replies, known)
                if reading.state is not State.MINING:
                    reading = await _read_on(talk, dialect, known, reading, until)
            else:
                raise NotJson(f"{talk.where} no longer answers like a miner of this kind")
        except _MISFITS:
            return await self._first(Conversation(talk.target, self._wires, self._limit), until)
        if reading.model == known.model and reading.firmware == known.firmware:
            return Answer(reading, _kept(talk, known), talk.raw())
        # Same words, other firmware: it may understand more now.  The reading is good in any case.
        try:
            async with asyncio.timeout(_PATIENCE * (until - asyncio.get_running_loop().time())):
                return await self._first(talk, until)
        except (TimeoutError, DeviceError):
            return Answer(reading, _named(_kept(talk, known), reading), talk.raw())

    async def _first(self, talk: Conversation, until: float) -> Answer:
        known = await identify(talk, until=until)
        dialect = DIALECTS[known.dialect]
        reading = await _read(talk, dialect, known, until)
        found, raw = _named(_kept(talk, known), reading), talk.raw()
        return Answer(reading, attrs.evolve(found, hardware_id=await _hardware_id(talk, found, until)), raw)


async def _hardware_id(talk: Conversation, known: Fingerprint, until: float) -> str | None:
    """Which device it is: asked for once, while it is identified, with one question at most."""
    found = hardware_id(talk.replies)
    if found is None and (word := asked(known)) is not None:
        try:
            async with asyncio.timeout(min(_ID_PATIENCE, _PATIENCE * (until - asyncio.get_running_loop().time()))):
                await talk.tries(word)
        except TimeoutError:
            return None
        found = hardware_id(talk.replies)
    return found


async def _ask_planned(talk: Conversation, dialect: Dialect, known: Fingerprint) -> None:
    for word in known.plan:
        if word[0] == "-":
            continue
        try:
            await talk.ask(word)
        except Declined:
            # One command of several may be gone; without the first group there is no reading.
            if len(known.plan) == 1 and not dialect.spare:
                raise


async def _read(talk: Conversation, dialect: Dialect, known: Fingerprint, until: float) -> Reading:
    """The reading, after asking what only this reading makes necessary."""
    replies = talk.replies
    complete = not dialect.needed.isdisjoint(replies)
    if not complete:
        for name in dialect.spare:
            await _try_within(talk, _in_way_of(known, name), until)
    reading = dialect.read(replies, known)
    if not complete and reading.state is not State.SLEEPING:
        raise talk.refusal(dialect.needed)
    return await _read_on(talk, dialect, known, reading, until)


async def _read_on(talk: Conversation, dialect: Dialect, known: Fingerprint, reading: Reading, until: float) -> Reading:
    """The reading once more, after asking what its first state makes necessary."""
    if reading.state is State.MINING:
        return reading
    words = [
        word for word in dialect.more(talk.replies, reading, known, talk.target) if _worth_asking(talk, known, word)
    ]
    for word in words:
        await _try_within(talk, word, until)
    return dialect.read(talk.replies, known) if words else reading


async def _try_within(talk: Conversation, word: str, until: float) -> bool:
    """Ask what need not be answered, so that it does not cost the reading."""
    try:
        async with asyncio.timeout(_PATIENCE * (until - asyncio.get_running_loop().time())):
            if await talk.tries(word):
                return True
    except TimeoutError:
        if not word.startswith(Way.WEB):
            # The port that answers else was slow for once; a web server that is closed off stays so.
            return False
    talk.vain.add(word)
    return False


def _worth_asking(talk: Conversation, known: Fingerprint, word: str) -> bool:
    """What was asked in vain is asked again only when there is a login to try."""
    return f"-{word}" not in known.plan or talk.target.username is not None


def _in_way_of(known: Fingerprint, name: str) -> str:
    way = known.plan[0].partition(" ")[0] if known.plan else "command"
    return f"{way} {name}"


def _kept(talk: Conversation, known: Fingerprint) -> Fingerprint:
    """What is remembered, with what was asked in vain in this poll."""
    if not talk.vain:
        return known
    vain = [f"-{word}" for word in talk.vain if f"-{word}" not in known.plan]
    return attrs.evolve(known, plan=(*known.plan, *vain)) if vain else known


def _named(known: Fingerprint, reading: Reading) -> Fingerprint:
    return attrs.evolve(known, model=reading.model, firmware=reading.firmware)
