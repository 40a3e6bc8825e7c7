"""Rules: what people set about when an alert is raised."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from ...ports.alerts import Kind, Rule, RuleStore, UnknownRule
from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore, UnknownEnterprise
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.miners import ContainerStore
from ..editing import Expect, anything, edit
from ..permissions import allow
from .checks import RULE, check_escalation, check_kind, checked, usual_rule, usual_rules
from .sight import confined, part_of


@attrs.frozen
class RuleBook:
    """The rules.  Changing them needs ``manage-alerts``; a client sees those that are about his containers,
    an enterprise admin those about his enterprises.

    The one who judges learns of a change within seconds: an alert ends whose rule is gone,
    switched off, or not about its subject any more; a new threshold counts from the next facts on.
    """

    rule_store: RuleStore
    containers: ContainerStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock
    known: Mapping[str, Kind]

    def kinds(self, actor: Actor) -> Sequence[Kind]:
        """What rules can be about."""
        allow(actor, Permission.SEE_ALERTS)
        return tuple(kind for kind in self.known.values() if part_of(actor, (), (), of_enterprises=kind.of_enterprises))

    async def all(self, actor: Actor) -> Sequence[Rule]:
        """All rules, by number."""
        allow(actor, Permission.SEE_ALERTS)
        found = [self._narrowed(rule, actor) for rule in await self.rule_store.rules()]
        return [rule for rule in found if rule is not None]

    async def get(self, actor: Actor, rule_id: int) -> Rule:
        """Raises ``UnknownRule``, also for what the actor may not see."""
        allow(actor, Permission.SEE_ALERTS)
        found = self._narrowed(await self.rule_store.rule(rule_id), actor)
        if found is None:
            raise UnknownRule(f"There is no rule {rule_id}")
        return found

    async def add(self, actor: Actor, kind: str, fields: Mapping[str, Any]) -> Rule:
        """Add a rule.  What is not given is what its kind starts with.

        Raises:
            Invalid, RuleExists
        """
        allow(actor, Permission.MANAGE_ALERTS)
        found = self.known.get(kind)
        if found is None:
            raise Invalid(f"{kind[:50]!r} is none of {', '.join(self.known)}", field="kind")
        rule = attrs.evolve(usual_rule(found, found.title), **await self._checked(fields))
        check_kind(rule, found)
        check_escalation(rule)
        [rule] = await self.rule_store.add_rules([rule])
        await self._note(actor, "add-rule", rule, f"{rule.kind} {rule.name}")
        return rule

    async def change(self, actor: Actor, rule_id: int, fields: Mapping[str, Any], *, expect: Expect = anything) -> Rule:
        """Change the fields that are named; ``expect`` refuses a revision that the caller has not seen.

        Raises:
            UnknownRule, Invalid, RuleExists, Stale
        """
        allow(actor, Permission.MANAGE_ALERTS)

        async def changed(rule: Rule) -> Rule:
            expect(rule.revision)
            if fields.get("kind", rule.kind) != rule.kind:
                raise Invalid("stays what it is: add another rule, and remove this one", field="kind")
            wanted = attrs.evolve(rule, **await self._checked(fields))
            if wanted != rule and rule.kind in self.known:
                check_kind(wanted, self.known[rule.kind])
            # Rules from before this was checked can still be changed in what else they say.
            if _escalation(wanted) != _escalation(rule):
                check_escalation(wanted)
            return wanted

        before, after = await edit(lambda: self.rule_store.rule(rule_id), changed, self.rule_store.change_rule)
        if after != before:
            await self._note(actor, "change-rule", after, f"{after.name}: {', '.join(fields)}")
        return after

    async def remove(self, actor: Actor, rule_id: int) -> None:
        """Remove a rule; its alerts end, and stay in the list.  Raises ``UnknownRule``."""
        allow(actor, Permission.MANAGE_ALERTS)
        rule = await self.rule_store.rule(rule_id)
        await self.rule_store.remove_rule(rule_id)
        await self._note(actor, "remove-rule", rule, rule.name)

    async def ensure_usual(self) -> int:
        """Make the usual rules at the first start that knows of their kinds; how many.

        Those that were removed stay away.
        """
        return len(await self.rule_store.add_usual(usual_rules(self.known)))

    async def _checked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        found = checked(fields, RULE)
        channels = {channel.id for channel in await self.rule_store.channels()}
        for field in ("channel_ids", "escalate_channel_ids"):
            check_there(field, found.get(field, ()), channels, "channel")
        if found.get("container_ids"):
            await check_containers(self.containers, found["container_ids"])
        await check_enterprises(self.enterprises, found.get("enterprise_numbers", ()))
        return found

    def _narrowed(self, rule: Rule, actor: Actor) -> Rule | None:
        """The rule as the actor may see it: who is confined learns neither of others' things nor of who is told."""
        if not confined(actor):
            return rule
        kind = self.known.get(rule.kind)
        about = None if kind is None else kind.of_enterprises
        part = part_of(actor, rule.container_ids, rule.enterprise_numbers, of_enterprises=about)
        if part is None:
            return None
        places, numbers = part
        return attrs.evolve(
            rule, container_ids=places, enterprise_numbers=numbers, channel_ids=(), escalate_channel_ids=()
        )

    async def _note(self, actor: Actor, action: str, rule: Rule, detail: str) -> None:
        await self.journal.write(
            Entry(self.clock.now(), actor.name, f"alerts.{action}", f"alert-rule {rule.id}", "ok", detail)
        )


def _escalation(rule: Rule) -> tuple[int | None, tuple[int, ...]]:
    return rule.escalate_after_minutes, rule.escalate_channel_ids


async def check_containers(containers: ContainerStore, wanted: Collection[int]) -> None:
    """Raises ``Invalid`` if one of the containers is not there."""
    there = {container.id for container in await containers.all()}
    check_there("container_ids", wanted, there, "container")


async def check_enterprises(enterprises: EnterpriseStore, wanted: Collection[str]) -> None:
    """Raises ``Invalid`` if one of the enterprises is not there."""
    for number in wanted:
        try:
            await enterprises.get(number)
        except UnknownEnterprise as error:
            raise Invalid(f"there is no enterprise {number}", field="enterprise_numbers") from error


def check_there(field: str, wanted: Collection[int], there: Collection[int], what: str) -> None:
    """Raises ``Invalid`` naming the field if one of the things is not there."""
    for number in wanted:
        if number not in there:
            raise Invalid(f"there is no {what} {number}", field=field)
