"""The life of alerts from what is reported to what is told, over both databases."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.alert_outbox import SqlOutbox
from lineman.adapters.db.alert_rules import SqlRules
from lineman.adapters.db.alerts import SqlAlerts
from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.core.alerts.checks import usual_rule
from lineman.core.alerts.dispatch import Dispatch
from lineman.core.alerts.judging import REFRESH_S, Judging
from lineman.ports.alerts import (
    Alert,
    AlertQuery,
    Case,
    Change,
    Channel,
    Facts,
    Kind,
    Message,
    NotDelivered,
    Notifier,
    Rule,
    Severity,
    Status,
    Subject,
)
from lineman.ports.clock import Clock
from lineman.ports.errors import Unavailable
from lineman.ports.miners import NewContainer
from lineman.ports.secrets import Secret, Vault

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOT = Kind("hot", "miners", "Chips hot", "chip_c", "", Severity.CRITICAL, "°C", threshold=100.0, margin=0.05)
DEAD = Kind(
    "dead", "miners", "Miner offline", "answers", "", Severity.CRITICAL, above=False, threshold=1.0, chosen=False,
    minutes=5, stands=True,
)  # fmt: skip
QUIET = Kind("quiet", "miners", "No news", "", "", Severity.WARNING, chosen=False, minutes=30, silence=True)
KINDS = {kind.kind: kind for kind in (HOT, DEAD, QUIET)}


@attrs.define
class Time(Clock):
    """Monotonic time and the time of day, which somebody may set."""

    passed: float = 1000.0
    set_by: float = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed - 1000.0 + self.set_by)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@attrs.define(slots=False)
class Phone(Notifier):
    """Remembers messages; ``down`` takes none, and one with ``poison`` in it is never taken."""

    got: list[Message] = attrs.field(factory=list)
    tries: int = 0
    down: bool = False
    poison: str = "\0"

    def check(self, url: Secret) -> str:
        return "phone"

    async def send(self, url: Secret, message: Message, *, deadline: float) -> None:
        self.tries += 1
        if self.down or self.poison in message.title:
            raise NotDelivered("the line is dead")
        self.got.append(message)

    def titles(self) -> list[str]:
        titles = [message.title for message in self.got]
        self.got.clear()
        return titles


@attrs.define
class Frail(SqlAlerts):
    """A store that can be away."""

    database: Database
    away: bool = False

    def __attrs_post_init__(self) -> None:
        SqlAlerts.__init__(self, self.database)

    async def save(self, changes: Sequence[Change], *, at: datetime) -> Mapping[Case, int]:
        if self.away:
            raise Unavailable("the disk is full")
        return await super().save(changes, at=at)


@attrs.define
class House:
    """One process that judges and tells."""

    db: Database
    rules: SqlRules
    clock: Time = attrs.field(factory=Time)
    phone: Phone = attrs.field(factory=Phone)
    alerts: Frail = attrs.field(init=False)
    judging: Judging = attrs.field(init=False)
    dispatch: Dispatch = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.alerts = Frail(self.db)
        self.judging = Judging(self.rules, self.alerts, self.clock, KINDS)
        self.dispatch = Dispatch(SqlOutbox(self.db), self.rules, self.phone, self.clock)

    async def after_kill(self) -> "House":
        """Another process on the same database, after this one is no more."""
        other = House(self.db, self.rules, self.clock, self.phone)
        await other.judging.start()
        return other

    async def rule(self, kind: Kind, **fields: object) -> Rule:
        rule = attrs.evolve(usual_rule(kind, kind.title), **fields)  # type: ignore[arg-type]  # a test's own fields
        [rule] = await self.rules.add_rules([rule])
        return rule

    async def channel(self, name: str = "Duty") -> int:
        return (await self.rules.add_channel(Channel(0, name, "phone", Secret(f"phone://{name}")))).id

    async def say(self, value: float | None, *ids: int, metric: str = "chip_c", container: int = 3) -> None:
        subjects = [Subject("miners", number, f"A1-{number:02}", container) for number in ids or (7,)]
        values = {metric: value}
        await self.judging.report([Facts(subject, self.clock.now(), values) for subject in subjects])

    async def listed(self) -> list[Alert]:
        alerts, _ = await self.alerts.find(AlertQuery())
        return list(alerts)

    async def statuses(self) -> list[str]:
        return [alert.status.value for alert in await self.listed()]

    async def pass_(self, seconds: float) -> list[str]:
        """Let time pass, and do what time does; the titles of what was told."""
        self.clock.passed += seconds
        await self.judging.tick()
        await self.dispatch.send()
        return self.phone.titles()


@pytest.fixture
async def house(database: Database, vault: Vault) -> House:
    return House(database, SqlRules(database, vault))


async def test_an_alert_is_told_once_when_it_fires_and_once_when_it_recovers(house: House) -> None:
    await house.rule(HOT)
    await house.channel()
    await house.judging.start()
    for value in (90.0, 101.0, 102.0, 99.0):
        await house.say(value)
        await house.dispatch.send()
    [message] = house.phone.got
    assert message.title == "[CRITICAL] Chips hot: A1-07"
    assert message.body == "A1-07: 101 °C, limit 100 °C (since 2026-11-24 12:00 UTC)"
    house.phone.got.clear()
    await house.say(94.0)
    assert await house.pass_(60) == ["[RECOVERED] Chips hot: A1-07"]
    assert await house.pass_(3600) == []
    [alert] = await house.listed()
    assert (alert.status, alert.value, alert.recovered_at) == (Status.RECOVERED, 101.0, NOON)
    await house.say(101.0)
    assert await house.statuses() == ["firing", "recovered"]


async def test_offline_fires_by_time_alone_whatever_somebody_does_to_the_clock(house: House) -> None:
    await house.rule(DEAD)
    await house.channel()
    await house.judging.start()
    await house.say(0.0, metric="answers")
    house.clock.set_by = 86_400 * 365
    assert await house.pass_(299) == []
    house.clock.set_by = -86_400
    assert await house.pass_(1) == ["[CRITICAL] Miner offline: A1-07"]
    assert [alert.value for alert in await house.listed()] == [None]  # a yes or a no is no figure to show
    await house.say(1.0, metric="answers")
    assert await house.pass_(60) == ["[RECOVERED] Miner offline: A1-07"]


async def test_two_rules_about_one_subject_have_an_alert_each(house: House) -> None:
    await house.rule(HOT)
    await house.rule(HOT, name="Chips very hot", threshold=110.0)
    await house.rule(HOT, name="Elsewhere", container_ids=(4,))
    await house.judging.start()
    await house.say(115.0)
    assert sorted(alert.rule for alert in await house.listed()) == ["Chips hot", "Chips very hot"]
    await house.say(102.0)
    assert sorted(await house.statuses()) == ["firing", "recovered"]


async def test_a_message_says_in_which_container_it_is(house: House) -> None:
    for name in ("North", "South"):
        await SqlContainers(house.db).add(NewContainer(name), at=NOON)
    await house.rule(DEAD)
    await house.channel()
    await house.judging.start()
    await house.say(0.0, *range(1, 12), metric="answers", container=1)
    await house.say(0.0, *range(20, 23), metric="answers", container=2)
    house.clock.passed += 300
    await house.judging.tick()
    await house.dispatch.send()
    [message] = house.phone.got
    assert message.title == "[CRITICAL] Miner offline: A1-01 in North and 13 more"
    lines = message.body.splitlines()
    assert lines[1] == "A1-02 in North: Miner offline (since 2026-11-24 12:00 UTC)"
    assert lines[-1] == "and 4 more: 3 in South, 1 in North"


async def test_ten_thousand_that_go_offline_at_once_make_one_message_a_channel(house: House) -> None:
    await house.rule(DEAD)
    await house.channel()
    await house.channel("Boss")
    await house.judging.start()
    await house.say(0.0, *range(10_000), metric="answers")
    assert await house.pass_(300) == ["[CRITICAL] Miner offline: A1-00 and 9,999 more"] * 2
    assert house.phone.tries == 2
    # Those that follow within the minute wait for its end, together.
    for number in (10_001, 10_002):
        await house.say(0.0, number, metric="answers")
    house.clock.passed += 300
    house.dispatch._told = dict.fromkeys(house.dispatch._told, house.clock.passed - 30)
    assert await house.pass_(0) == []
    assert await house.pass_(30) == ["[CRITICAL] Miner offline: A1-10001 and 1 more"] * 2
    await house.say(1.0, *range(10_000), metric="answers")
    house.phone.got.clear()
    await house.dispatch.send()
    assert [len(message.body.splitlines()) for message in house.phone.got] == [11, 11]
    assert house.phone.got[0].body.endswith("\nand 9,990 more")


async def test_what_was_raised_is_told_by_the_next_process_after_a_kill(house: House) -> None:
    await house.rule(HOT)
    await house.channel()
    await house.judging.start()
    await house.say(101.0)
    other = await house.after_kill()
    await other.say(102.0)
    assert await other.pass_(5) == ["[CRITICAL] Chips hot: A1-07"]
    again = await other.after_kill()
    assert await again.pass_(3600) == []
    await again.say(90.0)
    assert await again.pass_(5) == ["[RECOVERED] Chips hot: A1-07"]
    assert len(await again.listed()) == 1


async def test_a_process_that_is_killed_while_it_tells_is_repeated_and_nothing_else(tmp_path: Path) -> None:
    place, keys = tmp_path / "lineman.db", [Secret("a key for tests only, long enough")]
    code = (
        "import sys, anyio; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from test_alert_life import raise_and_die\n"
        "anyio.run(raise_and_die, Path(sys.argv[1]))\n"
    )
    here = Path(__file__).parent
    died = await anyio.run_process([sys.executable, "-c", code, str(place), str(here)], check=False, stderr=None)
    assert died.returncode == -signal.SIGKILL
    async with SqliteDatabase(place) as db:
        house = House(db, SqlRules(db, FernetVault(keys)))
        await house.judging.start()
        await house.say(101.0)
        assert await house.pass_(5) == ["[CRITICAL] Chips hot: A1-07"]
        assert await house.pass_(3600) == []
        assert len(await house.listed()) == 1


async def raise_and_die(place: Path) -> None:
    """Raise an alert, and be killed in the middle of telling of it."""

    async def die(url: Secret, message: Message, *, deadline: float) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async with SqliteDatabase(place) as db:
        house = House(db, SqlRules(db, FernetVault([Secret("a key for tests only, long enough")])))
        await house.rule(HOT)
        await house.channel()
        await house.judging.start()
        await house.say(101.0)
        house.phone.send = die  # type: ignore[method-assign]  # the end of this process
        await house.dispatch.send()


async def test_a_kill_does_not_begin_the_minutes_anew(house: House) -> None:
    await house.rule(DEAD)
    await house.judging.start()
    await house.say(0.0, metric="answers")
    await house.pass_(200)
    other = await house.after_kill()
    await other.pass_(99)
    assert await other.listed() == []
    await other.pass_(1)
    [alert] = await other.listed()
    assert (alert.subject, alert.since) == ("A1-07", NOON)


async def test_two_processes_that_both_think_they_work_raise_one_alert(house: House) -> None:
    await house.rule(HOT)
    await house.channel()
    await house.judging.start()
    other = await house.after_kill()
    await house.say(101.0)
    await other.say(101.0)
    assert await other.pass_(5) == ["[CRITICAL] Chips hot: A1-07"]
    await other.say(90.0)
    assert await house.statuses() == ["recovered"]


async def test_a_store_that_is_away_loses_no_alert_that_goes_on(house: House) -> None:
    await house.rule(HOT)
    await house.judging.start()
    house.alerts.away = True
    with pytest.raises(Unavailable):
        await house.say(101.0)
    house.alerts.away = False
    await house.say(101.0)
    await house.pass_(5)
    await house.say(101.0)
    await house.say(102.0)
    assert await house.statuses() == ["firing"]
    assert house.judging.stats().lost == 1


async def test_who_asks_for_too_long_loses_nothing_either(house: House) -> None:
    await house.rule(HOT)
    await house.judging.start()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await house.say(101.0)
    await house.pass_(5)
    await house.say(101.0)
    assert await house.statuses() == ["firing"]


async def test_a_rule_that_goes_or_looks_elsewhere_ends_its_alerts(house: House) -> None:
    removed = await house.rule(HOT, name="removed")
    switched_off = await house.rule(HOT, name="switched off")
    moved = await house.rule(HOT, name="moved")
    edited = await house.rule(HOT, name="edited")
    await house.judging.start()
    await house.say(101.0)
    await house.rules.remove_rule(removed.id)
    await house.rules.change_rule(attrs.evolve(switched_off, is_active=False))
    await house.rules.change_rule(attrs.evolve(moved, container_ids=(4,)))
    await house.rules.change_rule(attrs.evolve(edited, threshold=90.0))
    await house.pass_(5)
    await house.say(101.0)
    found = {alert.rule: (alert.status.value, alert.detail.partition(" (")[2]) for alert in await house.listed()}
    assert found == {
        "removed": ("recovered", "the rule was removed or switched off)"),
        "switched off": ("recovered", "the rule was removed or switched off)"),
        "moved": ("recovered", "the rule is not about it any more)"),
        "edited": ("firing", ""),
    }


async def test_a_subject_that_is_gone_ends_its_alerts_also_if_it_went_while_nobody_judged(house: House) -> None:
    await house.rule(HOT)
    await house.judging.start()
    await house.say(101.0, 7, 8)
    other = await house.after_kill()
    await other.judging.present("containers", [])
    assert await other.statuses() == ["firing", "firing"]
    await other.judging.present("miners", [8, 9])
    assert await other.statuses() == ["firing", "recovered"]


async def test_hearing_nothing_at_all_fires_after_its_minutes_and_news_recover_it(house: House) -> None:
    await house.rule(QUIET)
    await house.channel()
    await house.judging.start()
    await house.say(90.0, 7, 8)
    await house.pass_(900)
    await house.say(90.0, 8)
    assert await house.pass_(899) == []
    assert await house.pass_(1) == ["[WARNING] No news: A1-07"]
    assert await house.pass_(899) == []
    await house.say(90.0, 7)
    await house.judging.present("miners", [7])
    assert await house.pass_(300) == ["[RECOVERED] No news: A1-07"]


async def test_the_last_figure_of_an_alert_is_written_now_and_then(house: House) -> None:
    await house.rule(HOT)
    await house.judging.start()
    await house.say(101.0)
    await house.pass_(REFRESH_S - 1)
    await house.say(104.0)
    await house.pass_(0)
    assert [alert.value for alert in await house.listed()] == [101.0]
    await house.pass_(1)
    [alert] = await house.listed()
    assert (alert.value, alert.last_at) == (104.0, NOON + timedelta(seconds=REFRESH_S - 1))


async def test_a_process_that_does_not_work_judges_nothing(house: House) -> None:
    await house.rule(HOT)
    await house.say(101.0)
    await house.judging.present("miners", [])
    assert await house.listed() == []
    await house.judging.start()
    house.judging.forget()
    await house.say(101.0)
    assert await house.listed() == []
