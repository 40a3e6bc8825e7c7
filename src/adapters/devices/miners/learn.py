"""Finds out which questions work on one device: joined or single, and by which names."""

from ....ports.errors import Declined, DeviceError, Garbled
from ....ports.miners import Fingerprint, UnknownCommand
from .conversation import Conversation
from .dialect import Dialect
from .words import Way, word


async def learn(talk: Conversation, dialect: Dialect) -> Fingerprint:
    """What to remember of a device that speaks this dialect.  Its answers stay in ``talk``.

    Raises:
        DeviceError: It does not answer what the dialect cannot do without.
    """
    ways = dialect.ways
    if Way.TEXT in ways and talk.in_text_mode:
        ways = (Way.TEXT,)
    refusal: DeviceError | None = None
    for way in ways:
        if way is Way.TEXT and way is not ways[0]:
            continue
        try:
            plan = await _plan(talk, dialect, way)
        except UnknownCommand as error:
            refusal = error
            continue
        for name in dialect.also(talk.replies):
            if await talk.tries(word(way, name)):
                plan.append(word(way, name))
        for name in dialect.facts(talk.replies):
            await talk.tries(word(way, name))
        return Fingerprint(dialect.maker, None, None, dialect.name, tuple(plan))
    raise refusal or UnknownCommand(f"{talk.where}: there is no way to ask this miner")


async def _plan(talk: Conversation, dialect: Dialect, way: Way) -> list[str]:
    if way is Way.API3:
        return await _plan_api3(talk, dialect)
    if dialect.joins and way is not Way.TEXT:
        plan = await _plan_joined(talk, dialect, way)
        if plan is not None:
            return plan
    return await _plan_single(talk, dialect, way)


async def _plan_joined(talk: Conversation, dialect: Dialect, way: Way) -> list[str] | None:
    """One request for all; sections that are refused give way to their alternatives.  ``None``: it is no use."""
    groups = [list(group) for group in dialect.wanted]
    while True:
        names = [group[0] for group in groups if group]
        asked = word(way, *names)
        try:
            await talk.ask(asked)
        except (Declined, Garbled):
            return None
        refused = [name for name in names if name not in talk.replies]
        if not refused:
            return [asked] if len(names) > 1 else None
        for group in groups:
            if group and group[0] in refused:
                del group[0]
        if not groups[0]:
            return None


async def _plan_single(talk: Conversation, dialect: Dialect, way: Way) -> list[str]:
    plan: list[str] = []
    for place, group in enumerate(dialect.wanted):
        for name in group:
            asked = word(way, name)
            try:
                await talk.ask(asked)
            except Declined as error:
                if place == 0 and name == group[-1]:
                    plan += await _spare(talk, dialect, way, error)
            else:
                plan.append(asked)
                break
    return plan


async def _spare(talk: Conversation, dialect: Dialect, way: Way, error: Declined) -> list[str]:
    """The first group has no answer; something else may say why.  Once that no longer holds, it is learnt anew."""
    for name in dialect.spare:
        if await talk.tries(word(way, name)):
            return [word(way, name)]
    raise error


async def _plan_api3(talk: Conversation, dialect: Dialect) -> list[str]:
    """All on one connection, or where the miner closes after an answer, on one each."""
    names = [group[0] for group in dialect.wanted]
    together = f"{Way.API3} {';'.join(names)}"
    try:
        await talk.ask(together)
    except Garbled:
        plan = [word(Way.API3, name) for name in names]
        for asked in plan:
            await talk.ask(asked)
        return plan
    return [together]
