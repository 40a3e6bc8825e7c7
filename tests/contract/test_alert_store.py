"""Alerts, rules, channels, windows and the outbox, on both databases."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.alert_outbox import SqlOutbox
from lineman.adapters.db.alert_rules import SqlRules
from lineman.adapters.db.alerts import SqlAlerts
from lineman.adapters.db.engine import Database
from lineman.ports.alerts import (
    Alert,
    AlertOver,
    AlertQuery,
    Channel,
    ChannelExists,
    Delivery,
    Ended,
    Escalation,
    NoticeKind,
    Passed,
    Pending,
    Raised,
    Refreshed,
    Rule,
    RuleExists,
    Severity,
    Status,
    Subject,
    UnknownAlert,
    UnknownChannel,
    UnknownRule,
    UnknownWindow,
    Unmuted,
    Window,
)
from lineman.ports.errors import Stale
from lineman.ports.secrets import Sealed, Secret, Vault

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
RULE = Rule(0, "Offline", "offline", None, 5.0, Severity.CRITICAL, (3,), ("hot",), (), 30, ())
CHANNEL = Channel(0, "Duty", "json", Secret("json://u:canary@host/path"))


def alert(subject: int = 7, rule: int = 1, container: int | None = 3, *, muted: bool = False) -> Alert:
    return Alert(
        0, rule, "Offline", "offline", Severity.CRITICAL, "miners", subject, f"A1-{subject:02}", container,
        Status.FIRING, 0.0, "", "timed-out", NOON - timedelta(minutes=5), NOON, NOON, muted=muted,
    )  # fmt: skip


def ended(found: Alert, reason: str | None = None) -> Ended:
    return Ended(found.case, found.id, reason)


@pytest.fixture
def rules(database: Database, vault: Vault) -> SqlRules:
    return SqlRules(database, vault)


@pytest.fixture
def alerts(database: Database) -> SqlAlerts:
    return SqlAlerts(database)


@pytest.fixture
def outbox(database: Database) -> SqlOutbox:
    return SqlOutbox(database)


async def test_rules_come_back_as_they_were_set_and_every_change_is_a_new_version(rules: SqlRules) -> None:
    version = await rules.version()
    [one, two] = await rules.add_rules([RULE, attrs.evolve(RULE, name="Hot", threshold=90.5)])
    assert one == attrs.evolve(RULE, id=one.id)
    assert await rules.rules() == [one, two]
    wanted = attrs.evolve(one, minutes=1.5, tags=(), channel_ids=(1, 2), enterprise_numbers=("0367", "A/1"))
    changed = await rules.change_rule(wanted)
    assert changed == attrs.evolve(wanted, revision=2)
    with pytest.raises(Stale):
        await rules.change_rule(one)
    with pytest.raises(RuleExists):
        await rules.change_rule(attrs.evolve(changed, name="Hot"))
    with pytest.raises(RuleExists):
        await rules.add_rules([attrs.evolve(RULE, name="New"), RULE])
    await rules.remove_rule(two.id)
    assert await rules.rules() == [changed]
    for missing in (rules.rule(99), rules.remove_rule(99), rules.change_rule(attrs.evolve(one, id=99))):
        with pytest.raises(UnknownRule):
            await missing
    assert await rules.version() == version + 3


async def test_the_usual_rules_come_once_beside_those_that_are_there(rules: SqlRules) -> None:
    [own] = await rules.add_rules([RULE])
    usual = [attrs.evolve(RULE, minutes=1.0), attrs.evolve(RULE, name="Hot")]
    [hot] = await rules.add_usual(usual)
    assert await rules.rules() == [own, hot]
    await rules.remove_rule(hot.id)
    assert await rules.add_usual(usual) == []
    # A system that came later has kinds of its own.
    down = attrs.evolve(RULE, kind="gateway-down", name="Down")
    assert [rule.name for rule in await rules.add_usual([*usual, down])] == ["Down"]
    assert await rules.add_usual([*usual, down]) == []
    assert [rule.name for rule in await rules.rules()] == [own.name, "Down"]


async def test_a_channels_url_is_kept_sealed(rules: SqlRules, database: Database) -> None:
    channel = await rules.add_channel(CHANNEL)
    assert channel == attrs.evolve(CHANNEL, id=channel.id)
    [stored] = await database.fetch(str, "select url_sealed from alert_channel")
    assert "canary" not in stored
    changed = await rules.change_channel(attrs.evolve(channel, url=Secret("json://other"), is_active=False))
    assert (changed.url, changed.revision) == (Secret("json://other"), 2)
    with pytest.raises(Stale):
        await rules.change_channel(channel)
    with pytest.raises(ChannelExists):
        await rules.add_channel(CHANNEL)
    with pytest.raises(Sealed, match=r"channel 1 \(Duty\)"):
        await SqlRules(database, FernetVault([Secret("another key, long enough too")])).channels()
    await rules.remove_channel(channel.id)
    for missing in (rules.channel(99), rules.remove_channel(99), rules.change_channel(channel)):
        with pytest.raises(UnknownChannel):
            await missing


async def test_windows_come_back_as_they_were_set(rules: SqlRules) -> None:
    window = await rules.add_window(Window(0, NOON, LATER, "fans", "olga", "miners", (3,), (7, 8)))
    assert await rules.windows() == [window]
    assert window == Window(window.id, NOON, LATER, "fans", "olga", "miners", (3,), (7, 8))
    moved = await rules.change_window(
        attrs.evolve(window, until=LATER + timedelta(hours=1), subject_ids=(), enterprise_numbers=("0367",))
    )
    assert await rules.window(window.id) == moved
    assert moved.enterprise_numbers == ("0367",)
    await rules.remove_window(window.id)
    for missing in (rules.window(1), rules.remove_window(1), rules.change_window(window)):
        with pytest.raises(UnknownWindow):
            await missing


async def test_a_case_pends_then_fires_once_then_is_over(alerts: SqlAlerts) -> None:
    raised = alert()
    pending = Pending(raised.case, raised.since, Subject("miners", 7, "A1-07", 3))
    await alerts.save([pending], at=NOON)
    assert (await alerts.standing()).pending == [pending]
    assert await alerts.save([Raised(raised, ())], at=NOON) == {raised.case: 1}
    # Another process that thinks it works raises no second one, and cannot make it pend.
    assert await alerts.save([Raised(raised, ()), pending], at=LATER) == {}
    await alerts.save([Passed(raised.case)], at=LATER)
    standing = await alerts.standing()
    assert standing.pending == []
    [found] = standing.alerts
    assert found == attrs.evolve(raised, id=1, seq=found.seq)
    await alerts.save([Refreshed(1, 2.5, "still", LATER)], at=LATER)
    seen = await alerts.get(1)
    assert (seen.value, seen.detail, seen.last_at) == (2.5, "still", LATER)
    await alerts.save([ended(found, "the rule was removed")], at=LATER)
    over = await alerts.get(1)
    assert (over.status, over.recovered_at, over.detail) == (Status.RECOVERED, LATER, "still (the rule was removed)")
    assert (await alerts.standing()).alerts == []
    assert await alerts.save([Raised(raised, ())], at=LATER) == {raised.case: 2}


async def test_a_case_that_passed_pends_no_more(alerts: SqlAlerts) -> None:
    raised = alert()
    await alerts.save([Pending(raised.case, NOON, Subject("miners", 7, "A1-07"))], at=NOON)
    await alerts.save([Passed(raised.case)], at=NOON)
    assert (await alerts.standing()).pending == []


async def test_acknowledging_twice_keeps_the_first_name_and_the_last_comment(alerts: SqlAlerts) -> None:
    await alerts.save([Raised(alert(), ())], at=NOON)
    first = await alerts.acknowledge(1, by="olga", at=NOON, comment="on my way")
    assert (first.status, first.acknowledged_by, first.comment) == (Status.ACKNOWLEDGED, "olga", "on my way")
    again = await alerts.acknowledge(1, by="anna", at=LATER, comment="fan ordered")
    assert (again.acknowledged_by, again.acknowledged_at, again.comment) == ("olga", NOON, "fan ordered")
    assert (await alerts.acknowledge(1, by="anna", at=LATER, comment=None)).comment == "fan ordered"
    await alerts.save([ended(first)], at=LATER)
    with pytest.raises(AlertOver):
        await alerts.acknowledge(1, by="olga", at=LATER, comment=None)
    with pytest.raises(UnknownAlert):
        await alerts.acknowledge(2, by="olga", at=LATER, comment=None)


async def test_everybody_sees_the_alerts_of_his_containers_newest_first(alerts: SqlAlerts) -> None:
    await alerts.save([Raised(alert(number, container=number % 3 or None), ()) for number in range(1, 7)], at=NOON)
    await alerts.save([ended(await alerts.get(1))], at=LATER)
    for query, found in (
        (AlertQuery(), [6, 5, 4, 3, 2, 1]), (AlertQuery(limit=2, offset=1), [5, 4]),
        (AlertQuery(container_id=1), [4, 1]), (AlertQuery(visible=frozenset({1})), [4, 1]),
        (AlertQuery(visible=frozenset()), []), (AlertQuery(status=Status.RECOVERED), [1]),
        (AlertQuery(is_open=True, visible=frozenset({1})), [4]), (AlertQuery(subject="a1-0"), [6, 5, 4, 3, 2, 1]),
        (AlertQuery(subject="A1-05"), [5]), (AlertQuery(subject="%"), []), (AlertQuery(severity=Severity.INFO), []),
        (AlertQuery(system="miners", subject_id=6), [6]),
    ):  # fmt: skip
        page, total = await alerts.find(query)
        assert [one.id for one in page] == found, query
        assert total == (6 if query.limit == 2 else len(found)), query
    assert (await alerts.get(4, visible=frozenset({1}))).id == 4
    with pytest.raises(UnknownAlert):
        await alerts.get(4, visible=frozenset({2}))


async def test_an_alert_knows_whose_subject_it_is_about_and_who_is_confined_sees_his_own(alerts: SqlAlerts) -> None:
    """1 and 2 are of enterprises, 3 stands in a container, 4 is of nobody."""
    whose = {1: ("0367", None), 2: ("2", None), 3: (None, 3), 4: (None, None)}
    raised = [
        attrs.evolve(alert(number, container=container), enterprise_number=enterprise)
        for number, (enterprise, container) in whose.items()
    ]
    subject = Subject("lines", 7, "GW 1 line 7", enterprise_number="0367")
    pending = Pending((1, subject.key), NOON, subject)
    await alerts.save([*(Raised(one, ()) for one in raised), pending], at=NOON)
    standing = await alerts.standing()
    assert {one.id: one.enterprise_number for one in standing.alerts} == {1: "0367", 2: "2", 3: None, 4: None}
    assert standing.pending == [pending]
    his = frozenset({"0367", "9"})
    for query, found in (
        (AlertQuery(visible_enterprises=his), [1]), (AlertQuery(visible_enterprises=frozenset()), []),
        (AlertQuery(visible=frozenset({3})), [3]), (AlertQuery(enterprise_number="2"), [2]),
        (AlertQuery(enterprise_number="2", visible_enterprises=his), []),
    ):  # fmt: skip
        page, total = await alerts.find(query)
        assert ([one.id for one in page], total) == (found, len(found)), query
    assert [one.id for one in await alerts.changed(0, limit=10, visible_enterprises=his)] == [1]
    assert [one.id for one in await alerts.changed(0, limit=10, visible=frozenset({3}))] == [3]
    assert (await alerts.get(1, visible_enterprises=his)).id == 1
    for number in (2, 3, 4):
        with pytest.raises(UnknownAlert):
            await alerts.get(number, visible_enterprises=his)


async def test_each_change_has_a_number_of_its_own_to_go_on_from(alerts: SqlAlerts) -> None:
    await alerts.save([Raised(alert(number), ()) for number in range(3)], at=NOON)
    before = await alerts.latest()
    first = await alerts.changed(0, limit=2)
    rest = await alerts.changed(first[-1].seq, limit=10)
    assert [one.id for one in (*first, *rest)] == [1, 2, 3]
    assert await alerts.changed(before, limit=10) == []
    await alerts.acknowledge(2, by="olga", at=NOON, comment=None)
    assert [one.id for one in await alerts.changed(before, limit=10)] == [2]
    assert await alerts.changed(before, limit=10, visible=frozenset({9})) == []


async def test_notices_are_queued_with_the_alert_and_its_end_is_told_to_whoever_heard(
    rules: SqlRules, alerts: SqlAlerts, outbox: SqlOutbox
) -> None:
    duty = (await rules.add_channel(CHANNEL)).id
    boss = (await rules.add_channel(attrs.evolve(CHANNEL, name="Boss"))).id
    await alerts.save([Raised(alert(7), (duty,)), Raised(alert(8), (duty, 99))], at=NOON)
    await alerts.save([Escalation(1, (boss,)), Escalation(1, (boss,))], at=NOON)
    await alerts.acknowledge(2, by="olga", at=NOON, comment=None)
    await alerts.save([Escalation(1, (boss,)), Escalation(2, (boss,))], at=NOON)
    await alerts.save([ended(await alerts.get(1))], at=LATER)
    told = await alerts.notices([1, 2])
    assert [(notice.channel, notice.kind.value) for notice in told[1]] == [
        ("Duty", "fired"), ("Boss", "escalated"), ("Duty", "recovered"), ("Boss", "recovered"),
    ]  # fmt: skip
    assert [(notice.channel, notice.kind.value) for notice in told[2]] == [("Duty", "fired")]
    assert await outbox.waiting() == 5
    await rules.remove_channel(boss)
    assert await outbox.waiting() == 3


async def test_a_muted_alert_is_told_once_when_it_is_muted_no_more(rules: SqlRules, alerts: SqlAlerts) -> None:
    duty = (await rules.add_channel(CHANNEL)).id
    await alerts.save([Raised(alert(7, muted=True), ()), Raised(alert(8, muted=True), ())], at=NOON)
    assert (await alerts.get(1)).muted
    await alerts.save([ended(await alerts.get(2))], at=NOON)
    await alerts.save([Unmuted(1, (duty,)), Unmuted(2, (duty,))], at=LATER)
    await alerts.save([Unmuted(1, (duty,))], at=LATER)
    told = await alerts.notices([1, 2])
    assert [(notice.kind, notice.at) for notice in told[1]] == [(NoticeKind.FIRED, LATER)]
    assert 2 not in told
    assert not (await alerts.get(1)).muted


async def test_a_notice_is_due_until_it_was_sent_or_given_up_and_never_before_its_forerunner(
    rules: SqlRules, alerts: SqlAlerts, outbox: SqlOutbox
) -> None:
    duty = (await rules.add_channel(CHANNEL)).id
    await alerts.save([Raised(alert(7), (duty,)), Raised(alert(8), (duty,))], at=NOON)

    async def due(at: datetime = NOON) -> list[tuple[int, str, int]]:
        found = await outbox.due(now=at, slowest=900, limit=10)
        return [(one.alert.id, one.notice.kind.value, one.notice.attempts) for one in found]

    assert await due() == [(1, "fired", 0), (2, "fired", 0)]
    await outbox.sent(duty, [1], at=NOON)
    await outbox.not_sent(duty, [2], at=NOON, next_try=LATER, error="refused")
    await alerts.save([ended(await alerts.get(2))], at=NOON)
    assert await due() == []
    # A clock that was set back does not silence anybody for long.
    assert await due(NOON - timedelta(hours=1)) == [(2, "fired", 1), (2, "recovered", 0)]
    assert await due(LATER) == [(2, "fired", 1), (2, "recovered", 0)]
    assert (await rules.channel(duty)).last_error == "refused"
    await outbox.not_sent(duty, [2], at=LATER, next_try=None, error="gone")
    assert await due(LATER) == [(2, "recovered", 0)]
    [first] = (await alerts.notices([1]))[1]
    assert (first.delivery, first.attempts, first.error) == (Delivery.SENT, 1, None)
    [fired, _] = (await alerts.notices([2]))[2]
    assert (fired.delivery, fired.attempts, fired.error) == (Delivery.FAILED, 2, "gone")
    await outbox.tried(duty, at=LATER, error=None)
    channel = await rules.channel(duty)
    assert (channel.last_sent_at, channel.last_error) == (LATER, None)
    await outbox.tried(duty, at=LATER + timedelta(hours=1), error="no")
    channel = await rules.channel(duty)
    assert (channel.last_sent_at, channel.last_error) == (LATER, "no")


async def test_old_alerts_go_with_their_notices_and_open_ones_stay(rules: SqlRules, alerts: SqlAlerts) -> None:
    duty = (await rules.add_channel(CHANNEL)).id
    await alerts.save([Raised(alert(number), (duty,)) for number in (1, 2, 3)], at=NOON)
    await alerts.save([ended(await alerts.get(1))], at=NOON)
    await alerts.save([ended(await alerts.get(2))], at=LATER)
    assert await alerts.prune(before=LATER) == 1
    assert [one.id for one in (await alerts.find(AlertQuery()))[0]] == [3, 2]
    assert sorted(await alerts.notices([1, 2, 3])) == [2, 3]


async def test_what_a_device_says_can_be_kept(alerts: SqlAlerts) -> None:
    strange = attrs.evolve(alert(), subject="a\0b", detail="x\ud800y\0", value=float("nan"))
    await alerts.save([Raised(strange, ())], at=NOON)
    found = await alerts.get(1)
    assert (found.subject, found.detail, found.value) == ("a\ufffdb", "x?y\ufffd", None)


async def test_ten_thousand_at_once_fire_and_recover_in_a_statement_or_two(rules: SqlRules, alerts: SqlAlerts) -> None:
    duty = (await rules.add_channel(CHANNEL)).id
    many = [alert(number) for number in range(10_000)]
    ids = await alerts.save([Raised(one, (duty,)) for one in many], at=NOON)
    assert len(ids) == 10_000
    await alerts.save([Ended(case, number) for case, number in ids.items()], at=LATER)
    assert (await alerts.standing()).alerts == []
    assert len(await SqlOutbox(alerts._db).due(now=LATER, slowest=900, limit=50_000)) == 20_000
