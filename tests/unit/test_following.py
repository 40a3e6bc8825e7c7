"""Watchers are told what is new, once, and share one look."""

import attrs
import pytest

from lineman.adapters.clock import SystemClock
from lineman.core.following import MOST, Looks, Told
from lineman.ports.identity import Actor, Role

pytestmark = pytest.mark.anyio

ADMIN, OTHER = Actor("admin", Role.ADMIN), Actor("other", Role.OPERATOR)
TENANT = Actor("tenant", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"1001"}))


@attrs.define
class Hands(SystemClock):
    """A clock that stands still until somebody moves it."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at


def test_a_watcher_is_told_of_each_change_once_and_of_what_is_gone() -> None:
    told = Told({1: "a", 2: "b"})
    assert told.turn({1: "a", 2: "b"}).rows == []
    turn = told.turn({1: "a", 2: "c", 3: "d"})
    assert (turn.rows, turn.lost, turn.more) == (["c", "d"], False, False)
    turn = told.turn({2: "c", 3: "d"})
    assert (turn.rows, turn.lost) == ([], True)
    assert told.turn({2: "c", 3: "d"}).lost is False


def test_many_changes_are_told_in_pieces_and_none_is_left_out() -> None:
    told: Told[int, int] = Told({})
    now = {number: number for number in range(2 * MOST + 1)}
    turns = [told.turn(now) for _ in range(3)]
    assert [len(turn.rows) for turn in turns] == [MOST, MOST, 1]
    assert [turn.more for turn in turns] == [True, True, False]
    assert told.turn(now).rows == []


async def test_those_who_see_the_same_share_a_look_until_it_is_old() -> None:
    clock, looked = Hands(), []

    async def look(actor: Actor) -> int:
        looked.append(actor.name)
        return len(looked)

    looks: Looks[int] = Looks(clock)
    assert [await looks.of(one, look) for one in (ADMIN, OTHER, TENANT, ADMIN)] == [1, 1, 2, 1]
    clock.at += 2.0
    assert await looks.of(OTHER, look) == 3
    assert looked == ["admin", "tenant", "other"]
