"""Where to knock, and what a sighting means: by hardware first, by address then."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from lineman.core.miners.verdicts import Sighting, judge, next_door, open_door, suspects, tally
from lineman.ports.miners import Doors, FindStatus, Fingerprint, Knocked, Maker, Miner

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN, REFUSED, SILENT = Knocked.OPEN, Knocked.REFUSED, Knocked.SILENT


def visited(answers: Iterable[Knocked]) -> list[int]:
    """The ports that are knocked at while a host answers so."""
    knocks: list[tuple[int, Knocked]] = []
    for answer in answers:
        if (port := next_door(knocks, Doors())) is None:
            break
        knocks.append((port, answer))
    assert next_door(knocks, Doors()) is None or len(knocks) == len(list(answers))
    return [port for port, _ in knocks]


@pytest.mark.parametrize(
    ("answers", "ports"),
    [
        ([OPEN] * 9, [4028]),
        ([SILENT] * 9, [4028, 4028, 4433]),
        ([SILENT, OPEN], [4028, 4028]),
        ([REFUSED] * 9, [4028, 4433, 80]),
        ([REFUSED, OPEN], [4028, 4433]),
        ([REFUSED, SILENT, OPEN], [4028, 4433, 80]),
        ([SILENT, REFUSED, SILENT, SILENT, SILENT], [4028, 4028, 4433, 80]),
        ([SILENT, SILENT, REFUSED, OPEN], [4028, 4028, 4433, 80]),
    ],
)
def test_the_dead_cost_three_knocks_and_a_lost_packet_costs_no_miner(answers: list[Knocked], ports: list[int]) -> None:
    assert visited(answers) == ports


def test_an_open_port_says_what_to_ask() -> None:
    doors = Doors()
    assert open_door([(4028, SILENT), (4433, OPEN)]) == 4433
    assert [(one.maker, one.port) for one in suspects("h", 4028, doors, None, None)] == [(None, 4028)]
    assert [(one.maker, one.port) for one in suspects("h", 4433, doors, None, None)] == [(Maker.WHATSMINER, 4028)]
    assert [(one.maker, one.port) for one in suspects("h", 80, doors, None, None)] == [
        (Maker.ELPHAPEX, 80), (Maker.ANTMINER, 4028),
    ]  # fmt: skip
    assert next_door([(4028, REFUSED)], Doors(4028, 4028, 4028)) is None


def miner(number: int, host: int, hardware: str | None = None, **fields: Any) -> Miner:
    plain: dict[str, Any] = {"port": 4028, "manufacturer": Maker.ANTMINER, "is_active": True, "model": "S19"} | fields
    return Miner(
        id=number, name=f"m{number}", ip_address=f"10.0.0.{host}", web_port=None, api3_port=None, container_id=None,
        created_at=NOW, hardware_id=hardware, **plain,
    )  # fmt: skip


def seen(host: int, hardware: str | None = None, *, maker: Maker = Maker.ANTMINER, port: int = 4028) -> Sighting:
    return Sighting(f"10.0.0.{host}", port, Fingerprint(maker, "S21", hardware_id=hardware))


def told(sightings: list[Sighting], miners: list[Miner], *, gone: bool = True) -> list[tuple[str, str, int | None]]:
    finds = judge(sightings, miners, (lambda host: host.startswith("10.0.0.")) if gone else None)
    return [(find.host.rpartition(".")[2], find.status.value, find.miner_id) for find in finds]


@pytest.mark.parametrize(
    ("sightings", "miners", "verdicts"),
    [
        ([seen(9), seen(1, "a")], [], [("1", "new", None), ("9", "new", None)]),
        ([seen(1, "a")], [miner(1, 1, "a")], [("1", "known", 1)]),
        ([seen(1, "a")], [miner(1, 1)], [("1", "known", 1)]),
        ([seen(1)], [miner(1, 1, "a")], [("1", "known", 1)]),
        ([seen(2, "a")], [miner(1, 1, "a")], [("2", "moved", 1)]),
        ([], [miner(1, 1, "a")], [("1", "gone", 1)]),
        ([], [miner(1, 1, is_active=False)], []),
        # Another unit, and another maker, in its place.
        ([seen(1, "b")], [miner(1, 1, "a")], [("1", "changed", 1)]),
        ([seen(1, maker=Maker.AVALON)], [miner(1, 1)], [("1", "changed", 1)]),
        ([seen(1, "a", maker=Maker.AVALON)], [miner(1, 1, "a")], [("1", "changed", 1)]),
        ([seen(1, maker=Maker.ELPHAPEX, port=80)], [miner(1, 1)], [("1", "changed", 1)]),
        # Two that changed places, one that went where another was, and who came after it.
        ([seen(1, "b"), seen(2, "a")], [miner(1, 1, "a"), miner(2, 2, "b")], [("1", "moved", 2), ("2", "moved", 1)]),
        ([seen(2, "a")], [miner(1, 1, "a"), miner(2, 2, "b")], [("2", "gone", 2), ("2", "moved", 1)]),
        ([seen(1, "c"), seen(2, "a")], [miner(1, 1, "a")], [("1", "new", None), ("2", "moved", 1)]),
        # Another maker is another device, wherever it answers with the same id.
        ([seen(2, "a", maker=Maker.AVALON)], [miner(1, 1, "a")], [("1", "gone", 1), ("2", "new", None)]),
        (
            [seen(1, "a", maker=Maker.AVALON), seen(2, "a")],
            [miner(1, 1, "a")],
            [("1", "new", None), ("2", "moved", 1)],
        ),
        # Cloned boards have one hardware id: then only addresses count.
        ([seen(1, "a"), seen(2, "a")], [miner(1, 1, "a")], [("1", "known", 1), ("2", "new", None)]),
        ([seen(2, "a"), seen(3, "a")], [miner(1, 1, "a")], [("2", "moved", 1), ("3", "new", None)]),
        ([seen(1, "a"), seen(2, "a")], [miner(1, 1, "a"), miner(2, 2, "a")], [("1", "known", 1), ("2", "known", 2)]),
        # A port of its own.
        ([seen(1, port=4029)], [miner(1, 1), miner(2, 1, port=4029)], [("1", "gone", 1), ("1", "known", 2)]),
    ],
)
def test_a_device_is_known_by_its_hardware_before_its_address(
    sightings: list[Sighting], miners: list[Miner], verdicts: list[tuple[str, str, int | None]]
) -> None:
    assert sorted(told(sightings, miners)) == sorted(verdicts)


def test_a_clone_of_a_miner_that_answers_where_nobody_searched_is_new_and_does_not_move_it() -> None:
    there = [miner(1, 1, "a"), miner(2, 2, "b")]
    finds = judge([seen(8, "a"), seen(9, "b")], there, lambda host: False, at_home={1})
    assert [(find.host, find.status.value, find.miner_id) for find in finds] == [
        ("10.0.0.8", "new", None),
        ("10.0.0.9", "moved", 2),
    ]


def test_who_answers_without_saying_who_he_is_is_unclear_but_not_gone() -> None:
    shut = [Sighting("10.0.0.1", 4028, detail="denied"), Sighting("10.0.0.2", 4028, detail="denied")]
    assert told(shut, [miner(1, 1)]) == [("1", "known", 1), ("2", "unclear", None)]
    assert judge(shut, [])[0].detail == "denied"


def test_nobody_is_gone_before_all_was_searched_nor_where_nobody_looked() -> None:
    assert told([], [miner(1, 1)], gone=False) == []
    assert judge([], [miner(1, 1)], lambda host: False) == []


def test_finds_are_in_the_order_of_their_addresses_and_counted() -> None:
    finds = judge([seen(10), seen(9), seen(100)], [])
    assert [find.host for find in finds] == ["10.0.0.9", "10.0.0.10", "10.0.0.100"]
    assert tally(finds) == {FindStatus.NEW: 3}
