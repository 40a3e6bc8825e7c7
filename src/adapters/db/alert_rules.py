"""Rules, channels and maintenance windows in SQL."""

from collections.abc import Sequence
from typing import TypeVar

import attrs

from ...ports.alerts import (
    Channel,
    ChannelExists,
    Rule,
    RuleExists,
    RuleStore,
    UnknownChannel,
    UnknownRule,
    UnknownWindow,
    Window,
)
from ...ports.errors import NotFound, Stale
from ...ports.secrets import Sealed, Vault
from .engine import Database, Statements, Taken, Transaction, next_number
from .rows import to_text

N = TypeVar("N", Rule, Channel, Window)

RULE = (
    "id, name, kind, threshold, minutes, severity, container_ids, tags, channel_ids, escalate_after_minutes, "
    "escalate_channel_ids, is_active, enterprise_numbers, revision"
)
CHANNEL = "id, name, scheme, url_sealed as url, is_active, last_sent_at, last_error, revision"
WINDOW = "id, since, until, reason, created_by, system, container_ids, subject_ids, enterprise_numbers, revision"

ADD_RULE = f"""
insert into alert_rule ({RULE})
values (:id, :name, :kind, :threshold, :minutes, :severity, :container_ids, :tags, :channel_ids,
        :escalate_after_minutes, :escalate_channel_ids, :is_active, :enterprise_numbers, 1)
"""
CHANGE_RULE = """
update alert_rule set name = :name, kind = :kind, threshold = :threshold, minutes = :minutes, severity = :severity,
       container_ids = :container_ids, tags = :tags, channel_ids = :channel_ids,
       escalate_after_minutes = :escalate_after_minutes, escalate_channel_ids = :escalate_channel_ids,
       is_active = :is_active, enterprise_numbers = :enterprise_numbers, revision = revision + 1
where id = :id and revision = :revision
"""
#: A mark that the usual rules of a kind were made; the first one that sets it makes them.
ONCE = "insert into counter (name, value) values (:mark, 1) on conflict (name) do nothing"
ADD_CHANNEL = """
insert into alert_channel (id, name, scheme, url_sealed, is_active, revision)
values (:id, :name, :scheme, :url_sealed, :is_active, 1)
"""
CHANGE_CHANNEL = """
update alert_channel set name = :name, scheme = :scheme, url_sealed = :url_sealed, is_active = :is_active,
       revision = revision + 1
where id = :id and revision = :revision
"""
ADD_WINDOW = f"""
insert into maintenance ({WINDOW})
values (:id, :since, :until, :reason, :created_by, :system, :container_ids, :subject_ids, :enterprise_numbers, 1)
"""
CHANGE_WINDOW = """
update maintenance set since = :since, until = :until, reason = :reason, system = :system,
       container_ids = :container_ids, subject_ids = :subject_ids, enterprise_numbers = :enterprise_numbers,
       revision = revision + 1
where id = :id and revision = :revision
"""


class SqlRules(RuleStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault = db, vault

    async def version(self) -> int:
        [version] = await self._db.fetch(int, "select value from counter where name = 'alert_rules'")
        return version

    async def rules(self) -> Sequence[Rule]:
        return await self._db.fetch(Rule, f"select {RULE} from alert_rule order by id")

    async def rule(self, rule_id: int) -> Rule:
        return await _rule(self._db, rule_id)

    async def add_rules(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        try:
            async with self._db.transaction() as tx:
                return await _add(tx, rules)
        except Taken as error:
            names = ", ".join(repr(rule.name) for rule in rules)
            raise RuleExists(f"There is a rule named {names} already") from error

    async def add_usual(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        async with self._db.transaction() as tx:
            new = [kind for kind in dict.fromkeys(rule.kind for rule in rules) if await tx.run(ONCE, mark=_mark(kind))]
            if not new:
                return []
            taken = set(await tx.fetch(str, "select name from alert_rule"))
            return await _add(tx, [rule for rule in rules if rule.kind in new and rule.name not in taken])

    async def change_rule(self, rule: Rule) -> Rule:
        try:
            async with self._db.transaction() as tx:
                changed = await tx.run(CHANGE_RULE, **_values(rule))
                found = await _rule(tx, rule.id)
                _check(changed, f"Rule {rule.name}")
                await _changed(tx)
                return found
        except Taken as error:
            raise RuleExists(f"There is a rule named {rule.name!r} already") from error

    async def remove_rule(self, rule_id: int) -> None:
        async with self._db.transaction() as tx:
            if not await tx.run("delete from alert_rule where id = cast(:id as bigint)", id=rule_id):
                raise UnknownRule(f"There is no rule {rule_id}")
            await _changed(tx)

    async def channels(self) -> Sequence[Channel]:
        found = await self._db.fetch(Channel, f"select {CHANNEL} from alert_channel order by id")
        return [self._opened(channel) for channel in found]

    async def channel(self, channel_id: int) -> Channel:
        return self._opened(await _channel(self._db, channel_id))

    async def add_channel(self, channel: Channel) -> Channel:
        try:
            async with self._db.transaction() as tx:
                number = await next_number(tx, "alert_channel")
                await tx.run(ADD_CHANNEL, **self._channel_values(attrs.evolve(channel, id=number), "revision"))
                await _changed(tx)
        except Taken as error:
            raise ChannelExists(f"There is a channel named {channel.name!r} already") from error
        return await self.channel(number)

    async def change_channel(self, channel: Channel) -> Channel:
        try:
            async with self._db.transaction() as tx:
                changed = await tx.run(CHANGE_CHANNEL, **self._channel_values(channel))
                found = await _channel(tx, channel.id)
                _check(changed, f"Channel {channel.name}")
                await _changed(tx)
                return self._opened(found)
        except Taken as error:
            raise ChannelExists(f"There is a channel named {channel.name!r} already") from error

    async def remove_channel(self, channel_id: int) -> None:
        async with self._db.transaction() as tx:
            if not await tx.run("delete from alert_channel where id = cast(:id as bigint)", id=channel_id):
                raise UnknownChannel(f"There is no channel {channel_id}")
            await tx.run(
                "delete from alert_notice where channel_id = cast(:id as bigint) and delivery = 'waiting'",
                id=channel_id,
            )
            await _changed(tx)

    async def windows(self) -> Sequence[Window]:
        return await self._db.fetch(Window, f"select {WINDOW} from maintenance order by since desc, id desc")

    async def window(self, window_id: int) -> Window:
        return await _window(self._db, window_id)

    async def add_window(self, window: Window) -> Window:
        async with self._db.transaction() as tx:
            number = await next_number(tx, "maintenance")
            await tx.run(ADD_WINDOW, **_values(attrs.evolve(window, id=number), "revision"))
            await _changed(tx)
            return await _window(tx, number)

    async def change_window(self, window: Window) -> Window:
        async with self._db.transaction() as tx:
            changed = await tx.run(CHANGE_WINDOW, **_values(window, "created_by"))
            found = await _window(tx, window.id)
            _check(changed, f"Maintenance window {window.id}")
            await _changed(tx)
            return found

    async def remove_window(self, window_id: int) -> None:
        async with self._db.transaction() as tx:
            if not await tx.run("delete from maintenance where id = cast(:id as bigint)", id=window_id):
                raise UnknownWindow(f"There is no maintenance window {window_id}")
            await _changed(tx)

    def _channel_values(self, channel: Channel, *without: str) -> dict[str, object]:
        values = _values(channel, "url", "last_sent_at", "last_error", *without)
        return values | {"url_sealed": self._vault.seal(channel.url)}

    def _opened(self, channel: Channel) -> Channel:
        try:
            return attrs.evolve(channel, url=self._vault.unseal(channel.url.reveal()))
        except Sealed as error:
            raise Sealed(
                f"The URL of channel {channel.id} ({channel.name}) cannot be opened with the keys at hand; "
                "put back the key that it was stored with"
            ) from error


async def _add(tx: Transaction, rules: Sequence[Rule]) -> Sequence[Rule]:
    added = []
    for rule in rules:
        number = await next_number(tx, "alert_rule")
        await tx.run(ADD_RULE, **_values(attrs.evolve(rule, id=number), "revision"))
        added.append(await _rule(tx, number))
    await _changed(tx)
    return added


def _mark(kind: str) -> str:
    return f"alert_usual:{kind}"


async def _changed(tx: Transaction) -> None:
    """Tell other processes, with the change itself, that rules are not what they were."""
    await tx.run("update counter set value = value + 1 where name = 'alert_rules'")


def _values(noun: Rule | Channel | Window, *without: str) -> dict[str, object]:
    values = attrs.asdict(noun, recurse=False)
    return {
        name: to_text(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if name not in without
    }


def _check(changed: int, what: str) -> None:
    if not changed:
        raise Stale(f"{what} was changed by somebody else; read it again and repeat the change")


async def _rule(db: Statements, rule_id: int) -> Rule:
    where = "from alert_rule where id = cast(:id as bigint)"
    return _only(await db.fetch(Rule, f"select {RULE} {where}", id=rule_id), UnknownRule, f"rule {rule_id}")


async def _channel(db: Statements, channel_id: int) -> Channel:
    where = "from alert_channel where id = cast(:id as bigint)"
    found = await db.fetch(Channel, f"select {CHANNEL} {where}", id=channel_id)
    return _only(found, UnknownChannel, f"channel {channel_id}")


async def _window(db: Statements, window_id: int) -> Window:
    where = "from maintenance where id = cast(:id as bigint)"
    found = await db.fetch(Window, f"select {WINDOW} {where}", id=window_id)
    return _only(found, UnknownWindow, f"maintenance window {window_id}")


def _only(found: Sequence[N], missing: type[NotFound], what: str) -> N:
    if not found:
        raise missing(f"There is no {what}")
    return found[0]
