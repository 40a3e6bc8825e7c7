"""The health of lines in its order, and why a gateway is not active in words."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from lineman.core.gateways.config import GatewayConfig
from lineman.core.gateways.counting import Tally, counts_of
from lineman.core.gateways.health import health_of, why, why_line
from lineman.core.gateways.planning import (
    directories_of,
    home_of,
    last_sizes,
    listed_before,
    login_of,
    named,
    shrunk,
    target_of,
    turn_of,
)
from lineman.ports.gateways import (
    Directory,
    DirectoryOutcome,
    Gateway,
    GatewayRow,
    GatewayWatch,
    Health,
    LineCounts,
    LineWatch,
    Reason,
    Scan,
    ScanStatus,
    Status,
    Watched,
)
from lineman.ports.secrets import Secret

from ..gateway_site import SERVER, START, line

GATEWAY = Gateway(1, "Main & Co", "17", START)


@pytest.mark.parametrize(
    ("shown", "health"),
    [
        ({}, Health.OK),
        # Each is worse than all that come after it.
        ({"module": False, "sim": False, "gsm": False, "rssi": 3, "voip": False}, Health.MODULE_OFF),
        ({"sim": False, "gsm": False, "rssi": 3, "voip": False}, Health.NO_SIM),
        ({"gsm": False, "rssi": 3, "voip": False}, Health.NOT_REGISTERED),
        ({"rssi": 9, "voip": False}, Health.WEAK_SIGNAL),
        ({"rssi": 10, "voip": False}, Health.VOIP_NOT_REGISTERED),
        ({"rssi": 0}, Health.WEAK_SIGNAL),
        # What is unknown is never a no.
        ({"rssi": None}, Health.OK),
        ({"voip": None}, Health.OK),
        ({"sim": None}, Health.OK),
        ({"gsm": None, "rssi": 3}, Health.UNKNOWN),
        ({"module": None, "sim": None, "gsm": None, "voip": None, "rssi": None}, Health.UNKNOWN),
        ({"gsm": None, "voip": False}, Health.VOIP_NOT_REGISTERED),
    ],
)
def test_the_worst_fault_of_a_line_is_its_health(shown: dict[str, Any], health: Health) -> None:
    assert health_of(line(**shown), voip_wanted=True) is health


def test_where_voip_is_not_used_a_no_is_normal() -> None:
    assert health_of(line(voip=False), voip_wanted=False) is Health.OK


def row(watch: GatewayWatch) -> GatewayRow:
    return GatewayRow(GATEWAY, "Seventeen", "mftp", watch, LineCounts())


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_told_with_what_to_do(reason: Reason) -> None:
    status = Status.INACTIVE if reason in (Reason.NOT_LISTED, Reason.NO_RADMIN) else Status.ERROR
    said = why(row(GatewayWatch(status, reason, detail="seen so")), at=START)
    assert said.endswith(".")
    assert ": " in said, "first what is so, then what to do"
    assert ("seen so" in said) is (status is Status.ERROR)


def test_a_gateway_that_is_well_needs_no_words_and_one_that_is_stale_does() -> None:
    assert why(row(GatewayWatch(Status.ACTIVE)), at=START) == ""
    said = why(row(GatewayWatch(Status.ACTIVE, stale=True)), at=START)
    assert "could not be read, or that is switched off" in said, "nobody is sent to look for a fault in a server"
    assert "No scan" in why(row(GatewayWatch()), at=START)
    for status, reason in ((Status.UNKNOWN, None), (Status.ACTIVE, None), (Status.ERROR, Reason.AUTH)):
        assert "next scan" in why(row(GatewayWatch(status, reason, missing=1)), at=START)
    booting = GatewayWatch(Status.ACTIVE, rebooting_until=START + timedelta(seconds=1))
    assert "reboot" in why(row(booting), at=START)
    assert why(row(booting), at=START + timedelta(seconds=1)) == ""


def test_every_health_but_a_good_one_has_words() -> None:
    assert [health for health in Health if not why_line(health)] == [Health.OK]


def watched(number: int = 1, watch: GatewayWatch | None = None, **fields: Any) -> Watched:
    gateway = attrs.evolve(GATEWAY, id=number, **fields)
    return Watched(gateway, watch or GatewayWatch(), {}, "enterprise", Secret("e"))


def test_each_part_of_the_login_is_the_gateways_then_its_enterprises_then_the_settings() -> None:
    config = GatewayConfig(username="settings", password=Secret("s"))
    own = watched(username="own", password=Secret("o"))
    assert login_of(own, config) == ("own", Secret("o"))
    assert login_of(watched(username="own"), config) == ("own", Secret("e"))
    assert login_of(watched(), config) == ("enterprise", Secret("e"))
    bare = attrs.evolve(watched(), enterprise_username=None, enterprise_password=None)
    assert login_of(bare, config) == ("settings", Secret("s"))
    assert login_of(bare, GatewayConfig()) == (None, None)


def test_a_gateway_is_looked_for_on_the_configured_host_by_the_digits_that_count() -> None:
    found = target_of(watched(watch=GatewayWatch(serial_last4="1234")), SERVER, 38000, GatewayConfig())
    assert (found.host, found.port, found.serial_last4) == (SERVER.host, 38000, "1234")
    said = watched(watch=GatewayWatch(serial_last4="1234"), serial_last4="9999")
    assert target_of(said, SERVER, 38000, GatewayConfig()).serial_last4 == "9999"


def test_a_gateway_without_a_directory_belongs_to_the_first_one() -> None:
    second, third = Directory(2, "b", "h"), Directory(3, "c", "h")
    with_settings = directories_of(GatewayConfig(directory=SERVER), [third, second])
    assert [one.id for one in with_settings] == [0, 2, 3]
    assert home_of(GATEWAY, with_settings) == SERVER
    assert home_of(GATEWAY, directories_of(GatewayConfig(), [third, second])) == second
    assert home_of(GATEWAY, ()) is None
    assert home_of(attrs.evolve(GATEWAY, directory_id=3), with_settings) == third
    assert home_of(attrs.evolve(GATEWAY, directory_id=9), with_settings) is None


def test_a_directory_is_found_by_its_name_before_its_number() -> None:
    all_ = (SERVER, Directory(2, "3", "h"), Directory(3, "c", "h"))
    for which, number in (("3", 2), (3, 3), ("mftp", 0), ("2", 2)):
        found = named(which, all_)
        assert found is not None
        assert found.id == number
    assert named("x", all_) is None


def test_a_list_has_shrunk_below_half_and_not_at_half() -> None:
    assert [shrunk(*sizes) for sizes in [(0, 1), (49, 100), (50, 100), (0, 0), (3, 0)]] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_sizes_of_lists_are_those_of_the_last_good_ones_each_by_itself() -> None:
    def scan(number: int, *outcomes: DirectoryOutcome) -> Scan:
        return Scan(number, ScanStatus.DONE, "olga", START, directories=outcomes)

    scans = [
        scan(3, DirectoryOutcome("a", False)),
        scan(2, DirectoryOutcome("a", True, 80), DirectoryOutcome("b", False)),
        scan(1, DirectoryOutcome("a", True, 100), DirectoryOutcome("b", True, 7)),
    ]
    assert last_sizes(scans) == {"a": 80, "b": 7}


def test_without_a_scan_that_tells_the_size_it_is_counted_by_who_was_listed() -> None:
    seen = [
        watched(1, GatewayWatch(listed_at=START)),
        watched(2, GatewayWatch(listed_at=START, missing=1)),
        watched(3),
    ]
    assert listed_before(seen) == 1


def test_those_that_failed_come_first_and_then_those_that_waited_longest() -> None:
    later = START + timedelta(seconds=1)
    all_ = [
        watched(1, GatewayWatch(Status.ACTIVE, scanned_at=later)),
        watched(2, GatewayWatch(Status.ACTIVE, scanned_at=START)),
        watched(3),
        watched(4, GatewayWatch(Status.ERROR, scanned_at=later)),
    ]
    assert [one.gateway.id for one in sorted(all_, key=turn_of)] == [4, 3, 2, 1]


def line_watch(number: int, health: Health, **shown: Any) -> LineWatch:
    return LineWatch(1, "GW", "17", line(number, **shown), health, START, START)


def test_lines_are_counted_by_health_and_by_operator() -> None:
    lines = [
        line_watch(1, Health.OK, state="ACTIVE", operator="A", rssi=20),
        line_watch(2, Health.WEAK_SIGNAL, operator="A", rssi=5),
        line_watch(3, Health.NOT_REGISTERED, operator="A", gsm=False, rssi=31),
        line_watch(4, Health.UNKNOWN, operator=None, state=None),
        line_watch(5, Health.OK, operator="B", rssi=None, state="idle"),
    ]
    assert counts_of(lines) == LineCounts(total=5, ok=2, weak=1, down=1, busy=1)
    tally = Tally()
    tally.gateways([row(GatewayWatch(Status.ACTIVE, stale=True)), row(GatewayWatch())])
    tally.lines(lines)
    stats = tally.stats()
    assert (stats.gateways, stats.lines, stats.busy, stats.stale) == (2, 5, 1, 1)
    assert stats.by_status == {Status.ACTIVE: 1, Status.UNKNOWN: 1, Status.INACTIVE: 0, Status.ERROR: 0}
    assert stats.by_health[Health.NOT_REGISTERED] == 1
    assert [(one.operator, one.lines, one.mean_rssi) for one in stats.operators] == [("A", 3, 12.5), ("B", 1, None)]
