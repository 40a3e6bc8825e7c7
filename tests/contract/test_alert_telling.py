"""Whom an alert is told, when, and what becomes of messages that nobody takes."""

from datetime import timedelta

import attrs
import pytest

from lineman.adapters.db.alert_outbox import SqlOutbox
from lineman.adapters.db.alert_rules import SqlRules
from lineman.adapters.db.engine import Database
from lineman.core.alerts.dispatch import TRIES
from lineman.ports.alerts import (
    Delivery,
    Status,
    Window,
)
from lineman.ports.secrets import Vault

from .test_alert_life import DEAD, HOT, NOON, House

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database: Database, vault: Vault) -> House:
    return House(database, SqlRules(database, vault))


async def test_a_window_mutes_what_begins_in_it_until_its_end(house: House) -> None:
    await house.rule(HOT)
    await house.channel()
    window = Window(0, NOON, NOON + timedelta(hours=1), "fans", "olga", container_ids=(3,))
    await house.rules.add_window(window)
    await house.judging.start()
    await house.say(101.0, 7, 8)
    await house.say(101.0, 9, container=4)
    assert await house.pass_(60) == ["[CRITICAL] Chips hot: A1-09"]
    await house.say(90.0, 8)
    await house.say(90.0, 9, container=4)
    assert await house.pass_(60) == ["[RECOVERED] Chips hot: A1-09"]
    assert [(alert.subject, alert.muted) for alert in await house.listed() if alert.status is Status.FIRING] == [
        ("A1-07", True)
    ]
    assert await house.pass_(3600 - 121) == []
    assert await house.pass_(1) == ["[CRITICAL] Chips hot: A1-07"]
    await house.say(90.0)
    assert await house.pass_(60) == ["[RECOVERED] Chips hot: A1-07"]


async def test_what_began_before_a_window_is_told_when_it_ends_in_it(house: House) -> None:
    await house.rule(HOT)
    await house.channel()
    await house.judging.start()
    await house.say(101.0)
    assert await house.pass_(5) == ["[CRITICAL] Chips hot: A1-07"]
    await house.rules.add_window(Window(0, NOON, NOON + timedelta(hours=1), "", "olga"))
    await house.say(90.0)
    assert await house.pass_(60) == ["[RECOVERED] Chips hot: A1-07"]


async def test_nobody_answering_escalates_once_and_acknowledging_stops_it(house: House) -> None:
    duty, boss = await house.channel(), await house.channel("Boss")
    await house.rule(HOT, channel_ids=(duty,), escalate_after_minutes=10, escalate_channel_ids=(boss,))
    await house.judging.start()
    await house.say(101.0, 7, 8)
    assert await house.pass_(0) == ["[CRITICAL] Chips hot: A1-07 and 1 more"]
    acknowledged = next(alert for alert in await house.listed() if alert.subject_id == 8)
    await house.alerts.acknowledge(acknowledged.id, by="olga", at=NOON, comment=None)
    assert await house.pass_(599) == []
    assert await house.pass_(1) == ["[CRITICAL, NOT ACKNOWLEDGED] Chips hot: A1-07"]
    other = await house.after_kill()
    assert await other.pass_(3600) == []
    await other.say(90.0, 7, 8)
    assert sorted(await other.pass_(60)) == [
        "[RECOVERED] Chips hot: A1-07",
        "[RECOVERED] Chips hot: A1-07 and 1 more",
    ]


async def test_a_channel_that_is_down_is_tried_again_ever_more_seldom_and_in_order(house: House) -> None:
    await house.rule(HOT)
    duty = await house.channel()
    await house.judging.start()
    house.phone.down = True
    await house.say(101.0)
    await house.pass_(0)
    await house.say(90.0)
    for _ in range(360):
        await house.pass_(5)
    assert 4 <= house.phone.tries <= 12
    [alert] = await house.listed()
    [fired, recovered] = (await house.alerts.notices([alert.id]))[alert.id]
    assert (fired.delivery, fired.error, recovered.attempts) == (Delivery.WAITING, "the line is dead", 0)
    assert (await house.rules.channel(duty)).last_error == "the line is dead"
    house.phone.down = False
    told = list[str]()
    for _ in range(200):
        told += await house.pass_(5)
    assert told == ["[CRITICAL] Chips hot: A1-07", "[RECOVERED] Chips hot: A1-07"]
    assert (await house.rules.channel(duty)).last_error is None


async def test_a_message_that_is_never_taken_is_given_up_and_holds_up_no_other(house: House) -> None:
    await house.rule(HOT)
    await house.rule(DEAD, minutes=0.0)
    await house.channel()
    await house.judging.start()
    house.phone.poison = "Chips"
    await house.say(101.0)
    await house.pass_(0)
    await house.say(0.0, 8, metric="answers")
    told = list[str]()
    for _ in range(TRIES * 2):
        told += await house.pass_(1000)
    assert told == ["[CRITICAL] Miner offline: A1-08"]
    assert house.phone.tries == TRIES + 1
    hot = next(alert for alert in await house.listed() if alert.kind == "hot")
    [notice] = (await house.alerts.notices([hot.id]))[hot.id]
    assert (notice.delivery, notice.attempts, notice.error) == (Delivery.FAILED, TRIES, "the line is dead")


async def test_a_channel_that_was_switched_off_gets_nothing_that_waits_for_it(house: House) -> None:
    await house.rule(HOT)
    duty = await house.channel()
    await house.judging.start()
    await house.say(101.0)
    await house.rules.change_channel(attrs.evolve(await house.rules.channel(duty), is_active=False))
    assert await house.pass_(5) == []
    await house.say(90.0)
    await house.say(101.0)
    assert await house.pass_(60) == []
    assert await SqlOutbox(house.db).waiting() == 0
